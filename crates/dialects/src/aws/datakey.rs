//! Data keys: GenerateDataKey and GenerateDataKeyWithoutPlaintext.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::model::{DataKeySpec, VersionSelector};
use trent_core::ops::GenerateDataKey;
use trent_core::seal::Context;

use super::error::{Answer, Failure};
use super::request::{Call, Reply, material_id};
use super::spec::KEY_SPECS;
use super::validate::{Choice, KEY_ID};
use crate::common::frame;

/// The vendor's message lists the specs of keys.
const SIZE: Choice = Choice { listed: &["AES_256", "AES_128"], taken: &[], told: Some(KEY_SPECS) };
/// The longest data key, in bytes.
const LONGEST: usize = 1_024;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Made<'a> {
    ciphertext_blob: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<&'a str>,
    key_id: String,
    key_material_id: String,
}

/// GenerateDataKey.
pub(super) async fn plain(call: &Call<'_>) -> Answer<Reply> {
    generate(call, true).await
}

/// GenerateDataKeyWithoutPlaintext.
pub(super) async fn sealed(call: &Call<'_>) -> Answer<Reply> {
    generate(call, false).await
}

async fn generate(call: &Call<'_>, reveal: bool) -> Answer<Reply> {
    let mut input = call.input();
    let key = input.required_text("KeyId", &KEY_ID)?;
    let context = input.map("EncryptionContext")?;
    let bytes = input.number("NumberOfBytes", LONGEST)?;
    let spec = input.choice("KeySpec", &SIZE)?;
    let tokens = input.grant_tokens()?;
    let recipient = reveal && input.has("Recipient");
    let dry_run = input.flag("DryRun")?;
    input.finish()?;
    let bytes = match (spec, bytes) {
        (Some("AES_128"), None) => Some(16),
        (Some(_), None) => Some(32),
        (None, bytes) => bytes,
        (Some(_), Some(_)) => None,
    };
    let length = bytes
        .and_then(DataKeySpec::new)
        .ok_or_else(|| Failure::validation("Please specify either number of bytes or key spec."))?;
    if recipient {
        return Err(Failure::unsupported_value("Recipient"));
    }
    let key = call.key(key).await?;
    call.check_tokens(&tokens)?;
    let wrap_with = VersionSelector::Primary;
    let context = Context::Map(context);
    let wanted = GenerateDataKey { key, wrap_with, length, context, reveal };
    let made = call.engine.generate_data_key(&call.trial(dry_run), wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    let plaintext = made.plaintext.as_ref().map(|secret| codec::encode_base64(secret.expose()));
    Reply::json(&Made {
        ciphertext_blob: Base64::encode_string(&frame::binary(&made.sealed)),
        plaintext: plaintext.as_ref().map(|text| text.as_str()),
        key_id: call.names.key(made.key.id),
        key_material_id: material_id(made.key.id, made.version),
    })
}
