//! What a refusal looks like: one total table from the KMS's error kinds, and the refusals that are this dialect's own.
//! No text here ever holds anything of the request's values.

use std::borrow::Cow;

use http::header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use trent_core::error::{Error, ErrorKind, Field, What};

use crate::Refused;

/// Refusals that are made before the KMS is asked, or instead of asking it.
pub(super) type Answer<T> = Result<T, Failure>;

/// A missing key, a missing right to it and a key of someone else are one answer.
const NOT_FOUND: &str = "key not found, or no permission for this";
/// Why a ciphertext does not open is nobody's business.
const NOT_OPENED: &str = "the ciphertext cannot be decrypted with this key";
const UNSUPPORTED: &str = "the key does not support this operation";

/// An error answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// For metrics and the audit log; of a bounded set.
    pub(super) code: &'static str,
    pub(super) message: Cow<'static, str>,
    /// Whether the audit log already holds it.
    pub(super) recorded: bool,
    /// The methods of the path, for an answer 405.
    pub(super) allow: Option<String>,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), recorded: false, allow: None }
    }

    /// 400: the request breaks a rule of this API. The message names the field, never its value.
    pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    /// 401, the same for every credential that is missing, unknown or wrong.
    pub(super) fn unauthenticated() -> Self {
        Self::unauthorized("the credential is missing or not valid")
    }

    /// 401 with the reason, for faults that say nothing about a credential.
    pub(super) fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", message)
    }

    /// 404 for a thing that is no key.
    pub(super) fn missing(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", message)
    }

    /// 405 with the methods that the path has.
    pub(super) fn wrong_method(allow: String) -> Self {
        let allow = Some(allow);
        let message = "the path has no such method";
        Self { allow, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message) }
    }

    /// 413.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", message)
    }

    /// 422: the answer would be too long to be held.
    pub(super) fn too_long_a_list() -> Self {
        let message = "the list is longer than 8 MiB: filter it";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "LimitExceeded", message)
    }

    /// 501: the vendor's API has it, this server not yet.
    pub(super) fn not_yet(what: &'static str) -> Self {
        let message = format!("{what} is not available yet");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// 400: a key that this API has no words for.
    pub(super) fn inexpressible() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Unsupported",
            "the key is of a type that this API does not support",
        )
    }

    /// 500 for a fault of ours; what happened is in the log.
    pub(super) fn internal() -> Self {
        Self::from(ErrorKind::Internal)
    }

    /// The same refusal, which the audit log already holds.
    pub(super) fn already_recorded(self, recorded: bool) -> Self {
        Self { recorded, ..self }
    }

    /// The header that belongs to an answer of this status.
    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.status {
            StatusCode::UNAUTHORIZED => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                let allow = HeaderValue::from_str(self.allow.as_deref()?).ok()?;
                Some((ALLOW, allow))
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Some((RETRY_AFTER, HeaderValue::from_static("1")))
            }
            _ => None,
        }
    }
}

impl From<Refused> for Failure {
    fn from(why: Refused) -> Self {
        match why {
            Refused::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "the body is too long")
            }
            Refused::Deadline => Self::from(ErrorKind::Timeout),
            Refused::Overloaded => Self::from(ErrorKind::Unavailable),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::from(error.kind()).already_recorded(error.is_recorded());
        if failure.status.is_server_error() {
            tracing::error!(code = failure.code, error = ?error, "request failed");
        }
        failure
    }
}

impl From<ErrorKind> for Failure {
    /// The table.
    #[rustfmt::skip]
    fn from(kind: ErrorKind) -> Self {
        let (status, code, message): (u16, &'static str, Cow<'static, str>) = match kind {
            ErrorKind::KeyNotFound
            | ErrorKind::NameNotFound         => (404, "NotFound",         NOT_FOUND.into()),
            ErrorKind::AccessDenied           => (404, "AccessDenied",     NOT_FOUND.into()),
            ErrorKind::VersionNotFound        => (400, "VersionNotFound",  "the key has no such version".into()),
            ErrorKind::KeyDisabled            => (400, "KeyDisabled",      "the key is disabled".into()),
            ErrorKind::KeyPendingDeletion     => (400, "PendingDeletion",  "the key is pending deletion".into()),
            ErrorKind::KeyPendingImport       => (400, "PendingImport",    "the key waits for its material".into()),
            ErrorKind::WrongUsage
            | ErrorKind::AlgorithmUnsupported
            | ErrorKind::Unsupported          => (400, "Unsupported",      UNSUPPORTED.into()),
            ErrorKind::CiphertextInvalid
            | ErrorKind::WrongKey
            | ErrorKind::CiphertextKeyUnknown => (400, "DecryptFailed",    NOT_OPENED.into()),
            ErrorKind::NotExportable          => (400, "NotExportable",    "key export is not allowed for this key".into()),
            ErrorKind::AlreadyExists(what)    => (409, "AlreadyExists",    exists(what).into()),
            ErrorKind::LimitExceeded(what)    => (422, "LimitExceeded",    limit(what).into()),
            ErrorKind::Throttled              => (429, "Throttled",        "too many requests".into()),
            ErrorKind::BadInput(field)        => (400, "InvalidRequest",   bad(field).into()),
            ErrorKind::PlaintextTooLong { max } => (400, "PlaintextTooLong", format!("plaintext is longer than the {max} bytes that this key takes").into()),
            ErrorKind::GrantTokenInvalid      => (400, "InvalidRequest",   "grant tokens are not part of this API".into()),
            ErrorKind::Inexpressible          => return Self::inexpressible(),
            ErrorKind::DryRun                 => (400, "InvalidRequest",   "trial requests are not part of this API".into()),
            ErrorKind::MarkerInvalid          => (400, "InvalidRequest",   "the page marker is not valid".into()),
            ErrorKind::KeyUnavailable         => (500, "KeyUnavailable",   "the key is not available".into()),
            ErrorKind::Timeout                => (504, "Timeout",          "the service did not finish in time".into()),
            ErrorKind::Unavailable            => (503, "Unavailable",      "the service is not available now".into()),
            ErrorKind::RootKeyWrong
            | ErrorKind::Internal             => (500, "Internal",         "internal error".into()),
        };
        Self::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, message)
    }
}

fn exists(what: What) -> &'static str {
    match what {
        What::Name => "a key with this name exists in this region",
        What::Alias
        | What::Tenant
        | What::Principal
        | What::Credential
        | What::OnDemandRotations
        | What::Versions
        | What::VersionUses => "something of this name exists",
    }
}

fn limit(what: What) -> &'static str {
    match what {
        What::VersionUses => "this version has encrypted as often as it may: rotate the key",
        What::OnDemandRotations | What::Versions => {
            "the key has been rotated as often as it may be"
        }
        What::Name | What::Alias | What::Tenant | What::Principal | What::Credential => {
            "a limit on the number of these is reached"
        }
    }
}

fn bad(field: Field) -> &'static str {
    match field {
        Field::Usage | Field::Spec => "keyType is not valid",
        Field::Name => "name is not valid",
        Field::Exportable => "exportAllowed is not possible for this keyType",
        Field::RotationPeriod => "rotationPeriodInDays is not valid",
        Field::Plaintext => "plaintext is not valid",
        Field::Context => "context is not valid",
        Field::Version => "keyVersion is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trent_core::testkit::kinds::assert_total;

    /// Every kind.
    const KINDS: &[(ErrorKind, u16)] = &[
        (ErrorKind::KeyNotFound, 404),
        (ErrorKind::NameNotFound, 404),
        (ErrorKind::VersionNotFound, 400),
        (ErrorKind::KeyDisabled, 400),
        (ErrorKind::KeyPendingDeletion, 400),
        (ErrorKind::KeyPendingImport, 400),
        (ErrorKind::WrongUsage, 400),
        (ErrorKind::AlgorithmUnsupported, 400),
        (ErrorKind::Unsupported, 400),
        (ErrorKind::CiphertextInvalid, 400),
        (ErrorKind::WrongKey, 400),
        (ErrorKind::CiphertextKeyUnknown, 400),
        (ErrorKind::AccessDenied, 404),
        (ErrorKind::NotExportable, 400),
        (ErrorKind::Inexpressible, 400),
        (ErrorKind::DryRun, 400),
        (ErrorKind::AlreadyExists(What::Name), 409),
        (ErrorKind::AlreadyExists(What::Principal), 409),
        (ErrorKind::LimitExceeded(What::OnDemandRotations), 422),
        (ErrorKind::LimitExceeded(What::Versions), 422),
        (ErrorKind::LimitExceeded(What::VersionUses), 422),
        (ErrorKind::Throttled, 429),
        (ErrorKind::BadInput(Field::Name), 400),
        (ErrorKind::BadInput(Field::Exportable), 400),
        (ErrorKind::PlaintextTooLong { max: 190 }, 400),
        (ErrorKind::GrantTokenInvalid, 400),
        (ErrorKind::MarkerInvalid, 400),
        (ErrorKind::KeyUnavailable, 500),
        (ErrorKind::Timeout, 504),
        (ErrorKind::Unavailable, 503),
        (ErrorKind::Internal, 500),
        (ErrorKind::RootKeyWrong, 500),
    ];

    #[test]
    fn every_kind_has_its_status_a_code_and_a_text() {
        for &(kind, status) in KINDS {
            let failure = Failure::from(kind);
            assert_eq!(failure.status.as_u16(), status, "{kind:?}");
            assert!(!failure.code.is_empty() && !failure.message.is_empty(), "{kind:?}");
        }
        assert_total(KINDS.iter().map(|(kind, _)| *kind));
    }

    #[test]
    fn what_must_not_be_told_apart_is_not() {
        let text = |kind| Failure::from(kind).message;
        assert_eq!(text(ErrorKind::KeyNotFound), text(ErrorKind::AccessDenied));
        assert_eq!(text(ErrorKind::KeyNotFound), text(ErrorKind::NameNotFound));
        let unopened = Failure::from(ErrorKind::CiphertextInvalid);
        for kind in [ErrorKind::WrongKey, ErrorKind::CiphertextKeyUnknown] {
            let failure = Failure::from(kind);
            assert_eq!(failure.message, unopened.message);
            assert_eq!((failure.status, failure.code), (unopened.status, unopened.code));
        }
    }

    #[test]
    fn some_statuses_have_a_header() {
        for (failure, expected) in [
            (Failure::unauthenticated(), Some(("www-authenticate", "Bearer"))),
            (Failure::wrong_method("GET, POST".to_owned()), Some(("allow", "GET, POST"))),
            (Failure::from(ErrorKind::Throttled), Some(("retry-after", "1"))),
            (Failure::from(ErrorKind::Unavailable), Some(("retry-after", "1"))),
            (Failure::internal(), None),
        ] {
            let header = failure.header();
            let found =
                header.as_ref().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or("?")));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_text_and_cause_of_an_error_do_not_reach_the_client() {
        let error = Error::new(ErrorKind::Internal, "shelf 7 fell down");
        assert_eq!(Failure::from(error).message, "internal error");
    }
}
