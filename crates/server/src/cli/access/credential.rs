//! `trent access credential`. A secret is printed once, when its credential is made.

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use trent_core::Engine;
use trent_core::model::Credential;

use super::super::output::{Output, pairs, table};
use super::{Change, Of};
use crate::accounts::{self, Issued, Kind};

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
    /// The credential's access key id or token id
    #[arg(long, value_name = "ACCESS_ID")]
    id: String,
}

#[derive(Serialize)]
struct AccessKey<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    account_id: &'a str,
    dialect: &'static str,
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
    access_id: &'a str,
    organisation: &'a str,
    dialect: &'static str,
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
        Command::Create { of, principal, dialect } => {
            let tenant = engine.find_tenant(&of.tenant).await?;
            let principal = engine.find_principal(tenant.id, principal).await?;
            let issued = accounts::issue(engine, &tenant, principal.id, *dialect).await?;
            show(&issued, output)
        }
        Command::List(of) => list(engine, of, output).await,
        Command::Disable(named) => change(engine, named, Change::Disable, output).await,
        Command::Enable(named) => change(engine, named, Change::Enable, output).await,
        Command::Delete(named) => change(engine, named, Change::Delete, output).await,
    }
}

fn show(issued: &Issued, output: Output) -> Result<()> {
    let Issued { kind, access_id, secret, account } = issued;
    let dialect = kind.as_str();
    match kind {
        Kind::Aws | Kind::Qkms => {
            let shown = AccessKey {
                access_key_id: access_id,
                secret_access_key: secret,
                account_id: account,
                dialect,
            };
            output.answer(&shown, || {
                pairs(&[
                    ("access key id", access_id),
                    ("secret access key", secret),
                    ("account", account),
                    ("dialect", dialect),
                ])
            })
        }
        Kind::Thalassa => {
            let shown = Token { token: secret, access_id, organisation: account, dialect };
            output.answer(&shown, || {
                pairs(&[
                    ("token", secret),
                    ("id", access_id),
                    ("organisation", account),
                    ("dialect", dialect),
                ])
            })
        }
    }
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
