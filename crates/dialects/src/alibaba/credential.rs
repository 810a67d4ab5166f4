//! Access keys as the vendor's clients expect them.

use trent_core::crypto::CryptoError;

use crate::common::mint::Minted;

/// Makes an access key from fresh randomness: an id of `LTAI` and 20 letters and digits, a secret of 30.
///
/// # Errors
/// When the random generator fails.
pub fn mint_access_key() -> Result<Minted, CryptoError> {
    Minted::new("LTAI", 20, 30)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn access_keys_have_the_form() {
        let minted = mint_access_key().unwrap();
        assert!(minted.access_id.starts_with("LTAI"));
        assert_eq!((minted.access_id.len(), minted.secret.len()), (24, 30));
    }
}
