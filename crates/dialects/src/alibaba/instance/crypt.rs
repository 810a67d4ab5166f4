//! Data of the caller: Encrypt and Decrypt with their `Advance` twins. What is decrypted may have been encrypted through
//! any dialect.

use std::collections::BTreeMap;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use trent_core::crypto::SecretBytes;
use trent_core::error::{Error, ErrorKind};
use trent_core::model::{EncryptAlgorithm, VersionSelector};
use trent_core::ops::{Decrypt, Encrypt};
use trent_core::seal::{Ciphertext, Context};

use super::super::error::{Answer, Failure};
use super::super::spec::encryption_name;
use super::messages::{DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, field};
use super::request::{Call, Reply, Version, algorithm, bound};
use crate::common::frame::{self, Framed, Kind};
use crate::common::{json, version_id};

/// The longest plaintext, in bytes: 6 KiB in base64, as clients of the RPC API send them by this one.
const PLAINTEXT: usize = 8_192;
/// How long an IV is, in bytes.
const IV: usize = 12;
/// With what other algorithms than ours are padded.
const PADDINGS: [&str; 3] = ["", "PKCS7_PADDING", "NO_PADDING"];

/// Encrypt: with a key's first version, unless the header names another.
pub(super) async fn encrypt(call: &Call<'_>) -> Answer<Reply> {
    let request = call.message()?;
    let version = call.version()?;
    let which =
        version.map_or(VersionSelector::Initial, |(_, number)| VersionSelector::Number(number));
    seal(call, &request, algorithm(&request.algorithm)?, version, which).await
}

/// AdvanceEncrypt: with a symmetric key's primary version.
pub(super) async fn advance_encrypt(call: &Call<'_>) -> Answer<Reply> {
    let request: EncryptRequest = call.message()?;
    let algorithm = algorithm(&request.algorithm)?.unwrap_or(EncryptAlgorithm::Symmetric);
    seal(call, &request, Some(algorithm), None, VersionSelector::Primary).await
}

async fn seal(
    call: &Call<'_>,
    request: &EncryptRequest,
    algorithm: Option<EncryptAlgorithm>,
    named: Option<Version>,
    version: VersionSelector,
) -> Answer<Reply> {
    if request.plaintext.is_empty() {
        return Err(Failure::missing("Plaintext"));
    }
    if request.plaintext.len() > PLAINTEXT {
        return Err(Failure::invalid("Plaintext"));
    }
    check_padding(&request.padding_mode)?;
    let (iv, context) = (nonce(&request.iv)?, bound(&request.aad)?);
    let wanted = Encrypt {
        key: call.key_of(&request.key_id, named).await?,
        version,
        algorithm,
        context,
        plaintext: SecretBytes::from_slice(&request.plaintext),
        iv,
        plain_if_exportable: false,
    };
    let made = call.engine.encrypt(call.caller, wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    call.check_version(named, made.key.id)?;
    let advance = version == VersionSelector::Primary;
    let version_id = version_id::write(made.key.id, made.version);
    let (blob, iv) = match &made.ciphertext {
        Ciphertext::Sealed(sealed) if advance => {
            (frame::alibaba_advance(sealed, &version_id), Bytes::copy_from_slice(&sealed.iv))
        }
        Ciphertext::Sealed(sealed) => {
            (frame::alibaba_instance(sealed), Bytes::copy_from_slice(&sealed.iv))
        }
        Ciphertext::Rsa { block, .. } => (block.clone(), Bytes::new()),
        // Never asked for, and never made.
        Ciphertext::Plain { .. } | Ciphertext::Detached(_) => return Err(Failure::internal()),
    };
    let message = EncryptResponse {
        key_id: made.key.id.to_string(),
        ciphertext_blob: Bytes::from(blob),
        iv,
        request_id: call.id.to_owned(),
        algorithm: encryption_name(made.algorithm).to_owned(),
        padding_mode: request.padding_mode.clone(),
        key_version_id: if advance { version_id } else { String::new() },
    };
    Ok(Reply::of(&message, (made.key.id, made.version)))
}

/// Decrypt: a blob that goes with `KeyId` and `Iv`, or with `Iv` and the version that the header names.
pub(super) async fn decrypt(call: &Call<'_>) -> Answer<Reply> {
    open(call, false).await
}

/// AdvanceDecrypt: a blob that says all, and every blob that Decrypt takes.
pub(super) async fn advance_decrypt(call: &Call<'_>) -> Answer<Reply> {
    open(call, true).await
}

async fn open(call: &Call<'_>, advance: bool) -> Answer<Reply> {
    let request: DecryptRequest = call.message()?;
    if request.ciphertext_blob.is_empty() {
        return Err(Failure::missing("CiphertextBlob"));
    }
    check_padding(&request.padding_mode)?;
    let algorithm = algorithm(&request.algorithm)?;
    let iv = nonce(&request.iv)?;
    bound(&request.aad)?;
    let version = call.version()?;
    let found = Found::read(&request.ciphertext_blob, iv, version);
    let key = match (request.key_id.as_str(), version) {
        // The frame names its key.
        ("", None) if found.framed => None,
        ("", None) if advance => return Err(Failure::invalid("CiphertextBlob")),
        (text, version) => Some(call.key_of(text, version).await?),
    };
    let lacks_iv = found.ciphertext.is_none() && iv.is_none();
    let wanted = Decrypt {
        key,
        algorithm,
        contexts: candidates(found.kind, &request.aad),
        ciphertext: found.ciphertext,
        block: Some(found.block),
    };
    let opened = call.engine.decrypt(call.caller, wanted).await;
    let opened = opened.map_err(|error| unopened(call, &error, lacks_iv))?;
    let plaintext = frame::data_of(found.kind, opened.plaintext);
    let used = version_id::write(opened.key.id, opened.version);
    let message = DecryptResponse {
        key_id: opened.key.id.to_string(),
        plaintext: field(plaintext),
        request_id: call.id.to_owned(),
        algorithm: encryption_name(opened.algorithm).to_owned(),
        padding_mode: request.padding_mode.clone(),
        key_version_id: if advance { used } else { String::new() },
    };
    Ok(Reply::of(&message, (opened.key.id, opened.version)))
}

/// A blob that a symmetric key could open if it only had its IV is told so.
fn unopened(call: &Call<'_>, error: &Error, lacks_iv: bool) -> Failure {
    let failure = call.refused(error);
    let symmetric = error.traits().is_some_and(|(spec, _)| spec.is_aead());
    if lacks_iv && symmetric && error.kind() == ErrorKind::CiphertextInvalid {
        return Failure { recorded: failure.recorded, ..Failure::missing("Iv") };
    }
    failure
}

/// What a blob is, as far as it can be told without the key.
struct Found {
    kind: Kind,
    /// Whether it is in a frame that was recognised.
    framed: bool,
    ciphertext: Option<Ciphertext>,
    /// The same bytes if the key is RSA.
    block: Ciphertext,
}

impl Found {
    fn read(blob: &[u8], iv: Option<[u8; IV]>, version: Option<Version>) -> Self {
        let number = version.map(|(_, number)| number);
        let bare = || Ciphertext::Rsa { version: number, block: blob.to_vec() };
        match frame::from_bytes(blob).filter(|framed| is_meant(framed, iv.is_some())) {
            Some(framed) => {
                let kind = framed.kind();
                let block =
                    if kind == Kind::Thalassa { framed.clone().ciphertext(true) } else { None };
                Self {
                    kind,
                    framed: true,
                    block: block.unwrap_or_else(bare),
                    ciphertext: framed.ciphertext(false),
                }
            }
            None => {
                let of_instance = |iv| {
                    let key = version.map(|(key, _)| key);
                    // Without `Advance`, a key's first version seals.
                    frame::from_alibaba_instance(blob, iv, key, number.unwrap_or(1))
                };
                Self {
                    kind: Kind::AlibabaInstance,
                    framed: false,
                    ciphertext: iv.and_then(of_instance),
                    block: bare(),
                }
            }
        }
    }
}

/// Random bytes can look like a binary frame, and nothing else: where there is an IV too, they are none.
fn is_meant(framed: &Framed, has_iv: bool) -> bool {
    !has_iv || framed.kind() != Kind::Binary
}

/// What a ciphertext may be bound to, the likeliest first. Of the vendor's own libraries, some bind the digest of a map
/// of names and values, some that digest in hex, and some the map's JSON.
fn candidates(kind: Kind, aad: &[u8]) -> Vec<Context> {
    if aad.is_empty() {
        return vec![Context::None];
    }
    let mut all = vec![Context::Raw(aad.to_vec())];
    let other = match aad.len() {
        32 => Some(HEXLOWER.encode(aad).into_bytes()),
        64 => HEXLOWER.decode(aad).ok(),
        _ => None,
    };
    all.extend(other.map(Context::Raw));
    let map: BTreeMap<String, String> = json::parse(aad).unwrap_or_default();
    if !map.is_empty() {
        all.extend(frame::contexts_for(kind, map));
    }
    all
}

fn nonce(iv: &[u8]) -> Answer<Option<[u8; IV]>> {
    if iv.is_empty() {
        return Ok(None);
    }
    iv.try_into().map(Some).map_err(|_| Failure::invalid("Iv"))
}

/// No algorithm here pads; what a client says of it is given back.
fn check_padding(text: &str) -> Answer<()> {
    if PADDINGS.contains(&text) { Ok(()) } else { Err(Failure::invalid("PaddingMode")) }
}
