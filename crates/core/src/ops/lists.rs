//! Listing keys, the markers that continue a list, and grant tokens.

use crate::access::{self, Action, Caller, ListKeys};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyId, KeyRef, KeyView, Page};
use crate::store::{Row, Table};

/// How long a list's marker is good, in milliseconds.
const MARKER_MS: u64 = 3_600_000;
/// How many records of a list are held at once.
const AT_ONCE: usize = 50;

/// A part of the region's keys in the order in which they were made.
#[derive(Clone, Copy, Debug)]
pub struct ByAge {
    /// The newest first, or the oldest.
    pub newest_first: bool,
    /// How many to pass over.
    pub offset: usize,
    /// How many to show at most.
    pub limit: usize,
}

/// A part of a list whose length is known.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// How long the whole list is.
    pub total: usize,
    /// The part.
    pub items: Vec<T>,
}

impl Engine {
    /// A part of those keys of the region that `keep` wants, in the order of their making, shown as `show` makes it.
    /// Keys that the dialect has no words for, and of which a record is quarantined, are left out. Every record is
    /// read: only the vendors whose pages have numbers and whose lists have a total ask for this.
    pub async fn list_keys_by_age<T: Send>(
        &self,
        caller: &Caller,
        part: ByAge,
        keep: impl FnMut(&Key) -> bool + Send,
        mut show: impl FnMut(KeyView) -> T + Send,
    ) -> Result<Numbered<T>> {
        let event = self.event(caller, ListKeys::ID)?;
        let result = self.part_by_age(caller, part, keep, &mut show).await;
        self.conclude(event, result).await
    }

    async fn part_by_age<T: Send>(
        &self,
        caller: &Caller,
        part: ByAge,
        mut keep: impl FnMut(&Key) -> bool + Send,
        show: &mut (impl FnMut(KeyView) -> T + Send),
    ) -> Result<Numbered<T>> {
        access::authorize_tenant::<ListKeys>(caller)?;
        let mut all: Vec<(u64, KeyId)> = Vec::new();
        let mut after = None;
        loop {
            let rows = self.some_keys(caller, after.take(), AT_ONCE).await?;
            let last = rows.len() < AT_ONCE;
            after = rows.last().map(|row| row.key.id.clone());
            for row in rows {
                match self.authenticate_row::<Key>(&row) {
                    Ok(loaded) if (caller.expresses)(&loaded.record) && keep(&loaded.record) => {
                        all.push((loaded.record.created_ms, loaded.record.id));
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::KeyUnavailable => {}
                    Err(error) => return Err(error),
                }
            }
            if last {
                break;
            }
            tokio::task::yield_now().await;
        }
        all.sort_unstable();
        if part.newest_first {
            all.reverse();
        }
        let mut items = Vec::new();
        for (_, id) in all.iter().skip(part.offset).take(part.limit) {
            let view = match self.load_key(caller, &KeyRef::Id(*id)).await {
                Ok(key) => self.view(key).await,
                Err(error) => Err(error),
            };
            match view {
                Ok(view) => items.push(show(view)),
                // Gone or damaged since the first look.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::KeyNotFound | ErrorKind::KeyUnavailable
                    ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Numbered { total: all.len(), items })
    }

    /// Up to `limit` of the region's keys in the order of their ids, after the one given: what `show` makes of them.
    /// Keys that it makes nothing of, that the dialect has no words for, and of which a record is quarantined, are
    /// left out. Records are read a few at a time and dropped once shown, so that a list costs what is shown of it.
    pub async fn list_keys<T: Send>(
        &self,
        caller: &Caller,
        after: Option<KeyId>,
        limit: usize,
        mut show: impl FnMut(KeyView) -> Option<T> + Send,
    ) -> Result<Page<T>> {
        let event = self.event(caller, ListKeys::ID)?;
        let result = self.page_of_keys(caller, after, limit, &mut show).await;
        self.conclude(event, result).await
    }

    async fn page_of_keys<T: Send>(
        &self,
        caller: &Caller,
        after: Option<KeyId>,
        limit: usize,
        show: &mut (impl FnMut(KeyView) -> Option<T> + Send),
    ) -> Result<Page<T>> {
        access::authorize_tenant::<ListKeys>(caller)?;
        let mut items = Vec::new();
        let mut left = limit;
        let mut after = after.map(|id| id.to_string());
        loop {
            let rows = self.some_keys(caller, after.clone(), left.min(AT_ONCE)).await?;
            if left == 0 || rows.is_empty() {
                let next = after.filter(|_| !rows.is_empty());
                return Ok(Page { items, next: next.and_then(|id| KeyId::parse(&id)) });
            }
            left -= rows.len();
            after = rows.last().map(|row| row.key.id.clone());
            for row in rows {
                let view = match self.authenticate_row::<Key>(&row) {
                    Ok(loaded) => self.view(loaded.record).await,
                    Err(error) => Err(error),
                };
                match view {
                    Ok(view) if (caller.expresses)(&view.key) => items.extend(show(view)),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::KeyUnavailable => {}
                    Err(error) => return Err(error),
                }
            }
            // A long list must not keep a thread from everybody else.
            tokio::task::yield_now().await;
        }
    }

    /// The next rows; where none is wanted, one, to tell whether the list goes on.
    async fn some_keys(
        &self,
        caller: &Caller,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Row>> {
        let after = after.map(|id| (id, 0));
        let tenant = *caller.tenant().as_bytes();
        let scope = caller.region.to_string();
        Ok(self.store.scan(Table::Keys, tenant, scope, after, limit.max(1)).await?)
    }

    /// A marker from which the caller can continue this list within an hour; opaque and authenticated.
    pub fn seal_marker(
        &self,
        caller: &Caller,
        operation: &str,
        position: &[u8],
    ) -> Result<Vec<u8>> {
        let until = self.now_ms().saturating_add(MARKER_MS);
        let principal = caller.identity.principal();
        Ok(self.keyring.seal_marker(caller.tenant(), principal, operation, until, position)?)
    }

    /// The position in a marker that was made for this caller and operation.
    pub fn open_marker(&self, caller: &Caller, operation: &str, marker: &[u8]) -> Result<Vec<u8>> {
        let principal = caller.identity.principal();
        self.keyring
            .open_marker(caller.tenant(), principal, operation, self.now_ms(), marker)
            .map_err(|cause| {
                Error::new(ErrorKind::MarkerInvalid, "the marker is not one of this list")
                    .caused_by(cause)
            })
    }

    /// Checks grant tokens. No grant exists yet, so none is known.
    pub fn check_grant_tokens(&self, tokens: &[String]) -> Result<()> {
        match tokens {
            [] => Ok(()),
            _ => Err(Error::new(ErrorKind::GrantTokenInvalid, "a grant token is not known")),
        }
    }
}
