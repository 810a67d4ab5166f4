//! What a refusal is in both of the vendor's APIs: one total table from the KMS's error kinds to the vendor's codes, a
//! column for each API, and the refusals that are made before the KMS is asked. How each API writes them is its own.

use trent_core::error::{Error, ErrorKind, Field, What};

use crate::Refused;
use crate::common::codes::codes;

/// The result of a step that may be refused.
pub(super) type Answer<T> = Result<T, Failure>;

codes! {
    AccessDeniedError = "AccessDeniedError" FORBIDDEN;
    AliasAlreadyExists = "AliasAlreadyExists" BAD_REQUEST;
    AliasNotFound = "Forbidden.AliasNotFound" NOT_FOUND;
    DryRunOperation = "DryRunOperationError" BAD_REQUEST;
    DuplicateTagKey = "Duplicate.TagKey" BAD_REQUEST;
    IllegalTimestamp = "IllegalTimestamp" BAD_REQUEST;
    IncompleteSignature = "IncompleteSignature" BAD_REQUEST;
    InstanceNotFound = "Forbidden.DKMSInstanceNotFound" FORBIDDEN;
    InternalFailure = "InternalFailure" INTERNAL_SERVER_ERROR;
    InvalidAccessKeyId = "InvalidAccessKeyId.NotFound" NOT_FOUND;
    InvalidAction = "InvalidAction.NotFound" NOT_FOUND;
    InvalidApiName = "InvalidApiName" BAD_REQUEST;
    InvalidApiVersion = "InvalidApiVersion" BAD_REQUEST;
    InvalidContentType = "InvalidContentType" UNSUPPORTED_MEDIA_TYPE;
    InvalidParam = "InvalidParam" BAD_REQUEST;
    InvalidParameter = "InvalidParameter" BAD_REQUEST;
    InvalidSecurityToken = "InvalidSecurityToken.MismatchWithAccessKey" BAD_REQUEST;
    InvalidTagKey = "InvalidParameter.TagKey" BAD_REQUEST;
    InvalidTagValue = "InvalidParameter.TagValue" BAD_REQUEST;
    InvalidVersion = "InvalidVersion" BAD_REQUEST;
    KeyNotFound = "Forbidden.KeyNotFound" NOT_FOUND;
    KeyPolicyUnsupported = "Forbidden.KeyPolicyUnSupported" BAD_REQUEST;
    KeyVersionNotFound = "Forbidden.KeyVersionNotFound" NOT_FOUND;
    LimitExceeded = "Rejected.LimitExceeded" BAD_REQUEST;
    MissingAccessKeyId = "MissingAccessKeyId" BAD_REQUEST;
    MissingAction = "MissingAction" BAD_REQUEST;
    MissingParameter = "MissingParameter" BAD_REQUEST;
    MissingVersion = "MissingVersion" BAD_REQUEST;
    NoPermission = "Forbidden.NoPermission" FORBIDDEN;
    NonceUsed = "SignatureNonceUsed" BAD_REQUEST;
    OnlySymmetricKey = "Forbidden.OnlySymmetricKeySupported" NOT_FOUND;
    ParseRequestParameter = "ParseRequestParameterException" BAD_REQUEST;
    RejectedDisabled = "Rejected.Disabled" CONFLICT;
    RejectedPendingDeletion = "Rejected.PendingDeletion" CONFLICT;
    RejectedPendingImport = "Rejected.PendingImport" CONFLICT;
    RejectedStateModified = "Rejected.StateModifiedFailed" CONFLICT;
    RejectedUnavailable = "Rejected.Unavailable" CONFLICT;
    RejectedUnsupported = "Rejected.UnsupportedOperation" BAD_REQUEST;
    RequestTimeTooSkewed = "RequestTimeTooSkewed" BAD_REQUEST;
    RequestTooLarge = "RequestEntityTooLarge" PAYLOAD_TOO_LARGE;
    ServiceUnavailable = "ServiceUnavailableTemporary" SERVICE_UNAVAILABLE;
    SignatureDoesNotMatch = "SignatureDoesNotMatch" BAD_REQUEST;
    SignatureNotMatch = "SignatureNotMatch" UNAUTHORIZED;
    Throttling = "Rejected.Throttling" TOO_MANY_REQUESTS;
    TimestampExpired = "InvalidTimeStamp.Expired" BAD_REQUEST;
    TimestampFormat = "InvalidTimeStamp.Format" BAD_REQUEST;
    Unauthorized = "Unauthorized" NOT_FOUND;
    UnsupportedHttpMethod = "UnsupportedHTTPMethod" FORBIDDEN;
    UnsupportedOperation = "UnsupportedOperation" BAD_REQUEST;
    UnsupportedProtection = "Unsupported.ProtectionLevel" BAD_REQUEST;
    Validation = "ValidationError" BAD_REQUEST;
}

/// An error answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    /// Whether the audit log already holds it.
    pub(super) recorded: bool,
}

impl Failure {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), recorded: false }
    }

    /// A parameter that must be there is not.
    pub(super) fn missing(parameter: &str) -> Self {
        let message = format!("The parameter {parameter} needed but no provided.");
        Self::new(Code::MissingParameter, message)
    }

    /// A parameter's value breaks its rules.
    pub(super) fn invalid(parameter: &str) -> Self {
        let message = format!("The specified parameter {parameter} is not valid.");
        Self::new(Code::InvalidParameter, message)
    }

    /// Something that the vendor has and Trent has not.
    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Code::UnsupportedOperation, message)
    }

    /// A fault of ours; what happened is in the log.
    pub(super) fn internal() -> Self {
        Self::new(Code::InternalFailure, INTERNAL)
    }

    /// The same refusal as a dry run tells it.
    pub(super) fn of_dry_run(self) -> Self {
        let code = match self.code {
            Code::NoPermission => Code::AccessDeniedError,
            code if code == Code::DryRunOperation
                || code == Code::Throttling
                || code.status().is_server_error() =>
            {
                code
            }
            _ => Code::Validation,
        };
        Self { code, ..self }
    }
}

impl From<Refused> for Failure {
    fn from(why: Refused) -> Self {
        match why {
            Refused::TooLarge => Self::new(Code::RequestTooLarge, "The request is too long."),
            Refused::Deadline => Self::new(Code::ServiceUnavailable, TIMEOUT),
            Refused::Overloaded => Self::new(Code::Throttling, TOO_FAST),
        }
    }
}

const INTERNAL: &str =
    "The request processing has failed due to an internal error. It may be tried again.";
const TIMEOUT: &str = "The request was not finished in time. It may be tried again.";
const TOO_FAST: &str = "QPS Limit Exceeded.";
const TOO_MANY_AT_ONCE: &str = "Concurrency Limit Exceeded.";
pub(super) const KEY_NOT_FOUND: &str = "The specified Key is not found.";
pub(super) const VERSION_NOT_FOUND: &str = "The specified KeyVersion is not found.";
pub(super) const ALIAS_NOT_FOUND: &str = "The specified Alias is not found.";
const UNSUPPORTED: &str = "The key does not support this operation.";
const INEXPRESSIBLE: &str = "The key is of a kind that this API cannot express.";
const DRY_RUN: &str = "The request would have succeeded, but DryRun is set.";
const UNAVAILABLE: &str = "The request was rejected because the key is unavailable.";

/// What a refusal of the RPC API may have to name.
pub(super) struct About<'a> {
    /// The operation.
    pub(super) operation: &'static str,
    /// The resource that was asked for: an ARN, or `*`.
    pub(super) resource: &'a str,
    /// Whether the operation changes a key's state or its aliases; a state that forbids it has a code of its own then.
    pub(super) modifies: bool,
}

/// The RPC API's answer to the KMS's refusal.
pub(super) fn rpc(error: &Error, about: &About<'_>) -> Failure {
    let (code, _, message) = row(error, about.modifies, false);
    let message = match code {
        Code::NoPermission => {
            let About { operation, resource, .. } = about;
            format!("{message} Action: kms:{operation}. Resource: {resource}.")
        }
        _ => message,
    };
    failure(about.operation, error, code, message)
}

/// The instance API's answer to the KMS's refusal. `symmetric` tells that the operation takes symmetric keys only.
pub(super) fn instance(error: &Error, operation: &'static str, symmetric: bool) -> Failure {
    let (_, code, message) = row(error, false, symmetric);
    let message = match error.kind() {
        ErrorKind::Throttled => TOO_MANY_AT_ONCE.to_owned(),
        _ => message,
    };
    failure(operation, error, code, message)
}

fn failure(operation: &'static str, error: &Error, code: Code, message: String) -> Failure {
    if code.status().is_server_error() || code == Code::RejectedUnavailable {
        tracing::error!(operation, code = code.as_str(), error = ?error, "request failed");
    }
    Failure { code, message, recorded: error.is_recorded() }
}

/// The table: the kind, the RPC API's code, the instance API's, and the text.
#[rustfmt::skip]
fn row(error: &Error, modifies: bool, symmetric: bool) -> (Code, Code, String) {
    let unfit = if symmetric { Code::OnlySymmetricKey } else { Code::UnsupportedOperation };
    let state = |code| if modifies { Code::RejectedStateModified } else { code };
    let invalid = |parameter| Failure::invalid(parameter).message;
    match error.kind() {
        ErrorKind::KeyNotFound
        | ErrorKind::CiphertextKeyUnknown => (Code::KeyNotFound,                          Code::KeyNotFound,             KEY_NOT_FOUND.to_owned()),
        ErrorKind::NameNotFound           => (Code::AliasNotFound,                        Code::KeyNotFound,             ALIAS_NOT_FOUND.to_owned()),
        ErrorKind::VersionNotFound        => (Code::KeyVersionNotFound,                   Code::KeyNotFound,             VERSION_NOT_FOUND.to_owned()),
        ErrorKind::KeyDisabled            => (Code::RejectedDisabled,                     Code::RejectedDisabled,        rejected("Disabled")),
        ErrorKind::KeyPendingDeletion     => (state(Code::RejectedPendingDeletion),       Code::RejectedPendingDeletion, rejected("PendingDeletion")),
        ErrorKind::KeyPendingImport       => (state(Code::RejectedPendingImport),         Code::RejectedPendingImport,   rejected("PendingImport")),
        ErrorKind::WrongUsage
        | ErrorKind::AlgorithmUnsupported => (Code::RejectedUnsupported,                  unfit,                         UNSUPPORTED.to_owned()),
        ErrorKind::Unsupported
        | ErrorKind::NotExportable        => (Code::RejectedUnsupported,                  Code::UnsupportedOperation,    UNSUPPORTED.to_owned()),
        ErrorKind::Inexpressible          => (Code::RejectedUnsupported,                  Code::RejectedUnsupported,     INEXPRESSIBLE.to_owned()),
        ErrorKind::CiphertextInvalid
        | ErrorKind::WrongKey             => (Code::InvalidParameter,                     Code::InvalidParameter,        invalid("CiphertextBlob")),
        ErrorKind::AccessDenied           => (Code::NoPermission,                         Code::NoPermission,            DENIED.to_owned()),
        ErrorKind::AlreadyExists(what)    => (exists(what),                               Code::InvalidParameter,        exists_text(what).to_owned()),
        ErrorKind::LimitExceeded(_)       => (Code::LimitExceeded,                        Code::UnsupportedOperation,    "A limit has been reached.".to_owned()),
        ErrorKind::Throttled              => (Code::Throttling,                           Code::Throttling,              TOO_FAST.to_owned()),
        ErrorKind::BadInput(field)        => (Code::InvalidParameter,                     Code::InvalidParameter,        invalid(parameter(field))),
        ErrorKind::PlaintextTooLong { .. } => (Code::InvalidParameter,                    Code::InvalidParameter,        invalid("Plaintext")),
        ErrorKind::DryRun                 => (Code::DryRunOperation,                      Code::DryRunOperation,         DRY_RUN.to_owned()),
        ErrorKind::MarkerInvalid          => (Code::InvalidParameter,                     Code::InvalidParameter,        invalid("PageNumber")),
        ErrorKind::GrantTokenInvalid      => (Code::InvalidParameter,                     Code::InvalidParameter,        invalid("GrantToken")),
        ErrorKind::KeyUnavailable         => (Code::RejectedUnavailable,                  Code::InternalFailure,         UNAVAILABLE.to_owned()),
        ErrorKind::Timeout                => (Code::ServiceUnavailable,                   Code::ServiceUnavailable,      TIMEOUT.to_owned()),
        ErrorKind::RootKeyWrong
        | ErrorKind::Unavailable
        | ErrorKind::Internal             => (Code::InternalFailure,                      Code::InternalFailure,         INTERNAL.to_owned()),
    }
}

const DENIED: &str = "This operation is forbidden by permission system.";

fn rejected(state: &str) -> String {
    format!("The request was rejected because the key state is {state}.")
}

fn exists(what: What) -> Code {
    match what {
        What::Alias => Code::AliasAlreadyExists,
        What::Name
        | What::Tenant
        | What::Principal
        | What::Credential
        | What::OnDemandRotations
        | What::Versions
        | What::VersionUses => Code::InvalidParameter,
    }
}

fn exists_text(what: What) -> &'static str {
    if what == What::Alias { "The specified Alias already exists." } else { "It already exists." }
}

fn parameter(field: Field) -> &'static str {
    match field {
        Field::Usage => "KeyUsage",
        Field::Spec => "KeySpec",
        Field::Name => "AliasName",
        Field::Exportable => "Exportable",
        Field::RotationPeriod => "RotationInterval",
        Field::Plaintext => "Plaintext",
        Field::Context => "EncryptionContext",
        Field::Version => "KeyVersionId",
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
