//! What can go wrong, as kinds that every dialect maps to its own codes in one total table.
//! `message` may reach the client and never holds a secret; `cause` goes to the log.

use std::error::Error as StdError;
use std::fmt;

use crate::crypto::CryptoError;
use crate::model::{Key, KeyId, KeySpec, Usage};
use crate::store::StoreError;

/// Short for a result of the KMS.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation was refused or failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// No such key in the caller's tenant and region.
    KeyNotFound,
    /// No such name in the caller's tenant and region.
    NameNotFound,
    /// The key has no version of that number.
    VersionNotFound,
    /// The key is disabled.
    KeyDisabled,
    /// The key waits for its deletion.
    KeyPendingDeletion,
    /// The key waits for its material.
    KeyPendingImport,
    /// The key's usage does not allow the operation.
    WrongUsage,
    /// The algorithm does not fit the key's spec.
    AlgorithmUnsupported,
    /// A key of this spec or origin cannot do this at all.
    Unsupported,
    /// The ciphertext is damaged, of another context, or not ours.
    CiphertextInvalid,
    /// The ciphertext belongs to another key than the one named.
    WrongKey,
    /// The key that the ciphertext names does not exist here or may not be used by the caller.
    CiphertextKeyUnknown,
    /// The caller may not do this.
    AccessDenied,
    /// The key was made without permission to export.
    NotExportable,
    /// Something of that name exists.
    AlreadyExists(What),
    /// A limit on the number of things is reached.
    LimitExceeded(What),
    /// Too much at once.
    Throttled,
    /// The input breaks a rule; the field is named in the dialect-neutral spelling.
    BadInput(Field),
    /// The plaintext is longer than the algorithm takes, in bytes.
    PlaintextTooLong {
        /// The most it takes, in bytes.
        max: usize,
    },
    /// The dialect by which the request came has no words for the key.
    Inexpressible,
    /// Every check passed; the act itself was not asked for.
    DryRun,
    /// A list's marker that this installation did not give, or that has expired.
    MarkerInvalid,
    /// The root key opens none of the store's slots.
    RootKeyWrong,
    /// A grant token that this installation did not give.
    GrantTokenInvalid,
    /// The stored object failed its integrity check and is quarantined.
    KeyUnavailable,
    /// The store or the work did not finish in time; it may be tried again.
    Timeout,
    /// The service cannot take this now.
    Unavailable,
    /// Our fault.
    Internal,
}

/// Things that exist once or are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum What {
    Name,
    Alias,
    Tenant,
    Principal,
    Credential,
    OnDemandRotations,
    Versions,
    VersionUses,
}

/// Input fields that the KMS itself checks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Field {
    Usage,
    Spec,
    Name,
    Exportable,
    RotationPeriod,
    Plaintext,
    Context,
    Version,
}

/// An error of the KMS.
pub struct Error {
    kind: ErrorKind,
    key: Option<KeyId>,
    traits: Option<(KeySpec, Usage)>,
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    recorded: bool,
    denied: bool,
}

impl Error {
    /// An error with a message that may reach the client.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            key: None,
            traits: None,
            message: message.into(),
            cause: None,
            recorded: false,
            denied: kind == ErrorKind::AccessDenied,
        }
    }

    /// The same error, naming the key it is about.
    pub fn about(mut self, key: KeyId) -> Self {
        self.key = Some(key);
        self
    }

    /// The same error, naming the key it is about with its spec and usage.
    pub(crate) fn about_key(mut self, key: &Key) -> Self {
        self.key = Some(key.id);
        self.traits = Some((key.spec, key.usage));
        self
    }

    /// The same error with an inner cause for the log.
    pub fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// What the dialects match on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The key it is about, if any.
    pub fn key(&self) -> Option<KeyId> {
        self.key
    }

    /// Spec and usage of the key it is about, once the key was found.
    pub fn traits(&self) -> Option<(KeySpec, Usage)> {
        self.traits
    }

    /// A text fit for the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error, whose reason was a decision against the caller although its kind does not say so.
    pub(crate) fn denied_if(mut self, denied: bool) -> Self {
        self.denied |= denied;
        self
    }

    /// Whether the reason was a decision against the caller.
    pub(crate) fn is_denial(&self) -> bool {
        self.denied
    }

    /// Whether the audit log already holds this failure.
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    pub(crate) fn mark_recorded(mut self) -> Self {
        self.recorded = true;
        self
    }

    /// An internal error; `message` names the place, never data.
    pub fn internal(message: &'static str) -> Self {
        Self::new(ErrorKind::Internal, message)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, String::new())
    }
}

impl From<CryptoError> for Error {
    fn from(cause: CryptoError) -> Self {
        Self::internal("cryptographic operation failed").caused_by(cause)
    }
}

impl From<StoreError> for Error {
    fn from(cause: StoreError) -> Self {
        let kind = match cause {
            StoreError::Busy | StoreError::Conflict => ErrorKind::Timeout,
            StoreError::Full | StoreError::Closed => ErrorKind::Unavailable,
            StoreError::Exists(_) | StoreError::Corrupt(_) | StoreError::Failed(_) => {
                ErrorKind::Internal
            }
        };
        Self::new(kind, "the store did not answer as expected").caused_by(cause)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => write!(f, "{:?}", self.kind),
            message => f.write_str(message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn StdError + 'static))
    }
}
