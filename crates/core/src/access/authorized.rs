//! The proof of a decision. Only this module makes one, for exactly one action and one target;
//! key material cannot be reached without it.

use std::marker::PhantomData;

use super::{Action, Caller};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyId, KeySpec, Origin, Region, TenantId, Usage};

/// The caller may do `A` to the target `T`.
pub struct Authorized<A: Action, T> {
    target: T,
    action: PhantomData<A>,
}

/// A key, by the attributes that are bound to its material.
pub struct KeyTarget {
    pub(crate) tenant: TenantId,
    pub(crate) region: Region,
    pub(crate) key: KeyId,
    pub(crate) spec: KeySpec,
    pub(crate) usage: Usage,
    pub(crate) origin: Origin,
    pub(crate) exportable: bool,
}

impl KeyTarget {
    /// The target that a new or loaded key is.
    pub(crate) fn of(key: &Key) -> Self {
        Self {
            tenant: key.tenant,
            region: key.region.clone(),
            key: key.id,
            spec: key.spec,
            usage: key.usage,
            origin: key.origin,
            exportable: key.exportable,
        }
    }
}

/// The caller's tenant and region, for actions that have no key yet. Such actions reach no material,
/// so the proof carries nothing.
pub struct TenantTarget(());

impl<A: Action, T> Authorized<A, T> {
    pub(crate) fn target(&self) -> &T {
        &self.target
    }
}

/// Decides whether the caller may do `A` to this key.
pub(crate) fn authorize_key<A: Action>(
    caller: &Caller,
    key: &Key,
) -> Result<Authorized<A, KeyTarget>> {
    // A loaded key is always of the caller's tenant and region; the second look costs nothing and fails closed.
    if key.tenant != caller.tenant() || key.region != caller.region {
        return Err(Error::from(ErrorKind::KeyNotFound));
    }
    decide::<A>(caller).map_err(|error| error.about_key(key))?;
    if !(caller.expresses)(key) {
        return Err(Error::new(ErrorKind::Inexpressible, "the dialect has no words for this key")
            .about_key(key));
    }
    Ok(Authorized { target: KeyTarget::of(key), action: PhantomData })
}

/// Decides whether the caller may do `A` in its tenant and region.
pub(crate) fn authorize_tenant<A: Action>(caller: &Caller) -> Result<Authorized<A, TenantTarget>> {
    decide::<A>(caller)?;
    Ok(Authorized { target: TenantTarget(()), action: PhantomData })
}

fn decide<A: Action>(caller: &Caller) -> Result<()> {
    if caller.identity.preset().allows(A::ID) {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::AccessDenied, "the principal may not do this"))
    }
}
