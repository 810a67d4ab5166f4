//! Who may do what. Everything that reaches key material passes through a value built here.
//! The policy language joins `policy.rs` later; until then a principal has one preset.

mod action;
mod authorized;
mod caller;
mod policy;

pub use action::*;
pub use authorized::{Authorized, KeyTarget, TenantTarget};
pub(crate) use authorized::{authorize_key, authorize_tenant};
pub use caller::{Caller, Facts, Identity};
pub use policy::Preset;
