//! New credentials: ids and secrets of letters and digits from fresh randomness. What a vendor's look like is the
//! dialects'.

use trent_core::crypto::{CryptoError, SecretBytes, random};
use zeroize::Zeroizing;

const CHARACTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new id with its secret, which is shown to its owner once.
pub struct Minted {
    /// The public part.
    pub access_id: String,
    /// The secret part.
    pub secret: SecretBytes,
}

impl Minted {
    /// An id of `id` characters after `prefix`, and a secret of `secret` characters (5.95 bits each).
    ///
    /// # Errors
    /// When the random generator fails.
    pub fn new(prefix: &str, id: usize, secret: usize) -> Result<Self, CryptoError> {
        let access_id = format!("{prefix}{}", *base62(id)?);
        Ok(Self { access_id, secret: SecretBytes::from_slice(base62(secret)?.as_bytes()) })
    }
}

/// So many letters and digits, each as likely as any other, in a buffer that does not move.
///
/// # Errors
/// When the random generator fails.
pub fn base62(count: usize) -> Result<Zeroizing<String>, CryptoError> {
    // Bytes above the largest multiple of the number of characters would favour some.
    let fair = 256 - 256 % CHARACTERS.len();
    let mut text = Zeroizing::new(String::with_capacity(count));
    while text.len() < count {
        let mut bytes = Zeroizing::new([0_u8; 64]);
        random::fill(&mut *bytes)?;
        let fit = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let missing = count - text.len();
        let characters = fit.map(|byte| char::from(CHARACTERS[byte % CHARACTERS.len()]));
        text.extend(characters.take(missing));
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let (mut seen, mut all) = (BTreeMap::new(), BTreeSet::new());
        for _ in 0..200 {
            let text = base62(50).unwrap();
            assert_eq!((text.len(), text.capacity()), (50, 50));
            for character in text.chars() {
                assert!(character.is_ascii_alphanumeric());
                *seen.entry(character).or_insert(0_u32) += 1;
            }
            assert!(all.insert(text.to_string()));
        }
        // 10,000 draws: each of the 62 is expected 161 times, with a deviation of 13.
        assert_eq!(seen.len(), 62);
        assert!(seen.values().all(|count| (80..300).contains(count)), "{seen:?}");
        assert!(base62(0).unwrap().is_empty());
    }
}
