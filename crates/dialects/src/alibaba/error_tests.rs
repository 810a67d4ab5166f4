//! The error table: total, in both columns, with the vendor's codes, statuses and texts.

#![allow(clippy::unwrap_used)]

use trent_core::testkit::kinds::assert_total;

use super::*;

/// Every kind, with the code of each API.
const KINDS: &[(ErrorKind, Code, Code)] = &[
    (ErrorKind::KeyNotFound, Code::KeyNotFound, Code::KeyNotFound),
    (ErrorKind::NameNotFound, Code::AliasNotFound, Code::KeyNotFound),
    (ErrorKind::VersionNotFound, Code::KeyVersionNotFound, Code::KeyNotFound),
    (ErrorKind::KeyDisabled, Code::RejectedDisabled, Code::RejectedDisabled),
    (ErrorKind::KeyPendingDeletion, Code::RejectedPendingDeletion, Code::RejectedPendingDeletion),
    (ErrorKind::KeyPendingImport, Code::RejectedPendingImport, Code::RejectedPendingImport),
    (ErrorKind::WrongUsage, Code::RejectedUnsupported, Code::UnsupportedOperation),
    (ErrorKind::AlgorithmUnsupported, Code::RejectedUnsupported, Code::UnsupportedOperation),
    (ErrorKind::Unsupported, Code::RejectedUnsupported, Code::UnsupportedOperation),
    (ErrorKind::CiphertextInvalid, Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::WrongKey, Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::CiphertextKeyUnknown, Code::KeyNotFound, Code::KeyNotFound),
    (ErrorKind::AccessDenied, Code::NoPermission, Code::NoPermission),
    (ErrorKind::NotExportable, Code::RejectedUnsupported, Code::UnsupportedOperation),
    (ErrorKind::AlreadyExists(What::Alias), Code::AliasAlreadyExists, Code::InvalidParameter),
    (ErrorKind::AlreadyExists(What::Name), Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::LimitExceeded(What::Versions), Code::LimitExceeded, Code::UnsupportedOperation),
    (ErrorKind::Throttled, Code::Throttling, Code::Throttling),
    (ErrorKind::BadInput(Field::Context), Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::PlaintextTooLong { max: 190 }, Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::Inexpressible, Code::RejectedUnsupported, Code::RejectedUnsupported),
    (ErrorKind::DryRun, Code::DryRunOperation, Code::DryRunOperation),
    (ErrorKind::MarkerInvalid, Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::RootKeyWrong, Code::InternalFailure, Code::InternalFailure),
    (ErrorKind::GrantTokenInvalid, Code::InvalidParameter, Code::InvalidParameter),
    (ErrorKind::KeyUnavailable, Code::RejectedUnavailable, Code::InternalFailure),
    (ErrorKind::Timeout, Code::ServiceUnavailable, Code::ServiceUnavailable),
    (ErrorKind::Unavailable, Code::InternalFailure, Code::InternalFailure),
    (ErrorKind::Internal, Code::InternalFailure, Code::InternalFailure),
];

fn of_rpc(kind: ErrorKind, modifies: bool) -> Failure {
    let about = About { operation: "Encrypt", resource: "*", modifies };
    rpc(&Error::new(kind, "inside only"), &about)
}

#[test]
fn every_kind_has_its_codes() {
    for &(kind, by_rpc, by_instance) in KINDS {
        let failure = of_rpc(kind, false);
        assert_eq!(failure.code, by_rpc, "{kind:?}");
        assert!(!failure.message.is_empty() && !failure.message.contains("inside"), "{kind:?}");
        let failure = instance(&Error::new(kind, "inside only"), "Encrypt", false);
        assert_eq!(failure.code, by_instance, "{kind:?}");
        assert!(!failure.message.is_empty() && !failure.message.contains("inside"), "{kind:?}");
    }
    assert_total(KINDS.iter().map(|(kind, ..)| *kind));
}

#[test]
fn statuses_are_the_vendors() {
    for &code in Code::ALL {
        let text = code.as_str();
        let expected = match code {
            Code::InternalFailure => 500,
            Code::ServiceUnavailable => 503,
            Code::RequestTooLarge => 413,
            Code::InvalidContentType => 415,
            Code::Throttling => 429,
            Code::SignatureNotMatch => 401,
            Code::Unauthorized | Code::OnlySymmetricKey => 404,
            Code::NoPermission
            | Code::AccessDeniedError
            | Code::InstanceNotFound
            | Code::UnsupportedHttpMethod => 403,
            _ if text.starts_with("Rejected.") => match text {
                "Rejected.UnsupportedOperation" | "Rejected.LimitExceeded" => 400,
                _ => 409,
            },
            _ if text.ends_with("NotFound") => 404,
            _ => 400,
        };
        assert_eq!(code.status().as_u16(), expected, "{text}");
    }
    let mut texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), Code::ALL.len());
}

#[test]
fn what_changes_a_state_has_a_code_of_its_own() {
    for kind in [ErrorKind::KeyPendingDeletion, ErrorKind::KeyPendingImport] {
        assert_eq!(of_rpc(kind, true).code, Code::RejectedStateModified);
    }
    assert_eq!(of_rpc(ErrorKind::KeyDisabled, true).code, Code::RejectedDisabled);
}

#[test]
fn operations_of_symmetric_keys_say_so() {
    for kind in [ErrorKind::WrongUsage, ErrorKind::AlgorithmUnsupported] {
        let failure = instance(&Error::from(kind), "GenerateDataKeyPair", true);
        assert_eq!(failure.code, Code::OnlySymmetricKey);
    }
}

#[test]
fn texts_are_the_vendors() {
    for (kind, text) in [
        (ErrorKind::KeyNotFound, "The specified Key is not found."),
        (ErrorKind::NameNotFound, "The specified Alias is not found."),
        (ErrorKind::KeyDisabled, "The request was rejected because the key state is Disabled."),
        (ErrorKind::CiphertextInvalid, "The specified parameter CiphertextBlob is not valid."),
        (
            ErrorKind::AccessDenied,
            "This operation is forbidden by permission system. Action: kms:Encrypt. Resource: *.",
        ),
    ] {
        assert_eq!(of_rpc(kind, false).message, text);
    }
    assert_eq!(Failure::missing("KeyId").message, "The parameter KeyId needed but no provided.");
    let busy = instance(&Error::from(ErrorKind::Throttled), "GenerateDataKeyPair", true);
    assert_eq!(busy.message, "Concurrency Limit Exceeded.");
}

#[test]
fn dry_runs_have_three_outcomes() {
    for (code, told) in [
        (Code::DryRunOperation, Code::DryRunOperation),
        (Code::NoPermission, Code::AccessDeniedError),
        (Code::KeyNotFound, Code::Validation),
        (Code::RejectedDisabled, Code::Validation),
        (Code::InternalFailure, Code::InternalFailure),
        (Code::Throttling, Code::Throttling),
    ] {
        assert_eq!(Failure::new(code, "x").of_dry_run().code, told);
    }
}
