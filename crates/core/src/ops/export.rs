//! Break-glass export: the only way by which key material leaves in the clear.

use crate::access::{self, Action, Caller};
use crate::audit::Event;
use crate::crypto::SecretBytes;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Key, KeyRef, Usage, VersionSelector};
use crate::ops::require_enabled;

/// A request for material.
pub struct ExportMaterial {
    /// The key.
    pub key: KeyRef,
    /// The version.
    pub version: VersionSelector,
}

/// Key material.
pub struct Exported {
    /// The key.
    pub key: Key,
    /// The version.
    pub version: u32,
    /// The raw key, or PKCS#8 DER for asymmetric keys.
    pub material: SecretBytes,
}

impl Engine {
    /// Takes a version's material out. The event is durable before this returns.
    ///
    /// # Errors
    /// [`ErrorKind::NotExportable`] unless the key was made exportable; [`ErrorKind::Unsupported`] for MAC keys.
    pub async fn export_material(&self, caller: &Caller, cmd: ExportMaterial) -> Result<Exported> {
        let mut event = self.event(caller, access::ExportMaterial::ID)?;
        let result = self.export_inner(caller, cmd, &mut event).await;
        self.conclude(event, result).await
    }

    async fn export_inner(
        &self,
        caller: &Caller,
        cmd: ExportMaterial,
        event: &mut Event,
    ) -> Result<Exported> {
        let key = self.load_key(caller, &cmd.key).await?;
        let may = access::authorize_key::<access::ExportMaterial>(caller, &key)?;
        event.about(&key);
        if key.usage == Usage::GenerateVerifyMac {
            return Err(
                Error::new(ErrorKind::Unsupported, "MAC keys are never exported").about_key(&key)
            );
        }
        if !key.exportable {
            return Err(Error::new(ErrorKind::NotExportable, "the key was not made exportable")
                .about_key(&key));
        }
        require_enabled(&key)?;
        let version = self.load_version(&key, cmd.version).await?;
        event.version = Some(version.number);
        let kek = self.kek(key.tenant, version.kek_generation).await?;
        let material = kek.export(&may, &version)?;
        Ok(Exported { key, version: version.number, material })
    }
}
