//! Data keys: GenerateDataKey and AdvanceGenerateDataKey. What is sealed are the key's bytes as they are.

use bytes::Bytes;
use trent_core::model::{DataKeySpec, VersionSelector};
use trent_core::ops::GenerateDataKey;

use super::super::error::{Answer, Failure};
use super::super::spec::AES_GCM;
use super::messages::{
    AdvanceGenerateDataKeyRequest, GenerateDataKeyRequest, GenerateDataKeyResponse, field,
};
use super::request::{Call, Reply, bound, check_symmetric};
use crate::common::{frame, version_id};

/// How long a data key is in bytes, where the request does not say.
const DEFAULT: i32 = 32;

/// GenerateDataKey.
pub(super) async fn initial(call: &Call<'_>) -> Answer<Reply> {
    let request: GenerateDataKeyRequest = call.message()?;
    check_symmetric(&request.algorithm)?;
    let GenerateDataKeyRequest { key_id, number_of_bytes, aad, .. } = &request;
    make(call, key_id, *number_of_bytes, aad, VersionSelector::Initial).await
}

/// AdvanceGenerateDataKey.
pub(super) async fn advance(call: &Call<'_>) -> Answer<Reply> {
    let AdvanceGenerateDataKeyRequest { key_id, number_of_bytes, aad } = &call.message()?;
    make(call, key_id, *number_of_bytes, aad, VersionSelector::Primary).await
}

async fn make(
    call: &Call<'_>,
    key_id: &str,
    bytes: i32,
    aad: &[u8],
    wrap_with: VersionSelector,
) -> Answer<Reply> {
    let length = usize::try_from(if bytes == 0 { DEFAULT } else { bytes });
    let length = length.ok().and_then(DataKeySpec::new);
    let length = length.ok_or_else(|| Failure::invalid("NumberOfBytes"))?;
    let context = bound(aad)?;
    let key = call.key(key_id).await?;
    let wanted = GenerateDataKey { key, wrap_with, length, context, reveal: true };
    let made = call.engine.generate_data_key(call.caller, wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    let version = version_id::write(made.key.id, made.version);
    let (blob, key_version_id) = match wrap_with {
        VersionSelector::Primary => (frame::alibaba_advance(&made.sealed, &version), version),
        _ => (frame::alibaba_instance(&made.sealed), String::new()),
    };
    let message = GenerateDataKeyResponse {
        key_id: made.key.id.to_string(),
        iv: Bytes::copy_from_slice(&made.sealed.iv),
        plaintext: made.plaintext.map(field).unwrap_or_default(),
        ciphertext_blob: Bytes::from(blob),
        request_id: call.id.to_owned(),
        algorithm: AES_GCM.to_owned(),
        key_version_id,
    };
    Ok(Reply::of(&message, (made.key.id, made.version)))
}
