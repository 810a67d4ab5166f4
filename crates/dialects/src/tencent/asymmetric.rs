//! Private keys at work: AsymmetricRsaDecrypt.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::model::EncryptAlgorithm;
use trent_core::ops::Decrypt;
use trent_core::seal::{Ciphertext, Context};

use super::error::{Answer, Failure};
use super::request::{Call, Reply};
use super::spec::parse_rsa;
use crate::common::frame::{self, Kind};

/// The longest text of a ciphertext: a block of RSA-4096 in base64, with room for a frame.
const LONGEST: usize = 1_024;
/// An asymmetric key of this API never changes.
const ONLY_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted<'a> {
    key_id: String,
    plaintext: &'a str,
}

/// AsymmetricRsaDecrypt. With `RSAES_PKCS1_V1_5` a block whose padding is wrong yields made-up bytes and no error.
pub(super) async fn rsa_decrypt(call: &Call<'_>) -> Answer<Reply> {
    let algorithm = parse_rsa(call.input.text("Algorithm"));
    let algorithm = algorithm.ok_or_else(|| {
        Failure::invalid("Algorithm is RSAES_PKCS1_V1_5, RSAES_OAEP_SHA_1 or RSAES_OAEP_SHA_256.")
    })?;
    let ciphertext = ciphertext(call.input.text("Ciphertext"), algorithm);
    let ciphertext =
        ciphertext.ok_or_else(|| Failure::invalid("Ciphertext is not base64 of an RSA block."))?;
    let wanted = Decrypt {
        key: Some(call.key()?),
        algorithm: Some(algorithm),
        contexts: vec![Context::None],
        ciphertext: Some(ciphertext),
        block: None,
    };
    let opened = call.engine.decrypt(call.caller, wanted).await;
    let opened = opened.map_err(|error| call.refused(&error))?;
    call.reply(&Decrypted {
        key_id: opened.key.id.to_string(),
        plaintext: &codec::encode_base64(opened.plaintext.expose()),
    })
}

/// A block, which may stand in Thalassa's frame.
fn ciphertext(text: &str, algorithm: EncryptAlgorithm) -> Option<Ciphertext> {
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    match frame::from_text(text) {
        Some(framed) if framed.kind() == Kind::Thalassa => framed.ciphertext(true),
        _ => {
            // Every version makes something of a block of PKCS #1, so that the right one must be named. One of OAEP
            // may have been made with a version that another door added.
            let version = (algorithm == EncryptAlgorithm::RsaPkcs1).then_some(ONLY_VERSION);
            let block = Base64::decode_vec(text).ok()?;
            Some(Ciphertext::Rsa { version, block })
        }
    }
}
