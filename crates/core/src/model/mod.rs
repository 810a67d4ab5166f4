//! What a KMS is made of: keys, versions, tenants, principals, credentials and their names.
//! Plain data and pure rules. How records are stored is `record.rs`; who may do what is `access`.

mod credential;
mod ids;
mod key;
mod page;
mod spec;
mod tenant;
mod version;

pub use credential::{Credential, CredentialSecret, Principal};
pub use ids::{
    ClusterId, CredentialId, EventId, KeyId, NodeId, PrincipalId, Region, SlotId, TenantId,
};
pub use key::{Key, KeyRef, KeyState, KeyView, NameKind, Origin, Rotation};
pub use page::Page;
pub use spec::{
    DataKeySpec, EncryptAlgorithm, Family, Hash, KeySpec, MacAlgorithm, PairSpec, SignAlgorithm,
    Usage,
};
pub use tenant::{Account, Tenant};
pub use version::{KeyVersion, VersionInfo, VersionSelector};
