//! `trent access principal`.

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use trent_core::Engine;
use trent_core::access::Preset;
use trent_core::model::{Principal, Tenant};

use super::super::output::{Output, pairs, table};
use super::{Change, Of};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a principal
    Create {
        #[command(flatten)]
        of: Of,
        /// A name, unique in the tenant
        #[arg(long)]
        name: String,
        /// What it may do
        #[arg(long, value_enum)]
        preset: PresetWord,
    },
    /// List a tenant's principals
    List(Of),
    /// Let its credentials no longer work
    Disable(Named),
    /// Let them work again
    Enable(Named),
    /// Delete it with its credentials
    Delete(Named),
}

#[derive(clap::Args)]
pub(super) struct Named {
    #[command(flatten)]
    of: Of,
    /// The principal's name or id
    #[arg(long)]
    principal: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum PresetWord {
    /// Everything in the tenant
    Administrator,
    /// Look at keys and read public keys
    Reader,
    /// Nothing
    None,
}

impl From<PresetWord> for Preset {
    fn from(word: PresetWord) -> Self {
        match word {
            PresetWord::Administrator => Self::Administrator,
            PresetWord::Reader => Self::Reader,
            PresetWord::None => Self::None,
        }
    }
}

#[derive(Serialize)]
struct Created<'a> {
    principal: String,
    tenant: String,
    name: &'a str,
    preset: &'static str,
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    principal: Created<'a>,
    enabled: bool,
}

fn describe(principal: &Principal) -> Created<'_> {
    Created {
        principal: principal.id.to_string(),
        tenant: principal.tenant.to_string(),
        name: &principal.name,
        preset: principal.preset.as_str(),
    }
}

pub(super) async fn run(engine: &Engine, command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Create { of, name, preset } => {
            let tenant = engine.find_tenant(&of.tenant).await?;
            let principal = engine.create_principal(tenant.id, name, (*preset).into()).await?;
            let created = describe(&principal);
            output.answer(&created, || {
                pairs(&[
                    ("principal", &created.principal),
                    ("tenant", &tenant.name),
                    ("name", created.name),
                    ("preset", created.preset),
                ])
            })
        }
        Command::List(of) => list(engine, of, output).await,
        Command::Disable(named) => change(engine, named, Change::Disable, output).await,
        Command::Enable(named) => change(engine, named, Change::Enable, output).await,
        Command::Delete(named) => change(engine, named, Change::Delete, output).await,
    }
}

async fn list(engine: &Engine, of: &Of, output: Output) -> Result<()> {
    let tenant: Tenant = engine.find_tenant(&of.tenant).await?;
    let principals = engine.principals(tenant.id).await?;
    let listed: Vec<Listed<'_>> = principals
        .iter()
        .map(|principal| Listed { principal: describe(principal), enabled: principal.enabled })
        .collect();
    output.answer(&listed, || {
        let rows: Vec<_> = listed
            .iter()
            .map(|Listed { principal, enabled }| {
                [
                    principal.principal.clone(),
                    principal.name.to_owned(),
                    principal.preset.to_owned(),
                    super::yes_no(*enabled),
                ]
            })
            .collect();
        table(["principal", "name", "preset", "enabled"], &rows)
    })
}

async fn change(engine: &Engine, named: &Named, change: Change, output: Output) -> Result<()> {
    let tenant = engine.find_tenant(&named.of.tenant).await?;
    let principal = engine.find_principal(tenant.id, &named.principal).await?;
    match change {
        Change::Delete => engine.delete_principal(tenant.id, principal.id).await?,
        Change::Enable => engine.set_principal_enabled(tenant.id, principal.id, true).await?,
        Change::Disable => engine.set_principal_enabled(tenant.id, principal.id, false).await?,
    }
    super::tell("principal", &principal.id.to_string(), change, output)
}
