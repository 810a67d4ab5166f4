//! Keys themselves: CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey.

use serde::Serialize;
use trent_core::model::{Key, KeyState, KeyView};
use trent_core::ops::{ByAge, CreateKey};

use super::error::{Answer, Code, Failure};
use super::metadata::{self, KeyMetadata};
use super::request::{Call, Reply};
use super::spec::{DEFAULT_USAGE, Wanted, parse_usage, usage_name};
use crate::common::time;

/// The longest alias, in bytes.
const ALIAS: usize = 60;
/// Aliases that begin so are those of the vendor's products.
const RESERVED: &str = "kms-";
/// The longest description, in bytes.
const DESCRIPTION: usize = 1_024;
/// `Type`: the material is made here, or imported.
const MADE: u64 = 1;
const IMPORTED: u64 = 2;
const PAGE: u64 = 10;
const PAGE_MAX: u64 = 200;
/// `Role`: keys of the account's own, or of the vendor's products.
const OWN: u64 = 0;
const PRODUCTS: u64 = 1;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    key_id: String,
    alias: String,
    create_time: i64,
    description: String,
    key_state: &'static str,
    key_usage: &'static str,
    tag_code: u8,
    tag_msg: &'static str,
    hsm_cluster_id: &'static str,
}

/// CreateKey.
pub(super) async fn create(call: &Call<'_>) -> Answer<Reply> {
    let wanted = wanted(call)?;
    let view = call.engine.create_key(call.caller, wanted).await;
    let key = view.map_err(|error| call.refused(&error))?.key;
    call.reply(&Created {
        key_id: key.id.to_string(),
        alias: metadata::alias(&key),
        create_time: time::seconds(key.created_ms),
        key_state: metadata::state(key.state),
        key_usage: usage_name(&key).ok_or_else(Failure::inexpressible)?,
        tag_code: 0,
        tag_msg: if key.tags.is_empty() { "" } else { "ok" },
        hsm_cluster_id: "",
        description: key.description,
    })
}

fn wanted(call: &Call<'_>) -> Answer<CreateKey> {
    let input = &call.input;
    let alias = input.text("Alias");
    check_alias(alias)?;
    let description = input.text("Description");
    if description.len() > DESCRIPTION {
        return Err(Failure::invalid("Description is longer than 1024 bytes."));
    }
    let usage = Some(input.text("KeyUsage")).filter(|usage| !usage.is_empty());
    let (spec, usage) = match parse_usage(usage.unwrap_or(DEFAULT_USAGE)) {
        Wanted::Key(spec, usage) => (spec, usage),
        Wanted::Elsewhere => {
            let message = "Keys of this KeyUsage are not available here yet.";
            return Err(Failure::new(Code::UnsupportedKeyUsage, message));
        }
        Wanted::Unknown => {
            return Err(Failure::new(Code::InvalidKeyUsage, "KeyUsage is not valid."));
        }
    };
    match input.number("Type").unwrap_or(MADE) {
        MADE => {}
        IMPORTED => {
            return Err(Failure::unsupported("Importing key material is not available here yet."));
        }
        _ => return Err(Failure::new(Code::InvalidType, "Type is 1 or 2.")),
    }
    input.refuse_cluster()?;
    let (name, description) = (Some(alias.to_owned()), description.to_owned());
    let tags = input.tags()?;
    Ok(CreateKey { name, description, tags, ..CreateKey::bare(spec, usage) })
}

fn check_alias(alias: &str) -> Answer<()> {
    let fits = alias.len() <= ALIAS
        && alias.starts_with(|c: char| c.is_ascii_alphanumeric())
        && alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !alias.starts_with(RESERVED);
    if fits {
        return Ok(());
    }
    let message = "Alias has 1 to 60 letters, digits, _ and -, begins with a letter or digit, and not with kms-.";
    Err(Failure::new(Code::InvalidAlias, message))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    key_metadata: KeyMetadata,
}

/// DescribeKey: in every state.
pub(super) async fn describe(call: &Call<'_>) -> Answer<Reply> {
    call.input.refuse_member()?;
    let view = call.engine.describe_key(call.caller, &call.key()?).await;
    let view = view.map_err(|error| call.refused(&error))?;
    call.reply(&Described { key_metadata: KeyMetadata::of(&view, call.uin())? })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    keys: Vec<Entry>,
    total_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
}

/// ListKeys: the newest first; keys that are to be deleted are left out.
pub(super) async fn list(call: &Call<'_>) -> Answer<Reply> {
    let input = &call.input;
    let limit = input.number("Limit").unwrap_or(PAGE);
    if limit > PAGE_MAX {
        return Err(Failure::new(Code::InvalidParameterValue, "Limit is 200 at most."));
    }
    let own = match input.number("Role").unwrap_or(OWN) {
        OWN => true,
        PRODUCTS => false,
        _ => return Err(Failure::new(Code::InvalidParameterValue, "Role is 0 or 1.")),
    };
    input.refuse_cluster()?;
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let part = ByAge {
        newest_first: true,
        offset: number(input.number("Offset").unwrap_or(0)),
        limit: number(limit),
    };
    let keep = |key: &Key| own && !matches!(key.state, KeyState::PendingDeletion { .. });
    let show = |view: KeyView| Entry { key_id: view.key.id.to_string() };
    let listed = call.engine.list_keys_by_age(call.caller, part, keep, show).await;
    let listed = listed.map_err(|error| call.refused(&error))?;
    call.reply(&Listed { keys: listed.items, total_count: listed.total })
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
    call.input.refuse_member()?;
    let key = call.key()?;
    let result = if on {
        call.engine.enable_key(call.caller, &key).await
    } else {
        call.engine.disable_key(call.caller, &key).await
    };
    result.map_err(|error| call.refused(&error))?;
    call.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_follow_the_vendors_rule() {
        let long = "a".repeat(ALIAS);
        for alias in ["a", "0", "a_b-C9", "a-", "KMS-a", "kms", "kms_a", &long] {
            assert!(check_alias(alias).is_ok(), "{alias}");
        }
        let longer = "a".repeat(ALIAS + 1);
        for alias in ["", "_a", "-a", "kms-", "kms-a", "a b", "a.b", "a/b", "é", "a\n", &longer] {
            let code = check_alias(alias).err().map(|failure| failure.code);
            assert_eq!(code, Some(Code::InvalidAlias), "{alias}");
        }
    }
}
