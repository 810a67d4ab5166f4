//! Making keys, looking at them, and switching them on and off.

use std::collections::BTreeMap;

use serde::Deserialize;
use trent_core::ops::CreateKey;

use super::super::error::{Answer, Code, Failure};
use super::super::spec;
use super::metadata::{self, INSTANCE_HINT};
use super::request::{Call, Reply};
use crate::common::json;

/// The namespace of the accounts by which the instance API knows a tenant.
const INSTANCES: &str = "alibaba-instance";
/// The longest description, in characters.
const DESCRIPTION: usize = 8_192;
/// The most tags of a key, and the longest name or value of one in characters.
const TAGS: usize = 20;
const TAG: usize = 128;

/// CreateKey.
pub(super) async fn create(call: &Call<'_>) -> Answer<Reply> {
    let wanted = wanted(call).await?;
    let made = call.engine.create_key(call.caller, wanted).await;
    let made = made.map_err(|error| call.refused(&error))?;
    metadata::reply(call, &made, false)
}

async fn wanted(call: &Call<'_>) -> Answer<CreateKey> {
    let description = call.text("Description").unwrap_or_default();
    if description.chars().count() > DESCRIPTION {
        return Err(Failure::invalid("Description"));
    }
    let tags = tags(call.text("Tags"))?;
    refuse_what_is_not_here(call)?;
    let spec = match call.text("KeySpec") {
        None => spec::DEFAULT_SPEC,
        Some(text) if !spec::KEY_SPECS.contains(&text) => return Err(Failure::invalid("KeySpec")),
        Some(text) => spec::parse_spec(text).ok_or_else(|| {
            Failure::unsupported(format!("Keys of the KeySpec {text} are not available here."))
        })?,
    };
    let usage = match call.text("KeyUsage") {
        None => spec::default_usage(spec),
        Some(text) => spec::parse_usage(text).ok_or_else(|| Failure::invalid("KeyUsage"))?,
    };
    if !spec.allows(usage) {
        return Err(Failure::unsupported(
            "Keys of this KeySpec and KeyUsage are not available here.",
        ));
    }
    let mut hints = BTreeMap::new();
    if let Some(instance) = call.text("DKMSInstanceId") {
        require_instance(call, instance).await?;
        hints.insert(INSTANCE_HINT.to_owned(), instance.to_owned());
    }
    let description = description.to_owned();
    Ok(CreateKey { description, tags, hints, ..CreateKey::bare(spec, usage) })
}

/// What would be another key than the one asked for is not made.
fn refuse_what_is_not_here(call: &Call<'_>) -> Answer<()> {
    match call.text("Origin") {
        None | Some("Aliyun_KMS") => {}
        Some("EXTERNAL") => {
            return Err(Failure::unsupported("Importing key material is not available here yet."));
        }
        Some(_) => return Err(Failure::invalid("Origin")),
    }
    match call.text("ProtectionLevel") {
        None | Some("SOFTWARE") => {}
        Some("HSM") => {
            let message = "Keys of the ProtectionLevel HSM are not available here.";
            return Err(Failure::new(Code::UnsupportedProtection, message));
        }
        Some(_) => return Err(Failure::invalid("ProtectionLevel")),
    }
    if call.flag("EnableAutomaticRotation")? {
        let message = "Rotation by schedule is not available here yet; use CreateKeyVersion.";
        return Err(Failure::unsupported(message));
    }
    if call.text("KeyStorageMechanism").is_some() {
        return Err(Failure::unsupported("KeyStorageMechanism is not available here."));
    }
    if call.text("Policy").is_some() {
        let message = "Key policies are not available here yet.";
        return Err(Failure::new(Code::KeyPolicyUnsupported, message));
    }
    Ok(())
}

/// The instance must be the caller's tenant's.
async fn require_instance(call: &Call<'_>, instance: &str) -> Answer<()> {
    let owner = call.engine.tenant_by_account(INSTANCES, instance).await;
    let owner = owner.map_err(|error| call.refused(&error))?;
    if owner.is_some_and(|owner| owner.id == call.caller.tenant()) {
        return Ok(());
    }
    Err(Failure::new(Code::InstanceNotFound, "The specified DKMS instance is not found."))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    tag_key: String,
    #[serde(default)]
    tag_value: String,
}

fn tags(text: Option<&str>) -> Answer<BTreeMap<String, String>> {
    let tags: Vec<Tag> = match text {
        None => Vec::new(),
        Some(text) => json::parse(text.as_bytes()).map_err(|_| Failure::invalid("Tags"))?,
    };
    if tags.len() > TAGS {
        return Err(Failure::new(Code::LimitExceeded, "A key may have 20 tags."));
    }
    let fits = |text: &str| {
        let may = |byte: u8| byte.is_ascii_alphanumeric() || br"/\_.+=:@-".contains(&byte);
        text.len() <= TAG && text.bytes().all(may)
    };
    let reserved = |name: &str| name.starts_with("aliyun") || name.starts_with("acs:");
    let mut found = BTreeMap::new();
    for Tag { tag_key, tag_value } in tags {
        if tag_key.is_empty() || !fits(&tag_key) || reserved(&tag_key) {
            let message = "The specified parameter TagKey is not valid.";
            return Err(Failure::new(Code::InvalidTagKey, message));
        }
        if !fits(&tag_value) {
            let message = "The specified parameter TagValue is not valid.";
            return Err(Failure::new(Code::InvalidTagValue, message));
        }
        if found.insert(tag_key, tag_value).is_some() {
            return Err(Failure::new(Code::DuplicateTagKey, "A TagKey is there twice."));
        }
    }
    Ok(found)
}

/// DescribeKey.
pub(super) async fn describe(call: &Call<'_>) -> Answer<Reply> {
    let key = call.key().await?;
    let view = call.engine.describe_key(call.caller, &key).await;
    let view = view.map_err(|error| call.refused(&error))?;
    metadata::reply(call, &view, true)
}

/// EnableKey.
pub(super) async fn enable(call: &Call<'_>) -> Answer<Reply> {
    let key = call.key().await?;
    let enabled = call.engine.enable_key(call.caller, &key).await;
    enabled.map_err(|error| call.refused(&error))?;
    Ok(Reply(Vec::new()))
}

/// DisableKey.
pub(super) async fn disable(call: &Call<'_>) -> Answer<Reply> {
    let key = call.key().await?;
    let disabled = call.engine.disable_key(call.caller, &key).await;
    disabled.map_err(|error| call.refused(&error))?;
    Ok(Reply(Vec::new()))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn tags_follow_the_vendors_rules() {
        let check = |text: &str, code: Option<Code>| {
            assert_eq!(tags(Some(text)).err().map(|failure| failure.code), code, "{text:.80}");
        };
        check("[]", None);
        check(
            r#"[{"TagKey":"a/b","TagValue":"c@d"},{"TagKey":"A"},{"TagKey":"acs","TagValue":""}]"#,
            None,
        );
        for text in [
            "",
            "{}",
            "[1]",
            r#"[{"TagValue":"a"}]"#,
            r#"[{"TagKey":1}]"#,
            r#"[{"TagKey":"a","TagKey":"b"}]"#,
        ] {
            check(text, Some(Code::InvalidParameter));
        }
        for name in ["", "aliyunx", "acs:x", "a b", "é", &"a".repeat(129)] {
            check(&format!(r#"[{{"TagKey":"{name}","TagValue":"v"}}]"#), Some(Code::InvalidTagKey));
        }
        for value in ["a b", "é", &"a".repeat(129)] {
            check(
                &format!(r#"[{{"TagKey":"k","TagValue":"{value}"}}]"#),
                Some(Code::InvalidTagValue),
            );
        }
        check(r#"[{"TagKey":"a"},{"TagKey":"a","TagValue":"1"}]"#, Some(Code::DuplicateTagKey));
        let many = |n: usize| {
            let tags: Vec<String> = (0..n).map(|at| format!(r#"{{"TagKey":"k{at}"}}"#)).collect();
            format!("[{}]", tags.join(","))
        };
        check(&many(20), None);
        check(&many(21), Some(Code::LimitExceeded));
    }
}
