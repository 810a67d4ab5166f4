//! New material: RotateKeyOnDemand.

use serde::Serialize;
use trent_core::ops::RotateKey;

use super::error::Answer;
use super::request::{Call, Reply};
use super::validate::KEY_ID;

/// How often a key may be rotated on demand.
const ON_DEMAND: u32 = 25;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rotated {
    key_id: String,
}

/// RotateKeyOnDemand. When it answers, the key encrypts with its new material.
pub(super) async fn rotate(call: &Call<'_>) -> Answer<Reply> {
    let mut input = call.input();
    let key = input.required_text("KeyId", &KEY_ID)?;
    input.finish()?;
    let key = call.key(key).await?;
    let wanted = RotateKey { key, symmetric_only: true, on_demand_limit: Some(ON_DEMAND) };
    let view = call.engine.rotate_key(call.caller, wanted).await;
    let view = view.map_err(|error| call.refused(&error))?;
    Reply::json(&Rotated { key_id: call.names.key(view.key.id) })
}
