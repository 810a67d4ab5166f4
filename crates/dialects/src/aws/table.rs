//! The operations: one row for each that is built, the names of those that are not, and how a target finds its row.

use trent_core::access::ActionId;

use super::error::Answer;
use super::request::{Call, Reply};
use super::{crypt, datakey, keypair, keys, public_key, rotation};
use crate::BoxFuture;
use crate::common::operations::{self, Named};

/// The operation of a request that names none that we know.
pub(super) const UNKNOWN: &str = "unknown";

/// Body limits in bytes. A CreateKey may carry a policy of 131,072 characters.
const CRYPTO: usize = 64 * 1_024;
const SMALL: usize = 64 * 1_024;
const POLICY: usize = 512 * 1_024;

/// An operation.
pub(super) struct Row {
    /// Its name on the wire, in the audit log and in the metrics.
    pub(super) name: &'static str,
    /// What the caller must be allowed, where the request is good.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) actions: &'static [ActionId],
    /// The longest body, in bytes.
    limit: usize,
    /// Whether `KeyId` may be an alias.
    pub(super) aliases: bool,
    /// Does it.
    pub(super) run: Run,
}

pub(super) type Run = for<'a> fn(&'a Call<'a>) -> BoxFuture<'a, Answer<Reply>>;

macro_rules! rows {
    ($($name:ident [$($action:ident),*] $limit:ident $aliases:literal $handler:path;)*) => {
        /// Every operation that is built.
        pub(super) static ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            actions: &[$(ActionId::$action),*],
            limit: $limit,
            aliases: $aliases,
            run: |call| Box::pin($handler(call)),
        },)*];
    };
}

#[rustfmt::skip]
rows! {
    CreateKey                           [CreateKey]                       POLICY false keys::create;
    DescribeKey                         [DescribeKey]                     SMALL  true  keys::describe;
    ListKeys                            [ListKeys]                        SMALL  false keys::list;
    EnableKey                           [EnableKey]                       SMALL  false keys::enable;
    DisableKey                          [DisableKey]                      SMALL  false keys::disable;
    RotateKeyOnDemand                   [RotateKey]                       SMALL  false rotation::rotate;
    Encrypt                             [Encrypt]                         CRYPTO true  crypt::encrypt;
    Decrypt                             [Decrypt]                         CRYPTO true  crypt::decrypt;
    GenerateDataKey                     [GenerateDataKey]                 CRYPTO true  datakey::plain;
    GenerateDataKeyWithoutPlaintext     [GenerateDataKeyWithoutPlaintext] CRYPTO true  datakey::sealed;
    GenerateDataKeyPair                 [GenerateKeyPair]                 CRYPTO true  keypair::plain;
    GenerateDataKeyPairWithoutPlaintext [GenerateKeyPairWithoutPlaintext] CRYPTO true  keypair::sealed;
    GetPublicKey                        [GetPublicKey]                    SMALL  true  public_key::get;
}

/// The vendors' operations that are not built yet. `GenerateMAC` is Q-KMS's spelling.
static LATER: &[&str] = &[
    "CancelKeyDeletion",
    "ConnectCustomKeyStore",
    "CreateAlias",
    "CreateCustomKeyStore",
    "CreateGrant",
    "Decapsulate",
    "DeleteAlias",
    "DeleteCustomKeyStore",
    "DeleteImportedKeyMaterial",
    "DeriveSharedSecret",
    "DescribeCustomKeyStores",
    "DisableKeyRotation",
    "DisconnectCustomKeyStore",
    "EnableKeyRotation",
    "Encapsulate",
    "GenerateMAC",
    "GenerateMac",
    "GenerateRandom",
    "GetKeyLastUsage",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "ListAliases",
    "ListGrants",
    "ListKeyPolicies",
    "ListKeyRotations",
    "ListResourceTags",
    "ListRetirableGrants",
    "PutKeyPolicy",
    "ReEncrypt",
    "ReplicateKey",
    "RetireGrant",
    "RevokeGrant",
    "ScheduleKeyDeletion",
    "Sign",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateCustomKeyStore",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
    "Verify",
    "VerifyMac",
];

impl Named for Row {
    fn name(&self) -> &'static str {
        self.name
    }
}

/// What a request names.
pub(super) type Found = operations::Found<Row>;

impl Found {
    /// The longest body that it takes, in bytes.
    pub(super) fn limit(&self) -> usize {
        match self {
            Self::Row(row) => row.limit,
            Self::Later(_) => POLICY,
        }
    }
}

/// The operation of this name.
pub(super) fn find(name: &str) -> Option<Found> {
    Found::find(name, ROWS, LATER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_stands_once() {
        let mut names: Vec<&str> =
            ROWS.iter().map(|row| row.name).chain(LATER.iter().copied()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        // The 56 of the vendor's model and one other spelling.
        assert_eq!((names.len(), all), (57, 57));
        for name in names {
            assert_eq!(find(name).map(|found| found.name()), Some(name));
        }
        for name in ["", "createKey", "CreateKey ", "Guess"] {
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_row_says_what_must_be_allowed() {
        for row in ROWS {
            assert_eq!(row.actions.len(), 1, "{}", row.name);
        }
    }
}
