//! How ciphertexts travel: every dialect's frame, composed and recognised, so that any dialect opens any frame.
//! Sealing and opening are core's; the bytes of each frame are in docs/formats.md.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use data_encoding::HEXLOWER;
use trent_core::crypto::SecretBytes;
use trent_core::crypto::codec;
use trent_core::crypto::mac::sha256;
use trent_core::model::KeyId;
use trent_core::seal::{Ciphertext, Context, Detached, OVERHEAD, Plain, Purpose, Sealed};

use super::version_id;

const THALASSA: &str = "thalassa:v";
const TENCENT_JOINT: &str = "-k-";
/// Where the three parts of a Tencent frame are cut, in bytes of the binary frame.
const TENCENT_CUTS: (usize, usize) = (64, 80);
/// Version, padding mode and algorithm (AES-GCM) of Alibaba's self-describing frame.
const ADVANCE: [u8; 3] = [0x24, 0x00, 0x02];
const VERSION_ID: usize = version_id::LENGTH;
const SALT: usize = 16;
const COMMITMENT: usize = 32;
const IV: usize = 12;
const TAG: usize = 16;

/// Whose frame it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// SEAL-1's own bytes: AWS and Q-KMS.
    Binary,
    /// The binary frame in three base64 parts: Tencent.
    Tencent,
    /// Base64 that begins with a version's id: Alibaba's RPC API.
    AlibabaRpc,
    /// The same bytes after three more: Alibaba's instance API, self-describing.
    AlibabaAdvance,
    /// Salt, commitment and ciphertext, with key and IV apart: Alibaba's instance API.
    AlibabaInstance,
    /// A text that tells the version: Thalassa.
    Thalassa,
}

impl Kind {
    fn is_alibaba(self) -> bool {
        matches!(self, Self::AlibabaRpc | Self::AlibabaAdvance | Self::AlibabaInstance)
    }
}

/// A ciphertext in a frame that was recognised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Framed {
    /// The frame holds all there is.
    Whole(Whole),
    /// The frame begins with the id of the key's version and leaves the header out.
    Headless(Headless),
}

impl Framed {
    /// Whose frame it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Whole(whole) => whole.kind,
            Self::Headless(headless) => headless.kind,
        }
    }

    /// What to open; `None` where the frame holds nothing that could be opened. `rsa` as for [`Whole::ciphertext`].
    pub fn ciphertext(self, rsa: bool) -> Option<Ciphertext> {
        match self {
            Self::Whole(whole) => whole.ciphertext(rsa),
            Self::Headless(headless) => headless.ciphertext(),
        }
    }
}

/// The content of a frame that needs nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Whole {
    /// Whose frame it was in.
    pub kind: Kind,
    /// The key's version, where the frame tells it apart from the content.
    pub version: Option<u32>,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Whole {
    /// What to open. A frame does not tell an RSA block from other content; `rsa` tells that the key or the algorithm
    /// is RSA's. `None` for content that is neither sealed nor, in a frame with a version, of the plain suite.
    pub fn ciphertext(self, rsa: bool) -> Option<Ciphertext> {
        if rsa {
            return Some(Ciphertext::Rsa { version: self.version, block: self.bytes });
        }
        match (Sealed::from_bytes(Purpose::Message, &self.bytes), self.version) {
            // The version beside the content is not authenticated; it must be the one inside.
            (Some(sealed), version) => version
                .is_none_or(|version| version == sealed.version)
                .then_some(Ciphertext::Sealed(sealed)),
            (None, Some(version)) => {
                Plain::from_bytes(&self.bytes).map(|plain| Ciphertext::Plain { version, plain })
            }
            (None, None) => None,
        }
    }
}

/// A sealed message behind the id of its key's version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Headless {
    /// Whose frame it is.
    pub kind: Kind,
    /// The id of the key's version, 36 letters, digits and hyphens; not authenticated.
    pub version_id: String,
    iv: [u8; IV],
    salt: [u8; SALT],
    commitment: [u8; COMMITMENT],
    ciphertext: Vec<u8>,
}

impl Headless {
    /// What to open; `None` where the id is of no version that could be of this installation.
    pub fn ciphertext(self) -> Option<Ciphertext> {
        let (key, version) = version_id::parse(&self.version_id)?;
        Some(Ciphertext::Detached(Detached {
            key: Some(key),
            version,
            salt: self.salt,
            iv: self.iv,
            commitment: self.commitment,
            ciphertext: self.ciphertext,
        }))
    }

    fn parse(kind: Kind, bytes: &[u8]) -> Option<Self> {
        if bytes.len() < VERSION_ID + IV + SALT + COMMITMENT + TAG {
            return None;
        }
        let (version_id, rest) = bytes.split_at(VERSION_ID);
        let (iv, rest) = rest.split_at(IV);
        let (salt, rest) = rest.split_at(SALT);
        let (commitment, ciphertext) = rest.split_at(COMMITMENT);
        let version_id = std::str::from_utf8(version_id).ok().filter(|id| is_version_id(id))?;
        Some(Self {
            kind,
            version_id: version_id.to_owned(),
            iv: iv.try_into().ok()?,
            salt: salt.try_into().ok()?,
            commitment: commitment.try_into().ok()?,
            ciphertext: ciphertext.to_vec(),
        })
    }
}

/// Whether a text can be the id of a version in Alibaba's frames.
fn is_version_id(text: &str) -> bool {
    text.len() == VERSION_ID
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

// ---- composing

/// The binary frame.
pub fn binary(sealed: &Sealed) -> Vec<u8> {
    sealed.to_bytes(Purpose::Message)
}

/// Tencent's frame.
pub fn tencent(sealed: &Sealed) -> String {
    let bytes = binary(sealed);
    let (first, rest) = bytes.split_at(TENCENT_CUTS.0);
    let (second, third) = rest.split_at(TENCENT_CUTS.1 - TENCENT_CUTS.0);
    [first, second, third].map(Base64::encode_string).join(TENCENT_JOINT)
}

/// The bytes of Alibaba's RPC frame, which travel as base64. `version_id` is [`version_id::write`]'s.
pub fn alibaba_rpc(sealed: &Sealed, version_id: &str) -> Vec<u8> {
    let parts = [version_id.as_bytes(), &sealed.iv, &sealed.salt, &sealed.commitment];
    [&parts.concat()[..], &sealed.ciphertext].concat()
}

/// Alibaba's self-describing frame of the instance API.
pub fn alibaba_advance(sealed: &Sealed, version_id: &str) -> Vec<u8> {
    [&ADVANCE[..], &alibaba_rpc(sealed, version_id)].concat()
}

/// Alibaba's plain frame of the instance API; the IV travels beside it.
pub fn alibaba_instance(sealed: &Sealed) -> Vec<u8> {
    [&sealed.salt[..], &sealed.commitment, &sealed.ciphertext].concat()
}

/// Thalassa's frame, for a ciphertext of this version of the key.
pub fn thalassa(version: u32, ciphertext: &Ciphertext) -> String {
    let content = match ciphertext {
        Ciphertext::Sealed(sealed) => Base64::encode_string(&binary(sealed)),
        Ciphertext::Plain { plain, .. } => Base64::encode_string(&plain.to_bytes()),
        Ciphertext::Rsa { block, .. } => Base64::encode_string(block),
        // No operation makes one: it is what other frames are read into.
        Ciphertext::Detached(_) => String::new(),
    };
    format!("{THALASSA}{version}:{content}")
}

// ---- recognising

/// The frame in a field of bytes: a binary frame, or a text frame as UTF-8.
pub fn from_bytes(bytes: &[u8]) -> Option<Framed> {
    if let Some(framed) = binary_frame(bytes) {
        return Some(framed);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    text_frame(text).or_else(|| {
        // Of the binary frames in base64 only Alibaba's are that vendor's own text form.
        let framed = base64_frame(text)?;
        framed.kind().is_alibaba().then_some(framed)
    })
}

/// The frame in a field of text: a text frame, or a binary frame as base64.
pub fn from_text(text: &str) -> Option<Framed> {
    text_frame(text).or_else(|| base64_frame(text))
}

/// The frame of Alibaba's instance API, whose IV, version and perhaps key come from elsewhere in the request.
pub fn from_alibaba_instance(
    bytes: &[u8],
    iv: [u8; IV],
    key: Option<KeyId>,
    version: u32,
) -> Option<Ciphertext> {
    if bytes.len() < SALT + COMMITMENT + TAG {
        return None;
    }
    let (salt, rest) = bytes.split_at(SALT);
    let (commitment, ciphertext) = rest.split_at(COMMITMENT);
    Some(Ciphertext::Detached(Detached {
        key,
        version,
        salt: salt.try_into().ok()?,
        iv,
        commitment: commitment.try_into().ok()?,
        ciphertext: ciphertext.to_vec(),
    }))
}

fn binary_frame(bytes: &[u8]) -> Option<Framed> {
    if Sealed::recognises(Purpose::Message, bytes) {
        let bytes = bytes.to_vec();
        return Some(Framed::Whole(Whole { kind: Kind::Binary, version: None, bytes }));
    }
    let rest = bytes.strip_prefix(&ADVANCE)?;
    Headless::parse(Kind::AlibabaAdvance, rest).map(Framed::Headless)
}

fn base64_frame(text: &str) -> Option<Framed> {
    let bytes = Base64::decode_vec(text).ok()?;
    binary_frame(&bytes).or_else(|| Headless::parse(Kind::AlibabaRpc, &bytes).map(Framed::Headless))
}

fn text_frame(text: &str) -> Option<Framed> {
    let whole = if let Some(rest) = text.strip_prefix(THALASSA) {
        let (version, content) = rest.split_once(':')?;
        let bytes = Base64::decode_vec(content).ok()?;
        Whole { kind: Kind::Thalassa, version: Some(version_number(version)?), bytes }
    } else {
        Whole { kind: Kind::Tencent, version: None, bytes: tencent_content(text)? }
    };
    Some(Framed::Whole(whole))
}

/// A version in its one spelling: from 1 on, no sign, no leading zero.
fn version_number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

fn tencent_content(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split(TENCENT_JOINT);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let [first, second, third] = [first, second, third].map(|part| Base64::decode_vec(part).ok());
    let (first, second, third) = (first?, second?, third?);
    let cuts = (first.len(), first.len() + second.len());
    let bytes = [first, second, third].concat();
    (cuts == TENCENT_CUTS
        && bytes.len() >= OVERHEAD
        && Sealed::recognises(Purpose::Message, &bytes))
    .then_some(bytes)
}

// ---- plaintexts

/// What came out of a frame, as a door sees it whose data are bytes. Alibaba's RPC API seals a text that is nearly
/// always base64 of the data: that is decoded, once.
pub fn data_of(kind: Kind, plaintext: SecretBytes) -> SecretBytes {
    if kind != Kind::AlibabaRpc {
        return plaintext;
    }
    let text = std::str::from_utf8(plaintext.expose());
    match text.ok().and_then(|text| codec::decode_base64(text).ok()) {
        Some(data) => data,
        None => plaintext,
    }
}

// ---- contexts

/// What a map of names and values may be bound as in a frame of this kind, the likeliest first. The binding follows
/// the frame, not the door by which the request came; Alibaba's own libraries disagree among themselves.
pub fn contexts_for(kind: Kind, map: BTreeMap<String, String>) -> Vec<Context> {
    if map.is_empty() {
        return vec![Context::None];
    }
    if !kind.is_alibaba() {
        return vec![Context::Map(map)];
    }
    match alibaba_digest(&map) {
        Some(digest) => {
            let hex = HEXLOWER.encode(&digest).into_bytes();
            vec![Context::Raw(digest.to_vec()), Context::Raw(hex), Context::Map(map)]
        }
        None => vec![Context::Map(map)],
    }
}

/// What a map is bound as when a frame of Alibaba's is made.
pub fn alibaba_context(map: BTreeMap<String, String>) -> Context {
    match alibaba_digest(&map) {
        Some(digest) if !map.is_empty() => Context::Raw(digest.to_vec()),
        _ => Context::Map(map),
    }
}

/// SHA-256 of `k1=v1&k2=v2…`; `None` where that text would be ambiguous.
fn alibaba_digest(map: &BTreeMap<String, String>) -> Option<[u8; 32]> {
    let ambiguous =
        map.iter().any(|(name, value)| name.contains(['&', '=']) || value.contains('&'));
    if ambiguous {
        return None;
    }
    // A map of texts is in the order of their bytes, since UTF-8 sorts as bytes.
    let pairs: Vec<String> = map.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(sha256(&[pairs.join("&").as_bytes()]))
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
