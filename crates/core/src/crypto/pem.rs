//! PEM text (RFC 7468) of keys: lines of 64 columns, LF, a newline at the end. The DER inside is not parsed.

use pem_rfc7468::{LineEnding, encode, encode_string, encoded_len};

use super::{CryptoError, Result, SecretBytes};

/// A PKCS#8 private key as PEM: label `PRIVATE KEY`.
///
/// # Errors
/// `BadInput` for nothing, or too much to encode.
pub fn private_key_pem(pkcs8: &SecretBytes) -> Result<SecretBytes> {
    const LABEL: &str = "PRIVATE KEY";
    if pkcs8.is_empty() {
        return Err(CryptoError::BadInput("empty private key"));
    }
    let too_long = |_| CryptoError::BadInput("private key is too long");
    let len = encoded_len(LABEL, LineEnding::LF, pkcs8.expose()).map_err(too_long)?;
    let mut out = SecretBytes::zeroed(len);
    let written =
        encode(LABEL, LineEnding::LF, pkcs8.expose(), out.expose_mut()).map_err(too_long)?.len();
    out.truncate(written);
    Ok(out)
}

/// An SPKI as PEM: label `PUBLIC KEY`.
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
    fn a_private_key_comes_back() {
        let pkcs8 = pair("P256").0;
        let pem = private_key_pem(&SecretBytes::from_slice(&pkcs8)).unwrap();
        let text = std::str::from_utf8(pem.expose()).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n") && text.ends_with("KEY-----\n"));
        assert!(!text.contains('\r') && text.lines().all(|line| line.len() <= 64));
        assert_eq!(pem_rfc7468::decode_vec(pem.expose()), Ok(("PRIVATE KEY", pkcs8)));
        assert!(private_key_pem(&SecretBytes::from_slice(b"")).is_err());
    }

    #[test]
    fn nothing_is_not_a_key() {
        assert_eq!(public_key_pem(b""), Err(CryptoError::BadInput("empty public key")));
    }
}
