"""What the suites share: the server under test, the clients, and checks by an independent library."""
