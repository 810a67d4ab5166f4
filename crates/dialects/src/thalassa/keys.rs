//! Keys as resources: create, list, get, enable, disable, rotate.
//! What is done with a key is `crypt.rs` and `material.rs`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use trent_core::access::Caller;
use trent_core::engine::Engine;
use trent_core::error::Error;
use trent_core::model::{KeyView, Rotation};
use trent_core::ops::{CreateKey, RotateKey};

use super::error::{Answer, Failure};
use super::fields::Fields;
use super::request::{Call, Reply};
use super::resource::{KmsKey, Status};
use super::{ids, key_type, resource};

/// Keys listed by one call of the engine, which is one event in the audit log.
const PAGE: usize = 1_000;
/// The longest list, in bytes.
const LIST: usize = 8 * 1_024 * 1_024;
/// Longest name, in characters.
const NAME: usize = 255;
/// Longest description, in characters.
const DESCRIPTION: usize = 1_024;
/// The most labels, and the most annotations.
const PAIRS: usize = 64;
/// Longest name of a label or annotation, in characters.
const PAIR_NAME: usize = 128;
/// Longest value of a label or annotation, in characters.
const PAIR_VALUE: usize = 1_024;
/// The most that a key's labels and annotations have together, names and values, in bytes.
const PAIRS_BYTES: usize = 16 * 1_024;
/// The longest rotation period, in days.
const DAYS: u32 = 3_650;

/// Shows every key of the caller's region that this API has words for, in the order of their ids, until it is told
/// to break off. No key is held longer than it is shown.
pub(super) async fn each_key(
    engine: &Engine,
    caller: &Caller,
    mut show: impl FnMut(&KeyView) -> ControlFlow<()> + Send,
) -> Result<(), Error> {
    let mut after = None;
    let mut flow = ControlFlow::Continue(());
    loop {
        let look = |view: KeyView| -> Option<()> {
            if flow.is_continue() {
                flow = show(&view);
            }
            None
        };
        let page = engine.list_keys(caller, after, PAGE, look).await?;
        after = page.next.filter(|_| flow.is_continue());
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Lists the region's keys that fit every filter of the query.
pub(super) async fn list(call: &Call) -> Answer<Reply> {
    let filter = Filter::of(call)?;
    let mut list = List::new();
    each_key(&call.engine, &call.caller, |view| {
        if filter.fits(view) { list.add(view) } else { ControlFlow::Continue(()) }
    })
    .await?;
    list.reply()
}

/// An answer's array of keys, as the JSON that it grows to.
struct List {
    text: Vec<u8>,
    refusal: Option<Failure>,
}

impl List {
    fn new() -> Self {
        Self { text: vec![b'['], refusal: None }
    }

    /// Appends a key; breaks off, and keeps nothing, once there is no answer to be given.
    fn add(&mut self, view: &KeyView) -> ControlFlow<()> {
        let Some(key) = KmsKey::of(view) else { return ControlFlow::Continue(()) };
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        let written = serde_json::to_writer(&mut self.text, &key);
        // The closing bracket has its place too.
        self.refusal = match written {
            Ok(()) if self.text.len() < LIST => return ControlFlow::Continue(()),
            Ok(()) => Some(Failure::too_long_a_list()),
            Err(_) => Some(Failure::internal()),
        };
        self.text = Vec::new();
        ControlFlow::Break(())
    }

    fn reply(mut self) -> Answer<Reply> {
        self.text.push(b']');
        self.refusal.map_or_else(|| Ok(Reply::written(self.text)), Err)
    }
}

/// What a list is narrowed to. Query parameters that it does not know are ignored, as the vendor's clients expect.
struct Filter<'a> {
    identity: Option<&'a str>,
    name: Option<&'a str>,
    slug: Option<&'a str>,
    status: Option<&'a str>,
    labels: Vec<(&'a str, &'a str)>,
}

impl<'a> Filter<'a> {
    fn of(call: &'a Call) -> Answer<Self> {
        let labels = call.query.pairs().filter_map(|(name, value)| {
            let label = name.strip_prefix("matchLabels[")?.strip_suffix(']')?;
            Some((label, value))
        });
        let filter = Self {
            identity: call.query.get("identity"),
            name: call.query.get("name"),
            slug: call.query.get("slug"),
            status: call.query.get("status"),
            labels: labels.collect(),
        };
        let known = [Status::Active, Status::Disabled, Status::PendingDeletion];
        match filter.status {
            Some(status) if known.iter().all(|known| known.as_str() != status) => {
                Err(Failure::invalid("status must be active, disabled or pending_deletion"))
            }
            _ => Ok(filter),
        }
    }

    fn fits(&self, view: &KeyView) -> bool {
        let key = &view.key;
        self.identity.is_none_or(|wanted| ids::identity(key.id) == wanted)
            && self.name.is_none_or(|wanted| resource::name(key) == wanted)
            && self.slug.is_none_or(|wanted| resource::slug(key) == wanted)
            && self.status.is_none_or(|wanted| Status::of(key.state).as_str() == wanted)
            && self
                .labels
                .iter()
                .all(|(label, wanted)| key.tags.get(*label).is_some_and(|value| value == wanted))
    }
}

/// Makes a key.
pub(super) async fn create(call: &Call) -> Answer<Reply> {
    let new = wanted(&call.fields()?)?;
    let view = call.engine.create_key(&call.caller, new).await?;
    Reply::created(&shown(&view)?)
}

fn wanted(fields: &Fields<'_>) -> Answer<CreateKey> {
    if fields.has("importKeyMaterial") {
        return Err(Failure::invalid(
            "importKeyMaterial: importing key material is not available yet",
        ));
    }
    // Only an import gives these a meaning; their types are checked all the same.
    fields.text("hashFunction")?;
    fields.flag("allowRotation")?;
    let name = fields.text("name")?.unwrap_or_default();
    if name.is_empty() || name.chars().count() > NAME || name.contains(char::is_control) {
        return Err(Failure::invalid(
            "name must have 1 to 255 characters, none of them a control character",
        ));
    }
    let description = fields.text("description")?.unwrap_or_default();
    if description.chars().count() > DESCRIPTION {
        return Err(Failure::invalid("description must have at most 1024 characters"));
    }
    let key_type = fields.text("keyType")?.filter(|text| !text.is_empty());
    let (spec, usage) = key_type::parse(key_type.unwrap_or(key_type::DEFAULT))
        .ok_or_else(|| Failure::invalid(format!("keyType must be one of {}", key_type::all())))?;
    let (tags, annotations) = (pairs(fields, "labels")?, pairs(fields, "annotations")?);
    let bytes = |(name, value): (&String, &String)| name.len() + value.len();
    if tags.iter().chain(&annotations).map(bytes).sum::<usize>() > PAIRS_BYTES {
        return Err(Failure::invalid(format!(
            "labels and annotations must have at most {PAIRS_BYTES} bytes together, names and values"
        )));
    }
    Ok(CreateKey {
        spec,
        usage,
        name: Some(name.to_owned()),
        slug: Some(ids::slug(name)),
        description: description.to_owned(),
        tags,
        annotations,
        exportable: fields.flag("exportAllowed")?,
        rotation: rotation(fields)?,
        hints: BTreeMap::new(),
    })
}

fn pairs(fields: &Fields<'_>, field: &'static str) -> Answer<BTreeMap<String, String>> {
    let pairs = fields.texts(field)?;
    let fits = |(name, value): (&String, &String)| {
        (1..=PAIR_NAME).contains(&name.chars().count()) && value.chars().count() <= PAIR_VALUE
    };
    if pairs.len() > PAIRS || !pairs.iter().all(fits) {
        return Err(Failure::invalid(format!(
            "{field} must have at most {PAIRS} members, names of 1 to {PAIR_NAME} and values of at most {PAIR_VALUE} characters"
        )));
    }
    Ok(pairs)
}

fn rotation(fields: &Fields<'_>) -> Answer<Rotation> {
    let enabled = fields.flag("keyRotationEnabled")?;
    let period_days = match fields.whole("rotationPeriodInDays")? {
        None => None,
        Some(days) => match u32::try_from(days) {
            Ok(days @ 1..=DAYS) => Some(days),
            _ => return Err(Failure::invalid("rotationPeriodInDays must be 1 to 3650")),
        },
    };
    if enabled && period_days.is_none() {
        return Err(Failure::invalid("keyRotationEnabled needs rotationPeriodInDays"));
    }
    Ok(Rotation { enabled, period_days })
}

/// Shows a key.
pub(super) async fn get(call: &Call) -> Answer<Reply> {
    let view = call.engine.describe_key(&call.caller, &call.key()).await?;
    Reply::ok(&shown(&view)?)
}

/// Enables a key; an enabled one stays so.
pub(super) async fn enable(call: &Call) -> Answer<Reply> {
    let view = call.engine.enable_key(&call.caller, &call.key()).await?;
    Reply::ok(&shown(&view)?)
}

/// Disables a key; a disabled one stays so.
pub(super) async fn disable(call: &Call) -> Answer<Reply> {
    let view = call.engine.disable_key(&call.caller, &call.key()).await?;
    Reply::ok(&shown(&view)?)
}

/// Makes a new version of a key.
pub(super) async fn rotate(call: &Call) -> Answer<Reply> {
    let rotate = RotateKey { key: call.key(), symmetric_only: false, on_demand_limit: None };
    let view = call.engine.rotate_key(&call.caller, rotate).await?;
    Reply::ok(&shown(&view)?)
}

fn shown(view: &KeyView) -> Answer<KmsKey<'_>> {
    KmsKey::of(view).ok_or_else(Failure::inexpressible)
}
