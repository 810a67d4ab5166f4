//! What a refusal looks like: one total table from the KMS's error kinds to the vendor's codes, which differ by what was
//! asked for. Refusals that are made before the KMS is asked have their constructors here too.

use bytes::Bytes;
use serde::Serialize;
use trent_core::error::{Error, ErrorKind, Field, What};

use crate::Refused;
use crate::common::form;
use crate::common::reply;

/// The result of a step that may be refused.
pub(super) type Answer<T> = Result<T, Failure>;

macro_rules! codes {
    ($($name:ident = $text:literal;)*) => {
        /// The vendor's codes that can arise here.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Code { $($name,)* }

        impl Code {
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code's text.
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    AliasAlreadyExists = "InvalidParameterValue.AliasAlreadyExists";
    CmkDisabled = "ResourceUnavailable.CmkDisabled";
    CmkNotFound = "ResourceUnavailable.CmkNotFound";
    CmkStateNotSupport = "ResourceUnavailable.CmkStateNotSupport";
    DecryptError = "FailedOperation.DecryptError";
    DryRunOperation = "DryRunOperation";
    InternalError = "InternalError";
    InvalidAction = "InvalidAction";
    InvalidAlias = "InvalidParameterValue.InvalidAlias";
    InvalidAuthorization = "AuthFailure.InvalidAuthorization";
    InvalidCiphertext = "InvalidParameterValue.InvalidCiphertext";
    InvalidHsmClusterId = "InvalidParameterValue.InvalidHsmClusterId";
    InvalidKeyId = "InvalidParameterValue.InvalidKeyId";
    InvalidKeyUsage = "InvalidParameterValue.InvalidKeyUsage";
    InvalidParameter = "InvalidParameter";
    InvalidParameterValue = "InvalidParameterValue";
    InvalidPlaintext = "InvalidParameterValue.InvalidPlaintext";
    InvalidRequest = "InvalidRequest";
    InvalidSecretId = "AuthFailure.InvalidSecretId";
    InvalidType = "InvalidParameterValue.InvalidType";
    KeyPendingDelete = "ResourceUnavailable.KeyPendingDelete";
    LimitExceeded = "LimitExceeded";
    MissingParameter = "MissingParameter";
    NoSuchVersion = "NoSuchVersion";
    NotRoleOperation = "UnsupportedOperation.NotRoleOperation";
    RequestLimitExceeded = "RequestLimitExceeded";
    RequestSizeLimitExceeded = "RequestSizeLimitExceeded";
    ResourceUnavailable = "ResourceUnavailable";
    SecretIdNotFound = "AuthFailure.SecretIdNotFound";
    SignatureExpire = "AuthFailure.SignatureExpire";
    SignatureFailure = "AuthFailure.SignatureFailure";
    TagKeysDuplicated = "InvalidParameterValue.TagKeysDuplicated";
    TokenFailure = "AuthFailure.TokenFailure";
    UnauthorizedOperation = "UnauthorizedOperation";
    UnknownParameter = "UnknownParameter";
    UnsupportedKeyUsage = "UnsupportedOperation.UnsupportedKeyUsageInCurrentRegion";
    UnsupportedOperation = "UnsupportedOperation";
    UnsupportedProtocol = "UnsupportedProtocol";
    UnsupportedRegion = "UnsupportedRegion";
}

/// Kinds of operations whose refusals have codes of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    /// Keys themselves.
    Manage,
    /// Encrypt.
    Encrypt,
    /// Decrypt.
    Decrypt,
    /// GenerateDataKey.
    DataKey,
    /// Decryption with a private key.
    PrivateKey,
    /// GetPublicKey.
    PublicKey,
}

/// An error answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    /// Whether the audit log already holds it.
    pub(super) recorded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    response: Inner<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inner<'a> {
    error: Told<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Told<'a> {
    code: &'a str,
    message: &'a str,
}

impl Failure {
    /// A refusal.
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), recorded: false }
    }

    /// The body of the answer to the request of this id.
    pub(super) fn body(&self, id: &str) -> Bytes {
        let error = Told { code: self.code.as_str(), message: &self.message };
        let body = Body { response: Inner { error, request_id: id } };
        // Texts are always written.
        reply::body(&body).unwrap_or_default()
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidParameter, message)
    }

    pub(super) fn missing(name: &str) -> Self {
        let message = format!("The request is missing a required parameter `{name}`.");
        Self::new(Code::MissingParameter, message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Code::UnsupportedOperation, message)
    }

    /// The key is of a kind that this API has no words for.
    pub(super) fn inexpressible() -> Self {
        Self::new(Code::UnsupportedKeyUsage, INEXPRESSIBLE)
    }

    /// A fault of ours; what happened is in the log.
    pub(super) fn internal() -> Self {
        Self::new(Code::InternalError, INTERNAL)
    }

    /// It could not be found out who asks.
    pub(super) fn unproved(error: &Error) -> Self {
        let about = About { operation: "unknown", family: Family::Manage, resource: "*", user: "" };
        about.failure(error)
    }
}

impl From<Refused> for Failure {
    fn from(why: Refused) -> Self {
        match why {
            Refused::TooLarge => {
                Self::new(Code::RequestSizeLimitExceeded, "The request is too long.")
            }
            Refused::Deadline => Self::new(Code::InternalError, TIMEOUT),
            Refused::Overloaded => Self::new(Code::RequestLimitExceeded, TOO_FAST),
        }
    }
}

impl From<form::Refusal> for Failure {
    fn from(refusal: form::Refusal) -> Self {
        Self::invalid(match refusal {
            form::Refusal::Repeated(_) => "A parameter is there more than once.",
            form::Refusal::NotText => "A parameter is not UTF-8.",
            form::Refusal::TooMany => "There are too many parameters.",
        })
    }
}

const INTERNAL: &str = "An internal error occurred. The request may be tried again.";
const TIMEOUT: &str = "The request timed out. It may be tried again.";
const TOO_FAST: &str = "There are too many requests. Please reduce the frequency of calls.";
const INEXPRESSIBLE: &str = "The key is of a kind that this API cannot express.";
const CIPHERTEXT: &str = "The ciphertext does not open: it is damaged, of another context, or of a key that is not here.";

/// What a text may have to name, and what decides the code.
pub(super) struct About<'a> {
    pub(super) operation: &'a str,
    pub(super) family: Family,
    /// The resource in the vendor's six-part form.
    pub(super) resource: &'a str,
    /// Who asks.
    pub(super) user: &'a str,
}

impl About<'_> {
    /// What the client is told of the engine's refusal. A kind of error that is added needs a code here to compile.
    #[rustfmt::skip]
    pub(super) fn failure(&self, error: &Error) -> Failure {
        let (code, message) = match error.kind() {
            ErrorKind::KeyNotFound
            | ErrorKind::NameNotFound         => (Code::CmkNotFound,          "The key does not exist."),
            ErrorKind::KeyDisabled            => (self.disabled(),            "The key is disabled."),
            ErrorKind::KeyPendingDeletion     => (self.pending_deletion(),    "The key is to be deleted."),
            ErrorKind::KeyPendingImport       => (Code::CmkStateNotSupport,   "The key has no material yet."),
            ErrorKind::WrongUsage
            | ErrorKind::AlgorithmUnsupported
            | ErrorKind::Unsupported          => (self.wrong_key(),           "A key of this usage cannot do this."),
            ErrorKind::CiphertextInvalid
            | ErrorKind::WrongKey
            | ErrorKind::CiphertextKeyUnknown => (self.unopened(),            CIPHERTEXT),
            ErrorKind::AccessDenied           => return self.denied(error),
            ErrorKind::NotExportable          => (Code::UnsupportedOperation, "The key cannot be exported."),
            ErrorKind::AlreadyExists(what)    => exists(what),
            ErrorKind::LimitExceeded(what)    => exceeded(what),
            ErrorKind::Throttled              => (Code::RequestLimitExceeded, TOO_FAST),
            ErrorKind::BadInput(field)        => bad(field),
            ErrorKind::PlaintextTooLong { .. } => (Code::InvalidPlaintext,    "The plaintext is longer than the key can encrypt."),
            ErrorKind::Inexpressible          => (Code::UnsupportedKeyUsage,  INEXPRESSIBLE),
            ErrorKind::DryRun                 => (Code::DryRunOperation,      "The request would have succeeded."),
            ErrorKind::MarkerInvalid
            | ErrorKind::GrantTokenInvalid    => (Code::InvalidParameter,     "A parameter is not valid."),
            ErrorKind::KeyUnavailable         => (Code::ResourceUnavailable,  "The key is damaged. Ask the operator of this service."),
            ErrorKind::Timeout                => (Code::InternalError,        TIMEOUT),
            ErrorKind::VersionNotFound
            | ErrorKind::RootKeyWrong
            | ErrorKind::Unavailable
            | ErrorKind::Internal             => (Code::InternalError,        INTERNAL),
        };
        self.told(code, message.to_owned(), error)
    }

    fn told(&self, code: Code, message: String, error: &Error) -> Failure {
        if matches!(code, Code::InternalError | Code::ResourceUnavailable) {
            tracing::error!(operation = self.operation, code = code.as_str(), error = ?error, "request failed");
        }
        Failure { code, message, recorded: error.is_recorded() }
    }

    fn denied(&self, error: &Error) -> Failure {
        let Self { operation, resource, user, .. } = self;
        let message = format!(
            "{user}: you are not authorized to perform operation (kms:{operation}), resource ({resource}) has no permission"
        );
        self.told(Code::UnauthorizedOperation, message, error)
    }

    fn disabled(&self) -> Code {
        match self.family {
            Family::Encrypt | Family::Decrypt | Family::DataKey => Code::CmkDisabled,
            Family::Manage | Family::PrivateKey | Family::PublicKey => Code::CmkStateNotSupport,
        }
    }

    fn pending_deletion(&self) -> Code {
        match self.family {
            Family::DataKey => Code::KeyPendingDelete,
            Family::Encrypt | Family::Decrypt => Code::CmkDisabled,
            Family::Manage | Family::PrivateKey | Family::PublicKey => Code::CmkStateNotSupport,
        }
    }

    fn wrong_key(&self) -> Code {
        match self.family {
            Family::DataKey | Family::PrivateKey => Code::InvalidKeyUsage,
            Family::Encrypt | Family::PublicKey => Code::InvalidParameter,
            Family::Decrypt => Code::InvalidCiphertext,
            Family::Manage => Code::UnsupportedOperation,
        }
    }

    fn unopened(&self) -> Code {
        match self.family {
            Family::PrivateKey => Code::DecryptError,
            Family::Manage
            | Family::Encrypt
            | Family::Decrypt
            | Family::DataKey
            | Family::PublicKey => Code::InvalidCiphertext,
        }
    }
}

fn exists(what: What) -> (Code, &'static str) {
    match what {
        What::Name | What::Alias => (Code::AliasAlreadyExists, "The alias already exists."),
        What::Tenant
        | What::Principal
        | What::Credential
        | What::OnDemandRotations
        | What::Versions
        | What::VersionUses => (Code::InvalidParameterValue, "It already exists."),
    }
}

fn exceeded(what: What) -> (Code, &'static str) {
    match what {
        What::Name
        | What::Alias
        | What::Tenant
        | What::Principal
        | What::Credential
        | What::OnDemandRotations
        | What::Versions
        | What::VersionUses => (Code::LimitExceeded, "A limit has been reached."),
    }
}

fn bad(field: Field) -> (Code, &'static str) {
    match field {
        Field::Usage | Field::Spec => (Code::InvalidKeyUsage, "KeyUsage is not valid."),
        Field::Name => (Code::InvalidAlias, "Alias is not valid."),
        Field::Plaintext => (Code::InvalidPlaintext, "Plaintext is not valid."),
        Field::Context => {
            (Code::InvalidParameter, "EncryptionContext cannot be used with this key.")
        }
        Field::Exportable | Field::RotationPeriod | Field::Version => {
            (Code::InvalidParameter, "A parameter is not valid.")
        }
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
