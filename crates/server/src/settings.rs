//! What the configuration file says of single dialects, and what they are told of it.

use std::num::NonZeroUsize;

use serde::Deserialize;
use trent_dialects::{alibaba, tencent};

/// `[alibaba]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Alibaba {
    key_pairs_at_once: Option<NonZeroUsize>,
}

impl From<Alibaba> for alibaba::Settings {
    fn from(file: Alibaba) -> Self {
        let usual = Self::default();
        let Alibaba { key_pairs_at_once } = file;
        Self {
            key_pairs_at_once: key_pairs_at_once.map_or(usual.key_pairs_at_once, NonZeroUsize::get),
        }
    }
}

/// `[tencent]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tencent {
    public_key_pem: PublicKeyPem,
    unsigned_payload: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PublicKeyPem {
    #[default]
    Standard,
    DoubleBase64,
}

impl From<Tencent> for tencent::Settings {
    fn from(file: Tencent) -> Self {
        let Tencent { public_key_pem, unsigned_payload } = file;
        let public_key_pem = match public_key_pem {
            PublicKeyPem::Standard => tencent::PublicKeyPem::Standard,
            PublicKeyPem::DoubleBase64 => tencent::PublicKeyPem::DoubleBase64,
        };
        Self { public_key_pem, unsigned_payload }
    }
}
