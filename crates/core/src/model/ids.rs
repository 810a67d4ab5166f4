//! Identifiers: 16 random bytes each, never reused, never chosen by a caller; a region's name.
//! The text of an identifier is its UUID form. Vendors' own spellings are the dialects'.

use std::fmt;

use crate::crypto::{CryptoError, random};

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new random identifier (a version 4 UUID, RFC 9562: 122 random bits).
            pub fn random() -> Result<Self, CryptoError> {
                let bytes: [u8; 16] = random::array()?;
                Ok(Self(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes()))
            }

            /// The identifier with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the hyphenated UUID form (36 characters, either case); anything else is `None`.
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() != 36 {
                    return None;
                }
                uuid::Uuid::try_parse(text).ok().map(|uuid| Self(uuid.into_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(uuid::Uuid::from_bytes_ref(&self.0), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

identifiers! {
    /// One installation: everything under one master key.
    ClusterId;
    /// One server process's log identity.
    NodeId;
    /// One slot that holds the master key wrapped under a root key.
    SlotId;
    /// A tenant.
    TenantId;
    /// A principal of a tenant.
    PrincipalId;
    /// A credential of a principal.
    CredentialId;
    /// A key. Its UUID text is its id in every dialect that uses UUIDs.
    KeyId;
    /// An audit event.
    EventId;
}

/// A region's internal name: 1 to 64 characters of `a-z`, `0-9` and `-`. Keys of one region are unknown in another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Region(String);

impl Region {
    /// A region of this name, or `None` when the name has another length or other characters.
    pub fn new(name: &str) -> Option<Self> {
        let fits = !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        fits.then(|| Self(name.to_owned()))
    }

    /// The region of a request that is meant for none. No region has its name, so no key is found there.
    pub fn nowhere() -> Self {
        Self(String::new())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
