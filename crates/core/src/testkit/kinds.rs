//! Whether a table speaks of every kind of error. A kind that is added breaks the build here, and then the tests of
//! every table that lacks it.

use std::collections::BTreeSet;

use crate::ErrorKind;

/// How many kinds there are.
const ALL: usize = 28;

fn number(kind: ErrorKind) -> usize {
    use ErrorKind::*;
    match kind {
        KeyNotFound => 0,
        NameNotFound => 1,
        VersionNotFound => 2,
        KeyDisabled => 3,
        KeyPendingDeletion => 4,
        KeyPendingImport => 5,
        WrongUsage => 6,
        AlgorithmUnsupported => 7,
        Unsupported => 8,
        CiphertextInvalid => 9,
        WrongKey => 10,
        CiphertextKeyUnknown => 11,
        AccessDenied => 12,
        NotExportable => 13,
        AlreadyExists(_) => 14,
        LimitExceeded(_) => 15,
        Throttled => 16,
        BadInput(_) => 17,
        PlaintextTooLong { .. } => 18,
        Inexpressible => 19,
        DryRun => 20,
        MarkerInvalid => 21,
        RootKeyWrong => 22,
        GrantTokenInvalid => 23,
        KeyUnavailable => 24,
        Timeout => 25,
        Unavailable => 26,
        Internal => 27,
    }
}

/// Panics unless the kinds are all there are, each with some value.
pub fn assert_total(kinds: impl IntoIterator<Item = ErrorKind>) {
    let seen: BTreeSet<usize> = kinds.into_iter().map(number).collect();
    let missing: Vec<usize> = (0..ALL).filter(|number| !seen.contains(number)).collect();
    assert!(missing.is_empty(), "kinds that the table lacks, as numbered in kinds.rs: {missing:?}");
}
