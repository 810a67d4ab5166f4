//! Secret ids and secret keys as the vendor's clients expect them.

use trent_core::crypto::{CryptoError, SecretBytes, random};
use zeroize::Zeroizing;

const PREFIX: &str = "AKID";
/// Characters of an id after its prefix.
const ID: usize = 32;
/// Characters of a secret key: 32 of 62 kinds hold 190 bits.
const SECRET: usize = 32;
const CHARACTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new secret id with its secret key. The key is shown to its owner once.
pub struct Minted {
    /// The public part: `AKID` and 32 letters and digits.
    pub access_id: String,
    /// The secret part: 32 letters and digits.
    pub secret: SecretBytes,
}

/// Makes a secret id and key from fresh randomness.
///
/// # Errors
/// When the random generator fails.
pub fn mint_secret_id() -> Result<Minted, CryptoError> {
    let id = draw(ID)?;
    let id: String = id.iter().map(|byte| char::from(*byte)).collect();
    let secret = SecretBytes::from_slice(&draw(SECRET)?);
    Ok(Minted { access_id: format!("{PREFIX}{id}"), secret })
}

/// So many characters, each as likely as any other.
fn draw(count: usize) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    // Bytes above the largest multiple of the number of kinds would favour some.
    let fair = 256 - 256 % CHARACTERS.len();
    let mut out = Zeroizing::new(Vec::with_capacity(count));
    while out.len() < count {
        let mut bytes = Zeroizing::new([0_u8; 64]);
        random::fill(&mut *bytes)?;
        let fit = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let missing = count - out.len();
        out.extend(fit.map(|byte| CHARACTERS[byte % CHARACTERS.len()]).take(missing));
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn secret_ids_have_the_form_and_every_character() {
        let (mut seen, mut ids) = (BTreeMap::new(), BTreeSet::new());
        for _ in 0..200 {
            let minted = mint_secret_id().unwrap();
            let id = minted.access_id.strip_prefix("AKID").unwrap();
            assert_eq!((id.len(), minted.secret.len()), (32, 32));
            for byte in id.bytes().chain(minted.secret.expose().iter().copied()) {
                assert!(byte.is_ascii_alphanumeric());
                *seen.entry(byte).or_insert(0_u32) += 1;
            }
            assert!(ids.insert(minted.access_id));
        }
        // 12,800 draws: each of the 62 is expected 206 times, with a deviation of 14.
        assert_eq!(seen.len(), 62);
        assert!(seen.values().all(|count| (106..350).contains(count)), "{seen:?}");
    }
}
