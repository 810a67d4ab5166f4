//! What comes out of a key itself: public keys, and the material of keys that were made exportable.
//! Material passes through buffers that are wiped, the answer's body included.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::crypto::{codec, edwards, pem};
use trent_core::error::ErrorKind;
use trent_core::model::{Family, KeySpec, VersionSelector};
use trent_core::ops::{ExportMaterial, PublicKeys, WhichVersions};

use super::error::{Answer, Failure};
use super::request::{Call, Reply};

#[derive(Serialize)]
struct PublicKeysBody {
    /// By version number.
    keys: BTreeMap<u32, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MaterialBody<'a> {
    key_material: &'a str,
    key_version: String,
}

/// The public keys of all versions, or of the one that the query names.
pub(super) async fn public_key(call: &Call) -> Answer<Reply> {
    let versions = match call.query.get("version") {
        None | Some("") => WhichVersions::All,
        Some(text) => WhichVersions::One(VersionSelector::Number(
            number(text).ok_or_else(|| Failure::invalid("version must be a whole number"))?,
        )),
    };
    let wanted = PublicKeys { key: call.key(), versions, enabled_only: false };
    let found = call.engine.public_keys(&call.caller, wanted).await.map_err(|error| {
        match error.kind() {
            // Here the version is a thing asked for, not an input.
            ErrorKind::VersionNotFound => Failure::missing("the key has no such version")
                .already_recorded(error.is_recorded()),
            _ => error.into(),
        }
    })?;
    let mut keys = BTreeMap::new();
    for (version, spki) in &found.keys {
        keys.insert(*version, public_text(found.key.spec, spki)?);
    }
    Reply::ok(&PublicKeysBody { keys })
}

/// PEM for RSA and ECDSA, base64 of the raw 32 bytes for Ed25519.
fn public_text(spec: KeySpec, spki: &[u8]) -> Answer<String> {
    let text = match spec.family() {
        Family::Ed25519 => edwards::raw_public(spki).map(|raw| Base64::encode_string(&raw)),
        _ => pem::public_key_pem(spki),
    };
    text.map_err(|_| Failure::internal())
}

/// The material of one version. The engine has recorded the export durably before it returns.
pub(super) async fn export(call: &Call) -> Answer<Reply> {
    let version = call.fields()?.version()?;
    let wanted = ExportMaterial { key: call.key(), version };
    let exported = call.engine.export_material(&call.caller, wanted).await?;
    let material = codec::encode_base64(exported.material.expose());
    let body = MaterialBody { key_material: &material, key_version: exported.version.to_string() };
    Reply::ok(&body)
}

/// A version number in decimal digits.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_only() {
        for (text, expected) in [("1", 1), ("0", 0), ("007", 7), ("4294967295", u32::MAX)] {
            assert_eq!(number(text), Some(expected));
        }
        for text in ["", "+1", "-1", " 1", "1 ", "1.0", "0x1", "one", "4294967296", "١"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }
}
