//! The error table: total, with the vendor's names, statuses and texts.

#![allow(clippy::unwrap_used)]

use trent_core::testkit::kinds::assert_total;

use super::super::profile::{AWS, VERENC};
use super::*;

const ID: &str = "11111111-1111-1111-1111-111111111111";

fn failure(
    kind: ErrorKind,
    algorithm: Option<&str>,
    key: Option<(&str, &str)>,
    verenc: bool,
) -> Failure {
    let profile = if verenc { &VERENC } else { &AWS };
    let names = Names { profile, account: "111122223333", region: "eu-west-1" };
    let about = About {
        operation: "Encrypt",
        names: &names,
        user: "arn:aws:iam::1:user/ann",
        algorithm,
        key,
        alias: None,
    };
    about.failure(&Error::from(kind).about(KeyId::from_bytes([0x11; 16])))
}

/// Every kind.
const KINDS: &[(ErrorKind, Code)] = &[
    (ErrorKind::KeyNotFound, Code::NotFound),
    (ErrorKind::NameNotFound, Code::NotFound),
    (ErrorKind::VersionNotFound, Code::KmsInternal),
    (ErrorKind::KeyDisabled, Code::Disabled),
    (ErrorKind::KeyPendingDeletion, Code::InvalidState),
    (ErrorKind::KeyPendingImport, Code::InvalidState),
    (ErrorKind::WrongUsage, Code::InvalidKeyUsage),
    (ErrorKind::AlgorithmUnsupported, Code::InvalidKeyUsage),
    (ErrorKind::Unsupported, Code::UnsupportedOperation),
    (ErrorKind::CiphertextInvalid, Code::InvalidCiphertext),
    (ErrorKind::WrongKey, Code::IncorrectKey),
    (ErrorKind::CiphertextKeyUnknown, Code::AccessDenied),
    (ErrorKind::AccessDenied, Code::AccessDenied),
    (ErrorKind::NotExportable, Code::UnsupportedOperation),
    (ErrorKind::AlreadyExists(What::Name), Code::AlreadyExists),
    (ErrorKind::LimitExceeded(What::OnDemandRotations), Code::LimitExceeded),
    (ErrorKind::LimitExceeded(What::Versions), Code::LimitExceeded),
    (ErrorKind::Throttled, Code::Throttling),
    (ErrorKind::BadInput(Field::Context), Code::Validation),
    (ErrorKind::PlaintextTooLong { max: 190 }, Code::Validation),
    (ErrorKind::MarkerInvalid, Code::InvalidMarker),
    (ErrorKind::RootKeyWrong, Code::KmsInternal),
    (ErrorKind::GrantTokenInvalid, Code::InvalidGrantToken),
    (ErrorKind::KeyUnavailable, Code::KeyUnavailable),
    (ErrorKind::Timeout, Code::DependencyTimeout),
    (ErrorKind::Unavailable, Code::KmsInternal),
    (ErrorKind::Internal, Code::KmsInternal),
    (ErrorKind::Inexpressible, Code::UnsupportedOperation),
    (ErrorKind::DryRun, Code::DryRunOperation),
];

#[test]
fn every_kind_has_its_exception() {
    for &(kind, code) in KINDS {
        assert_eq!(failure(kind, None, None, false).code, code, "{kind:?}");
    }
    assert_total(KINDS.iter().map(|(kind, _)| *kind));
}

#[test]
fn statuses_are_the_vendors() {
    for &code in Code::ALL {
        let expected = match code {
            Code::DependencyTimeout | Code::KeyUnavailable | Code::KmsInternal => 500,
            Code::RequestTooLarge => 413,
            Code::WrongMethod => 405,
            _ => 400,
        };
        assert_eq!(code.status().as_u16(), expected, "{code:?}");
        assert!(code.as_str().ends_with("Exception"), "{code:?}");
    }
}

fn check(kind: ErrorKind, algorithm: Option<&str>, key: Option<(&str, &str)>, text: Option<&str>) {
    let text =
        text.map(|text| text.replace('@', &format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}")));
    assert_eq!(failure(kind, algorithm, key, false).message, text, "{kind:?}");
}

#[test]
fn texts_are_the_vendors() {
    let rsa = Some(("RSA_2048", "SIGN_VERIFY"));
    check(ErrorKind::KeyNotFound, None, None, Some("Key '@' does not exist"));
    check(ErrorKind::KeyDisabled, None, None, Some("@ is disabled."));
    check(ErrorKind::KeyPendingDeletion, None, None, Some("@ is pending deletion."));
    check(ErrorKind::KeyPendingImport, None, None, Some("@ is pending import."));
    check(
        ErrorKind::WrongUsage,
        None,
        rsa,
        Some("@ key usage is SIGN_VERIFY which is not valid for Encrypt."),
    );
    check(ErrorKind::WrongUsage, None, None, Some("@ key usage is not valid for Encrypt."));
    check(
        ErrorKind::AlgorithmUnsupported,
        Some("SYMMETRIC_DEFAULT"),
        rsa,
        Some("Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."),
    );
    check(ErrorKind::AlgorithmUnsupported, None, rsa, Some(ASYMMETRIC_DATA_KEY));
    check(
        ErrorKind::AccessDenied,
        None,
        None,
        Some(
            "User: arn:aws:iam::1:user/ann is not authorized to perform: kms:Encrypt on resource: @ because no \
            identity-based policy allows the kms:Encrypt action",
        ),
    );
    for kind in [ErrorKind::CiphertextInvalid, ErrorKind::Unsupported] {
        check(kind, None, None, None);
    }
    for (algorithm, max, bits) in [
        ("RSAES_OAEP_SHA_1", 214, 2048),
        ("RSAES_OAEP_SHA_1", 342, 3072),
        ("RSAES_OAEP_SHA_1", 470, 4096),
        ("RSAES_OAEP_SHA_256", 190, 2048),
        ("RSAES_OAEP_SHA_256", 318, 3072),
        ("RSAES_OAEP_SHA_256", 446, 4096),
    ] {
        let text = format!(
            "Algorithm {algorithm} and key spec RSA_{bits} cannot encrypt data larger than {max} bytes."
        );
        check(ErrorKind::PlaintextTooLong { max }, Some(algorithm), None, Some(&text));
    }
    let verenc = failure(ErrorKind::KeyDisabled, None, None, true).message.unwrap();
    assert_eq!(verenc, format!("arn:verenc:111122223333:key/{ID} is disabled."));
}

#[test]
fn bodies_have_the_vendors_members() {
    let body = |failure: &Failure| serde_json::to_string(&failure.body()).unwrap();
    assert_eq!(
        body(&Failure::validation("no")),
        r#"{"__type":"ValidationException","message":"no"}"#
    );
    assert_eq!(
        body(&Failure::new(Code::AccessDenied, "no")),
        r#"{"__type":"AccessDeniedException","Message":"no"}"#
    );
    assert_eq!(
        body(&Failure::bare(Code::InvalidCiphertext)),
        r#"{"__type":"InvalidCiphertextException"}"#
    );
}

#[test]
fn the_text_of_an_internal_error_stays_inside() {
    let names = Names { profile: &AWS, account: "1", region: "r" };
    let about = About {
        operation: "Encrypt",
        names: &names,
        user: "",
        algorithm: None,
        key: None,
        alias: None,
    };
    let failure = about.failure(&Error::new(ErrorKind::Internal, "shelf 7 fell down"));
    assert_eq!(failure.message.as_deref(), Some(INTERNAL));
}
