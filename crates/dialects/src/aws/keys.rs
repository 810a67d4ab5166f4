//! Keys themselves: CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey.

use std::collections::BTreeMap;

use serde::Serialize;
use trent_core::model::{KeyView, Usage};
use trent_core::ops::CreateKey;

use super::error::{Answer, Code, Failure};
use super::metadata;
use super::request::{Call, Reply};
use super::spec::{
    KEY_SPECS, OLD_KEY_SPECS, SPEC_ALIASES, SPEC_HINT, SYMMETRIC, USAGE_ALIASES, USAGES,
    parse_spec, parse_usage,
};
use super::validate::{Choice, Input, KEY_ID, MARKER, Pattern, Text};
use crate::common::json::Document;
use crate::common::paging;

const KEY_SPEC: Choice = Choice { listed: KEY_SPECS, taken: SPEC_ALIASES, told: None };
const OLD_KEY_SPEC: Choice = Choice::of(OLD_KEY_SPECS);
const USAGE: Choice = Choice { listed: USAGES, taken: USAGE_ALIASES, told: None };
/// Where material comes from. `QKMS` is Q-KMS's name of the first.
const ORIGIN: Choice = Choice {
    listed: &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"],
    taken: &["QKMS"],
    told: None,
};
const OWNERS: Choice = Choice::of(&["SELF", "OTHER_ACCOUNTS_VIA_RAM"]);
const DESCRIPTION: Text = Text { min: 0, max: 8_192, pattern: None };
const TAG_KEY: Text = Text { min: 1, max: 128, pattern: None };
const TAG_VALUE: Text = Text { min: 0, max: 256, pattern: None };
const TAGS: usize = 50;
const STORE_ID: Text = Text { min: 1, max: 64, pattern: None };
const XKS_KEY_ID: Text = Text { min: 1, max: 128, pattern: None };
const POLICY: Text = Text {
    min: 1,
    max: 131_072,
    pattern: Some(Pattern {
        text: r"[\u0009\u000A\u000D\u0020-\u00FF]+",
        fits: |text| text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FF}')),
    }),
};
/// The longest policy, in bytes.
const POLICY_BYTES: usize = 32_768;
/// The hint in which a key keeps its policy until policies are evaluated.
const POLICY_HINT: &str = "aws.policy";
/// Members of Q-KMS's multi-party keys, whose custody is not to be mistaken for ours.
const MULTI_PARTY: [&str; 3] = ["Participants", "Threshold", "TotalParties"];

const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;

/// CreateKey.
pub(super) async fn create(call: &Call<'_>) -> Answer<Reply> {
    let wanted = wanted(call)?;
    let view = call.engine.create_key(call.caller, wanted).await;
    let view = view.map_err(|error| call.refused(&error))?;
    metadata::reply(call, &view.key)
}

fn wanted(call: &Call<'_>) -> Answer<CreateKey> {
    let mut input = call.input();
    let policy = input.text("Policy", &POLICY)?;
    let description = input.text("Description", &DESCRIPTION)?.unwrap_or_default();
    let usage = input.choice("KeyUsage", &USAGE)?;
    let old_spec = input.choice("CustomerMasterKeySpec", &OLD_KEY_SPEC)?;
    let new_spec = input.choice("KeySpec", &KEY_SPEC)?;
    let origin = input.choice("Origin", &ORIGIN)?;
    let store = input.text("CustomKeyStoreId", &STORE_ID)?;
    input.flag("BypassPolicyLockoutSafetyCheck")?;
    let tags = input.structures("Tags", |tag| {
        let name = tag.required_text("TagKey", &TAG_KEY)?;
        Ok((name, tag.required_text("TagValue", &TAG_VALUE)?))
    })?;
    let multi_region = input.flag("MultiRegion")?;
    let outside = input.text("XksKeyId", &XKS_KEY_ID)?;
    let multi_party = MULTI_PARTY.into_iter().find(|member| shares(call, &input, member));
    input.finish()?;

    if let Some(member) = multi_party {
        return Err(Failure::unsupported(format!(
            "{member} is not supported here: keys are held by this server alone."
        )));
    }
    let spec = match (new_spec, old_spec) {
        (Some(new), Some(old)) if !(call.names.profile.twin_specs && new == old) => {
            return Err(Failure::validation(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
                deprecated.",
            ));
        }
        (new, old) => new.or(old).unwrap_or(SYMMETRIC),
    };
    let origin = origin.filter(|origin| !matches!(*origin, "AWS_KMS" | "QKMS"));
    if let Some(origin) = origin {
        return Err(Failure::unsupported(format!("Origin {origin} is not supported here yet.")));
    }
    for (member, given) in [
        ("CustomKeyStoreId", store.is_some()),
        ("XksKeyId", outside.is_some()),
        ("MultiRegion", multi_region),
    ] {
        if given {
            return Err(Failure::unsupported_value(member));
        }
    }
    let usage = match (usage, spec) {
        (None, SYMMETRIC) => Some(Usage::EncryptDecrypt),
        (None, _) => {
            return Err(Failure::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            ));
        }
        (Some(usage), _) => parse_usage(usage),
    };
    let Some(key_spec) = parse_spec(spec) else {
        return Err(Failure::unsupported(format!(
            "KeySpec {spec} is not supported in this Region"
        )));
    };
    let usage = usage.filter(|usage| key_spec.allows(*usage)).ok_or_else(|| {
        let usage =
            call.members.get("KeyUsage").and_then(|usage| usage.as_str()).unwrap_or_default();
        Failure::validation(format!("KeyUsage {usage} is not compatible with KeySpec {spec}"))
    })?;
    let tags = check_tags(tags)?;
    let mut hints = BTreeMap::new();
    if let Some(policy) = policy {
        check_policy(policy)?;
        hints.insert(POLICY_HINT.to_owned(), policy.to_owned());
    }
    if SPEC_ALIASES.contains(&spec) {
        hints.insert(SPEC_HINT.to_owned(), spec.to_owned());
    }
    let description = description.to_owned();
    Ok(CreateKey { description, tags, hints, ..CreateKey::bare(key_spec, usage) })
}

/// Whether the member asks for a key that several parties hold: a number of parties above 1, or any list of them.
fn shares(call: &Call<'_>, input: &Input<'_>, member: &str) -> bool {
    let value = call.members.get(member).filter(|_| input.has(member));
    value.is_some_and(|value| value.as_u64().is_none_or(|parties| parties > 1))
}

fn check_tags(tags: Vec<(&str, &str)>) -> Answer<BTreeMap<String, String>> {
    let refuse = |message: &str| Err(Failure::new(Code::Tag, message));
    if tags.len() > TAGS {
        return refuse("Too many tags");
    }
    let reserved =
        |name: &str| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if tags.iter().any(|(name, _)| reserved(name)) {
        return refuse("Tags beginning with aws: are reserved");
    }
    let mut found = BTreeMap::new();
    for (name, value) in tags {
        if found.insert(name.to_owned(), value.to_owned()).is_some() {
            return refuse("Duplicate tag keys");
        }
    }
    Ok(found)
}

/// A policy must be JSON with a version and statements that have a principal each. What it says is not looked at yet.
fn check_policy(policy: &str) -> Answer<()> {
    let malformed =
        || Failure::new(Code::MalformedPolicyDocument, "The policy document is not valid.");
    if policy.len() > POLICY_BYTES {
        let message = format!("The policy is longer than {POLICY_BYTES} bytes.");
        return Err(Failure::new(Code::LimitExceeded, message));
    }
    let document = Document::parse(policy.as_bytes()).map_err(|_| malformed())?;
    let members = document.object().ok_or_else(malformed)?;
    let statements = match members.get("Statement") {
        Some(serde_json::Value::Array(statements)) => statements.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let has_principal = |statement: &serde_json::Value| {
        let names = ["Principal", "NotPrincipal"];
        statement.is_object() && names.iter().any(|name| statement.get(name).is_some())
    };
    let fits = members.contains_key("Version")
        && !statements.is_empty()
        && statements.iter().all(has_principal);
    if fits { Ok(()) } else { Err(malformed()) }
}

/// DescribeKey.
pub(super) async fn describe(call: &Call<'_>) -> Answer<Reply> {
    let mut input = call.input();
    let key = input.required_text("KeyId", &KEY_ID)?;
    let tokens = input.grant_tokens()?;
    input.finish()?;
    let key = call.key(key).await?;
    call.check_tokens(&tokens)?;
    let view = call.engine.describe_key(call.caller, &key).await;
    let view = view.map_err(|error| call.refused(&error))?;
    metadata::reply(call, &view.key)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    keys: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
    key_arn: String,
}

/// ListKeys. Keys that this API has no words for are left out by the engine, so a page may be short.
pub(super) async fn list(call: &Call<'_>) -> Answer<Reply> {
    let mut input = call.input();
    let limit = input.number("Limit", PAGE_MAX)?.unwrap_or(PAGE);
    let marker = input.text("Marker", &MARKER)?;
    let owners = input.choices("ResourceOwners", &OWNERS, 2)?;
    input.finish()?;
    if owners.iter().any(|owner| *owner != "SELF") {
        return Err(Failure::validation("ResourceOwners other than SELF are not supported here."));
    }
    let (engine, caller, operation) = (call.engine, call.caller, call.row.name);
    let refused = |error| call.refused(&error);
    let after = marker
        .map(|marker| paging::key_position(engine, caller, operation, marker))
        .transpose()
        .map_err(refused)?;
    let show = |view: KeyView| Some(view.key.id);
    let page = engine.list_keys(caller, after, limit, show).await.map_err(refused)?;
    let next_marker = page
        .next
        .map(|last| paging::mark_key(engine, caller, operation, last))
        .transpose()
        .map_err(refused)?;
    let keys = page
        .items
        .iter()
        .map(|id| Entry { key_id: id.to_string(), key_arn: call.names.key(*id) })
        .collect();
    Reply::json(&Listed { keys, truncated: next_marker.is_some(), next_marker })
}

/// EnableKey.
pub(super) async fn enable(call: &Call<'_>) -> Answer<Reply> {
    switch(call, true).await
}

/// DisableKey.
pub(super) async fn disable(call: &Call<'_>) -> Answer<Reply> {
    switch(call, false).await
}

async fn switch(call: &Call<'_>, on: bool) -> Answer<Reply> {
    let mut input = call.input();
    let key = input.required_text("KeyId", &KEY_ID)?;
    input.finish()?;
    let key = call.key(key).await?;
    let result = if on {
        call.engine.enable_key(call.caller, &key).await
    } else {
        call.engine.disable_key(call.caller, &key).await
    };
    result.map_err(|error| call.refused(&error))?;
    Ok(Reply::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_vendors_rules() {
        let check = |tags: Vec<(&str, &str)>, message: Option<&str>| {
            let found = check_tags(tags).err().map(|failure| (failure.code, failure.message));
            assert_eq!(found, message.map(|message| (Code::Tag, Some(message.to_owned()))));
        };
        check(vec![], None);
        check(vec![("a", ""), ("A", "1"), ("awsx", "2"), ("é", "3")], None);
        check(vec![("a", "1"), ("a", "1")], Some("Duplicate tag keys"));
        check(vec![("AWS:a", "1")], Some("Tags beginning with aws: are reserved"));
        let names: Vec<String> = (0..51).map(|n| n.to_string()).collect();
        let many = |n: usize| names.iter().take(n).map(|name| (name.as_str(), "")).collect();
        check(many(50), None);
        check(many(51), Some("Too many tags"));
    }

    #[test]
    fn policies_are_looked_at_as_json() {
        let check = |policy: &str, code: Option<Code>| {
            assert_eq!(
                check_policy(policy).err().map(|failure| failure.code),
                code,
                "{policy:.60}"
            );
        };
        let good =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"}}]}"#;
        check(good, None);
        check(r#"{"Version":"2012-10-17","Statement":{"Principal":"*"}}"#, None);
        for policy in [
            "{}",
            "[]",
            "policy",
            r#"{"Version":"2012-10-17"}"#,
            r#"{"Version":"2012-10-17","Statement":[]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}"#,
            r#"{"Version":"2012-10-17","Statement":["x"]}"#,
            r#"{"Statement":[{"Principal":"*"}]}"#,
            r#"{"Version":"2012-10-17","Version":"","Statement":[{"Principal":"*"}]}"#,
        ] {
            check(policy, Some(Code::MalformedPolicyDocument));
        }
        let long = good.replace("Allow", &"x".repeat(POLICY_BYTES));
        check(&long, Some(Code::LimitExceeded));
    }
}
