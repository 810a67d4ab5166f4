"""What the suite adds to `trentlib`: the vendor's client, and a small signer for the RPC API."""
