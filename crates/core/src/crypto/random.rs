//! The one source of random numbers: the DRBG inside AWS-LC, seeded by the operating system.
//! Secrets are drawn straight into their own buffers ([`super::SecretBytes`], [`super::Secret32`]).

use super::{CryptoError, Result};

/// Overwrites `dest` with random bytes.
///
/// # Errors
/// `Rng` when the generator fails; `dest` is then not to be used.
pub fn fill(dest: &mut [u8]) -> Result<()> {
    aws_lc_rs::rand::fill(dest).map_err(|_| CryptoError::Rng)
}

/// `N` random bytes for public values: identifiers, salts, nonces.
///
/// # Errors
/// `Rng` when the generator fails.
pub fn array<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_fresh_and_fill_the_whole_buffer() {
        assert_ne!(array::<16>().unwrap(), array::<16>().unwrap());
        // Each byte is non-zero in at least one of 32 draws, except with probability 2^-248.
        let mut seen = [0_u8; 37];
        for _ in 0..32 {
            for (all, byte) in seen.iter_mut().zip(array::<37>().unwrap()) {
                *all |= byte;
            }
        }
        assert!(seen.iter().all(|byte| *byte != 0));
    }
}
