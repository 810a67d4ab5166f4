//! Records as rows: canonical bytes, primary key, and the MAC that makes a stored row ours (docs/formats.md).
//! The JSON in here is private to this module; domain types carry no serde.

mod access;
mod keys;
mod system;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use access::{principal_key, tenant_key};
pub(crate) use keys::{key_key, version_key, version_scope};
pub(crate) use system::{NameRow, RootSlot, TenantKek, UseCounter, name_key, system_name};

use crate::crypto::Secret32;
use crate::crypto::mac::{hmac_sha256, hmac_sha256_verify};
use crate::model::{EventId, NodeId};
use crate::seal::push_lp;
use crate::store::{Change, OutboxEvent, OutboxRow, Row, RowKey, Table};

/// The tenant part of rows that belong to the installation itself.
pub(crate) const SYSTEM: [u8; 16] = [0; 16];

/// Something that is stored as one row.
pub(crate) trait Record: Sized {
    const TABLE: Table;
    type Body: Serialize + DeserializeOwned;

    fn key(&self) -> RowKey;
    fn lookup(&self) -> Option<String> {
        None
    }
    fn to_body(&self) -> Self::Body;
    /// `None` when the body breaks a rule of the domain. `revision` is the row's.
    fn from_body(body: Self::Body, revision: u64) -> Option<Self>;
}

/// A record with the revision it was loaded at.
#[derive(Clone)]
pub(crate) struct Loaded<R> {
    pub(crate) record: R,
    pub(crate) revision: u64,
}

/// Makes and checks row MACs under one generation of the master key.
pub(crate) struct RowMac {
    pub(crate) key: Secret32,
    pub(crate) generation: u32,
}

#[derive(Serialize, Deserialize)]
struct Versioned<B> {
    v: u8,
    record: B,
}

impl RowMac {
    fn message(row: &Row) -> Vec<u8> {
        let mut key = row.key.tenant.to_vec();
        push_lp(&mut key, row.key.scope.as_bytes());
        push_lp(&mut key, row.key.id.as_bytes());
        key.extend_from_slice(&row.key.number.to_be_bytes());
        let mut message = Vec::with_capacity(row.body.len() + key.len() + 64);
        push_lp(&mut message, row.table.as_str().as_bytes());
        push_lp(&mut message, &key);
        push_lp(&mut message, &row.body);
        message.extend_from_slice(&row.revision.to_be_bytes());
        message.extend_from_slice(&row.mac_generation.to_be_bytes());
        message
    }

    fn row<R: Record>(&self, record: &R, revision: u64) -> Row {
        // Bodies are structs of strings, numbers and maps with string keys: they always serialise.
        let body =
            serde_json::to_vec(&Versioned { v: 1, record: record.to_body() }).unwrap_or_default();
        let mut row = Row {
            table: R::TABLE,
            key: record.key(),
            lookup: record.lookup(),
            body,
            revision,
            mac_generation: self.generation,
            mac: [0; 32],
        };
        row.mac = hmac_sha256(self.key.expose(), &[&Self::message(&row)]);
        row
    }

    fn event_message(id: EventId, bytes: &[u8], node: NodeId) -> Vec<u8> {
        let mut message = Vec::with_capacity(bytes.len() + 64);
        push_lp(&mut message, b"outbox");
        message.extend_from_slice(id.as_bytes());
        push_lp(&mut message, bytes);
        message.extend_from_slice(node.as_bytes());
        message
    }

    /// An event for the outbox.
    pub(crate) fn event(&self, id: EventId, bytes: Vec<u8>, node: NodeId) -> OutboxEvent {
        let message = Self::event_message(id, &bytes, node);
        let mac = hmac_sha256(self.key.expose(), &[&message]);
        OutboxEvent { id, bytes, mac }
    }

    /// Whether an outbox row is one that we wrote.
    pub(crate) fn is_ours(&self, row: &OutboxRow) -> bool {
        let message = Self::event_message(row.event.id, &row.event.bytes, row.node);
        hmac_sha256_verify(self.key.expose(), &[&message], &row.event.mac)
    }

    /// A new row.
    pub(crate) fn insert<R: Record>(&self, record: &R) -> Change {
        Change::Insert(self.row(record, 1))
    }

    /// The row's next revision.
    pub(crate) fn update<R: Record>(&self, record: &R, loaded_at: u64) -> Change {
        Change::Update(self.row(record, loaded_at + 1))
    }

    /// The row goes.
    pub(crate) fn delete<R: Record>(&self, record: &R, loaded_at: u64) -> Change {
        Change::Delete { table: R::TABLE, key: record.key(), revision: loaded_at }
    }

    /// The record in a row, if the row is exactly one that we wrote: MAC, table, and a body that names the row's own key.
    pub(crate) fn read<R: Record>(&self, row: &Row) -> Option<Loaded<R>> {
        let ours = row.table == R::TABLE
            && row.mac_generation == self.generation
            && hmac_sha256_verify(self.key.expose(), &[&Self::message(row)], &row.mac);
        if !ours {
            return None;
        }
        let stored: Versioned<R::Body> = serde_json::from_slice(&row.body).ok()?;
        let record = R::from_body(stored.record, row.revision)?;
        let agrees = stored.v == 1 && record.key() == row.key && record.lookup() == row.lookup;
        agrees.then_some(Loaded { record, revision: row.revision })
    }
}

/// The record in a row that no MAC can vouch for, because it holds what the MAC's key comes from.
pub(crate) fn decode_unauthenticated<R: Record>(row: &Row) -> Option<R> {
    let stored: Versioned<R::Body> = serde_json::from_slice(&row.body).ok()?;
    R::from_body(stored.record, row.revision).filter(|record| record.key() == row.key)
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(bytes)
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    use base64ct::{Base64, Encoding};
    Base64::decode_vec(text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
