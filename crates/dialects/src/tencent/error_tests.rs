//! The error table: total, with the vendor's codes, which follow the operation's family.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use trent_core::testkit::kinds::assert_total;

use super::*;

const FAMILIES: [Family; 6] = [
    Family::Manage,
    Family::Encrypt,
    Family::Decrypt,
    Family::DataKey,
    Family::PrivateKey,
    Family::PublicKey,
];

fn failure(kind: ErrorKind, family: Family) -> Failure {
    let resource = "qcs::kms:ap-guangzhou:uin/1:key/creatorUin/1/k";
    About { operation: "Encrypt", family, resource, user: "ann" }.failure(&Error::from(kind))
}

/// Every kind, with its code for [`FAMILIES`] in their order.
#[rustfmt::skip]
const KINDS: &[(ErrorKind, [Code; 6])] = {
    use Code::*;
    &[
        (ErrorKind::KeyNotFound, [CmkNotFound; 6]),
        (ErrorKind::NameNotFound, [CmkNotFound; 6]),
        (ErrorKind::VersionNotFound, [InternalError; 6]),
        (ErrorKind::KeyDisabled, [CmkStateNotSupport, CmkDisabled, CmkDisabled, CmkDisabled, CmkStateNotSupport, CmkStateNotSupport]),
        (ErrorKind::KeyPendingDeletion, [CmkStateNotSupport, CmkDisabled, CmkDisabled, KeyPendingDelete, CmkStateNotSupport, CmkStateNotSupport]),
        (ErrorKind::KeyPendingImport, [CmkStateNotSupport; 6]),
        (ErrorKind::WrongUsage, [UnsupportedOperation, InvalidParameter, InvalidCiphertext, InvalidKeyUsage, InvalidKeyUsage, InvalidParameter]),
        (ErrorKind::AlgorithmUnsupported, [UnsupportedOperation, InvalidParameter, InvalidCiphertext, InvalidKeyUsage, InvalidKeyUsage, InvalidParameter]),
        (ErrorKind::Unsupported, [UnsupportedOperation, InvalidParameter, InvalidCiphertext, InvalidKeyUsage, InvalidKeyUsage, InvalidParameter]),
        (ErrorKind::CiphertextInvalid, [InvalidCiphertext, InvalidCiphertext, InvalidCiphertext, InvalidCiphertext, DecryptError, InvalidCiphertext]),
        (ErrorKind::WrongKey, [InvalidCiphertext, InvalidCiphertext, InvalidCiphertext, InvalidCiphertext, DecryptError, InvalidCiphertext]),
        (ErrorKind::CiphertextKeyUnknown, [InvalidCiphertext, InvalidCiphertext, InvalidCiphertext, InvalidCiphertext, DecryptError, InvalidCiphertext]),
        (ErrorKind::AccessDenied, [UnauthorizedOperation; 6]),
        (ErrorKind::NotExportable, [UnsupportedOperation; 6]),
        (ErrorKind::AlreadyExists(What::Name), [AliasAlreadyExists; 6]),
        (ErrorKind::AlreadyExists(What::Alias), [AliasAlreadyExists; 6]),
        (ErrorKind::AlreadyExists(What::Tenant), [InvalidParameterValue; 6]),
        (ErrorKind::LimitExceeded(What::Versions), [LimitExceeded; 6]),
        (ErrorKind::Throttled, [RequestLimitExceeded; 6]),
        (ErrorKind::BadInput(Field::Usage), [InvalidKeyUsage; 6]),
        (ErrorKind::BadInput(Field::Name), [InvalidAlias; 6]),
        (ErrorKind::BadInput(Field::Plaintext), [InvalidPlaintext; 6]),
        (ErrorKind::BadInput(Field::Context), [InvalidParameter; 6]),
        (ErrorKind::BadInput(Field::Version), [InvalidParameter; 6]),
        (ErrorKind::PlaintextTooLong { max: 190 }, [InvalidPlaintext; 6]),
        (ErrorKind::Inexpressible, [UnsupportedKeyUsage; 6]),
        (ErrorKind::DryRun, [DryRunOperation; 6]),
        (ErrorKind::MarkerInvalid, [InvalidParameter; 6]),
        (ErrorKind::GrantTokenInvalid, [InvalidParameter; 6]),
        (ErrorKind::KeyUnavailable, [ResourceUnavailable; 6]),
        (ErrorKind::RootKeyWrong, [InternalError; 6]),
        (ErrorKind::Timeout, [InternalError; 6]),
        (ErrorKind::Unavailable, [InternalError; 6]),
        (ErrorKind::Internal, [InternalError; 6]),
    ]
};

#[test]
fn every_kind_has_its_code_in_every_family() {
    for (kind, codes) in KINDS {
        for (family, code) in FAMILIES.into_iter().zip(codes) {
            assert_eq!(failure(*kind, family).code, *code, "{kind:?} {family:?}");
        }
    }
    assert_total(KINDS.iter().map(|(kind, _)| *kind));
}

#[test]
fn codes_are_distinct_and_spelt_as_the_vendor_does() {
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    for text in texts {
        let parts: Vec<&str> = text.split('.').collect();
        assert!(parts.len() <= 2, "{text}");
        for part in parts {
            assert!(part.starts_with(|c: char| c.is_ascii_uppercase()), "{text}");
            assert!(part.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
    }
}

#[test]
fn a_refusal_is_an_envelope_of_its_own() {
    let body = Failure::missing("KeyId").body("id-1");
    let expected = r#"{"Response":{"Error":{"Code":"MissingParameter","Message":"The request is missing a required parameter `KeyId`."},"RequestId":"id-1"}}"#;
    assert_eq!(body, expected);
}

#[test]
fn who_may_not_is_told_what_and_where() {
    let message = failure(ErrorKind::AccessDenied, Family::Encrypt).message;
    assert_eq!(
        message,
        "ann: you are not authorized to perform operation (kms:Encrypt), resource \
        (qcs::kms:ap-guangzhou:uin/1:key/creatorUin/1/k) has no permission"
    );
}

#[test]
fn the_text_of_an_internal_error_stays_inside() {
    let error = Error::new(ErrorKind::Internal, "shelf 7 fell down");
    assert_eq!(Failure::unproved(&error).message, INTERNAL);
}
