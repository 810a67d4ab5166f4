//! Key derivation: NIST SP 800-108r1 section 4.1 (counter mode, HMAC-SHA-512, 32-bit counter, one iteration)
//! and the expansion of key material that is not 32 bytes long. Labels and contexts belong to the callers.

use aws_lc_rs::hmac;
use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use zeroize::Zeroizing;

use super::{CryptoError, Result, Secret32};

const EXPAND_LABEL: &[u8] = b"trent/1/expand\0";

/// HMAC-SHA-512(key, 1 ‖ label ‖ 00 ‖ ctx ‖ bits), cut to `out`: 32 or 64 bytes.
/// The input is unambiguous only while every label is used with contexts of one length.
///
/// # Errors
/// `BadInput` for another output length, or a label that is empty or holds a zero byte; `Internal` when the library fails.
pub fn kdf(key: &[u8; 32], label: &[u8], ctx: &[u8], out: &mut [u8]) -> Result<()> {
    let bits: u32 = match out.len() {
        32 => 256,
        64 => 512,
        _ => return Err(CryptoError::BadInput("derived key must be 32 or 64 bytes")),
    };
    if label.is_empty() || label.contains(&0) {
        return Err(CryptoError::BadInput("label must be non-empty and free of zero bytes"));
    }
    let algorithm = get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha512)
        .ok_or(CryptoError::Unsupported)?;
    let info = [label, &[0], ctx, &bits.to_be_bytes()].concat();
    kbkdf_ctr_hmac(algorithm, key, &info, out).map_err(|_| CryptoError::Internal)
}

/// A derived key of 256 bits.
///
/// # Errors
/// As [`kdf`].
pub fn kdf256(key: &[u8; 32], label: &[u8], ctx: &[u8]) -> Result<Secret32> {
    let mut derived = Secret32::zeroed();
    kdf(key, label, ctx, derived.expose_mut())?;
    Ok(derived)
}

/// 512 derived bits: an encryption key Ke, and a commitment Kc that is published beside the ciphertext.
///
/// # Errors
/// As [`kdf`].
pub fn kdf512(key: &[u8; 32], label: &[u8], ctx: &[u8]) -> Result<(Secret32, [u8; 32])> {
    let mut derived = Zeroizing::new([0; 64]);
    kdf(key, label, ctx, &mut derived[..])?;
    let mut commitment = [0; 32];
    commitment.copy_from_slice(&derived[32..]);
    Ok((Secret32::try_from_slice(&derived[..32])?, commitment))
}

/// A 32-byte key from material of any length: HMAC-SHA-512(material, "trent/1/expand" ‖ 00 ‖ u32 length ‖ spec), first half.
/// `spec` is the name of the material's key spec, so one value under two specs gives two keys.
///
/// # Errors
/// `BadKey` for empty material, `TooLong` for a spec name beyond 4 GiB, `Internal` when the library fails.
pub fn expand(material: &[u8], spec: &[u8]) -> Result<Secret32> {
    if material.is_empty() {
        return Err(CryptoError::BadKey);
    }
    let spec_len =
        u32::try_from(spec.len()).map_err(|_| CryptoError::TooLong { max: u32::MAX as usize })?;
    let message = [EXPAND_LABEL, &spec_len.to_be_bytes(), spec].concat();
    let mut mac = Zeroizing::new([0; 64]);
    hmac::sign_to_buffer(&hmac::Key::new(hmac::HMAC_SHA512, material), &message, &mut mac[..])
        .map_err(|_| CryptoError::Internal)?;
    Secret32::try_from_slice(&mac[..32])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::testdata::hex;
    use super::*;

    /// `N` bytes counting up from `start`, the inputs of the known answers.
    fn seq<const N: usize>(start: u8) -> [u8; N] {
        let mut next = start;
        [(); N].map(|()| {
            next += 1;
            next - 1
        })
    }

    fn message_ctx() -> Vec<u8> {
        let (tenant, uid, salt) = (seq::<16>(0x20), seq::<16>(0x30), seq::<16>(0x40));
        [&[1][..], &tenant, &uid, &7_u32.to_be_bytes(), &salt].concat()
    }

    // Answers of an independent implementation written from the definition with plain HMAC-SHA-512.
    #[test]
    fn known_answers() {
        let key = seq::<32>(0);
        let (ke, kc) = kdf512(&key, b"trent/1/message", &message_ctx()).unwrap();
        assert_eq!(
            ke.expose()[..],
            hex("d12e89869021e3d74f869edaf7ff9c8db8c4795fc6735ebdcd1a16ca9e55becf")
        );
        assert_eq!(kc[..], hex("42cf5000af548393a575d58422add15b0eac3f0b1556231a9440ac4f8a10b97c"));
        let audit = kdf256(&key, b"trent/1/purpose/audit", &seq::<16>(0x20)).unwrap();
        assert_eq!(
            audit.expose()[..],
            hex("abd9d29bbbe1b292a56728b6dc715bf7817d4a8ed5abdafbd0ff1fbf78f86d5f")
        );
        let expanded = expand(&seq::<16>(0), b"AES_128").unwrap();
        assert_eq!(
            expanded.expose()[..],
            hex("ca14d3bb25673714bf5c7a846557b291fbaf97341cce437d6e7141c85e390059")
        );
    }

    #[test]
    fn domain_is_enforced() {
        let refused = |label: &[u8], len: usize| {
            matches!(kdf(&[0; 32], label, b"", &mut vec![0; len]), Err(CryptoError::BadInput(_)))
        };
        for len in [0, 1, 31, 33, 63, 65, 128] {
            assert!(refused(b"label", len), "{len} bytes out");
        }
        assert!(refused(b"", 32) && refused(b"la\0bel", 32) && !refused(b"label", 32));
        assert_eq!(expand(b"", b"AES_128").err(), Some(CryptoError::BadKey));
    }
}
