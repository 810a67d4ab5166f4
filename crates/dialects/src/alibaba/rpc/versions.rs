//! Versions of a key: making one, and looking at them.

use trent_core::model::{KeyId, KeyView, VersionInfo};
use trent_core::ops::RotateKey;

use super::super::error::{self, Answer, Code, Failure};
use super::lists::Numbering;
use super::node::Node;
use super::request::{Call, Reply};
use super::stamp;
use crate::common::version_id;

/// CreateKeyVersion. When it answers, the key encrypts with the new version.
pub(super) async fn create(call: &Call<'_>) -> Answer<Reply> {
    let key = call.key().await?;
    let wanted = RotateKey { key, symmetric_only: true, on_demand_limit: None };
    let view = call.engine.rotate_key(call.caller, wanted).await;
    let view = view.map_err(|error| call.refused(&error))?;
    let newest = view.versions.last().ok_or_else(Failure::internal)?;
    Ok(Reply(vec![("KeyVersion", shown(view.key.id, newest))]))
}

/// DescribeKeyVersion.
pub(super) async fn describe(call: &Call<'_>) -> Answer<Reply> {
    let wanted = call.required("KeyVersionId")?;
    let view = view(call).await?;
    let id = view.key.id;
    let mut versions = view.versions.iter();
    let found = versions.find(|version| version_id::write(id, version.number) == wanted);
    let unknown = || Failure::new(Code::KeyVersionNotFound, error::VERSION_NOT_FOUND);
    let found = found.ok_or_else(unknown)?;
    Ok(Reply(vec![("KeyVersion", shown(id, found))]))
}

/// ListKeyVersions, the newest first.
pub(super) async fn list(call: &Call<'_>) -> Answer<Reply> {
    let page = Numbering::read(call)?;
    let view = view(call).await?;
    let part = view.versions.iter().rev().skip(page.offset()).take(page.limit());
    let versions = part.map(|version| shown(view.key.id, version)).collect();
    let mut members = page.members(view.versions.len());
    members.push(("KeyVersions", Node::List("KeyVersion", versions)));
    Ok(Reply(members))
}

async fn view(call: &Call<'_>) -> Answer<KeyView> {
    let key = call.key().await?;
    let view = call.engine.describe_key(call.caller, &key).await;
    view.map_err(|error| call.refused(&error))
}

fn shown(key: KeyId, version: &VersionInfo) -> Node {
    Node::Object(vec![
        ("KeyId", Node::text(key.to_string())),
        ("KeyVersionId", Node::text(version_id::write(key, version.number))),
        ("CreationDate", Node::text(stamp::write(version.created_ms))),
    ])
}
