//! The root key above the master key: how a provider wraps and unwraps it, and the form of a root key file.
//! Where root keys come from (files, tokens, people) is the server's.

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::crypto::mac::sha256;
use crate::crypto::{CryptoError, Secret32, ct_eq};
use crate::model::{ClusterId, SlotId};
use crate::seal::{Place, Purpose, Sealed, Suite, push_lp};

/// Which slot a master key is wrapped in; all of it is authenticated.
pub struct SlotPlace {
    /// The installation.
    pub cluster: ClusterId,
    /// The master key's generation.
    pub generation: u32,
    /// The slot.
    pub slot: SlotId,
    /// The provider's own parameters, such as a KDF's cost.
    pub params: Vec<u8>,
}

/// A root key: it wraps the master key and does nothing else.
pub trait RootKey: Send + Sync {
    /// The provider's name, as stored with the slot.
    fn provider(&self) -> &'static str;

    /// Wraps the master key.
    fn wrap(&self, place: &SlotPlace, master: &Secret32) -> Result<Vec<u8>, CryptoError>;

    /// Unwraps it; another root key's slot is [`CryptoError::Open`].
    fn unwrap(&self, place: &SlotPlace, wrapped: &[u8]) -> Result<Secret32, CryptoError>;
}

/// A root key of 32 bytes in this process's memory, read from a file.
pub struct LocalRoot(Secret32);

impl LocalRoot {
    /// The provider with this key.
    pub fn new(key: Secret32) -> Self {
        Self(key)
    }

    fn tail(&self, place: &SlotPlace) -> Vec<u8> {
        let mut tail = b"trent.rootslot.v1\0".to_vec();
        tail.extend_from_slice(place.slot.as_bytes());
        push_lp(&mut tail, self.provider().as_bytes());
        push_lp(&mut tail, &place.params);
        tail
    }

    fn place<'a>(&'a self, tail: &'a [u8]) -> Place<'a> {
        Place { purpose: Purpose::Root, tenant: [0; 16], key: &self.0, tail }
    }
}

impl RootKey for LocalRoot {
    fn provider(&self) -> &'static str {
        "file"
    }

    fn wrap(&self, place: &SlotPlace, master: &Secret32) -> Result<Vec<u8>, CryptoError> {
        let tail = self.tail(place);
        let uid = *place.cluster.as_bytes();
        let sealed = self.place(&tail).seal_checked(
            uid,
            place.generation,
            Suite::Aes256Gcm,
            master.expose(),
        )?;
        Ok(sealed.to_bytes(Purpose::Root))
    }

    fn unwrap(&self, place: &SlotPlace, wrapped: &[u8]) -> Result<Secret32, CryptoError> {
        let sealed = Sealed::from_bytes(Purpose::Root, wrapped).ok_or(CryptoError::Open)?;
        if sealed.uid != *place.cluster.as_bytes() || sealed.version != place.generation {
            return Err(CryptoError::Open);
        }
        let tail = self.tail(place);
        Secret32::try_from_slice(self.place(&tail).open(&sealed)?.expose())
    }
}

const FILE_MAGIC: &str = "TRENTROOT1";

/// The text of a root key file: magic, base64url of the 32 bytes, and the first 4 bytes of their SHA-256 in hex.
pub fn encode_file(key: &Secret32) -> Zeroizing<String> {
    let body = Zeroizing::new(Base64UrlUnpadded::encode_string(key.expose()));
    Zeroizing::new(format!("{FILE_MAGIC}:{}:{}\n", *body, file_check(key)))
}

/// Reads [`encode_file`]'s text; `None` when any of it is damaged.
pub fn parse_file(text: &str) -> Option<Secret32> {
    let mut parts = text.trim_end_matches(['\r', '\n']).split(':');
    let (magic, body, check) = (parts.next()?, parts.next()?, parts.next()?);
    if magic != FILE_MAGIC || parts.next().is_some() {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    if Base64UrlUnpadded::decode(body, bytes.as_mut_slice()).ok()?.len() != 32 {
        return None;
    }
    let key = Secret32::try_from_slice(bytes.as_slice()).ok()?;
    ct_eq(file_check(&key).as_bytes(), check.as_bytes()).then_some(key)
}

fn file_check(key: &Secret32) -> String {
    data_encoding::HEXLOWER.encode(&sha256(&[key.expose()])[..4])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_root_file_is_read_back_and_every_damage_is_seen() {
        let key = Secret32::random().unwrap();
        let text = encode_file(&key);
        assert!(ct_eq(parse_file(&text).unwrap().expose(), key.expose()));
        for at in 0..text.trim_end().len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(parse_file(&String::from_utf8(bytes).unwrap()).is_none(), "at {at}");
        }
        assert!(parse_file("").is_none());
    }

    #[test]
    fn a_slot_opens_only_in_its_place_and_under_its_root() {
        let place = |generation, params: &[u8]| SlotPlace {
            cluster: ClusterId::from_bytes([1; 16]),
            generation,
            slot: SlotId::from_bytes([2; 16]),
            params: params.to_vec(),
        };
        let root = LocalRoot::new(Secret32::new([3; 32]));
        let master = Secret32::random().unwrap();
        let wrapped = root.wrap(&place(1, b""), &master).unwrap();
        assert!(ct_eq(root.unwrap(&place(1, b""), &wrapped).unwrap().expose(), master.expose()));
        assert!(root.unwrap(&place(2, b""), &wrapped).is_err());
        assert!(root.unwrap(&place(1, b"x"), &wrapped).is_err());
        assert!(LocalRoot::new(Secret32::new([4; 32])).unwrap(&place(1, b""), &wrapped).is_err());
    }
}
