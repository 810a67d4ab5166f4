//! What the KMS asks of a store: a few reads by primary key and one atomic write.
//! Rows are opaque here: core encodes and authenticates their bodies (`record.rs`), a store only keeps them.

use std::future::Future;
use std::pin::Pin;

use crate::model::{EventId, NodeId};

/// A boxed future, since stores are used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The tables. The text is the SQL table's name and is bound into each row's MAC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum Table {
    RootSlots,
    Tenants,
    TenantKeks,
    Principals,
    Credentials,
    Keys,
    KeyVersions,
    Names,
    UseCounters,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 9] = [
        Self::RootSlots,
        Self::Tenants,
        Self::TenantKeks,
        Self::Principals,
        Self::Credentials,
        Self::Keys,
        Self::KeyVersions,
        Self::Names,
        Self::UseCounters,
    ];

    /// The table's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RootSlots => "root_slots",
            Self::Tenants => "tenants",
            Self::TenantKeks => "tenant_keks",
            Self::Principals => "principals",
            Self::Credentials => "credentials",
            Self::Keys => "keys",
            Self::KeyVersions => "key_versions",
            Self::Names => "names",
            Self::UseCounters => "use_counters",
        }
    }
}

/// A row's primary key. Every row belongs to a tenant (all zeros for the installation itself), so that no read can leave it out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RowKey {
    /// The tenant's 16 bytes.
    pub tenant: [u8; 16],
    /// A region, or a region and a kind of name; empty where the table has none.
    pub scope: String,
    /// An id or a name; empty where the table has none.
    pub id: String,
    /// A version or generation; 0 where the table has none.
    pub number: u32,
}

/// A stored row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Where it stands.
    pub table: Table,
    /// Its primary key.
    pub key: RowKey,
    /// A second key, unique in its table, for the one look-up that has no tenant yet: a credential's public id.
    pub lookup: Option<String>,
    /// The record's canonical bytes.
    pub body: Vec<u8>,
    /// 1 when inserted, one more at each update.
    pub revision: u64,
    /// Which generation of the master key the MAC is under; 0 for a row that is authenticated otherwise.
    pub mac_generation: u32,
    /// HMAC-SHA-256 over table, primary key, body, revision and generation.
    pub mac: [u8; 32],
}

/// One part of an atomic write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new row; its primary key and its `lookup` must be free.
    Insert(Row),
    /// A row's new content; the stored revision must be `row.revision - 1`.
    Update(Row),
    /// The row goes, if it has this revision.
    Delete {
        /// The table.
        table: Table,
        /// The row.
        key: RowKey,
        /// The revision that must be stored.
        revision: u64,
    },
}

/// An audit event that must become part of the log because its commit happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxEvent {
    /// The event.
    pub id: EventId,
    /// Its encoded bytes.
    pub bytes: Vec<u8>,
    /// HMAC-SHA-256 over the event's id, the bytes and the node, so that nobody else's line enters the log this way.
    pub mac: [u8; 32],
}

/// An outbox row: an event with what the commit added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    /// The event.
    pub event: OutboxEvent,
    /// The node that committed it.
    pub node: NodeId,
    /// The database generation that the commit made.
    pub generation: u64,
}

/// An atomic write: all of it or nothing.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Who writes.
    pub node: NodeId,
    /// What changes.
    pub changes: Vec<Change>,
    /// Events of these changes, for the outbox.
    pub events: Vec<OutboxEvent>,
    /// Outbox rows whose events the log holds durably, to be removed.
    pub logged: Vec<EventId>,
}

/// Why a store refused or failed.
#[derive(thiserror::Error, Debug)]
pub enum StoreError {
    /// Another writer holds the store for too long.
    #[error("the store is locked by another writer")]
    Busy,
    /// A row's revision is not the expected one: someone else changed it.
    #[error("the row was changed meanwhile")]
    Conflict,
    /// A row with this primary key or look-up exists.
    #[error("a row of that key exists in {}", .0.as_str())]
    Exists(Table),
    /// The disk is full.
    #[error("no space left")]
    Full,
    /// The store is shut down.
    #[error("the store is closed")]
    Closed,
    /// The store's own structure is damaged or of another version.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// A durable, atomic home for rows. Reads see every commit that was acknowledged before they began.
pub trait Store: Send + Sync {
    /// The row with this primary key.
    fn get(&self, table: Table, key: RowKey) -> BoxFuture<'_, Result<Option<Row>, StoreError>>;

    /// The row with this unique second key.
    fn lookup(
        &self,
        table: Table,
        lookup: String,
    ) -> BoxFuture<'_, Result<Option<Row>, StoreError>>;

    /// Up to `limit` rows of this tenant and scope, ordered by (id, number), whose (id, number) is greater than `after`.
    fn scan(
        &self,
        table: Table,
        tenant: [u8; 16],
        scope: String,
        after: Option<(String, u32)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Row>, StoreError>>;

    /// Up to `limit` outbox rows, oldest first.
    fn outbox(&self, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxRow>, StoreError>>;

    /// The database generation: how many commits with events there were.
    fn generation(&self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Applies the write and makes it durable; answers the database generation it made.
    /// A commit without events leaves the generation as it is, so that the log holds a line for each generation.
    ///
    /// # Errors
    /// `Busy`, `Conflict` and `Exists` mean that nothing was changed. After any other error the outcome is unknown: a
    /// later read, or the next start, may show the write as done.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<u64, StoreError>>;
}
