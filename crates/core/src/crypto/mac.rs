//! HMAC (FIPS 198-1) and SHA-256 (FIPS 180-4) over a message given in parts.
//! Parts are concatenated without separators: where a boundary matters, the caller encodes it.

use aws_lc_rs::{digest, hmac};

use super::ct_eq;

/// HMAC-SHA-256 of the concatenated `parts`. The result is treated as public; keys come from [`super::kdf`].
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    hmac(hmac::HMAC_SHA256, key, parts)
}

/// HMAC-SHA-1 of the concatenated `parts`, for signature schemes of old that have nothing better.
#[must_use]
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts)
}

/// `N` is the length of the algorithm's output in bytes.
fn hmac<const N: usize>(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]]) -> [u8; N] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; N];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// Whether `tag` is the whole HMAC-SHA-256 of the concatenated `parts`; compares in constant time.
#[must_use]
pub fn hmac_sha256_verify(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    ct_eq(&hmac_sha256(key, parts), tag)
}

/// Whether `tag` is the whole HMAC-SHA-1 of the concatenated `parts`; compares in constant time.
#[must_use]
pub fn hmac_sha1_verify(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    ct_eq(&hmac_sha1(key, parts), tag)
}

/// SHA-256 of the concatenated `parts`.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::super::testdata::{accepted_flips, hex};
    use super::*;

    /// RFC 2202, test cases 1, 2 and 6.
    #[test]
    fn rfc_2202() {
        let vectors: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 20], b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ];
        for (key, message, tag) in vectors {
            assert_eq!(hmac_sha1(key, &[message])[..], hex(tag));
            let (first, second) = message.split_at(message.len() / 2);
            assert!(hmac_sha1_verify(key, &[first, second], &hex(tag)));
            assert!(!hmac_sha1_verify(key, &[first], &hex(tag)));
        }
    }

    /// RFC 4231, test cases 1, 2, 3 and 6: key, message, tag.
    #[test]
    fn rfc_4231() {
        let vectors: [(&[u8], &[u8], &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, message, tag) in vectors {
            let (tag, (head, tail)) = (hex(tag), message.split_at(message.len() / 2));
            assert_eq!(hmac_sha256(key, &[message])[..], tag);
            assert!(hmac_sha256_verify(key, &[head, b"", tail], &tag));
            assert!(accepted_flips(&tag, |t| hmac_sha256_verify(key, &[message], t)).is_empty());
            assert!(accepted_flips(key, |k| hmac_sha256_verify(k, &[message], &tag)).is_empty());
            for cut in 0..tag.len() {
                assert!(!hmac_sha256_verify(key, &[message], &tag[..cut]), "a tag of {cut} bytes");
            }
        }
    }

    #[test]
    fn fips_180_example() {
        let abc = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let empty = hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(sha256(&[b"abc"])[..], abc);
        assert_eq!(sha256(&[b"a", b"", b"bc"])[..], abc);
        assert_eq!(sha256(&[])[..], empty);
    }
}
