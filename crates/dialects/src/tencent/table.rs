//! The operations: one row for each that is built with its parameters, the names of those that are not, and how an
//! action finds its row.

use super::error::{Answer, Family};
use super::input::Kind::{Number, Text};
use super::input::{MEMBER, Parameter, TAGS, may, must};
use super::request::{Call, Reply};
use super::{asymmetric, crypt, datakey, keys, public_key};
use crate::BoxFuture;
use crate::common::operations::{self, Named};

/// The operation of a request that names none that we know.
pub(super) const UNKNOWN: &str = "unknown";

/// An operation.
pub(super) struct Row {
    /// Its name on the wire, in the audit log and in the metrics.
    pub(super) name: &'static str,
    /// Which codes its refusals have.
    pub(super) family: Family,
    /// What it takes.
    pub(super) parameters: &'static [Parameter],
    /// Does it.
    pub(super) run: Run,
}

pub(super) type Run = for<'a> fn(&'a Call<'a>) -> BoxFuture<'a, Answer<Reply>>;

macro_rules! rows {
    ($($name:ident $family:ident $handler:path, [$($parameter:expr),*];)*) => {
        /// Every operation that is built.
        pub(super) static ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            family: Family::$family,
            parameters: &[$($parameter),*],
            run: |call| Box::pin($handler(call)),
        },)*];
    };
}

const KEY: Parameter = must("KeyId", Text);
const CONTEXT: Parameter = may("EncryptionContext", Text);
const PUBLIC_KEY: Parameter = may("EncryptionPublicKey", Text);
const PUBLIC_KEY_ALGORITHM: Parameter = may("EncryptionAlgorithm", Text);
const DESCRIPTION: Parameter = may("Description", Text);
const CLUSTER: Parameter = may("HsmClusterId", Text);

#[rustfmt::skip]
rows! {
    CreateKey Manage keys::create,
        [must("Alias", Text), DESCRIPTION, may("KeyUsage", Text), may("Type", Number), TAGS, CLUSTER];
    DescribeKey Manage keys::describe, [KEY, MEMBER];
    ListKeys Manage keys::list, [may("Offset", Number), may("Limit", Number), may("Role", Number), CLUSTER];
    EnableKey Manage keys::enable, [KEY, MEMBER];
    DisableKey Manage keys::disable, [KEY, MEMBER];
    Encrypt Encrypt crypt::encrypt, [KEY, must("Plaintext", Text), CONTEXT];
    Decrypt Decrypt crypt::decrypt,
        [must("CiphertextBlob", Text), CONTEXT, PUBLIC_KEY, PUBLIC_KEY_ALGORITHM];
    GenerateDataKey DataKey datakey::generate,
        [KEY, may("KeySpec", Text), may("NumberOfBytes", Number), CONTEXT, PUBLIC_KEY, PUBLIC_KEY_ALGORITHM,
            may("IsHostedByKms", Number), may("DataKeyName", Text), DESCRIPTION, CLUSTER, TAGS];
    AsymmetricRsaDecrypt PrivateKey asymmetric::rsa_decrypt,
        [KEY, must("Ciphertext", Text), must("Algorithm", Text)];
    GetPublicKey PublicKey public_key::get, [KEY];
}

/// The vendor's operations that are not built yet.
static LATER: &[&str] = &[
    "ArchiveKey",
    "AsymmetricSm2Decrypt",
    "BindCloudResource",
    "CancelDataKeyDeletion",
    "CancelKeyArchive",
    "CancelKeyDeletion",
    "CreateWhiteBoxKey",
    "DeleteImportedKeyMaterial",
    "DeleteWhiteBoxKey",
    "DescribeDataKey",
    "DescribeDataKeys",
    "DescribeKeys",
    "DescribeWhiteBoxDecryptKey",
    "DescribeWhiteBoxDeviceFingerprints",
    "DescribeWhiteBoxKey",
    "DescribeWhiteBoxKeyDetails",
    "DescribeWhiteBoxServiceStatus",
    "DisableDataKey",
    "DisableDataKeys",
    "DisableKeyRotation",
    "DisableKeys",
    "DisableWhiteBoxKey",
    "DisableWhiteBoxKeys",
    "EnableDataKey",
    "EnableDataKeys",
    "EnableKeyRotation",
    "EnableKeys",
    "EnableWhiteBoxKey",
    "EnableWhiteBoxKeys",
    "EncryptByWhiteBox",
    "GenerateRandom",
    "GetDataKeyCiphertextBlob",
    "GetDataKeyPlaintext",
    "GetKeyRotationStatus",
    "GetParametersForImport",
    "GetRegions",
    "GetServiceStatus",
    "ImportDataKey",
    "ImportKeyMaterial",
    "ListAlgorithms",
    "ListDataKeyDetail",
    "ListDataKeys",
    "ListKeyDetail",
    "OverwriteWhiteBoxDeviceFingerprints",
    "PostQuantumCryptoDecrypt",
    "PostQuantumCryptoEncrypt",
    "PostQuantumCryptoSign",
    "PostQuantumCryptoVerify",
    "ReEncrypt",
    "RotateKey",
    "ScheduleDataKeyDeletion",
    "ScheduleKeyDeletion",
    "SignByAsymmetricKey",
    "UnbindCloudResource",
    "UpdateAlias",
    "UpdateDataKeyDescription",
    "UpdateDataKeyName",
    "UpdateKeyDescription",
    "VerifyByAsymmetricKey",
];

impl Named for Row {
    fn name(&self) -> &'static str {
        self.name
    }
}

/// What a request names.
pub(super) type Found = operations::Found<Row>;

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
        assert_eq!((names.len(), all), (69, 69));
        for name in names {
            assert_eq!(find(name).map(|found| found.name()), Some(name));
        }
        for name in ["", "createKey", "CreateKey ", "Guess"] {
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn parameters_have_names_of_their_own() {
        for row in ROWS {
            let mut names: Vec<&str> = row.parameters.iter().map(|known| known.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), row.parameters.len(), "{}", row.name);
        }
    }
}
