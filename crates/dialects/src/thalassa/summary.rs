//! The summary: which regions there are and how many keys each holds.
//! The keys themselves are `keys.rs`.

use std::ops::ControlFlow;

use serde::Serialize;
use trent_core::access::Caller;
use trent_core::error::ErrorKind;

use super::NAME;
use super::error::Answer;
use super::keys::each_key;
use super::request::{Call, Reply};
use super::resource::Status;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    feature_enabled: bool,
    regions: Vec<Counts>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Counts {
    identity: String,
    name: String,
    slug: String,
    kms_available: bool,
    total_keys: u32,
    active_keys: u32,
    disabled_keys: u32,
    pending_deletion_keys: u32,
}

/// Counts the keys that this API can show. Who may not list keys still learns the regions, with counts of zero.
pub(super) async fn get(call: &Call) -> Answer<Reply> {
    let mut regions = Vec::new();
    for spelling in call.regions.known(NAME) {
        let Some(region) = call.regions.resolve(NAME, &spelling) else { continue };
        let mut counts = Counts {
            identity: spelling.clone(),
            name: spelling.clone(),
            slug: spelling,
            kms_available: true,
            ..Counts::default()
        };
        let caller = Caller { region, ..call.caller.clone() };
        let counted = each_key(&call.engine, &caller, |view| {
            let count = match Status::of(view.key.state) {
                Status::Active => &mut counts.active_keys,
                Status::Disabled => &mut counts.disabled_keys,
                Status::PendingDeletion => &mut counts.pending_deletion_keys,
            };
            *count += 1;
            counts.total_keys += 1;
            ControlFlow::Continue(())
        });
        match counted.await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AccessDenied => {}
            Err(error) => return Err(error.into()),
        }
        regions.push(counts);
    }
    Reply::ok(&Summary { feature_enabled: true, regions })
}
