//! Data of the caller: Encrypt and Decrypt. What is sealed is the text that `Plaintext` is, whatever it says; what is
//! decrypted may have been encrypted through any dialect.

use base64ct::{Base64, Encoding};
use trent_core::crypto::{SecretBytes, codec};
use trent_core::model::{EncryptAlgorithm, Key, VersionSelector};
use trent_core::ops::{Decrypt, Encrypt};
use trent_core::seal::Ciphertext;
use zeroize::Zeroizing;

use super::super::error::{Answer, Failure};
use super::context::EncryptionContext;
use super::node::Node;
use super::request::{Call, Reply};
use crate::common::frame::{self, Kind};
use crate::common::version_id;

/// The longest plaintext in bytes of its text, which is 6 KiB in base64.
const PLAINTEXT: usize = 8_192;
/// The longest ciphertext in characters; other dialects' plaintexts may be longer than this one's.
const CIPHERTEXT: usize = 131_072;

/// Encrypt.
pub(super) async fn encrypt(call: &Call<'_>) -> Answer<Reply> {
    let dry_run = call.flag("DryRun")?;
    let answer = seal(call, dry_run).await;
    answer.map_err(|failure| if dry_run { failure.of_dry_run() } else { failure })
}

async fn seal(call: &Call<'_>, dry_run: bool) -> Answer<Reply> {
    let plaintext = call.required("Plaintext")?;
    if plaintext.len() > PLAINTEXT {
        return Err(Failure::invalid("Plaintext"));
    }
    let context = EncryptionContext::read(call)?;
    let wanted = Encrypt {
        key: call.key().await?,
        version: VersionSelector::Primary,
        algorithm: Some(EncryptAlgorithm::Symmetric),
        context: context.sealed(),
        plaintext: SecretBytes::from_slice(plaintext.as_bytes()),
        plain_if_exportable: false,
        iv: None,
    };
    let made = call.engine.encrypt(&call.trial(dry_run), wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    // Nothing else comes of a symmetric key that is not asked for the plain suite.
    let Ciphertext::Sealed(sealed) = &made.ciphertext else { return Err(Failure::internal()) };
    let version_id = version_id::write(made.key.id, made.version);
    let blob = Base64::encode_string(&frame::alibaba_rpc(sealed, &version_id));
    Ok(reply(("CiphertextBlob", Node::text(blob)), &made.key, version_id))
}

/// Decrypt.
pub(super) async fn decrypt(call: &Call<'_>) -> Answer<Reply> {
    let dry_run = call.flag("DryRun")?;
    let answer = open(call, dry_run).await;
    answer.map_err(|failure| if dry_run { failure.of_dry_run() } else { failure })
}

async fn open(call: &Call<'_>, dry_run: bool) -> Answer<Reply> {
    let blob = call.required("CiphertextBlob")?;
    if blob.len() > CIPHERTEXT {
        return Err(Failure::invalid("CiphertextBlob"));
    }
    if call.text("Recipient").is_some() {
        return Err(Failure::unsupported("Recipient is not available here."));
    }
    let context = EncryptionContext::read(call)?;
    let framed = frame::from_text(blob);
    let kind = framed.as_ref().map_or(Kind::AlibabaRpc, frame::Framed::kind);
    let wanted = Decrypt {
        key: None,
        algorithm: Some(EncryptAlgorithm::Symmetric),
        contexts: context.candidates(kind),
        ciphertext: framed.and_then(|framed| framed.ciphertext(false)),
        block: None,
    };
    let opened = call.engine.decrypt(&call.trial(dry_run), wanted).await;
    let opened = opened.map_err(|error| call.refused(&error))?;
    let plaintext = Node::Text(shown(kind, &opened.plaintext));
    let version_id = version_id::write(opened.key.id, opened.version);
    Ok(reply(("Plaintext", plaintext), &opened.key, version_id))
}

/// What was sealed as a text, as that text; everything else in base64.
fn shown(kind: Kind, plaintext: &SecretBytes) -> Zeroizing<String> {
    match std::str::from_utf8(plaintext.expose()) {
        Ok(text) if kind == Kind::AlibabaRpc => Zeroizing::new(text.to_owned()),
        _ => codec::encode_base64(plaintext.expose()),
    }
}

fn reply(result: (&'static str, Node), key: &Key, version_id: String) -> Reply {
    let names =
        [("KeyId", Node::text(key.id.to_string())), ("KeyVersionId", Node::text(version_id))];
    Reply([result].into_iter().chain(names).collect())
}
