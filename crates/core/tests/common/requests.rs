//! Requests as the tests make them.

use trent_core::crypto::SecretBytes;
use trent_core::model::{KeyRef, VersionSelector};
use trent_core::ops::{Decrypt, Encrypt};
use trent_core::seal::{Ciphertext, Context};

pub fn context(pairs: &[(&str, &str)]) -> Context {
    Context::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

pub fn encrypt(key: &KeyRef, context: Context) -> Encrypt {
    Encrypt {
        key: key.clone(),
        version: VersionSelector::Primary,
        algorithm: None,
        context,
        plaintext: SecretBytes::from_slice(b"attack at dawn"),
        iv: None,
        plain_if_exportable: false,
    }
}

pub fn decrypt(key: Option<&KeyRef>, ciphertext: &Ciphertext, context: Context) -> Decrypt {
    Decrypt {
        key: key.cloned(),
        algorithm: None,
        contexts: vec![context],
        ciphertext: Some(ciphertext.clone()),
        block: None,
    }
}
