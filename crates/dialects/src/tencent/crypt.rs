//! Data of the caller: Encrypt and Decrypt. What is decrypted may have been encrypted through any dialect.

use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::model::{EncryptAlgorithm, VersionSelector};
use trent_core::ops::{Decrypt, Encrypt};
use trent_core::seal::{Ciphertext, Context};

use super::error::{Answer, Code, Failure};
use super::request::{Call, Reply};
use crate::common::frame;

/// The longest plaintext, in bytes.
const PLAINTEXT: usize = 4_096;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
    key_id: String,
}

/// Encrypt.
pub(super) async fn encrypt(call: &Call<'_>) -> Answer<Reply> {
    let plaintext = call.data("Plaintext", PLAINTEXT).filter(|data| !data.is_empty());
    let plaintext = plaintext.ok_or_else(|| {
        Failure::new(Code::InvalidPlaintext, "Plaintext is not base64 of 1 to 4096 bytes.")
    })?;
    let wanted = Encrypt {
        context: Context::Map(call.input.context()?),
        key: call.key()?,
        version: VersionSelector::Primary,
        algorithm: Some(EncryptAlgorithm::Symmetric),
        plaintext,
        iv: None,
        plain_if_exportable: false,
    };
    let made = call.engine.encrypt(call.caller, wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    // Nothing else was asked for.
    let Ciphertext::Sealed(sealed) = &made.ciphertext else { return Err(Failure::internal()) };
    call.reply(&Encrypted {
        ciphertext_blob: frame::tencent(sealed),
        key_id: made.key.id.to_string(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted<'a> {
    key_id: String,
    plaintext: &'a str,
}

/// Decrypt. The ciphertext names its key.
pub(super) async fn decrypt(call: &Call<'_>) -> Answer<Reply> {
    let context = call.input.context()?;
    call.input.refuse_public_key()?;
    let framed = frame::from_text(call.input.text("CiphertextBlob"));
    let framed = framed.ok_or_else(|| {
        Failure::new(Code::InvalidCiphertext, "CiphertextBlob is not a ciphertext.")
    })?;
    let kind = framed.kind();
    let wanted = Decrypt {
        key: None,
        algorithm: Some(EncryptAlgorithm::Symmetric),
        contexts: frame::contexts_for(kind, context),
        ciphertext: framed.ciphertext(false),
        block: None,
    };
    let opened = call.engine.decrypt(call.caller, wanted).await;
    let opened = opened.map_err(|error| call.refused(&error))?;
    let plaintext = frame::data_of(kind, opened.plaintext);
    call.reply(&Decrypted {
        key_id: opened.key.id.to_string(),
        plaintext: &codec::encode_base64(plaintext.expose()),
    })
}
