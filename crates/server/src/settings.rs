//! What the configuration file says of single dialects, and what they are told of it.

use std::num::NonZeroUsize;

use serde::Deserialize;
use trent_dialects::alibaba;

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
