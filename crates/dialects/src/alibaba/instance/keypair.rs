//! The four operations that make data key pairs. Two seal under a key's first version and give the IV beside the blob;
//! their `Advance` twins seal under its primary version and give a blob that says all. What is sealed is the private
//! key as the request wants it written, so that decrypting yields that very text or DER.

use bytes::Bytes;
use trent_core::error::ErrorKind;
use trent_core::model::{PairSpec, VersionSelector};
use trent_core::ops::{GenerateKeyPair, GeneratedKeyPair, PairFormat};

use super::super::error::{Answer, Failure};
use super::super::spec::{self, AES_GCM};
use super::messages::{
    AdvanceGenerateDataKeyPairRequest, GenerateDataKeyPairRequest, GenerateDataKeyPairResponse,
    GenerateDataKeyPairWithoutPlaintextResponse, field,
};
use super::request::{Call, Reply, bound, check_symmetric};
use crate::common::{frame, version_id};

/// GenerateDataKeyPair.
pub(super) async fn plain(call: &Call<'_>) -> Answer<Reply> {
    initial(call, true).await
}

/// GenerateDataKeyPairWithoutPlaintext.
pub(super) async fn sealed(call: &Call<'_>) -> Answer<Reply> {
    initial(call, false).await
}

/// AdvanceGenerateDataKeyPair.
pub(super) async fn advance_plain(call: &Call<'_>) -> Answer<Reply> {
    advance(call, true).await
}

/// AdvanceGenerateDataKeyPairWithoutPlaintext.
pub(super) async fn advance_sealed(call: &Call<'_>) -> Answer<Reply> {
    advance(call, false).await
}

async fn initial(call: &Call<'_>, reveal: bool) -> Answer<Reply> {
    let request: GenerateDataKeyPairRequest = call.message()?;
    check_symmetric(&request.algorithm)?;
    let GenerateDataKeyPairRequest { key_id, key_pair_spec, key_format, aad, .. } = &request;
    let wanted = Wanted { key_id, spec: key_pair_spec, format: key_format, aad };
    let made = wanted.make(call, VersionSelector::Initial, reveal).await?;
    let blob = frame::alibaba_instance(&made.sealed);
    Ok(reply(call, key_pair_spec, made, blob, String::new(), reveal))
}

async fn advance(call: &Call<'_>, reveal: bool) -> Answer<Reply> {
    let request: AdvanceGenerateDataKeyPairRequest = call.message()?;
    let AdvanceGenerateDataKeyPairRequest { key_id, key_pair_spec, key_format, aad } = &request;
    let wanted = Wanted { key_id, spec: key_pair_spec, format: key_format, aad };
    let made = wanted.make(call, VersionSelector::Primary, reveal).await?;
    let version = version_id::write(made.key.id, made.version);
    let blob = frame::alibaba_advance(&made.sealed, &version);
    Ok(reply(call, key_pair_spec, made, blob, version, reveal))
}

/// What all four ask for.
struct Wanted<'a> {
    key_id: &'a str,
    spec: &'a str,
    format: &'a str,
    aad: &'a [u8],
}

impl Wanted<'_> {
    async fn make(
        &self,
        call: &Call<'_>,
        wrap_with: VersionSelector,
        reveal: bool,
    ) -> Answer<GeneratedKeyPair> {
        let (spec, format, context) =
            (pair_spec(self.spec)?, pair_format(self.format)?, bound(self.aad)?);
        let key = call.key(self.key_id).await?;
        let instance = &call.caller.identity.account().id;
        let slot = call.pairs.take(instance);
        let _slot = slot.ok_or_else(|| call.refused(&ErrorKind::Throttled.into()))?;
        let wanted = GenerateKeyPair { key, wrap_with, spec, format, context, reveal };
        let made = call.engine.generate_key_pair(call.caller, wanted).await;
        made.map_err(|error| call.refused(&error))
    }
}

fn pair_spec(text: &str) -> Answer<PairSpec> {
    if text.is_empty() {
        return Err(Failure::missing("KeyPairSpec"));
    }
    spec::parse_pair(text).ok_or_else(|| Failure::invalid("KeyPairSpec"))
}

fn pair_format(text: &str) -> Answer<PairFormat> {
    match text {
        "" => Err(Failure::missing("KeyFormat")),
        "PEM" => Ok(PairFormat::Pem),
        "DER" => Ok(PairFormat::Der),
        _ => Err(Failure::invalid("KeyFormat")),
    }
}

fn reply(
    call: &Call<'_>,
    spec: &str,
    made: GeneratedKeyPair,
    blob: Vec<u8>,
    key_version_id: String,
    reveal: bool,
) -> Reply {
    let version = (made.key.id, made.version);
    let key_id = made.key.id.to_string();
    let iv = Bytes::copy_from_slice(&made.sealed.iv);
    let (blob, public_key) = (Bytes::from(blob), Bytes::from(made.public));
    let (request_id, algorithm) = (call.id.to_owned(), AES_GCM.to_owned());
    if reveal {
        let message = GenerateDataKeyPairResponse {
            key_id,
            iv,
            key_pair_spec: spec.to_owned(),
            private_key_plaintext: made.private.map(field).unwrap_or_default(),
            private_key_ciphertext_blob: blob,
            public_key,
            request_id,
            algorithm,
            key_version_id,
        };
        return Reply::of(&message, version);
    }
    let message = GenerateDataKeyPairWithoutPlaintextResponse {
        key_id,
        iv,
        key_pair_spec: spec.to_owned(),
        private_key_ciphertext_blob: blob,
        public_key,
        request_id,
        algorithm,
        key_version_id,
    };
    Reply::of(&message, version)
}
