//! Base64 of secrets (RFC 4648 section 4, padded) in time that does not depend on their value.
//! Text that is not secret may use any strict codec.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{CryptoError, Result, SecretBytes};

/// The secret as text, wiped on drop.
#[must_use]
pub fn encode_base64(secret: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64::encode_string(secret))
}

/// Reads one spelling only: padded, no white space, unused bits zero.
///
/// # Errors
/// `BadInput` for any other text.
pub fn decode_base64(text: &str) -> Result<SecretBytes> {
    let mut out = SecretBytes::zeroed(text.len() / 4 * 3);
    let len = Base64::decode(text, out.expose_mut())
        .map_err(|_| CryptoError::BadInput("not strict base64"))?
        .len();
    out.truncate(len);
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// RFC 4648 section 10.
    #[test]
    fn published_vectors_both_ways() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(*encode_base64(plain.as_bytes()), text);
            assert!(decode_base64(text).unwrap().ct_eq(plain.as_bytes()), "{text}");
        }
        let all: Vec<u8> = (0..=255).collect();
        assert!(decode_base64(&encode_base64(&all)).unwrap().ct_eq(&all));
    }

    #[test]
    fn only_one_spelling_is_read() {
        for text in [
            "Zg", "Zg=", "Zg===", "=", "====", "Z", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v ",
            "Zm 9v", "Zm9v====", "Zg==Zg==", "Zm-v", "Zm_v", "Zm9vé", "Zm9v\0",
        ] {
            let expected = Some(CryptoError::BadInput("not strict base64"));
            assert_eq!(decode_base64(text).err(), expected, "{text:?}");
        }
    }
}
