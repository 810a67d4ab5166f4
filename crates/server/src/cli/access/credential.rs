//! `trent access credential`. A secret is printed once, when its credential is made.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Subcommand;
use serde::{Serialize, Serializer};
use trent_core::Engine;
use trent_core::model::Credential;

use super::super::output::{Output, pairs, table};
use super::{Change, Of};
use crate::accounts::{self, Issued, Kind};
use crate::files;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a credential and print its secret, this once
    Create {
        #[command(flatten)]
        of: Of,
        /// The principal's name or id
        #[arg(long)]
        principal: String,
        /// Where the credential works
        #[arg(long, value_enum)]
        dialect: Kind,
        /// A new file for the client key: for `alibaba-instance`, and there alone
        #[arg(long, value_name = "FILE", required_if_eq("dialect", "alibaba-instance"))]
        out: Option<PathBuf>,
    },
    /// List a tenant's credentials
    List(Of),
    /// Let it no longer work
    Disable(Named),
    /// Let it work again
    Enable(Named),
    /// Delete it
    Delete(Named),
}

#[derive(clap::Args)]
pub(super) struct Named {
    #[command(flatten)]
    of: Of,
    /// The credential's public part, such as its access key id or token id
    #[arg(long, value_name = "ACCESS_ID")]
    id: String,
}

#[derive(Serialize)]
struct Listed<'a> {
    access_id: &'a str,
    dialect: &'static str,
    account: &'a str,
    principal: String,
    enabled: bool,
}

pub(super) async fn run(engine: &Engine, command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Create { of, principal, dialect, out } => {
            let out = out.as_deref();
            check_out(*dialect, out)?;
            let mut tenant = engine.find_tenant(&of.tenant).await?;
            let principal = engine.find_principal(tenant.id, principal).await?;
            let issued = accounts::issue(engine, &mut tenant, principal.id, *dialect).await?;
            if let Err(error) = write_out(&issued, out) {
                // Nobody can use it.
                engine.delete_credential(tenant.id, &issued.access_id).await?;
                return Err(error);
            }
            show(&issued, out, output)
        }
        Command::List(of) => list(engine, of, output).await,
        Command::Disable(named) => change(engine, named, Change::Disable, output).await,
        Command::Enable(named) => change(engine, named, Change::Enable, output).await,
        Command::Delete(named) => change(engine, named, Change::Delete, output).await,
    }
}

/// Refuses what could not be written, before anything is made.
fn check_out(kind: Kind, out: Option<&Path>) -> Result<()> {
    let Some(out) = out else { return Ok(()) };
    ensure!(
        kind == Kind::AlibabaInstance,
        "--out is for --dialect {} alone",
        Kind::AlibabaInstance.as_str()
    );
    ensure!(out.symlink_metadata().is_err(), "{} is there already", out.display());
    Ok(())
}

fn write_out(issued: &Issued, out: Option<&Path>) -> Result<()> {
    match (&issued.file, out) {
        (Some(file), Some(out)) => files::create(out, file),
        _ => Ok(()),
    }
}

/// Names and values, in JSON as one object.
struct Rows<'a>(&'a [(&'static str, &'a str)]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// Prints a credential by the names that its vendor has for the parts.
fn show(issued: &Issued, out: Option<&Path>, output: Output) -> Result<()> {
    let Issued { kind, access_id, secret, account, .. } = issued;
    let out = out.unwrap_or(Path::new("")).to_string_lossy();
    let dialect = ("dialect", kind.as_str());
    let rows: &[(&str, &str)] = match kind {
        Kind::Aws | Kind::Qkms => &[
            ("access_key_id", access_id),
            ("secret_access_key", secret),
            ("account_id", account),
            dialect,
        ],
        Kind::Alibaba => &[
            ("access_key_id", access_id),
            ("access_key_secret", secret),
            ("account_id", account),
            dialect,
        ],
        Kind::AlibabaInstance => &[
            ("client_key_id", access_id),
            ("client_key_password", secret),
            ("client_key_file", &out),
            ("instance_id", account),
            dialect,
        ],
        Kind::Tencent => {
            &[("secret_id", access_id), ("secret_key", secret), ("account_id", account), dialect]
        }
        Kind::Thalassa => {
            &[("token", secret), ("access_id", access_id), ("organisation", account), dialect]
        }
    };
    output.answer(&Rows(rows), || {
        let names: Vec<String> = rows.iter().map(|(name, _)| name.replace('_', " ")).collect();
        let rows: Vec<(&str, &str)> =
            names.iter().zip(rows).map(|(name, (_, value))| (name.as_str(), *value)).collect();
        pairs(&rows)
    })
}

fn dialect(credential: &Credential) -> &'static str {
    let kind = Kind::ALL.into_iter().find(|kind| kind.fits(&credential.account));
    kind.map_or("unknown", Kind::as_str)
}

async fn list(engine: &Engine, of: &Of, output: Output) -> Result<()> {
    let tenant = engine.find_tenant(&of.tenant).await?;
    let credentials = engine.credentials(tenant.id).await?;
    let listed: Vec<Listed<'_>> = credentials
        .iter()
        .map(|credential| Listed {
            access_id: &credential.access_id,
            dialect: dialect(credential),
            account: &credential.account.id,
            principal: credential.principal.to_string(),
            enabled: credential.enabled,
        })
        .collect();
    output.answer(&listed, || {
        let rows: Vec<_> = listed
            .iter()
            .map(|row| {
                [
                    row.access_id.to_owned(),
                    row.dialect.to_owned(),
                    row.account.to_owned(),
                    row.principal.clone(),
                    super::yes_no(row.enabled),
                ]
            })
            .collect();
        table(["id", "dialect", "account", "principal", "enabled"], &rows)
    })
}

async fn change(engine: &Engine, named: &Named, change: Change, output: Output) -> Result<()> {
    let tenant = engine.find_tenant(&named.of.tenant).await?;
    match change {
        Change::Delete => engine.delete_credential(tenant.id, &named.id).await?,
        Change::Enable => engine.set_credential_enabled(tenant.id, &named.id, true).await?,
        Change::Disable => engine.set_credential_enabled(tenant.id, &named.id, false).await?,
    }
    super::tell("access_id", &named.id, change, output)
}
