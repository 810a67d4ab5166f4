//! Proving who asks. A verified identity is the return value of a verification; there is no other way to get one.

use super::Engine;
use crate::access::Identity;
use crate::crypto::mac::sha256;
use crate::crypto::{SecretBytes, ct_eq};
use crate::error::{Error, Result};
use crate::model::{Credential, CredentialSecret, Principal, PrincipalId, TenantId};
use crate::record::{Loaded, principal_key};
use crate::store::Table;

/// Why someone is not who they say. The first two cost the same work.
#[derive(Debug)]
pub enum AuthFailure {
    /// No credential of that id works in this dialect.
    Unknown,
    /// The credential is known; the proof is not right. Carries the style of the credential's account.
    Mismatch {
        /// How names of the credential's account are spelt.
        style: String,
    },
    /// It could not be found out.
    Failed(Error),
}

impl From<Error> for AuthFailure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is checked in place of the secret of an unknown credential, so that the answer takes the same work.
const NOBODY: &[u8] = b"0000000000000000000000000000000000000000";

impl Engine {
    /// Verifies a request signed with a secret: `check` gets the raw secret and tells whether the signature fits.
    pub async fn verify_secret(
        &self,
        dialect: &'static str,
        access_id: &str,
        check: impl FnOnce(&[u8]) -> bool + Send,
    ) -> std::result::Result<Identity, AuthFailure> {
        let found = self.working_credential(dialect, access_id).await?;
        let secret = match &found {
            Some((credential, _)) => match &credential.secret {
                CredentialSecret::Sealed(blob) => {
                    Some(self.keyring.open_credential(credential, blob).map_err(Error::from)?)
                }
                CredentialSecret::Digest(_) => None,
            },
            None => None,
        };
        let known = secret.is_some();
        let secret = secret.unwrap_or_else(|| SecretBytes::from_slice(NOBODY));
        let fits = check(secret.expose());
        match found {
            Some((credential, principal)) if known && fits => {
                Ok(Identity::verified(&credential, &principal))
            }
            Some((credential, _)) if known => {
                Err(AuthFailure::Mismatch { style: credential.account.style })
            }
            _ => Err(AuthFailure::Unknown),
        }
    }

    /// Verifies a bearer token: its public part and the rest.
    pub async fn verify_bearer(
        &self,
        dialect: &'static str,
        access_id: &str,
        secret: &[u8],
    ) -> std::result::Result<Identity, AuthFailure> {
        let found = self.working_credential(dialect, access_id).await?;
        let digest = sha256(&[secret]);
        let expected = match &found {
            Some((Credential { secret: CredentialSecret::Digest(kept), .. }, _)) => Some(*kept),
            _ => None,
        };
        let fits = ct_eq(&digest, &expected.unwrap_or_default());
        match found {
            Some((credential, principal)) if expected.is_some() && fits => {
                Ok(Identity::verified(&credential, &principal))
            }
            Some((credential, _)) if expected.is_some() => {
                Err(AuthFailure::Mismatch { style: credential.account.style })
            }
            _ => Err(AuthFailure::Unknown),
        }
    }

    /// The credential of this public id with its principal, if it, the principal and the tenant work.
    async fn working_credential(
        &self,
        dialect: &str,
        access_id: &str,
    ) -> Result<Option<(Credential, Principal)>> {
        let credential = match self.store.lookup(Table::Credentials, access_id.to_owned()).await? {
            Some(row) => Some(self.authenticate_row::<Credential>(&row)?.record),
            None => None,
        };
        // An unknown id takes the same reads as a known one: they find nothing.
        let nobody = (TenantId::from_bytes([0; 16]), PrincipalId::from_bytes([0; 16]));
        let (tenant, principal) =
            credential.as_ref().map_or(nobody, |found| (found.tenant, found.principal));
        let principal: Option<Loaded<Principal>> =
            self.get(principal_key(tenant, principal)).await?;
        let tenant = self.tenant(tenant).await?;
        let (Some(credential), Some(principal), Some(tenant)) = (credential, principal, tenant)
        else {
            return Ok(None);
        };
        let works = credential.access_id == access_id
            && credential.dialect == dialect
            && credential.enabled
            && principal.record.enabled
            && tenant.record.enabled;
        Ok(works.then_some((credential, principal.record)))
    }
}
