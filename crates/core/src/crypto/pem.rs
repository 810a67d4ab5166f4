//! PEM text (RFC 7468) of public keys. Private keys are never written as PEM here.

use pem_rfc7468::{LineEnding, encode_string};

use super::{CryptoError, Result};

/// An SPKI as PEM: label `PUBLIC KEY`, lines of 64 columns, LF, a newline at the end. The DER is not parsed.
///
/// # Errors
/// `BadInput` for an empty SPKI or one too long to encode.
pub fn public_key_pem(spki: &[u8]) -> Result<String> {
    if spki.is_empty() {
        return Err(CryptoError::BadInput("empty public key"));
    }
    encode_string("PUBLIC KEY", LineEnding::LF, spki)
        .map_err(|_| CryptoError::BadInput("public key is too long"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::testdata::pair;
    use super::*;

    /// Test 1 of RFC 8032 section 7.1 as OpenSSL writes it.
    #[test]
    fn ed25519_as_openssl_writes_it() {
        let pem = public_key_pem(&pair("ED25519").1).unwrap();
        let expected = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
            -----END PUBLIC KEY-----\n";
        assert_eq!(pem, expected);
    }

    #[test]
    fn long_keys_wrap_at_64_columns() {
        let spki = pair("RSA_2048").1;
        let pem = public_key_pem(&spki).unwrap();
        let lines: Vec<&str> = pem.split('\n').collect();
        let (body, end) = (&lines[1..lines.len() - 3], &lines[lines.len() - 3..]);
        assert!(body.len() == 6 && body.iter().all(|line| line.len() == 64));
        assert!(!end[0].is_empty() && end[0].len() <= 64);
        assert_eq!(end[1..], ["-----END PUBLIC KEY-----", ""]);
        assert_eq!(pem_rfc7468::decode_vec(pem.as_bytes()), Ok(("PUBLIC KEY", spki)));
    }

    #[test]
    fn nothing_is_not_a_key() {
        assert_eq!(public_key_pem(b""), Err(CryptoError::BadInput("empty public key")));
    }
}
