//! Listing keys, the markers that continue a list, and grant tokens.

use crate::access::{self, Action, Caller, ListKeys};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyId, KeyView, Page};

/// How long a list's marker is good, in milliseconds.
const MARKER_MS: u64 = 3_600_000;

impl Engine {
    /// Up to `limit` of the region's keys in the order of their ids, after the one given.
    /// Keys that the dialect has no words for, and those of which a record is quarantined, are left out.
    pub async fn list_keys(
        &self,
        caller: &Caller,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Page<KeyView>> {
        let event = self.event(caller, ListKeys::ID)?;
        let result = self.page_of_keys(caller, after, limit).await;
        self.conclude(event, result).await
    }

    async fn page_of_keys(
        &self,
        caller: &Caller,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Page<KeyView>> {
        access::authorize_tenant::<ListKeys>(caller)?;
        let after = after.map(|id| (id.to_string(), 0));
        let tenant = *caller.tenant().as_bytes();
        let scope = caller.region.to_string();
        let rows = self
            .store
            .scan(crate::store::Table::Keys, tenant, scope, after, limit.saturating_add(1))
            .await?;
        let last = rows.get(limit.wrapping_sub(1)).filter(|_| rows.len() > limit);
        let next = last.and_then(|row| KeyId::parse(&row.key.id));
        let mut items = Vec::with_capacity(rows.len().min(limit));
        for row in rows.iter().take(limit) {
            let view = match self.authenticate_row::<Key>(row) {
                Ok(loaded) => self.view(loaded.record).await,
                Err(error) => Err(error),
            };
            match view {
                Ok(view) if (caller.expresses)(&view.key) => items.push(view),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::KeyUnavailable => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Page { items, next })
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
