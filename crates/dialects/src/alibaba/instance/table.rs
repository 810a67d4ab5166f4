//! The operations: one row for each that is built, the names of those that are not, and how a name finds its row.

use trent_core::access::ActionId;

use super::super::error::Answer;
use super::request::{Call, Reply};
use super::{crypt, datakey, keypair, public_key};
use crate::BoxFuture;
use crate::common::operations::{self, Named};

/// The operation of a request that names none that we know.
pub(super) const UNKNOWN: &str = "unknown";

/// Body limits in bytes. What another dialect sealed may be longer than what this one seals.
const SMALL: usize = 16 * 1_024;
const DATA: usize = 128 * 1_024;

/// An operation.
pub(super) struct Row {
    /// Its name on the wire, in the audit log and in the metrics.
    pub(super) name: &'static str,
    /// What the caller must be allowed, where the request is good.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) actions: &'static [ActionId],
    /// The longest body, in bytes.
    limit: usize,
    /// Whether it takes symmetric keys only.
    pub(super) symmetric: bool,
    /// Does it.
    pub(super) run: Run,
}

pub(super) type Run = for<'a> fn(&'a Call<'a>) -> BoxFuture<'a, Answer<Reply>>;

macro_rules! rows {
    ($($name:ident [$($action:ident),*] $limit:ident $symmetric:literal $handler:path;)*) => {
        /// Every operation that is built.
        pub(super) static ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            actions: &[$(ActionId::$action),*],
            limit: $limit,
            symmetric: $symmetric,
            run: |call| Box::pin($handler(call)),
        },)*];
    };
}

#[rustfmt::skip]
rows! {
    Encrypt                                    [Encrypt]                         DATA  false crypt::encrypt;
    AdvanceEncrypt                             [Encrypt]                         DATA  true  crypt::advance_encrypt;
    Decrypt                                    [Decrypt]                         DATA  false crypt::decrypt;
    AdvanceDecrypt                             [Decrypt]                         DATA  false crypt::advance_decrypt;
    GenerateDataKey                            [GenerateDataKey]                 SMALL true  datakey::initial;
    AdvanceGenerateDataKey                     [GenerateDataKey]                 SMALL true  datakey::advance;
    GenerateDataKeyPair                        [GenerateKeyPair]                 SMALL true  keypair::plain;
    GenerateDataKeyPairWithoutPlaintext        [GenerateKeyPairWithoutPlaintext] SMALL true  keypair::sealed;
    AdvanceGenerateDataKeyPair                 [GenerateKeyPair]                 SMALL true  keypair::advance_plain;
    AdvanceGenerateDataKeyPairWithoutPlaintext [GenerateKeyPairWithoutPlaintext] SMALL true  keypair::advance_sealed;
    GetPublicKey                               [GetPublicKey]                    SMALL false public_key::get;
}

/// The vendor's operations that are not built yet.
static LATER: &[&str] = &["GenerateRandom", "GetSecretValue", "Sign", "Verify"];

impl Named for Row {
    fn name(&self) -> &'static str {
        self.name
    }
}

/// What a request names.
pub(super) type Found = operations::Found<Row>;

impl Found {
    /// The longest body that it takes, in bytes.
    pub(super) fn limit(&self) -> usize {
        match self {
            Self::Row(row) => row.limit,
            Self::Later(_) => DATA,
        }
    }
}

/// The operation of this name.
pub(super) fn find(name: &str) -> Option<Found> {
    Found::find(name, ROWS, LATER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_vendors_clients_stands_once() {
        let mut names: Vec<&str> =
            ROWS.iter().map(|row| row.name).chain(LATER.iter().copied()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!((names.len(), all), (15, 15));
        for name in names {
            assert_eq!(find(name).map(|found| found.name()), Some(name));
        }
        for name in ["", "encrypt", "Encrypt ", "KmsEncrypt", "Hash", "CreateKey"] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
