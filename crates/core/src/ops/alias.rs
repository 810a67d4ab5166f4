//! Aliases: movable names of keys, unique in a tenant and region.

use crate::access::{self, Action, Caller};
use crate::engine::{CommitError, Engine};
use crate::error::{Error, ErrorKind, Result, What};
use crate::model::{Key, KeyRef, KeyState, NameKind};
use crate::names;
use crate::record::{NameRow, name_key};
use crate::store::StoreError;

/// A request for an alias.
#[derive(Clone, Debug)]
pub struct CreateAlias {
    /// The alias, without any dialect's prefix.
    pub name: String,
    /// The key that it will name.
    pub key: KeyRef,
}

impl Engine {
    /// Makes an alias of a key.
    ///
    /// # Errors
    /// [`What::Alias`] taken; a key that waits for its deletion gets no alias.
    pub async fn create_alias(&self, caller: &Caller, cmd: CreateAlias) -> Result<Key> {
        let mut event = self.event(caller, access::CreateAlias::ID)?;
        let named = async {
            let key = self.load_key(caller, &cmd.key).await?;
            access::authorize_key::<access::CreateAlias>(caller, &key)?;
            event.about(&key);
            if matches!(key.state, KeyState::PendingDeletion { .. }) {
                return Err(Error::from(ErrorKind::KeyPendingDeletion).about_key(&key));
            }
            names::check_visible(&cmd.name)?;
            Ok(key)
        };
        let key = match named.await {
            Ok(key) => key,
            Err(error) => return self.conclude(event, Err(error)).await,
        };
        let place = name_key(key.tenant, &key.region, NameKind::Alias, &cmd.name);
        let row = NameRow { key: place, target: *key.id.as_bytes() };
        match self.commit(vec![self.keyring.rows.insert(&row)], &event).await {
            Ok(()) => Ok(key),
            Err(CommitError::Store(StoreError::Exists(_))) => {
                let taken = ErrorKind::AlreadyExists(What::Alias);
                let taken = Error::new(taken, "the alias is taken").about_key(&key);
                self.conclude(event, Err(taken)).await
            }
            Err(error) => self.conclude_commit(event, error).await,
        }
    }
}
