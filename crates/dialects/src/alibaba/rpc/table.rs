//! The operations: one row for each that is built, the names of those that are not, and how an action finds its row.

use trent_core::access::ActionId;

use super::super::error::Answer;
use super::request::{Call, Reply};
use super::{aliases, crypt, keys, lists, versions};
use crate::BoxFuture;
use crate::common::operations::{self, Named};

/// The operation of a request that names none that we know.
pub(super) const UNKNOWN: &str = "unknown";

/// An operation.
pub(super) struct Row {
    /// Its name on the wire, in the audit log and in the metrics.
    pub(super) name: &'static str,
    /// What the caller must be allowed, where the request is good.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) actions: &'static [ActionId],
    /// Whether it changes a key's state or aliases; the vendor has a code of its own for states that forbid that.
    pub(super) modifies: bool,
    /// Does it.
    pub(super) run: Run,
}

pub(super) type Run = for<'a> fn(&'a Call<'a>) -> BoxFuture<'a, Answer<Reply>>;

macro_rules! rows {
    ($($name:ident [$($action:ident),*] $modifies:literal $handler:path;)*) => {
        /// Every operation that is built.
        pub(super) static ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            actions: &[$(ActionId::$action),*],
            modifies: $modifies,
            run: |call| Box::pin($handler(call)),
        },)*];
    };
}

#[rustfmt::skip]
rows! {
    CreateKey          [CreateKey]   false keys::create;
    DescribeKey        [DescribeKey] false keys::describe;
    ListKeys           [ListKeys]    false lists::keys;
    EnableKey          [EnableKey]   true  keys::enable;
    DisableKey         [DisableKey]  true  keys::disable;
    CreateAlias        [CreateAlias] true  aliases::create;
    CreateKeyVersion   [RotateKey]   false versions::create;
    DescribeKeyVersion [DescribeKey] false versions::describe;
    ListKeyVersions    [DescribeKey] false versions::list;
    Encrypt            [Encrypt]     false crypt::encrypt;
    Decrypt            [Decrypt]     false crypt::decrypt;
}

/// The vendor's operations that are not built yet: those of its newest client, and those that only older ones have.
static LATER: &[&str] = &[
    "AsymmetricDecrypt",
    "AsymmetricEncrypt",
    "AsymmetricSign",
    "AsymmetricVerify",
    "BatchGetSecretValue",
    "CancelKeyDeletion",
    "ConnectKmsInstance",
    "CreateApplicationAccessPoint",
    "CreateClientKey",
    "CreateNetworkRule",
    "CreatePolicy",
    "CreateSecret",
    "DeleteAlias",
    "DeleteApplicationAccessPoint",
    "DeleteClientKey",
    "DeleteKeyMaterial",
    "DeleteNetworkRule",
    "DeletePolicy",
    "DeleteSecret",
    "DescribeAccountKmsStatus",
    "DescribeApplicationAccessPoint",
    "DescribeNetworkRule",
    "DescribePolicy",
    "DescribeRegions",
    "DescribeSecret",
    "ExportDataKey",
    "GenerateAndExportDataKey",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetChallenge",
    "GetClientKey",
    "GetDefaultKmsInstance",
    "GetKeyPolicy",
    "GetKmsInstance",
    "GetKmsInstanceQuotaInfos",
    "GetManagedDataKey",
    "GetParametersForImport",
    "GetPublicKey",
    "GetRandomPassword",
    "GetSecretPolicy",
    "GetSecretValue",
    "ImportKeyMaterial",
    "ListAliases",
    "ListAliasesByKeyId",
    "ListApplicationAccessPoints",
    "ListClientKeys",
    "ListKmsInstances",
    "ListManagedDataKeyVersions",
    "ListNetworkRules",
    "ListPolicies",
    "ListResourceTags",
    "ListSecretVersionIds",
    "ListSecrets",
    "ListTagResources",
    "OpenKmsService",
    "PutSecretValue",
    "ReEncrypt",
    "ReleaseKmsInstance",
    "RestoreSecret",
    "RotateSecret",
    "ScheduleKeyDeletion",
    "SetDeletionProtection",
    "SetKeyPolicy",
    "SetSecretPolicy",
    "TagResource",
    "TagResources",
    "UntagResource",
    "UntagResources",
    "UpdateAlias",
    "UpdateApplicationAccessPoint",
    "UpdateKeyDescription",
    "UpdateKmsInstanceBindVpc",
    "UpdateNetworkRule",
    "UpdatePolicy",
    "UpdateRotationPolicy",
    "UpdateSecret",
    "UpdateSecretRotationPolicy",
    "UpdateSecretVersionStage",
    "VerifyMac",
    // Of older clients only.
    "AdvanceEncrypt",
    "CertificatePrivateKeyDecrypt",
    "CertificatePrivateKeySign",
    "CertificatePublicKeyEncrypt",
    "CertificatePublicKeyVerify",
    "CreateCertificate",
    "DeleteCertificate",
    "DescribeCertificate",
    "DescribeService",
    "GetCertificate",
    "UpdateCertificateStatus",
    "UploadCertificate",
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
        // The 91 of the vendor's newest client and 12 of older ones.
        assert_eq!((names.len(), all), (103, 103));
        for name in names {
            assert_eq!(find(name).map(|found| found.name()), Some(name));
        }
        for name in ["", "createKey", "CreateKey ", "Guess", "GenerateRandom"] {
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
