//! The tenant, the principal and the credentials of a development directory, with the secrets in a private file:
//! `trent env` is there to print them.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use trent_core::access::Preset;
use trent_core::engine::NewTenant;
use trent_core::model::{Principal, Tenant};
use trent_core::{Engine, ErrorKind};
use zeroize::Zeroizing;

use crate::accounts::{self, Issued, Kind};
use crate::data::DataDir;
use crate::files;

/// Longest credentials file in bytes.
const MAX_FILE: usize = 65_536;
const TENANT: &str = "dev";
const PRINCIPAL: &str = "admin";

/// The file's content, borrowed from its text: no copy of a secret is made.
#[derive(Serialize, Deserialize)]
pub(crate) struct Credentials<'a> {
    #[serde(borrow)]
    pub(crate) aws: AccessKey<'a>,
    pub(crate) qkms: AccessKey<'a>,
    pub(crate) thalassa: Token<'a>,
}

/// A credential that signs.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AccessKey<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) secret_access_key: &'a str,
    pub(crate) account_id: &'a str,
}

/// A bearer token.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Token<'a> {
    pub(crate) token: &'a str,
    pub(crate) access_id: &'a str,
    pub(crate) organisation: &'a str,
}

impl<'a> Credentials<'a> {
    /// Reads the file's text.
    pub(crate) fn parse(text: &'a str) -> Result<Self> {
        // The parser's own message could quote a secret.
        serde_json::from_str(text).map_err(|_| anyhow::anyhow!("the credentials file is damaged"))
    }

    fn access_ids(&self) -> [&'a str; 3] {
        [self.aws.access_key_id, self.qkms.access_key_id, self.thalassa.access_id]
    }
}

/// The text of a development directory's credentials file.
///
/// # Errors
/// There is none, or it is unsafe.
pub(crate) fn read(data: &DataDir) -> Result<Zeroizing<String>> {
    files::read_private(&data.credentials(), MAX_FILE)
}

/// Makes the tenant, the principal and the credentials, unless the file has credentials that the store knows.
///
/// # Errors
/// The tenant or the principal was disabled, or is not what a development server makes: nothing is given back to it.
pub(crate) async fn ensure(engine: &Engine, data: &DataDir) -> Result<()> {
    let tenant = tenant(engine).await?;
    ensure!(tenant.enabled, "tenant {TENANT} is disabled; see: trent access tenant enable");
    let principal = principal(engine, &tenant).await?;
    ensure!(
        principal.enabled,
        "principal {PRINCIPAL} is disabled; see: trent access principal enable"
    );
    ensure!(
        principal.preset == Preset::Administrator,
        "principal {PRINCIPAL} is no administrator, and `trent dev` does not make it one"
    );
    if data.credentials().exists() {
        let text = read(data)?;
        let file = Credentials::parse(&text)?;
        let known = engine.credentials(tenant.id).await?;
        let known: HashSet<&str> = known.iter().map(|credential| &*credential.access_id).collect();
        if file.access_ids().iter().all(|id| known.contains(id)) {
            return Ok(());
        }
    }
    let aws = accounts::issue(engine, &tenant, principal.id, Kind::Aws).await?;
    let qkms = accounts::issue(engine, &tenant, principal.id, Kind::Qkms).await?;
    let thalassa = accounts::issue(engine, &tenant, principal.id, Kind::Thalassa).await?;
    let file = Credentials {
        aws: access_key(&aws),
        qkms: access_key(&qkms),
        thalassa: Token {
            token: &thalassa.secret,
            access_id: &thalassa.access_id,
            organisation: &thalassa.account,
        },
    };
    // Room enough that the text never moves and leaves a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
    serde_json::to_writer_pretty(&mut *text, &file)?;
    files::replace(&data.credentials(), &text).context("the credentials were made, but not saved")
}

fn access_key(issued: &Issued) -> AccessKey<'_> {
    AccessKey {
        access_key_id: &issued.access_id,
        secret_access_key: &issued.secret,
        account_id: &issued.account,
    }
}

async fn tenant(engine: &Engine) -> Result<Tenant> {
    match engine.find_tenant(TENANT).await {
        Err(error) if error.kind() == ErrorKind::NameNotFound => {
            let new =
                NewTenant { name: TENANT.to_owned(), accounts: accounts::new_accounts(TENANT)? };
            Ok(engine.create_tenant(new).await?)
        }
        found => Ok(found?),
    }
}

async fn principal(engine: &Engine, tenant: &Tenant) -> Result<Principal> {
    match engine.find_principal(tenant.id, PRINCIPAL).await {
        Err(error) if error.kind() == ErrorKind::NameNotFound => {
            Ok(engine.create_principal(tenant.id, PRINCIPAL, Preset::Administrator).await?)
        }
        found => Ok(found?),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_damaged_file_is_refused_without_quoting_it() {
        let key = r#"{"access_key_id":"A","secret_access_key":"hidden","account_id":"1"}"#;
        let token = r#"{"token":"hidden","access_id":"T","organisation":"org-1"}"#;
        let whole = format!(r#"{{"aws":{key},"qkms":{key},"thalassa":{token}}}"#);
        assert_eq!(Credentials::parse(&whole).unwrap().access_ids(), ["A", "A", "T"]);
        for damaged in [
            "",
            "{}",
            &whole[1..],
            &whole.replace("\"hidden\"", "7"),
            &whole.replace("\"1\"", "hidden"),
        ] {
            let error = Credentials::parse(damaged).err().unwrap();
            assert!(!format!("{error:#} {error:?}").contains("hidden"));
        }
    }
}
