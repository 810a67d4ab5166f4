//! What a refusal looks like: one total table from the KMS's error kinds to the vendor's exceptions, with the vendor's
//! own texts. Refusals that are made before the KMS is asked have their constructors here too.

use serde::Serialize;
use trent_core::error::{Error, ErrorKind, Field, What};
use trent_core::model::KeyId;

use super::arn::Names;
use crate::Refused;
use crate::common::codes::codes;

/// The result of a step that may be refused.
pub(super) type Answer<T> = Result<T, Failure>;

codes! {
    AccessDenied = "AccessDeniedException" BAD_REQUEST;
    AlreadyExists = "AlreadyExistsException" BAD_REQUEST;
    DependencyTimeout = "DependencyTimeoutException" INTERNAL_SERVER_ERROR;
    Disabled = "DisabledException" BAD_REQUEST;
    DryRunOperation = "DryRunOperationException" BAD_REQUEST;
    IncompleteSignature = "IncompleteSignatureException" BAD_REQUEST;
    IncorrectKey = "IncorrectKeyException" BAD_REQUEST;
    InvalidArn = "InvalidArnException" BAD_REQUEST;
    InvalidCiphertext = "InvalidCiphertextException" BAD_REQUEST;
    InvalidGrantToken = "InvalidGrantTokenException" BAD_REQUEST;
    InvalidKeyUsage = "InvalidKeyUsageException" BAD_REQUEST;
    InvalidMarker = "InvalidMarkerException" BAD_REQUEST;
    InvalidSignature = "InvalidSignatureException" BAD_REQUEST;
    InvalidState = "KMSInvalidStateException" BAD_REQUEST;
    KeyUnavailable = "KeyUnavailableException" INTERNAL_SERVER_ERROR;
    KmsInternal = "KMSInternalException" INTERNAL_SERVER_ERROR;
    LimitExceeded = "LimitExceededException" BAD_REQUEST;
    MalformedPolicyDocument = "MalformedPolicyDocumentException" BAD_REQUEST;
    MissingAuthenticationToken = "MissingAuthenticationTokenException" BAD_REQUEST;
    NotAuthorized = "NotAuthorizedException" BAD_REQUEST;
    NotFound = "NotFoundException" BAD_REQUEST;
    RequestTooLarge = "SerializationException" PAYLOAD_TOO_LARGE;
    Serialization = "SerializationException" BAD_REQUEST;
    Tag = "TagException" BAD_REQUEST;
    Throttling = "ThrottlingException" BAD_REQUEST;
    UnknownOperation = "UnknownOperationException" BAD_REQUEST;
    UnrecognizedClient = "UnrecognizedClientException" BAD_REQUEST;
    UnsupportedOperation = "UnsupportedOperationException" BAD_REQUEST;
    Validation = "ValidationException" BAD_REQUEST;
    WrongMethod = "UnknownOperationException" METHOD_NOT_ALLOWED;
}

/// An error answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    /// The text; some exceptions have none.
    pub(super) message: Option<String>,
    /// Whether the audit log already holds it.
    pub(super) recorded: bool,
}

/// The two spellings of the text's member.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    capital: Option<&'a str>,
}

impl Failure {
    /// A refusal with a text.
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: Some(message.into()), recorded: false }
    }

    /// A refusal of the kind that has no text.
    pub(super) fn bare(code: Code) -> Self {
        Self { code, message: None, recorded: false }
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> impl Serialize {
        let message = self.message.as_deref();
        let capital = self.code == Code::AccessDenied;
        Body {
            kind: self.code.as_str(),
            message: message.filter(|_| !capital),
            capital: message.filter(|_| capital),
        }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(Code::Validation, message)
    }

    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new(Code::Serialization, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Code::UnsupportedOperation, message)
    }

    pub(super) fn unsupported_value(member: &str) -> Self {
        Self::unsupported(format!("{member} is not supported here."))
    }

    /// The key is of a kind that this API has no words for.
    pub(super) fn inexpressible() -> Self {
        Self::unsupported(INEXPRESSIBLE)
    }

    /// A fault of ours; what happened is in the log.
    pub(super) fn internal() -> Self {
        Self::new(Code::KmsInternal, INTERNAL)
    }
}

impl From<Refused> for Failure {
    fn from(why: Refused) -> Self {
        match why {
            Refused::TooLarge => Self::new(Code::RequestTooLarge, "The body is too long."),
            Refused::Deadline => Self::new(Code::DependencyTimeout, TIMEOUT),
            Refused::Overloaded => Self::new(Code::Throttling, TOO_FAST),
        }
    }
}

const INTERNAL: &str = "An internal error occurred. The request may be tried again.";
const TIMEOUT: &str = "The request timed out. It may be tried again.";
const INEXPRESSIBLE: &str = "The key is of a kind that this API cannot express.";
const DRY_RUN: &str = "The request would have succeeded, but the DryRun option is set.";
const FOREIGN: &str = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
    or you are not allowed to access.";
const WRONG_KEY: &str =
    "The key ID in the request does not identify a CMK that can perform this operation.";
const ASYMMETRIC_DATA_KEY: &str = "You cannot generate a data key with an asymmetric CMK";
const CONTEXT: &str =
    "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.";
const TOO_FAST: &str =
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";

/// What a text may have to name.
pub(super) struct About<'a> {
    /// The operation.
    pub(super) operation: &'static str,
    /// Writes ARNs.
    pub(super) names: &'a Names<'a>,
    /// Who asks.
    pub(super) user: &'a str,
    /// The encryption algorithm that the request chose.
    pub(super) algorithm: Option<&'a str>,
    /// The key's spec and usage, where they could be seen.
    pub(super) key: Option<(&'a str, &'a str)>,
    /// The alias by which the request names its key, `alias/` included.
    pub(super) alias: Option<&'a str>,
}

impl About<'_> {
    fn arn(&self, key: Option<KeyId>) -> String {
        key.map_or_else(|| "*".to_owned(), |key| self.names.key(key))
    }

    fn no_alias(&self) -> String {
        format!("Alias {} is not found.", self.names.resource(self.alias.unwrap_or("alias/")))
    }

    fn wrong_usage(&self, arn: &str) -> String {
        let Self { operation, key, .. } = self;
        match key {
            Some((_, usage)) => {
                format!("{arn} key usage is {usage} which is not valid for {operation}.")
            }
            None => format!("{arn} key usage is not valid for {operation}."),
        }
    }

    fn wrong_algorithm(&self, arn: &str) -> String {
        match (self.algorithm, self.key) {
            (Some(algorithm), Some((spec, _))) => {
                format!("Algorithm {algorithm} is incompatible with key spec {spec}.")
            }
            (Some(algorithm), None) => {
                format!("Algorithm {algorithm} is incompatible with the key {arn}.")
            }
            // Only what makes data keys chooses no algorithm.
            (None, _) => ASYMMETRIC_DATA_KEY.to_owned(),
        }
    }

    fn too_long(&self, max: usize) -> String {
        let algorithm = self.algorithm.unwrap_or_default();
        // The longest plaintext follows from the size of the key and of the hash (RFC 8017, section 7.1.1).
        let bits = 8 * (max + if algorithm == "RSAES_OAEP_SHA_1" { 42 } else { 66 });
        format!(
            "Algorithm {algorithm} and key spec RSA_{bits} cannot encrypt data larger than {max} bytes."
        )
    }

    fn denied(&self, arn: &str) -> String {
        let Self { operation, user, .. } = self;
        format!(
            "User: {user} is not authorized to perform: kms:{operation} on resource: {arn} because no identity-based \
            policy allows the kms:{operation} action"
        )
    }

    /// The table.
    #[rustfmt::skip]
    pub(super) fn failure(&self, error: &Error) -> Failure {
        let arn = self.arn(error.key());
        let (code, message) = match error.kind() {
            ErrorKind::KeyNotFound            => (Code::NotFound,             Some(format!("Key '{arn}' does not exist"))),
            ErrorKind::NameNotFound           => (Code::NotFound,             Some(self.no_alias())),
            ErrorKind::KeyDisabled            => (Code::Disabled,             Some(format!("{arn} is disabled."))),
            ErrorKind::KeyPendingDeletion     => (Code::InvalidState,         Some(format!("{arn} is pending deletion."))),
            ErrorKind::KeyPendingImport       => (Code::InvalidState,         Some(format!("{arn} is pending import."))),
            ErrorKind::WrongUsage             => (Code::InvalidKeyUsage,      Some(self.wrong_usage(&arn))),
            ErrorKind::AlgorithmUnsupported   => (Code::InvalidKeyUsage,      Some(self.wrong_algorithm(&arn))),
            ErrorKind::Unsupported
            | ErrorKind::NotExportable        => (Code::UnsupportedOperation, None),
            ErrorKind::CiphertextInvalid      => (Code::InvalidCiphertext,    None),
            ErrorKind::WrongKey               => (Code::IncorrectKey,         Some(WRONG_KEY.to_owned())),
            ErrorKind::CiphertextKeyUnknown   => (Code::AccessDenied,         Some(FOREIGN.to_owned())),
            ErrorKind::AccessDenied           => (Code::AccessDenied,         Some(self.denied(&arn))),
            ErrorKind::AlreadyExists(what)    => (Code::AlreadyExists,        Some(exists(what).to_owned())),
            ErrorKind::LimitExceeded(what)    => (Code::LimitExceeded,        Some(exceeded(what, &arn))),
            ErrorKind::Throttled              => (Code::Throttling,           Some(TOO_FAST.to_owned())),
            ErrorKind::BadInput(field)        => (Code::Validation,           Some(bad(field).to_owned())),
            ErrorKind::PlaintextTooLong { max } => (Code::Validation,         Some(self.too_long(max))),
            ErrorKind::Inexpressible          => (Code::UnsupportedOperation, Some(INEXPRESSIBLE.to_owned())),
            ErrorKind::DryRun                 => (Code::DryRunOperation,      Some(DRY_RUN.to_owned())),
            ErrorKind::MarkerInvalid          => (Code::InvalidMarker,        Some("The marker is not valid.".to_owned())),
            ErrorKind::GrantTokenInvalid      => (Code::InvalidGrantToken,    Some("The grant token is not valid.".to_owned())),
            ErrorKind::KeyUnavailable         => (Code::KeyUnavailable,       Some(format!("{arn} is unavailable."))),
            ErrorKind::Timeout                => (Code::DependencyTimeout,    Some(TIMEOUT.to_owned())),
            ErrorKind::VersionNotFound
            | ErrorKind::RootKeyWrong
            | ErrorKind::Unavailable
            | ErrorKind::Internal             => (Code::KmsInternal,          Some(INTERNAL.to_owned())),
        };
        if code.status().is_server_error() {
            tracing::error!(operation = self.operation, code = code.as_str(), error = ?error, "request failed");
        }
        Failure { code, message, recorded: error.is_recorded() }
    }
}

fn exists(what: What) -> &'static str {
    match what {
        What::Name => "The name already exists",
        What::Alias => "An alias of this name already exists",
        What::Tenant
        | What::Principal
        | What::Credential
        | What::OnDemandRotations
        | What::Versions
        | What::VersionUses => "It already exists",
    }
}

fn exceeded(what: What, arn: &str) -> String {
    match what {
        What::OnDemandRotations => format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
            performed for this key: {arn}"
        ),
        What::Versions => format!("The key {arn} has as many key materials as it may have."),
        What::Name
        | What::Alias
        | What::Tenant
        | What::Principal
        | What::Credential
        | What::VersionUses => "A limit has been reached.".to_owned(),
    }
}

fn bad(field: Field) -> &'static str {
    match field {
        Field::Usage => "KeyUsage is not compatible with KeySpec",
        Field::Spec => "KeySpec is not valid",
        Field::Name => "The name is not valid",
        Field::Exportable => "The key cannot be exportable",
        Field::RotationPeriod => "RotationPeriodInDays is not valid",
        Field::Plaintext => "Plaintext is not valid",
        Field::Context => CONTEXT,
        Field::Version => "The version is not valid",
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
