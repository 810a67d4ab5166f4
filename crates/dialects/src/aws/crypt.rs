//! Data of the caller: Encrypt and Decrypt. What is decrypted may have been encrypted through any dialect.

use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::model::{EncryptAlgorithm, VersionSelector};
use trent_core::ops::{Decrypt, Encrypt};
use trent_core::seal::{Ciphertext, Context};

use base64ct::{Base64, Encoding};

use super::error::{Answer, Failure};
use super::request::{Call, Reply, material_id};
use super::spec::{ENCRYPTION_ALGORITHMS, SYMMETRIC, encryption_name, parse_encryption};
use super::validate::{Choice, KEY_ID};
use crate::common::frame::{self, Kind};

const ALGORITHM: Choice = Choice::of(ENCRYPTION_ALGORITHMS);
const MODIFIER: Choice = Choice::of(&["IGNORE_CIPHERTEXT"]);
/// The longest plaintext, in bytes.
const PLAINTEXT: usize = 4_096;
/// The longest ciphertext, in bytes.
const CIPHERTEXT: usize = 6_144;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
    key_id: String,
    encryption_algorithm: &'static str,
}

/// Encrypt.
pub(super) async fn encrypt(call: &Call<'_>) -> Answer<Reply> {
    let mut input = call.input();
    let key = input.required_text("KeyId", &KEY_ID)?;
    let plaintext = input.required_blob("Plaintext", PLAINTEXT, true)?;
    let context = input.map("EncryptionContext")?;
    let tokens = input.grant_tokens()?;
    let named = input.choice("EncryptionAlgorithm", &ALGORITHM)?.unwrap_or(SYMMETRIC);
    let dry_run = input.flag("DryRun")?;
    input.finish()?;
    let algorithm = parse_encryption(named).ok_or_else(|| Failure::unsupported_value(named))?;
    let key = call.key(key).await?;
    call.check_tokens(&tokens)?;
    let wanted = Encrypt {
        key,
        version: version_of(algorithm),
        algorithm: Some(algorithm),
        context: Context::Map(context),
        plaintext,
        iv: None,
        plain_if_exportable: false,
    };
    let caller = call.trial(dry_run);
    let made = call.engine.encrypt(&caller, wanted).await;
    let made = made.map_err(|error| call.refused_for(&error, named))?;
    let blob = match &made.ciphertext {
        Ciphertext::Sealed(sealed) => frame::binary(sealed),
        Ciphertext::Rsa { block, .. } => block.clone(),
        // Never asked for, and never made.
        Ciphertext::Plain { .. } | Ciphertext::Detached(_) => return Err(Failure::internal()),
    };
    Reply::json(&Encrypted {
        ciphertext_blob: Base64::encode_string(&blob),
        key_id: call.names.key(made.key.id),
        encryption_algorithm: encryption_name(made.algorithm),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted<'a> {
    key_id: String,
    plaintext: &'a str,
    encryption_algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// Decrypt.
pub(super) async fn decrypt(call: &Call<'_>) -> Answer<Reply> {
    let mut input = call.input();
    let blob = input.required_blob("CiphertextBlob", CIPHERTEXT, false)?;
    let context = input.map("EncryptionContext")?;
    let tokens = input.grant_tokens()?;
    let key = input.text("KeyId", &KEY_ID)?;
    let named = input.choice("EncryptionAlgorithm", &ALGORITHM)?.unwrap_or(SYMMETRIC);
    let recipient = input.has("Recipient");
    let dry_run = input.flag("DryRun")?;
    let modifiers = input.choices("DryRunModifiers", &MODIFIER, 1)?;
    input.finish()?;
    let algorithm = parse_encryption(named).ok_or_else(|| Failure::unsupported_value(named))?;
    if recipient {
        return Err(Failure::unsupported_value("Recipient"));
    }
    if !modifiers.is_empty() {
        return Err(Failure::unsupported_value("DryRunModifiers"));
    }
    let (kind, ciphertext, contexts) = unframe(blob.expose(), algorithm, context);
    // Before anything is said of the key, the ciphertext must be one.
    let key = match key.filter(|_| ciphertext.is_some()) {
        Some(key) => Some(call.key(key).await?),
        None => None,
    };
    call.check_tokens(&tokens)?;
    let wanted = Decrypt { key, algorithm: Some(algorithm), contexts, ciphertext, block: None };
    let caller = call.trial(dry_run);
    let opened = call.engine.decrypt(&caller, wanted).await;
    let opened = opened.map_err(|error| call.refused_for(&error, named))?;
    let symmetric = opened.algorithm == EncryptAlgorithm::Symmetric;
    let plaintext = frame::data_of(kind, opened.plaintext);
    Reply::json(&Decrypted {
        key_id: call.names.key(opened.key.id),
        plaintext: &codec::encode_base64(plaintext.expose()),
        encryption_algorithm: encryption_name(opened.algorithm),
        key_material_id: symmetric.then(|| material_id(opened.key.id, opened.version)),
    })
}

/// An asymmetric key of AWS never changes: another door may have made more versions of it, but a client here may hold
/// the first public key, and an RSA block does not tell its version.
fn version_of(algorithm: EncryptAlgorithm) -> VersionSelector {
    match algorithm.oaep() {
        Some(_) => VersionSelector::Initial,
        None => VersionSelector::Primary,
    }
}

/// Whose frame it was, the ciphertext out of it, and what may be bound to it there.
fn unframe(
    blob: &[u8],
    algorithm: EncryptAlgorithm,
    context: std::collections::BTreeMap<String, String>,
) -> (Kind, Option<Ciphertext>, Vec<Context>) {
    let rsa = algorithm.is_rsa();
    match frame::from_bytes(blob) {
        Some(framed) if !rsa || framed.kind() == Kind::Thalassa => {
            let kind = framed.kind();
            (kind, framed.ciphertext(rsa), frame::contexts_for(kind, context))
        }
        _ => {
            // RSA's blocks travel without a frame.
            let block = rsa.then(|| Ciphertext::Rsa { version: None, block: blob.to_vec() });
            (Kind::Binary, block, vec![Context::Map(context)])
        }
    }
}
