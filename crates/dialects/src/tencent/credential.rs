//! Secret ids and secret keys as the vendor's clients expect them.

use trent_core::crypto::CryptoError;

use crate::common::mint::Minted;

/// Makes a secret id and key from fresh randomness: an id of `AKID` and 32 letters and digits, a key of 32.
///
/// # Errors
/// When the random generator fails.
pub fn mint_secret_id() -> Result<Minted, CryptoError> {
    Minted::new("AKID", 32, 32)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn secret_ids_have_the_form() {
        let minted = mint_secret_id().unwrap();
        assert!(minted.access_id.starts_with("AKID"));
        assert_eq!((minted.access_id.len(), minted.secret.len()), (36, 32));
    }
}
