//! SEAL-1, the committing AEAD construction behind every secret at rest and every ciphertext given out,
//! and the plain suite of exportable AEAD keys. Parts in, parts out; how parts travel is the dialects' framing.
//! Byte formats: docs/formats.md. Primitives are `crypto`'s.

use std::collections::BTreeMap;

use subtle::ConstantTimeEq;

use crate::crypto::aead::Aead;
use crate::crypto::{CryptoError, Secret32, SecretBytes, kdf, random};
use crate::model::{Family, KeyId, KeySpec};

type Result<T> = std::result::Result<T, CryptoError>;

/// What something is sealed for; each purpose has its own magic and KDF label, so that nothing opens as something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Data of a caller under a key version.
    Message,
    /// Key material under a tenant's KEK.
    Row,
    /// A tenant's KEK under the master key.
    TenantKek,
    /// A credential's secret under the master key.
    Credential,
    /// The master key under a root key.
    Root,
    /// A list's continuation marker.
    Page,
}

impl Purpose {
    const fn magic(self) -> [u8; 2] {
        match self {
            Self::Message => [0xC7, 0x4B],
            Self::Row => [0xC7, 0x52],
            Self::TenantKek => [0xC7, 0x54],
            Self::Credential => [0xC7, 0x43],
            Self::Root => [0xC7, 0x4D],
            Self::Page => [0xC7, 0x50],
        }
    }

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Message => b"trent/1/message",
            Self::Row => b"trent/1/row",
            Self::TenantKek => b"trent/1/tk",
            Self::Credential => b"trent/1/cred",
            Self::Root => b"trent/1/root",
            Self::Page => b"trent/1/page",
        }
    }
}

/// The AEAD inside SEAL-1. The number travels in the header and must be the one that the key's spec prescribes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    /// AES-256-GCM.
    Aes256Gcm = 1,
    /// AES-128-GCM.
    Aes128Gcm = 2,
    /// AES-192-GCM.
    Aes192Gcm = 4,
    /// ChaCha20-Poly1305.
    ChaCha20Poly1305 = 5,
}

impl Suite {
    /// The suite that keys of this AEAD use.
    pub(crate) fn of(aead: Aead) -> Self {
        match aead {
            Aead::Aes256Gcm => Self::Aes256Gcm,
            Aead::Aes128Gcm => Self::Aes128Gcm,
            Aead::Aes192Gcm => Self::Aes192Gcm,
            Aead::ChaCha20Poly1305 => Self::ChaCha20Poly1305,
        }
    }

    fn aead(self) -> Aead {
        match self {
            Self::Aes256Gcm => Aead::Aes256Gcm,
            Self::Aes128Gcm => Aead::Aes128Gcm,
            Self::Aes192Gcm => Aead::Aes192Gcm,
            Self::ChaCha20Poly1305 => Aead::ChaCha20Poly1305,
        }
    }

    fn parse(number: u8) -> Option<Self> {
        [Self::Aes256Gcm, Self::Aes128Gcm, Self::Aes192Gcm, Self::ChaCha20Poly1305]
            .into_iter()
            .find(|suite| *suite as u8 == number)
    }
}

const FORMAT: u8 = 1;
const HEADER: usize = 40;
const COMMITMENT: usize = 32;
const IV: usize = 12;
const TAG: usize = 16;

/// How many bytes SEAL-1 adds to a plaintext: header, commitment, IV and tag.
pub const OVERHEAD: usize = HEADER + COMMITMENT + IV + TAG;

/// The parts of a sealed thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// What holds the key it is sealed under: a key, a KEK's tenant, …
    pub uid: [u8; 16],
    /// The version or generation of that.
    pub version: u32,
    /// The AEAD.
    pub suite: Suite,
    /// Makes the message's own key.
    pub salt: [u8; 16],
    /// The AEAD's nonce.
    pub iv: [u8; 12],
    /// Commits to the key.
    pub commitment: [u8; 32],
    /// The ciphertext with its 16-byte tag.
    pub ciphertext: Vec<u8>,
}

impl Sealed {
    fn header(&self, purpose: Purpose) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..2].copy_from_slice(&purpose.magic());
        header[2] = FORMAT;
        header[3] = self.suite as u8;
        header[4..20].copy_from_slice(&self.uid);
        header[20..24].copy_from_slice(&self.version.to_be_bytes());
        header[24..].copy_from_slice(&self.salt);
        header
    }

    /// All parts in one string, [`OVERHEAD`] bytes longer than the plaintext.
    pub fn to_bytes(&self, purpose: Purpose) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + COMMITMENT + IV + self.ciphertext.len());
        bytes.extend_from_slice(&self.header(purpose));
        bytes.extend_from_slice(&self.commitment);
        bytes.extend_from_slice(&self.iv);
        bytes.extend_from_slice(&self.ciphertext);
        bytes
    }

    /// Whether the bytes begin as a thing sealed for this purpose does.
    pub fn recognises(purpose: Purpose, bytes: &[u8]) -> bool {
        bytes.len() >= OVERHEAD && bytes[..2] == purpose.magic() && bytes[2] == FORMAT
    }

    /// Takes [`Sealed::to_bytes`]'s string apart; `None` when it is too short, of another purpose, or of an unknown format or suite.
    pub fn from_bytes(purpose: Purpose, bytes: &[u8]) -> Option<Self> {
        if !Self::recognises(purpose, bytes) {
            return None;
        }
        let (header, rest) = bytes.split_at(HEADER);
        let (commitment, rest) = rest.split_at(COMMITMENT);
        let (iv, ciphertext) = rest.split_at(IV);
        Some(Self {
            uid: header[4..20].try_into().ok()?,
            version: u32::from_be_bytes(header[20..24].try_into().ok()?),
            suite: Suite::parse(header[3])?,
            salt: header[24..].try_into().ok()?,
            iv: iv.try_into().ok()?,
            commitment: commitment.try_into().ok()?,
            ciphertext: ciphertext.to_vec(),
        })
    }

    /// The key that a caller's ciphertext names.
    pub fn key(&self) -> KeyId {
        KeyId::from_bytes(self.uid)
    }
}

/// Who seals and under what; the part of the construction that is the same for sealing and opening.
pub struct Place<'a> {
    /// The purpose.
    pub purpose: Purpose,
    /// The tenant's 16 bytes, zeros where there is none.
    pub tenant: [u8; 16],
    /// The sealing key.
    pub key: &'a Secret32,
    /// What is authenticated without being stored.
    pub tail: &'a [u8],
}

impl Place<'_> {
    fn message_key(&self, sealed: &Sealed) -> Result<(Secret32, [u8; 32])> {
        let mut context = Vec::with_capacity(53);
        context.push(sealed.suite as u8);
        context.extend_from_slice(&self.tenant);
        context.extend_from_slice(&sealed.uid);
        context.extend_from_slice(&sealed.version.to_be_bytes());
        context.extend_from_slice(&sealed.salt);
        kdf::kdf512(self.key.expose(), self.purpose.label(), &context)
    }

    fn associated(&self, sealed: &Sealed) -> Vec<u8> {
        [&sealed.header(self.purpose)[..], &sealed.commitment, self.tail].concat()
    }

    /// Seals under fresh randomness.
    pub fn seal(
        &self,
        uid: [u8; 16],
        version: u32,
        suite: Suite,
        plaintext: &[u8],
    ) -> Result<Sealed> {
        self.seal_at(uid, version, suite, random::array()?, plaintext)
    }

    /// Seals with a nonce of the caller's choice. The message's own key comes from a fresh salt, so that a nonce that
    /// is used for everything does no harm.
    pub(crate) fn seal_at(
        &self,
        uid: [u8; 16],
        version: u32,
        suite: Suite,
        iv: [u8; 12],
        plaintext: &[u8],
    ) -> Result<Sealed> {
        self.seal_with(uid, version, suite, random::array()?, iv, plaintext)
    }

    fn seal_with(
        &self,
        uid: [u8; 16],
        version: u32,
        suite: Suite,
        salt: [u8; 16],
        iv: [u8; 12],
        plaintext: &[u8],
    ) -> Result<Sealed> {
        let mut sealed =
            Sealed { uid, version, suite, salt, iv, commitment: [0; 32], ciphertext: Vec::new() };
        let (key, commitment) = self.message_key(&sealed)?;
        sealed.commitment = commitment;
        let aead = suite.aead();
        let associated = self.associated(&sealed);
        sealed.ciphertext =
            aead.seal(&key.expose()[..aead.key_len()], &sealed.iv, &associated, plaintext)?;
        Ok(sealed)
    }

    /// Seals, opens what it sealed and compares, so that a fault cannot lose the plaintext for good.
    pub fn seal_checked(
        &self,
        uid: [u8; 16],
        version: u32,
        suite: Suite,
        plaintext: &[u8],
    ) -> Result<Sealed> {
        let sealed = self.seal(uid, version, suite, plaintext)?;
        if self.open(&sealed)?.ct_eq(plaintext) { Ok(sealed) } else { Err(CryptoError::Internal) }
    }

    /// Opens; every failure is [`CryptoError::Open`].
    pub fn open(&self, sealed: &Sealed) -> Result<SecretBytes> {
        let (key, commitment) = self.message_key(sealed)?;
        if !bool::from(commitment.ct_eq(&sealed.commitment)) || sealed.ciphertext.len() < TAG {
            return Err(CryptoError::Open);
        }
        let aead = sealed.suite.aead();
        let associated = self.associated(sealed);
        aead.open(&key.expose()[..aead.key_len()], &sealed.iv, &associated, &sealed.ciphertext)
    }
}

/// What a caller binds to a ciphertext.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Context {
    /// Nothing.
    #[default]
    None,
    /// Names and values; an empty map is [`Context::None`].
    Map(BTreeMap<String, String>),
    /// Bytes; an empty string is [`Context::None`].
    Raw(Vec<u8>),
}

impl Context {
    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Map(map) => map.is_empty(),
            Self::Raw(bytes) => bytes.is_empty(),
        }
    }

    /// The injective encoding that is authenticated: 00, or 01 with sorted pairs, or 02 with the bytes.
    pub fn encode(&self) -> Vec<u8> {
        if self.is_empty() {
            return vec![0];
        }
        match self {
            Self::None => vec![0],
            Self::Map(map) => {
                let mut out = vec![1];
                push_u32(&mut out, map.len());
                for (name, value) in map {
                    push_lp(&mut out, name.as_bytes());
                    push_lp(&mut out, value.as_bytes());
                }
                out
            }
            Self::Raw(bytes) => {
                let mut out = vec![2];
                push_lp(&mut out, bytes);
                out
            }
        }
    }
}

fn push_u32(out: &mut Vec<u8>, n: usize) {
    // Lengths are bounded by the request's size, far below 4 GiB.
    out.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes());
}

/// Appends the length as four bytes, then the bytes.
pub(crate) fn push_lp(out: &mut Vec<u8>, bytes: &[u8]) {
    push_u32(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// The key that messages are sealed under: the material itself, or its expansion where the material is not 32 bytes
/// long or may be exported, so that SEAL-1 and the plain suite never share a key.
pub(crate) fn message_key(
    spec: KeySpec,
    exportable: bool,
    material: &SecretBytes,
) -> Result<Secret32> {
    if material.len() == 32 && !exportable {
        Secret32::try_from_slice(material.expose())
    } else {
        kdf::expand(material.expose(), spec.as_str().as_bytes())
    }
}

/// A ciphertext of the plain suite: the AEAD directly under the version's material, no additional data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plain {
    /// The random nonce; never begins like a sealed message.
    pub nonce: [u8; 12],
    /// The ciphertext with its 16-byte tag.
    pub ciphertext: Vec<u8>,
}

impl Plain {
    /// Encrypts under a fresh nonce.
    pub(crate) fn seal(aead: Aead, material: &SecretBytes, plaintext: &[u8]) -> Result<Self> {
        let nonce = loop {
            let nonce: [u8; 12] = random::array()?;
            let magic = Purpose::Message.magic();
            if nonce[..3] != [magic[0], magic[1], FORMAT] {
                break nonce;
            }
        };
        let ciphertext = aead.seal(material.expose(), &nonce, &[], plaintext)?;
        Ok(Self { nonce, ciphertext })
    }

    /// Decrypts; every failure is [`CryptoError::Open`].
    pub(crate) fn open(&self, aead: Aead, material: &SecretBytes) -> Result<SecretBytes> {
        aead.open(material.expose(), &self.nonce, &[], &self.ciphertext)
    }

    /// Nonce, ciphertext and tag in one string.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.nonce[..], &self.ciphertext].concat()
    }

    /// Takes [`Plain::to_bytes`]'s string apart; `None` when it is too short or begins like a sealed message.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let magic = Purpose::Message.magic();
        if bytes.len() < IV + TAG || bytes[..3] == [magic[0], magic[1], FORMAT] {
            return None;
        }
        let (nonce, ciphertext) = bytes.split_at(IV);
        Some(Self { nonce: nonce.try_into().ok()?, ciphertext: ciphertext.to_vec() })
    }
}

/// A sealed message from a frame that leaves out what the key tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detached {
    /// The key, where the frame names it; otherwise it is the one that the request names.
    pub key: Option<KeyId>,
    /// The key's version.
    pub version: u32,
    /// Makes the message's own key.
    pub salt: [u8; 16],
    /// The AEAD's nonce.
    pub iv: [u8; 12],
    /// Commits to the key.
    pub commitment: [u8; 32],
    /// The ciphertext with its 16-byte tag.
    pub ciphertext: Vec<u8>,
}

impl Detached {
    /// The message as one of this key, whose spec prescribes the suite; `None` where keys of that spec seal nothing.
    pub(crate) fn attach(&self, key: KeyId, spec: KeySpec) -> Option<Sealed> {
        let Family::Aead(aead) = spec.family() else { return None };
        Some(Sealed {
            uid: *key.as_bytes(),
            version: self.version,
            suite: Suite::of(aead),
            salt: self.salt,
            iv: self.iv,
            commitment: self.commitment,
            ciphertext: self.ciphertext.clone(),
        })
    }
}

/// A caller's ciphertext, out of its frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ciphertext {
    /// Sealed with SEAL-1; names its key and version.
    Sealed(Sealed),
    /// Sealed with SEAL-1, its header left out.
    Detached(Detached),
    /// The plain suite; the frame or the request names key and version.
    Plain {
        /// The key's version.
        version: u32,
        /// The parts.
        plain: Plain,
    },
    /// RSA; without a version every version is tried, newest first.
    Rsa {
        /// The key's version, where the frame tells.
        version: Option<u32>,
        /// The block, as long as the modulus.
        block: Vec<u8>,
    },
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
