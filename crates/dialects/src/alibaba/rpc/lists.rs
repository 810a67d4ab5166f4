//! Lists in numbered pages: ListKeys, and what every such list reads and tells.

use serde::Deserialize;
use trent_core::model::{Key, KeyView};
use trent_core::ops::ByAge;

use super::super::error::{Answer, Failure};
use super::super::spec;
use super::metadata::{INSTANCE_HINT, state_name};
use super::node::Node;
use super::request::{Call, Reply};
use crate::common::json;

/// How many entries a page has where nobody says, and at most.
const PAGE: u32 = 10;
const PAGE_MAX: u32 = 100;
/// The most filters, and the most values of one.
const FILTERS: usize = 10;

/// A page of a list, by its number.
pub(super) struct Numbering {
    number: u32,
    size: u32,
}

impl Numbering {
    /// Reads `PageNumber` and `PageSize`.
    pub(super) fn read(call: &Call<'_>) -> Answer<Self> {
        let number = call.number("PageNumber", 1..=u32::MAX, 1)?;
        Ok(Self { number, size: call.number("PageSize", 1..=PAGE_MAX, PAGE)? })
    }

    /// How many entries stand before it.
    pub(super) fn offset(&self) -> usize {
        (self.number as usize - 1).saturating_mul(self.limit())
    }

    /// How many entries it may have.
    pub(super) fn limit(&self) -> usize {
        self.size as usize
    }

    /// What answers tell of it, before the list itself.
    pub(super) fn members(&self, total: usize) -> Vec<(&'static str, Node)> {
        vec![
            ("TotalCount", Node::Number(total as u64)),
            ("PageNumber", Node::Number(u64::from(self.number))),
            ("PageSize", Node::Number(u64::from(self.size))),
        ]
    }
}

/// ListKeys.
pub(super) async fn keys(call: &Call<'_>) -> Answer<Reply> {
    let page = Numbering::read(call)?;
    let filters = Filters::read(call.text("Filters"))?;
    let part = ByAge { newest_first: true, offset: page.offset(), limit: page.limit() };
    let show = |view: KeyView| view.key.id;
    let listed = call.engine.list_keys_by_age(call.caller, part, |key| filters.keep(key), show);
    let listed = listed.await.map_err(|error| call.refused(&error))?;
    let entries = listed.items.iter().map(|id| {
        let arn = Node::text(call.arn(*id));
        Node::Object(vec![("KeyId", Node::text(id.to_string())), ("KeyArn", arn)])
    });
    let mut members = page.members(listed.total);
    members.push(("Keys", Node::List("Key", entries.collect())));
    Ok(Reply(members))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    key: By,
    values: Vec<String>,
}

/// By what keys are chosen.
#[derive(Clone, Copy, Deserialize)]
enum By {
    KeyState,
    KeySpec,
    KeyUsage,
    ProtectionLevel,
    CreatorType,
    #[serde(rename = "DKMSInstanceId")]
    Instance,
}

/// Which keys are listed: those that every filter keeps.
struct Filters(Vec<Filter>);

impl Filters {
    fn read(text: Option<&str>) -> Answer<Self> {
        let invalid = || Failure::invalid("Filters");
        let filters: Vec<Filter> = match text {
            None => Vec::new(),
            Some(text) => json::parse(text.as_bytes()).map_err(|_| invalid())?,
        };
        let fits = |filter: &Filter| (1..=FILTERS).contains(&filter.values.len());
        if filters.len() > FILTERS || !filters.iter().all(fits) {
            return Err(invalid());
        }
        Ok(Self(filters))
    }

    fn keep(&self, key: &Key) -> bool {
        self.0.iter().all(|filter| {
            let value = match filter.key {
                By::KeyState => Some(state_name(key.state)),
                By::KeySpec => spec::spec_name(key.spec),
                By::KeyUsage => spec::usage_name(key.usage),
                By::ProtectionLevel => Some("SOFTWARE"),
                By::CreatorType => Some("User"),
                By::Instance => key.hints.get(INSTANCE_HINT).map(String::as_str),
            };
            value.is_some_and(|value| filter.values.iter().any(|wanted| wanted == value))
        })
    }
}
