//! Data key pairs: GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::model::VersionSelector;
use trent_core::ops::{GenerateKeyPair, PairFormat};
use trent_core::seal::Context;

use super::error::{Answer, Failure};
use super::request::{Call, Reply, material_id};
use super::spec::{PAIR_SPECS, SPEC_ALIASES, parse_spec};
use super::validate::{Choice, KEY_ID};
use crate::common::frame;

const SPEC: Choice = Choice { listed: PAIR_SPECS, taken: SPEC_ALIASES, told: None };

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Made<'a> {
    private_key_ciphertext_blob: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_plaintext: Option<&'a str>,
    /// In Q-KMS's style: the sealed private key once more. Never the plain one.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'a str>,
    public_key: String,
    key_id: String,
    key_pair_spec: &'static str,
    key_material_id: String,
}

/// GenerateDataKeyPair.
pub(super) async fn plain(call: &Call<'_>) -> Answer<Reply> {
    generate(call, true).await
}

/// GenerateDataKeyPairWithoutPlaintext.
pub(super) async fn sealed(call: &Call<'_>) -> Answer<Reply> {
    generate(call, false).await
}

async fn generate(call: &Call<'_>, with_private_key: bool) -> Answer<Reply> {
    let mut input = call.input();
    let context = input.map("EncryptionContext")?;
    let key = input.required_text("KeyId", &KEY_ID)?;
    let named = input.required_choice("KeyPairSpec", &SPEC)?;
    let tokens = input.grant_tokens()?;
    let recipient = with_private_key && input.has("Recipient");
    let dry_run = input.flag("DryRun")?;
    input.finish()?;
    let spec = parse_spec(named).ok_or_else(|| {
        Failure::unsupported(format!("KeyPairSpec {named} is not supported in this Region"))
    })?;
    if recipient {
        return Err(Failure::unsupported_value("Recipient"));
    }
    let key = call.key(key).await?;
    call.check_tokens(&tokens)?;
    let reveals = call.names.profile.reveals_private_keys;
    let wanted = GenerateKeyPair {
        key,
        wrap_with: VersionSelector::Primary,
        spec,
        format: PairFormat::Der,
        context: Context::Map(context),
        reveal: with_private_key && reveals,
    };
    let made = call.engine.generate_key_pair(&call.trial(dry_run), wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    let blob = Base64::encode_string(&frame::binary(&made.sealed));
    let plaintext = made.private.as_ref().map(|secret| codec::encode_base64(secret.expose()));
    Reply::json(&Made {
        private_key_ciphertext_blob: &blob,
        private_key_plaintext: plaintext.as_ref().map(|text| text.as_str()),
        private_key: (with_private_key && !reveals).then_some(blob.as_str()),
        public_key: Base64::encode_string(&made.public),
        key_id: call.names.key(made.key.id),
        key_pair_spec: named,
        key_material_id: material_id(made.key.id, made.version),
    })
}
