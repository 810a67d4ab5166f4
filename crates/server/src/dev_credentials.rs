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

/// The file's content, borrowed from its text: no copy of a secret is made. A directory that was last served before
/// there was a kind of credential has none of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Credentials<'a> {
    #[serde(borrow)]
    pub(crate) aws: AccessKey<'a>,
    pub(crate) qkms: AccessKey<'a>,
    pub(crate) alibaba: Option<AccessKey<'a>>,
    pub(crate) alibaba_instance: Option<ClientKey<'a>>,
    pub(crate) tencent: Option<AccessKey<'a>>,
    pub(crate) thalassa: Token<'a>,
}

/// A credential that signs.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AccessKey<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) secret_access_key: &'a str,
    pub(crate) account_id: &'a str,
}

/// A credential that signs by what is in a file of its own.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ClientKey<'a> {
    pub(crate) client_key_id: &'a str,
    pub(crate) password: &'a str,
    pub(crate) instance_id: &'a str,
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

    fn access_id(&self, kind: Kind) -> Option<&'a str> {
        match kind {
            Kind::Aws => Some(self.aws.access_key_id),
            Kind::Qkms => Some(self.qkms.access_key_id),
            Kind::Alibaba => self.alibaba.map(|key| key.access_key_id),
            Kind::AlibabaInstance => self.alibaba_instance.map(|key| key.client_key_id),
            Kind::Tencent => self.tencent.map(|key| key.access_key_id),
            Kind::Thalassa => Some(self.thalassa.access_id),
        }
    }

    /// The credentials in `new`, and for the rest those in `old`.
    fn merged(new: &'a [Issued], old: Option<&Self>) -> Result<Self> {
        let issued = |kind| new.iter().find(|issued| issued.kind == kind);
        let key = |kind| issued(kind).map(access_key);
        let missing = "a credential was not made";
        Ok(Self {
            aws: key(Kind::Aws).or(old.map(|old| old.aws)).context(missing)?,
            qkms: key(Kind::Qkms).or(old.map(|old| old.qkms)).context(missing)?,
            alibaba: key(Kind::Alibaba).or(old.and_then(|old| old.alibaba)),
            alibaba_instance: issued(Kind::AlibabaInstance)
                .map(client_key)
                .or(old.and_then(|old| old.alibaba_instance)),
            tencent: key(Kind::Tencent).or(old.and_then(|old| old.tencent)),
            thalassa: issued(Kind::Thalassa)
                .map(token)
                .or(old.map(|old| old.thalassa))
                .context(missing)?,
        })
    }
}

fn access_key(issued: &Issued) -> AccessKey<'_> {
    AccessKey {
        access_key_id: &issued.access_id,
        secret_access_key: &issued.secret,
        account_id: &issued.account,
    }
}

fn client_key(issued: &Issued) -> ClientKey<'_> {
    ClientKey {
        client_key_id: &issued.access_id,
        password: &issued.secret,
        instance_id: &issued.account,
    }
}

fn token(issued: &Issued) -> Token<'_> {
    Token { token: &issued.secret, access_id: &issued.access_id, organisation: &issued.account }
}

/// The text of a development directory's credentials file.
///
/// # Errors
/// There is none, or it is unsafe.
pub(crate) fn read(data: &DataDir) -> Result<Zeroizing<String>> {
    files::read_private(&data.credentials(), MAX_FILE)
}

/// Makes the tenant, the principal and the credentials; of the last, those that the file does not have or that the
/// store does not know.
///
/// # Errors
/// The tenant or the principal was disabled, or is not what a development server makes: nothing is given back to it.
pub(crate) async fn ensure(engine: &Engine, data: &DataDir) -> Result<()> {
    let mut tenant = tenant(engine).await?;
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
    let text = if data.credentials().exists() { Some(read(data)?) } else { None };
    let old = text.as_deref().map(|text| Credentials::parse(text)).transpose()?;
    let known = engine.credentials(tenant.id).await?;
    let known: HashSet<&str> = known.iter().map(|credential| &*credential.access_id).collect();
    let missing: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| {
            let id = old.as_ref().and_then(|old| old.access_id(*kind));
            let lost = *kind == Kind::AlibabaInstance && !data.client_key().exists();
            lost || !id.is_some_and(|id| known.contains(id))
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let new = issue(engine, &mut tenant, &principal, &missing).await?;
    for issued in &new {
        if let Some(file) = &issued.file {
            files::replace(&data.client_key(), file)?;
        }
    }
    let file = Credentials::merged(&new, old.as_ref())?;
    // Room enough that the text never moves and leaves a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
    serde_json::to_writer_pretty(&mut *text, &file)?;
    files::replace(&data.credentials(), &text).context("the credentials were made, but not saved")
}

/// Makes credentials of these kinds. The client key, which takes longest, is made beside the others.
async fn issue(
    engine: &Engine,
    tenant: &mut Tenant,
    principal: &Principal,
    kinds: &[Kind],
) -> Result<Vec<Issued>> {
    let slow = kinds.contains(&Kind::AlibabaInstance);
    let client_key = slow.then(|| accounts::make_client_key(engine));
    let mut issued = Vec::with_capacity(kinds.len());
    for kind in kinds.iter().filter(|kind| **kind != Kind::AlibabaInstance) {
        issued.push(accounts::issue(engine, tenant, principal.id, *kind).await?);
    }
    if let Some(making) = client_key {
        let key = making.await??;
        issued.push(accounts::issue_client_key(engine, tenant, principal.id, key).await?);
    }
    Ok(issued)
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
    use std::sync::Arc;

    use super::*;
    use crate::installation::Installation;
    use crate::metrics::Metrics;

    const KEY: &str = r#"{"access_key_id":"A","secret_access_key":"hidden","account_id":"1"}"#;
    const TOKEN: &str = r#"{"token":"hidden","access_id":"T","organisation":"org-1"}"#;

    /// A file from before there were other kinds.
    fn old() -> String {
        format!(r#"{{"aws":{KEY},"qkms":{KEY},"thalassa":{TOKEN}}}"#)
    }

    fn ids<'a>(file: &Credentials<'a>) -> [Option<&'a str>; 6] {
        Kind::ALL.map(|kind| file.access_id(kind))
    }

    #[test]
    fn a_damaged_file_is_refused_without_quoting_it() {
        let whole = old();
        assert!(Credentials::parse(&whole).is_ok());
        for damaged in [
            "",
            "{}",
            &whole[1..],
            &whole.replace("\"hidden\"", "7"),
            &whole.replace("\"1\"", "hidden"),
            &whole.replace("{\"aws", "{\"tencent\":{\"access_key_id\":\"hidden\"},\"aws"),
        ] {
            let error = Credentials::parse(damaged).err().unwrap();
            assert!(!format!("{error:#} {error:?}").contains("hidden"));
        }
    }

    #[test]
    fn what_is_new_joins_what_was_there() {
        let issued = |kind: Kind| Issued {
            kind,
            access_id: format!("new {}", kind.as_str()),
            secret: Zeroizing::new("secret".to_owned()),
            account: "2".to_owned(),
            file: None,
        };
        let text = old();
        let old = Credentials::parse(&text).unwrap();
        assert_eq!(ids(&old), [Some("A"), Some("A"), None, None, None, Some("T")]);

        let new = [Kind::Qkms, Kind::AlibabaInstance, Kind::Tencent].map(issued);
        let merged = Credentials::merged(&new, Some(&old)).unwrap();
        let expected = ["A", "new qkms", "", "new alibaba-instance", "new tencent", "T"].map(Some);
        let expected = expected.map(|id| id.filter(|id| !id.is_empty()));
        assert_eq!(ids(&merged), expected);
        let text = serde_json::to_string(&merged).unwrap();
        assert_eq!(ids(&Credentials::parse(&text).unwrap()), expected);

        assert!(Credentials::merged(&new, None).is_err(), "no credential for AWS");
        let all = Kind::ALL.map(issued);
        let merged = Credentials::merged(&all, Some(&old)).unwrap();
        assert!(ids(&merged).iter().all(|id| id.unwrap().starts_with("new ")));
        assert_eq!(merged.alibaba_instance.unwrap().password, "secret");
    }

    /// A tenant of before has the accounts that there were then.
    async fn old_directory(engine: &Engine, data: &DataDir) {
        let accounts = accounts::new_accounts(TENANT).unwrap();
        let accounts = accounts.into_iter().filter(|account| {
            [Kind::Aws, Kind::Qkms, Kind::Thalassa].iter().any(|kind| kind.fits(account))
        });
        let new = NewTenant { name: TENANT.to_owned(), accounts: accounts.collect() };
        let mut tenant = engine.create_tenant(new).await.unwrap();
        assert_eq!(tenant.accounts.len(), 3);
        let principal = principal(engine, &tenant).await.unwrap();
        let kinds = [Kind::Aws, Kind::Qkms, Kind::Thalassa];
        let issued = issue(engine, &mut tenant, &principal, &kinds).await.unwrap();
        let file = Credentials::merged(&issued, None).unwrap();
        let mut file = serde_json::to_value(&file).unwrap();
        file.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        files::create(&data.credentials(), file.to_string().as_bytes()).unwrap();
    }

    #[tokio::test]
    async fn an_old_directory_gets_what_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("data"));
        let lock = Installation::claim(&data).unwrap();
        let metrics = Arc::new(Metrics::new());
        let installation =
            Installation::serving(&data, &data.root_key(), lock, &metrics).await.unwrap();
        let engine = &installation.engine;
        old_directory(engine, &data).await;
        let old = read(&data).unwrap();
        let old = Credentials::parse(&old).unwrap();
        let number = async || {
            let tenant = engine.find_tenant(TENANT).await.unwrap();
            (tenant.accounts.len(), engine.credentials(tenant.id).await.unwrap().len())
        };
        assert_eq!(number().await, (3, 3));

        ensure(engine, &data).await.unwrap();
        let text = read(&data).unwrap();
        let new = Credentials::parse(&text).unwrap();
        assert_eq!(number().await, (6, 6));
        for (kind, id) in Kind::ALL.into_iter().zip(ids(&new)) {
            assert!(id.is_some(), "{kind:?}");
            assert!(old.access_id(kind).is_none_or(|old| Some(old) == id), "{kind:?}");
        }
        let client_key = files::read_private(&data.client_key(), 16_384).unwrap();
        let client_key: serde_json::Value = serde_json::from_str(&client_key).unwrap();
        assert_eq!(client_key["KeyId"], new.alibaba_instance.unwrap().client_key_id);

        ensure(engine, &data).await.unwrap();
        assert_eq!(*read(&data).unwrap(), *text, "nothing lacks");
        std::fs::remove_file(data.client_key()).unwrap();
        ensure(engine, &data).await.unwrap();
        assert_eq!(number().await, (6, 7), "a client key without its file is of no use");
        assert!(data.client_key().exists());
        installation.close();
    }
}
