//! A request that has been authenticated and found its row, what every operation needs from it, and the answer.

use bytes::Bytes;
use prost::Message;
use trent_core::Engine;
use trent_core::access::Caller;
use trent_core::error::{Error, ErrorKind, Field};
use trent_core::model::{EncryptAlgorithm, KeyId, KeyRef};
use trent_core::seal::Context;

use super::super::error::{self, Answer, Code, Failure};
use super::super::ids::{self, NoKey};
use super::super::spec;
use super::messages;
use super::slots::Slots;
use super::table::Row;
use crate::Regions;
use crate::common::version_id;

/// The longest `Aad`, in bytes.
const AAD: usize = 8_192;

/// A version of a key.
pub(super) type Version = (KeyId, u32);

/// A request, ready for its operation.
pub(super) struct Call<'a> {
    pub(super) engine: &'a Engine,
    pub(super) regions: &'a Regions,
    pub(super) caller: &'a Caller,
    pub(super) row: &'static Row,
    pub(super) pairs: &'a Slots,
    /// The request's id.
    pub(super) id: &'a str,
    /// The id of a key's version in the header; empty where there is none.
    pub(super) version: &'a str,
    pub(super) body: &'a Bytes,
}

/// An answer that is no refusal.
pub(super) struct Reply {
    pub(super) body: Bytes,
    /// The id of the version that was used.
    pub(super) version: String,
}

impl Reply {
    /// This message, made with this version of a key.
    pub(super) fn of(message: &impl Message, version: Version) -> Self {
        Self { body: messages::encode(message), version: version_id::write(version.0, version.1) }
    }
}

impl Call<'_> {
    /// The body's message.
    pub(super) fn message<M: Message + Default>(&self) -> Answer<M> {
        let unread = |_| Failure::new(Code::InvalidParameter, "The body is not such a message.");
        M::decode(self.body.clone()).map_err(unread)
    }

    /// The key that a `KeyId` means, of the caller's tenant. That it exists is for the engine to say.
    pub(super) async fn key(&self, text: &str) -> Answer<KeyRef> {
        if text.is_empty() {
            return Err(Failure::missing("KeyId"));
        }
        let found = ids::key_ref(self.engine, self.regions, self.caller, text).await;
        found.map_err(|why| match why {
            NoKey::Malformed => Failure::invalid("KeyId"),
            NoKey::Refused(error) => self.refused(&error),
        })
    }

    /// The key that a `KeyId` means, or else the one whose version the header names.
    pub(super) async fn key_of(&self, text: &str, version: Option<Version>) -> Answer<KeyRef> {
        if let ("", Some((key, _))) = (text, version) {
            return Ok(KeyRef::Id(key));
        }
        let named = self.key(text).await?;
        if let KeyRef::Id(key) = named {
            self.check_version(version, key)?;
        }
        Ok(named)
    }

    /// The version that the header names.
    pub(super) fn version(&self) -> Answer<Option<Version>> {
        if self.version.is_empty() {
            return Ok(None);
        }
        version_id::parse(self.version).map(Some).ok_or_else(|| self.no_such_version())
    }

    /// The version that the header names must be one of this key.
    pub(super) fn check_version(&self, version: Option<Version>, key: KeyId) -> Answer<()> {
        match version {
            Some((other, _)) if other != key => Err(self.no_such_version()),
            _ => Ok(()),
        }
    }

    fn no_such_version(&self) -> Failure {
        self.refused(&ErrorKind::VersionNotFound.into())
    }

    /// What the client is told of the engine's refusal.
    pub(super) fn refused(&self, error: &Error) -> Failure {
        let failure = error::instance(error, self.row.name, self.row.symmetric);
        if error.kind() == ErrorKind::BadInput(Field::Context) {
            return Failure { message: Failure::invalid("Aad").message, ..failure };
        }
        failure
    }
}

/// What an `Aad` binds.
pub(super) fn bound(aad: &[u8]) -> Answer<Context> {
    if aad.len() > AAD {
        return Err(Failure::invalid("Aad"));
    }
    Ok(if aad.is_empty() { Context::None } else { Context::Raw(aad.to_vec()) })
}

/// Algorithms of the vendor's that no key here has: those of hardware, and those of SM2, SM4 and ECIES.
const FOREIGN: [&str; 7] =
    ["AES_CBC", "AES_ECB", "SM4_GCM", "SM4_CBC", "SM4_ECB", "ECIES_DH_SHA_1_XOR_HMAC", "SM2PKE"];

/// An `Algorithm`; `None` where it is left to the key.
pub(super) fn algorithm(text: &str) -> Answer<Option<EncryptAlgorithm>> {
    if text.is_empty() {
        return Ok(None);
    }
    if FOREIGN.contains(&text) {
        return Err(Failure::unsupported(format!("{text} is not supported here.")));
    }
    spec::parse_encryption(text).map(Some).ok_or_else(|| Failure::invalid("Algorithm"))
}

/// The `Algorithm` of an operation that knows but one.
pub(super) fn check_symmetric(text: &str) -> Answer<()> {
    match algorithm(text)? {
        None | Some(EncryptAlgorithm::Symmetric) => Ok(()),
        Some(_) => Err(Failure::unsupported(format!("Only {} is supported.", spec::AES_GCM))),
    }
}
