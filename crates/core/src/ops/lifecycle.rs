//! A key's state machine: enabling and disabling.

use crate::access::{self, Action, Caller};
use crate::engine::{CommitError, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyRef, KeyState, KeyView};
use crate::store::StoreError;

/// How often a change is tried again when someone else changed the same record meanwhile.
pub(crate) const TRIES: u32 = 5;

impl Engine {
    /// Enables a key. Enabling an enabled key changes nothing.
    pub async fn enable_key(&self, caller: &Caller, key: &KeyRef) -> Result<KeyView> {
        self.change_state::<access::EnableKey>(caller, key, KeyState::Enabled).await
    }

    /// Disables a key. Disabling a disabled key changes nothing.
    pub async fn disable_key(&self, caller: &Caller, key: &KeyRef) -> Result<KeyView> {
        self.change_state::<access::DisableKey>(caller, key, KeyState::Disabled).await
    }

    async fn change_state<A: Action>(
        &self,
        caller: &Caller,
        key: &KeyRef,
        state: KeyState,
    ) -> Result<KeyView> {
        let mut event = self.event(caller, A::ID)?;
        for _ in 0..TRIES {
            let result = self.with_state::<A>(caller, key, state).await;
            let (changed, loaded_at) = match result {
                Ok((key, Some(loaded_at))) => (key, loaded_at),
                Ok((key, None)) => {
                    event.about(&key);
                    let view = self.view(key).await;
                    return self.conclude(event, view).await;
                }
                Err(error) => return self.conclude(event, Err(error)).await,
            };
            event.about(&changed);
            let change = self.keyring.rows.update(&changed, loaded_at);
            // Before the commit: what was done must not be answered as failed.
            let view = match self.view(changed).await {
                Ok(view) => view,
                Err(error) => return self.conclude(event, Err(error)).await,
            };
            match self.commit(vec![change], &event).await {
                Ok(()) => return Ok(view),
                Err(CommitError::Store(StoreError::Conflict)) => {}
                Err(error) => return self.conclude_commit(event, error).await,
            }
        }
        self.conclude(event, Err(StoreError::Conflict.into())).await
    }

    /// The key in its new state with the revision it was loaded at; no revision where nothing changes.
    async fn with_state<A: Action>(
        &self,
        caller: &Caller,
        key: &KeyRef,
        state: KeyState,
    ) -> Result<(Key, Option<u64>)> {
        let mut key = self.load_key(caller, key).await?;
        access::authorize_key::<A>(caller, &key)?;
        let kind = match key.state {
            now if now == state => return Ok((key, None)),
            KeyState::Enabled | KeyState::Disabled => None,
            KeyState::PendingDeletion { .. } => Some(ErrorKind::KeyPendingDeletion),
            KeyState::PendingImport => Some(ErrorKind::KeyPendingImport),
        };
        if let Some(kind) = kind {
            return Err(Error::from(kind).about_key(&key));
        }
        let loaded_at = key.revision;
        key.state = state;
        key.updated_ms = self.now_ms();
        key.revision = loaded_at + 1;
        Ok((key, Some(loaded_at)))
    }
}
