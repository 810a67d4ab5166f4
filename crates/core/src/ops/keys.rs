//! Making and describing keys.

use std::collections::BTreeMap;

use crate::access::{self, Action, Caller, DescribeKey, KeyTarget};
use crate::engine::{CommitError, Engine};
use crate::error::{Error, ErrorKind, Field, Result, What};
use crate::model::{
    Key, KeyId, KeyRef, KeySpec, KeyState, KeyView, NameKind, Origin, Rotation, Usage, VersionInfo,
};
use crate::names;
use crate::record::{NameRow, name_key};
use crate::store::{Change, StoreError};

/// What a key is made from.
#[derive(Clone, Debug)]
pub struct CreateKey {
    /// What it is.
    pub spec: KeySpec,
    /// What it may do.
    pub usage: Usage,
    /// A name, unique in the tenant and region.
    pub name: Option<String>,
    /// A wished form of the name fit for a path; made unique by a number at its end.
    pub slug: Option<String>,
    /// Free text.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Notes.
    pub annotations: BTreeMap<String, String>,
    /// Whether its material may be exported, ever.
    pub exportable: bool,
    /// Automatic rotation.
    pub rotation: Rotation,
    /// The dialect's own attributes.
    pub hints: BTreeMap<String, String>,
}

impl CreateKey {
    /// A key of this spec and usage that has nothing else to it.
    pub fn bare(spec: KeySpec, usage: Usage) -> Self {
        Self {
            spec,
            usage,
            name: None,
            slug: None,
            description: String::new(),
            tags: BTreeMap::new(),
            annotations: BTreeMap::new(),
            exportable: false,
            rotation: Rotation::default(),
            hints: BTreeMap::new(),
        }
    }
}

/// How many slugs are tried for one name before the request is given up.
const SLUGS: u32 = 1_000;

impl Engine {
    /// Makes a key with its first version.
    ///
    /// # Errors
    /// [`What::Name`] taken; [`Field::Usage`] that the spec does not allow; [`Field::Exportable`] for MAC keys.
    pub async fn create_key(&self, caller: &Caller, new: CreateKey) -> Result<KeyView> {
        let mut event = self.event(caller, access::CreateKey::ID)?;
        event.spec = Some(new.spec.as_str());
        event.exportable = Some(new.exportable);
        let result = self.make_key(caller, new).await;
        let (mut view, mut changes) = match result {
            Ok(made) => made,
            Err(error) => return self.conclude(event, Err(error)).await,
        };
        event.about(&view.key);
        event.version = Some(1);
        let wished = view.key.slug.clone();
        for attempt in 1..=SLUGS {
            match self.commit(changes.clone(), &event).await {
                Ok(()) => return Ok(view),
                Err(CommitError::Store(StoreError::Exists(_))) => {}
                Err(error) => return self.conclude_commit(event, error).await,
            }
            // Either the name or the slug is taken; another slug helps against the second only.
            if let Err(error) = self.require_free_name(&view.key).await {
                return self.conclude(event, Err(error)).await;
            }
            let Some(wished) = &wished else { break };
            view.key.slug = Some(format!("{wished}-{}", attempt + 1));
            changes = self.key_changes(&view.key, &changes);
        }
        let taken = Error::new(ErrorKind::AlreadyExists(What::Name), "the name is taken");
        self.conclude(event, Err(taken)).await
    }

    async fn make_key(&self, caller: &Caller, new: CreateKey) -> Result<(KeyView, Vec<Change>)> {
        access::authorize_tenant::<access::CreateKey>(caller)?;
        if !new.spec.allows(new.usage) {
            return Err(Error::new(
                ErrorKind::BadInput(Field::Usage),
                "a key of this spec cannot have this usage",
            ));
        }
        if new.exportable && new.usage == Usage::GenerateVerifyMac {
            return Err(Error::new(
                ErrorKind::BadInput(Field::Exportable),
                "keys for message authentication cannot be exportable",
            ));
        }
        if let Some(name) = &new.name {
            names::check_visible(name)?;
        }
        let now = self.now_ms();
        let key = Key {
            id: KeyId::random()?,
            tenant: caller.tenant(),
            region: caller.region.clone(),
            spec: new.spec,
            usage: new.usage,
            origin: Origin::Internal,
            exportable: new.exportable,
            state: KeyState::Enabled,
            name: new.name,
            slug: new.slug,
            description: new.description,
            tags: new.tags,
            annotations: new.annotations,
            rotation: new.rotation,
            primary_version: 1,
            rotations_on_demand: 0,
            created_ms: now,
            updated_ms: now,
            hints: new.hints,
            revision: 1,
        };
        self.require_free_name(&key).await?;
        let material = self.pairs.make(key.spec).await?;
        let kek = self.current_kek(key.tenant).await?;
        let target = KeyTarget::of(&key);
        let version = kek.wrap(&target, 1, &material.private, material.public, now)?;
        let changes = self.key_changes(&key, &[self.keyring.rows.insert(&version)]);
        let versions = vec![VersionInfo { number: 1, created_ms: now }];
        Ok((KeyView { key, versions }, changes))
    }

    /// The rows of a new key: its version as given first, the key, and its names.
    fn key_changes(&self, key: &Key, given: &[Change]) -> Vec<Change> {
        let rows = &self.keyring.rows;
        let mut changes: Vec<Change> = given.first().cloned().into_iter().collect();
        changes.push(rows.insert(key));
        let names = [(NameKind::Name, &key.name), (NameKind::Slug, &key.slug)];
        for (kind, name) in names {
            if let Some(name) = name {
                let place = name_key(key.tenant, &key.region, kind, name);
                let target = *key.id.as_bytes();
                changes.push(rows.insert(&NameRow { key: place, target }));
            }
        }
        changes
    }

    async fn require_free_name(&self, key: &Key) -> Result<()> {
        let Some(name) = &key.name else { return Ok(()) };
        let place = name_key(key.tenant, &key.region, NameKind::Name, name);
        match self.get::<NameRow>(place).await? {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::AlreadyExists(What::Name), "the name is taken")),
        }
    }

    /// A key's attributes, in every state.
    pub async fn describe_key(&self, caller: &Caller, key: &KeyRef) -> Result<KeyView> {
        let mut event = self.event(caller, DescribeKey::ID)?;
        let result = async {
            let key = self.load_key(caller, key).await?;
            access::authorize_key::<DescribeKey>(caller, &key)?;
            event.about(&key);
            self.view(key).await
        }
        .await;
        self.conclude(event, result).await
    }
}
