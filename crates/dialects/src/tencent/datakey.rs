//! Data keys: GenerateDataKey.

use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::model::{DataKeySpec, VersionSelector};
use trent_core::ops::GenerateDataKey;
use trent_core::seal::Context;

use super::error::{Answer, Code, Failure};
use super::request::{Call, Reply};
use crate::common::frame;

/// `IsHostedByKms`: whether the service is to keep the data key.
const NOT_HOSTED: u64 = 0;
const HOSTED: u64 = 1;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Made<'a> {
    key_id: String,
    plaintext: &'a str,
    ciphertext_blob: String,
}

/// GenerateDataKey.
pub(super) async fn generate(call: &Call<'_>) -> Answer<Reply> {
    let input = &call.input;
    let named = match input.text("KeySpec") {
        "" => None,
        "AES_128" => Some(16),
        "AES_256" => Some(32),
        _ => return Err(Failure::invalid("KeySpec is AES_128 or AES_256.")),
    };
    // A number goes before a name.
    let length = match (input.number("NumberOfBytes"), named) {
        (Some(bytes), _) => usize::try_from(bytes).ok().and_then(DataKeySpec::new),
        (None, Some(bytes)) => DataKeySpec::new(bytes),
        (None, None) => {
            return Err(Failure::invalid("Either KeySpec or NumberOfBytes is needed."));
        }
    };
    let length = length.ok_or_else(|| Failure::invalid("NumberOfBytes is from 1 to 1024."))?;
    let context = input.context()?;
    input.refuse_public_key()?;
    match input.number("IsHostedByKms").unwrap_or(NOT_HOSTED) {
        NOT_HOSTED => {}
        HOSTED => {
            return Err(Failure::unsupported("Hosted data keys are not available here yet."));
        }
        _ => return Err(Failure::new(Code::InvalidParameterValue, "IsHostedByKms is 0 or 1.")),
    }
    input.refuse_cluster()?;
    let wanted = GenerateDataKey {
        key: call.key()?,
        wrap_with: VersionSelector::Primary,
        length,
        context: Context::Map(context),
        reveal: true,
    };
    let made = call.engine.generate_data_key(call.caller, wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    let plaintext = made.plaintext.as_ref().ok_or_else(Failure::internal)?;
    call.reply(&Made {
        key_id: made.key.id.to_string(),
        plaintext: &codec::encode_base64(plaintext.expose()),
        ciphertext_blob: frame::tencent(&made.sealed),
    })
}
