//! Proving who asks. A verified identity is the return value of a verification; there is no other way to get one.
//! An unknown id takes the same work as a known one: it is answered for by a stand-in that never fits.

use super::Engine;
use crate::access::{Identity, Preset};
use crate::crypto::mac::sha256;
use crate::crypto::{CryptoError, SecretBytes, ct_eq};
use crate::error::{Error, Result};
use crate::keyring::Keyring;
use crate::model::{
    Account, Credential, CredentialId, CredentialSecret, Principal, PrincipalId, Tenant, TenantId,
};
use crate::record::{Loaded, Record, principal_key};
use crate::store::{Change, Row, Table};

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

/// The rows of a credential that nobody has, read in place of those that an unknown id lacks.
pub(crate) struct Nobody {
    tenant: Row,
    principal: Row,
    credential: Row,
}

impl Nobody {
    /// Makes the stand-in, sealed like a real one.
    pub(crate) fn new(keyring: &Keyring) -> Result<Self> {
        let account =
            Account { namespace: String::new(), id: "0".repeat(12), style: String::new() };
        let tenant = Tenant {
            id: TenantId::random()?,
            name: "nobody".to_owned(),
            accounts: vec![account.clone(); 3],
            kek_generation: 1,
            enabled: false,
            created_ms: 0,
        };
        let principal = Principal {
            id: PrincipalId::random()?,
            tenant: tenant.id,
            name: "nobody".to_owned(),
            preset: Preset::None,
            enabled: false,
            created_ms: 0,
        };
        let mut credential = Credential {
            id: CredentialId::random()?,
            tenant: tenant.id,
            principal: principal.id,
            access_id: "0".repeat(20),
            dialect: String::new(),
            account,
            secret: CredentialSecret::Digest([0; 32]),
            enabled: false,
            created_ms: 0,
        };
        let secret = SecretBytes::random(SECRET)?;
        credential.secret = keyring.seal_credential(&credential, &secret)?;
        Ok(Self {
            tenant: row(keyring, &tenant)?,
            principal: row(keyring, &principal)?,
            credential: row(keyring, &credential)?,
        })
    }
}

fn row<R: Record>(keyring: &Keyring, record: &R) -> Result<Row> {
    match keyring.rows.insert(record) {
        Change::Insert(row) => Ok(row),
        _ => Err(Error::internal("a new record is not a new row")),
    }
}

/// An RSA public key of 2048 bits whose private key was thrown away: what the stand-in verifies with. A signature that
/// fits it proves nothing.
const STRANGER: &[u8] = include_bytes!("stranger.spki");

/// How long the stand-in's secret is, in bytes: as long as those of real credentials.
const SECRET: usize = 40;

/// A credential with its principal, perhaps the stand-in's.
struct Candidate {
    credential: Credential,
    principal: Principal,
    /// Whether credential, principal and tenant exist, are enabled, and serve the dialect.
    works: bool,
}

impl Engine {
    /// Verifies a request signed with a secret: `check` gets the raw secret and tells whether the signature fits.
    pub async fn verify_secret(
        &self,
        dialect: &'static str,
        access_id: &str,
        check: impl FnOnce(&[u8]) -> bool + Send,
    ) -> std::result::Result<Identity, AuthFailure> {
        let candidate = self.candidate(dialect, access_id).await?;
        let (secret, known) = match &candidate.credential.secret {
            CredentialSecret::Sealed(blob) => {
                let opened = self.keyring.open_credential(&candidate.credential, blob);
                (opened.map_err(Error::from)?, candidate.works)
            }
            CredentialSecret::Digest(_) | CredentialSecret::PublicKey { .. } => {
                (unknowable()?, false)
            }
        };
        judge(candidate, known, check(secret.expose()))
    }

    /// Verifies a request signed with a private key: `check` gets the public key as SubjectPublicKeyInfo DER, and tells
    /// whether the signature fits. A credential that has expired is as unknown as one that never was.
    pub async fn verify_public_key(
        &self,
        dialect: &'static str,
        access_id: &str,
        check: impl FnOnce(&[u8]) -> bool + Send,
    ) -> std::result::Result<Identity, AuthFailure> {
        let candidate = self.candidate(dialect, access_id).await?;
        let (fits, known) = match &candidate.credential.secret {
            CredentialSecret::PublicKey { spki, not_after_ms } => {
                (check(spki), candidate.works && self.now_ms() < *not_after_ms)
            }
            CredentialSecret::Sealed(_) | CredentialSecret::Digest(_) => (check(STRANGER), false),
        };
        judge(candidate, known, fits)
    }

    /// Verifies a bearer token: its public part and the rest.
    pub async fn verify_bearer(
        &self,
        dialect: &'static str,
        access_id: &str,
        secret: &[u8],
    ) -> std::result::Result<Identity, AuthFailure> {
        let candidate = self.candidate(dialect, access_id).await?;
        let (expected, known) = match &candidate.credential.secret {
            CredentialSecret::Digest(kept) => (*kept, candidate.works),
            CredentialSecret::Sealed(_) | CredentialSecret::PublicKey { .. } => ([0; 32], false),
        };
        let fits = ct_eq(&sha256(&[secret]), &expected);
        judge(candidate, known, fits)
    }

    /// The credential of this public id, or the stand-in, after the same reads and checks.
    async fn candidate(&self, dialect: &str, access_id: &str) -> Result<Candidate> {
        let found = self.store.lookup(Table::Credentials, access_id.to_owned()).await?;
        let known = found.is_some();
        let row = found.as_ref().unwrap_or(&self.nobody.credential);
        let credential = self.authenticate_row::<Credential>(row)?.record;
        let place = principal_key(credential.tenant, credential.principal);
        let principal = self.get::<Principal>(place).await?;
        let tenant = self.tenant(credential.tenant).await?;
        let complete = principal.is_some() && tenant.is_some();
        let principal = self.or_nobodys(principal, &self.nobody.principal)?;
        let tenant: Tenant = self.or_nobodys(tenant, &self.nobody.tenant)?;
        let works = known
            && complete
            && credential.access_id == access_id
            && credential.dialect == dialect
            && credential.enabled
            && principal.enabled
            && tenant.enabled;
        Ok(Candidate { credential, principal, works })
    }

    fn or_nobodys<R: Record>(&self, found: Option<Loaded<R>>, nobodys: &Row) -> Result<R> {
        match found {
            Some(loaded) => Ok(loaded.record),
            None => Ok(self.authenticate_row::<R>(nobodys)?.record),
        }
    }
}

fn judge(
    candidate: Candidate,
    known: bool,
    fits: bool,
) -> std::result::Result<Identity, AuthFailure> {
    match (known, fits) {
        (true, true) => Ok(Identity::verified(&candidate.credential, &candidate.principal)),
        (true, false) => Err(AuthFailure::Mismatch { style: candidate.credential.account.style }),
        (false, _) => Err(AuthFailure::Unknown),
    }
}

/// A secret that nothing was signed with.
fn unknowable() -> std::result::Result<SecretBytes, AuthFailure> {
    SecretBytes::random(SECRET).map_err(|error: CryptoError| AuthFailure::Failed(error.into()))
}
