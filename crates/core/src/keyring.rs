//! From the master key down to a version's material: purpose keys, tenant KEKs, wrapping and opening.
//! Material comes out only against an authorization for the action at hand, and only in the form that the action needs.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::access::{Authorized, Exports, KeyTarget, Opens, Seals};
use crate::crypto::mac::sha256;
use crate::crypto::rsa::{OaepHash, oaep_decrypt, pkcs1_decrypt};
use crate::crypto::{CryptoError, Secret32, SecretBytes, kdf, random};
use crate::model::{
    ClusterId, Credential, CredentialSecret, Family, KeySpec, KeyVersion, PrincipalId, TenantId,
};
use crate::record::{RowMac, TenantKek};
use crate::seal::{Context, Place, Plain, Purpose, Sealed, Suite, message_key, push_lp};

type Result<T> = std::result::Result<T, CryptoError>;

/// The most tenant KEKs kept open.
const OPEN_KEKS: usize = 4_096;

/// The open master key, as the keys derived from it.
pub(crate) struct Keyring {
    cluster: ClusterId,
    generation: u32,
    tenant_kek: Secret32,
    credential: Secret32,
    page: Secret32,
    pub(crate) rows: RowMac,
    open: RwLock<HashMap<(TenantId, u32), Arc<Kek>>>,
}

/// A tenant's open KEK.
pub(crate) struct Kek {
    uid: [u8; 16],
    generation: u32,
    key: Secret32,
}

impl Keyring {
    /// Derives everything from the master key of this generation, which is not kept.
    pub(crate) fn new(cluster: ClusterId, generation: u32, master: &Secret32) -> Result<Self> {
        let purpose = |name: &str| {
            let label = format!("trent/1/purpose/{name}");
            kdf::kdf256(master.expose(), label.as_bytes(), cluster.as_bytes())
        };
        Ok(Self {
            cluster,
            generation,
            tenant_kek: purpose("tk")?,
            credential: purpose("cred")?,
            page: purpose("page")?,
            rows: RowMac { key: purpose("rowmac")?, generation },
            open: RwLock::new(HashMap::new()),
        })
    }

    // ---- tenant KEKs

    fn kek_tail(&self, tenant: TenantId) -> Vec<u8> {
        let mut tail = b"trent.tk.v1\0".to_vec();
        tail.extend_from_slice(self.cluster.as_bytes());
        tail.extend_from_slice(tenant.as_bytes());
        tail.extend_from_slice(&self.generation.to_be_bytes());
        tail
    }

    fn kek_place<'a>(&'a self, tenant: TenantId, tail: &'a [u8]) -> Place<'a> {
        Place {
            purpose: Purpose::TenantKek,
            tenant: *tenant.as_bytes(),
            key: &self.tenant_kek,
            tail,
        }
    }

    /// A new KEK for a tenant, wrapped.
    pub(crate) fn make_kek(&self, tenant: TenantId, generation: u32) -> Result<TenantKek> {
        let tail = self.kek_tail(tenant);
        let sealed = self.kek_place(tenant, &tail).seal_checked(
            *tenant.as_bytes(),
            generation,
            Suite::Aes256Gcm,
            Secret32::random()?.expose(),
        )?;
        Ok(TenantKek {
            tenant,
            generation,
            uid: random::array()?,
            master_generation: self.generation,
            wrapped: sealed.to_bytes(Purpose::TenantKek),
        })
    }

    /// The KEK if it is open already.
    pub(crate) fn opened_kek(&self, tenant: TenantId, generation: u32) -> Option<Arc<Kek>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&(tenant, generation)).cloned()
    }

    /// The KEKs that are open, by tenant and generation.
    pub(crate) fn open_keks(&self) -> Vec<(TenantId, u32)> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.keys().copied().collect()
    }

    /// Closes a tenant's KEKs.
    pub(crate) fn forget(&self, tenant: TenantId) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(owner, _), _| *owner != tenant);
    }

    /// Opens a tenant's KEK and keeps it open.
    pub(crate) fn open_kek(&self, stored: &TenantKek) -> Result<Arc<Kek>> {
        let sealed =
            Sealed::from_bytes(Purpose::TenantKek, &stored.wrapped).ok_or(CryptoError::Open)?;
        let ours = stored.master_generation == self.generation
            && sealed.uid == *stored.tenant.as_bytes()
            && sealed.version == stored.generation;
        if !ours {
            return Err(CryptoError::Open);
        }
        let tail = self.kek_tail(stored.tenant);
        let key = self.kek_place(stored.tenant, &tail).open(&sealed)?;
        let kek = Arc::new(Kek {
            uid: stored.uid,
            generation: stored.generation,
            key: Secret32::try_from_slice(key.expose())?,
        });
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_KEKS {
            open.clear();
        }
        open.insert((stored.tenant, stored.generation), Arc::clone(&kek));
        Ok(kek)
    }

    // ---- credentials

    fn credential_tail(
        tenant: TenantId,
        principal: PrincipalId,
        access_id: &str,
        dialect: &str,
        created_ms: u64,
    ) -> Vec<u8> {
        let mut tail = b"trent.cred.v1\0".to_vec();
        tail.extend_from_slice(tenant.as_bytes());
        tail.extend_from_slice(principal.as_bytes());
        push_lp(&mut tail, access_id.as_bytes());
        push_lp(&mut tail, dialect.as_bytes());
        tail.extend_from_slice(&created_ms.to_be_bytes());
        tail
    }

    fn credential_place<'a>(&'a self, of: &Credential, tail: &'a [u8]) -> Place<'a> {
        Place {
            purpose: Purpose::Credential,
            tenant: *of.tenant.as_bytes(),
            key: &self.credential,
            tail,
        }
    }

    fn tail_of(of: &Credential) -> Vec<u8> {
        Self::credential_tail(of.tenant, of.principal, &of.access_id, &of.dialect, of.created_ms)
    }

    /// Seals a credential's secret; `of` is the record it will stand in.
    pub(crate) fn seal_credential(
        &self,
        of: &Credential,
        secret: &SecretBytes,
    ) -> Result<CredentialSecret> {
        let tail = Self::tail_of(of);
        let sealed = self.credential_place(of, &tail).seal_checked(
            *of.id.as_bytes(),
            1,
            Suite::Aes256Gcm,
            secret.expose(),
        )?;
        Ok(CredentialSecret::Sealed(sealed.to_bytes(Purpose::Credential)))
    }

    /// Opens a credential's secret.
    pub(crate) fn open_credential(&self, of: &Credential, blob: &[u8]) -> Result<SecretBytes> {
        let sealed = Sealed::from_bytes(Purpose::Credential, blob).ok_or(CryptoError::Open)?;
        if sealed.uid != *of.id.as_bytes() || sealed.version != 1 {
            return Err(CryptoError::Open);
        }
        let tail = Self::tail_of(of);
        self.credential_place(of, &tail).open(&sealed)
    }

    // ---- list markers

    fn page_tail(operation: &str, principal: PrincipalId) -> Vec<u8> {
        let mut tail = Vec::new();
        push_lp(&mut tail, operation.as_bytes());
        tail.extend_from_slice(principal.as_bytes());
        tail
    }

    /// Seals the position at which a list goes on, with the time in milliseconds until which it is good.
    pub(crate) fn seal_marker(
        &self,
        tenant: TenantId,
        principal: PrincipalId,
        operation: &str,
        until_ms: u64,
        position: &[u8],
    ) -> Result<Vec<u8>> {
        let tail = Self::page_tail(operation, principal);
        let uid = *tenant.as_bytes();
        let place = Place { purpose: Purpose::Page, tenant: uid, key: &self.page, tail: &tail };
        let plaintext = [&until_ms.to_be_bytes()[..], position].concat();
        Ok(place.seal(uid, 0, Suite::Aes256Gcm, &plaintext)?.to_bytes(Purpose::Page))
    }

    /// Opens a marker that is still good at `now_ms`.
    pub(crate) fn open_marker(
        &self,
        tenant: TenantId,
        principal: PrincipalId,
        operation: &str,
        now_ms: u64,
        marker: &[u8],
    ) -> Result<Vec<u8>> {
        let sealed = Sealed::from_bytes(Purpose::Page, marker).ok_or(CryptoError::Open)?;
        let tail = Self::page_tail(operation, principal);
        let uid = *tenant.as_bytes();
        if sealed.uid != uid || sealed.version != 0 {
            return Err(CryptoError::Open);
        }
        let place = Place { purpose: Purpose::Page, tenant: uid, key: &self.page, tail: &tail };
        let opened = place.open(&sealed)?;
        let (until, position) =
            opened.expose().split_first_chunk::<8>().ok_or(CryptoError::Open)?;
        if u64::from_be_bytes(*until) < now_ms {
            return Err(CryptoError::Open);
        }
        Ok(position.to_vec())
    }
}

/// What is bound to a version's material while it is wrapped.
fn version_tail(
    target: &KeyTarget,
    number: u32,
    public: Option<&[u8]>,
    created_ms: u64,
) -> Vec<u8> {
    let mut tail = b"trent.keyversion.v1\0".to_vec();
    tail.extend_from_slice(target.tenant.as_bytes());
    tail.extend_from_slice(target.key.as_bytes());
    tail.extend_from_slice(&number.to_be_bytes());
    push_lp(&mut tail, target.spec.as_str().as_bytes());
    push_lp(&mut tail, target.usage.as_str().as_bytes());
    push_lp(&mut tail, target.origin.as_str().as_bytes());
    tail.push(u8::from(target.exportable));
    tail.extend_from_slice(&public.map_or([0; 32], |spki| sha256(&[spki])));
    tail.extend_from_slice(&created_ms.to_be_bytes());
    tail
}

impl Kek {
    fn place<'a>(&'a self, tenant: TenantId, tail: &'a [u8]) -> Place<'a> {
        Place { purpose: Purpose::Row, tenant: *tenant.as_bytes(), key: &self.key, tail }
    }

    /// Wraps new material as version `number` of the key.
    pub(crate) fn wrap(
        &self,
        target: &KeyTarget,
        number: u32,
        material: &SecretBytes,
        public: Option<Vec<u8>>,
        created_ms: u64,
    ) -> Result<KeyVersion> {
        let tail = version_tail(target, number, public.as_deref(), created_ms);
        let mut plaintext = zeroize::Zeroizing::new(Vec::with_capacity(material.len() + 5));
        plaintext.push(1);
        push_lp(&mut plaintext, material.expose());
        let sealed = self.place(target.tenant, &tail).seal_checked(
            self.uid,
            self.generation,
            Suite::Aes256Gcm,
            &plaintext,
        )?;
        Ok(KeyVersion {
            tenant: target.tenant,
            region: target.region.clone(),
            key: target.key,
            number,
            created_ms,
            public,
            kek_generation: self.generation,
            wrapped: sealed.to_bytes(Purpose::Row),
        })
    }

    fn unwrap(&self, target: &KeyTarget, version: &KeyVersion) -> Result<SecretBytes> {
        let sealed = Sealed::from_bytes(Purpose::Row, &version.wrapped).ok_or(CryptoError::Open)?;
        let ours = version.key == target.key
            && version.tenant == target.tenant
            && version.region == target.region
            && sealed.uid == self.uid
            && sealed.version == self.generation;
        if !ours {
            return Err(CryptoError::Open);
        }
        let tail =
            version_tail(target, version.number, version.public.as_deref(), version.created_ms);
        let plaintext = self.place(target.tenant, &tail).open(&sealed)?;
        match plaintext.expose().split_first_chunk::<5>() {
            Some(([1, a, b, c, d], material))
                if u32::from_be_bytes([*a, *b, *c, *d]) as usize == material.len() =>
            {
                Ok(SecretBytes::from_slice(material))
            }
            _ => Err(CryptoError::Open),
        }
    }

    /// What an authorized sealing action gets.
    pub(crate) fn sealer<A: Seals>(
        &self,
        may: &Authorized<A, KeyTarget>,
        version: &KeyVersion,
    ) -> Result<Sealer> {
        Ok(Sealer(Opened::new(may.target(), version.number, self.unwrap(may.target(), version)?)))
    }

    /// What an authorized opening action gets.
    pub(crate) fn opener<A: Opens>(
        &self,
        may: &Authorized<A, KeyTarget>,
        version: &KeyVersion,
    ) -> Result<Opener> {
        Ok(Opener(Opened::new(may.target(), version.number, self.unwrap(may.target(), version)?)))
    }

    /// The material itself, for an authorized export.
    pub(crate) fn export<A: Exports>(
        &self,
        may: &Authorized<A, KeyTarget>,
        version: &KeyVersion,
    ) -> Result<SecretBytes> {
        self.unwrap(may.target(), version)
    }
}

struct Opened {
    tenant: TenantId,
    uid: [u8; 16],
    spec: KeySpec,
    exportable: bool,
    version: u32,
    material: SecretBytes,
}

impl Opened {
    fn new(target: &KeyTarget, version: u32, material: SecretBytes) -> Self {
        Self {
            tenant: target.tenant,
            uid: *target.key.as_bytes(),
            spec: target.spec,
            exportable: target.exportable,
            version,
            material,
        }
    }

    fn aead(&self) -> Result<crate::crypto::aead::Aead> {
        match self.spec.family() {
            Family::Aead(aead) => Ok(aead),
            _ => Err(CryptoError::Unsupported),
        }
    }

    fn key(&self) -> Result<Secret32> {
        message_key(self.spec, self.exportable, &self.material)
    }
}

/// Seals under one version of a key, and can do nothing else with it.
pub(crate) struct Sealer(Opened);

impl Sealer {
    /// Seals a message, with a nonce of the caller's choice where there is one.
    pub(crate) fn seal(
        &self,
        context: &Context,
        plaintext: &[u8],
        iv: Option<[u8; 12]>,
    ) -> Result<Sealed> {
        self.placed(context, |place, uid, version, suite| match iv {
            Some(iv) => place.seal_at(uid, version, suite, iv, plaintext),
            None => place.seal(uid, version, suite, plaintext),
        })
    }

    /// Seals fresh key material, checked by opening it again.
    pub(crate) fn seal_checked(&self, context: &Context, plaintext: &[u8]) -> Result<Sealed> {
        self.placed(context, |place, uid, version, suite| {
            place.seal_checked(uid, version, suite, plaintext)
        })
    }

    fn placed(
        &self,
        context: &Context,
        seal: impl FnOnce(&Place<'_>, [u8; 16], u32, Suite) -> Result<Sealed>,
    ) -> Result<Sealed> {
        let suite = Suite::of(self.0.aead()?);
        let (key, tail) = (self.0.key()?, context.encode());
        let place = Place {
            purpose: Purpose::Message,
            tenant: *self.0.tenant.as_bytes(),
            key: &key,
            tail: &tail,
        };
        seal(&place, self.0.uid, self.0.version, suite)
    }

    /// Encrypts with the plain suite; only exportable keys have it.
    pub(crate) fn seal_plain(&self, plaintext: &[u8]) -> Result<Plain> {
        if !self.0.exportable {
            return Err(CryptoError::Unsupported);
        }
        Plain::seal(self.0.aead()?, &self.0.material, plaintext)
    }
}

/// Opens what one version of a key sealed, and can do nothing else with it.
pub(crate) struct Opener(Opened);

impl Opener {
    /// Opens a sealed message under the first context that fits.
    pub(crate) fn open(&self, sealed: &Sealed, contexts: &[Context]) -> Result<SecretBytes> {
        let prescribed = sealed.suite == Suite::of(self.0.aead()?)
            && sealed.uid == self.0.uid
            && sealed.version == self.0.version;
        if !prescribed {
            return Err(CryptoError::Open);
        }
        let key = self.0.key()?;
        let mut opened = Err(CryptoError::Open);
        for context in contexts {
            let tail = context.encode();
            let place = Place {
                purpose: Purpose::Message,
                tenant: *self.0.tenant.as_bytes(),
                key: &key,
                tail: &tail,
            };
            opened = opened.or_else(|_| place.open(sealed));
        }
        opened
    }

    /// Opens a ciphertext of the plain suite; only exportable keys have it.
    pub(crate) fn open_plain(&self, plain: &Plain) -> Result<SecretBytes> {
        if !self.0.exportable {
            return Err(CryptoError::Open);
        }
        plain.open(self.0.aead()?, &self.0.material)
    }

    /// Decrypts an RSA block of OAEP.
    pub(crate) fn open_oaep(&self, hash: OaepHash, block: &[u8]) -> Result<SecretBytes> {
        oaep_decrypt(self.0.material.expose(), hash, block)
    }

    /// Decrypts an RSA block of PKCS#1 v1.5; a block that is none yields a made-up plaintext.
    pub(crate) fn open_pkcs1(&self, block: &[u8]) -> Result<SecretBytes> {
        pkcs1_decrypt(self.0.material.expose(), block)
    }
}
