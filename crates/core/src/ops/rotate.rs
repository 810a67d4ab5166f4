//! New versions of a key. Older versions open what they sealed for as long as the key lives.

use crate::access::{self, Action, Caller, KeyTarget};
use crate::audit::Event;
use crate::engine::{CommitError, Engine};
use crate::error::{Error, ErrorKind, Result, What};
use crate::keypairs::Material;
use crate::model::{Key, KeyRef, KeyView, Origin, VersionInfo};
use crate::ops::lifecycle::TRIES;
use crate::ops::require_enabled;
use crate::store::StoreError;

/// The most versions of a key: each is kept for as long as the key, and shown whenever the key is.
const MOST_VERSIONS: u32 = 1_000;

/// A request for a new version.
#[derive(Clone, Debug)]
pub struct RotateKey {
    /// The key.
    pub key: KeyRef,
    /// Refuse keys that are not for symmetric encryption.
    pub symmetric_only: bool,
    /// The most rotations on demand that the key may have.
    pub on_demand_limit: Option<u32>,
}

impl Engine {
    /// Makes a new version and lets it encrypt and sign from now on.
    pub async fn rotate_key(&self, caller: &Caller, cmd: RotateKey) -> Result<KeyView> {
        let event = self.event(caller, access::RotateKey::ID)?;
        self.rotate(caller, &cmd, event).await
    }

    /// Rotates a key whose current version has been used as often as it should be. Recorded as done by the caller
    /// whose request met the limit; of several that meet it at once, one rotates.
    pub(crate) async fn rotate_worn(&self, caller: &Caller, key: &Key) -> Result<Key> {
        let mut event = self.event(caller, access::RotateKey::ID)?;
        let mut material = None;
        for _ in 0..TRIES {
            let now = self.load_key(caller, &KeyRef::Id(key.id)).await?;
            require_enabled(&now)?;
            if now.primary_version > key.primary_version {
                return Ok(now);
            }
            match self.commit_version(&now, event, &mut material, false).await {
                Ok(rotated) => return Ok(rotated.0),
                Err((returned, RotateError::Commit(error))) if error.is_conflict() => {
                    event = returned;
                }
                Err((_, RotateError::Commit(error))) => return Err(error.into()),
                Err((_, RotateError::Refused(error))) => return Err(error),
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn rotate(&self, caller: &Caller, cmd: &RotateKey, mut event: Event) -> Result<KeyView> {
        let mut material = None;
        for _ in 0..TRIES {
            // The view is made before the commit: what was done must not be answered as failed.
            let view = match self.rotatable(caller, cmd).await {
                Ok(key) => self.view(key).await,
                Err(error) => Err(error),
            };
            let mut view = match view {
                Ok(view) => view,
                Err(error) => return self.conclude(event, Err(error)).await,
            };
            match self.commit_version(&view.key, event, &mut material, true).await {
                Ok((key, version)) => {
                    view.key = key;
                    view.versions.push(version);
                    return Ok(view);
                }
                Err((returned, RotateError::Commit(error))) if error.is_conflict() => {
                    event = returned;
                }
                Err((returned, RotateError::Commit(error))) => {
                    return self.conclude_commit(returned, error).await;
                }
                Err((returned, RotateError::Refused(error))) => {
                    return self.conclude(returned, Err(error)).await;
                }
            }
        }
        self.conclude(event, Err(StoreError::Conflict.into())).await
    }

    async fn rotatable(&self, caller: &Caller, cmd: &RotateKey) -> Result<Key> {
        let key = self.load_key(caller, &cmd.key).await?;
        access::authorize_key::<access::RotateKey>(caller, &key)?;
        require_enabled(&key)?;
        if key.origin == Origin::External || (cmd.symmetric_only && !key.spec.is_aead()) {
            return Err(Error::new(ErrorKind::Unsupported, "keys of this kind do not rotate")
                .about_key(&key));
        }
        if key.primary_version >= MOST_VERSIONS {
            return Err(Error::new(
                ErrorKind::LimitExceeded(What::Versions),
                "the key has as many versions as a key may have",
            )
            .about_key(&key));
        }
        if cmd.on_demand_limit.is_some_and(|limit| key.rotations_on_demand >= limit) {
            return Err(Error::new(
                ErrorKind::LimitExceeded(What::OnDemandRotations),
                "the key has been rotated on demand as often as it may be",
            )
            .about_key(&key));
        }
        Ok(key)
    }

    /// Commits the version after the primary one. Material that was made for an attempt that met a conflict is used again.
    async fn commit_version(
        &self,
        key: &Key,
        mut event: Event,
        material: &mut Option<Material>,
        on_demand: bool,
    ) -> std::result::Result<(Key, VersionInfo), (Event, RotateError)> {
        let number = key.primary_version + 1;
        event.about(key);
        event.version = Some(number);
        let now = self.now_ms();
        let version = async {
            let material = match material {
                Some(material) => material,
                None => material.insert(self.pairs.make(key.spec).await?),
            };
            let kek = self.current_kek(key.tenant).await?;
            let target = KeyTarget::of(key);
            Ok(kek.wrap(&target, number, &material.private, material.public.clone(), now)?)
        };
        let version = match version.await {
            Ok(version) => version,
            Err(error) => return Err((event, RotateError::Refused(error))),
        };
        let rotated = Key {
            primary_version: number,
            rotations_on_demand: key.rotations_on_demand + u32::from(on_demand),
            updated_ms: now,
            revision: key.revision + 1,
            ..key.clone()
        };
        let rows = &self.keyring.rows;
        let changes = vec![rows.insert(&version), rows.update(&rotated, key.revision)];
        match self.commit(changes, &event).await {
            Ok(()) => Ok((rotated, VersionInfo { number, created_ms: now })),
            Err(error) => Err((event, RotateError::Commit(error))),
        }
    }
}

enum RotateError {
    Refused(Error),
    Commit(CommitError),
}
