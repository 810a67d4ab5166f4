//! `trent access tenant`.

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use trent_core::Engine;
use trent_core::engine::NewTenant;
use trent_core::model::Tenant;

use super::super::output::{Output, pairs, table};
use super::Change;
use crate::accounts::{self, Kind};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a tenant with an account in each dialect
    Create {
        /// A name, unique in the installation
        #[arg(long)]
        name: String,
    },
    /// List all tenants
    List,
    /// Let a tenant's credentials no longer work
    Disable(Named),
    /// Let them work again
    Enable(Named),
    /// Delete a disabled tenant and destroy all its keys for good
    Delete {
        #[command(flatten)]
        named: Named,
        /// Say that its keys are to be destroyed: nothing encrypted with them will ever open again
        #[arg(long, required = true)]
        shred_keys: bool,
    },
}

#[derive(clap::Args)]
pub(super) struct Named {
    /// The tenant's name or id
    #[arg(long)]
    tenant: String,
}

#[derive(Serialize)]
struct Created<'a> {
    tenant: &'a str,
    name: &'a str,
    aws_account_id: &'a str,
    qkms_account_id: &'a str,
    alibaba_account_id: &'a str,
    alibaba_instance_id: &'a str,
    tencent_account_id: &'a str,
    thalassa_organisation: &'a str,
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    tenant: Created<'a>,
    enabled: bool,
}

fn describe<'a>(tenant: &'a Tenant, id: &'a str) -> Created<'a> {
    // Empty until its first credential, where the tenant is older than the kind.
    let account = |kind: Kind| kind.account(tenant).map_or("", |account| &account.id);
    Created {
        tenant: id,
        name: &tenant.name,
        aws_account_id: account(Kind::Aws),
        qkms_account_id: account(Kind::Qkms),
        alibaba_account_id: account(Kind::Alibaba),
        alibaba_instance_id: account(Kind::AlibabaInstance),
        tencent_account_id: account(Kind::Tencent),
        thalassa_organisation: account(Kind::Thalassa),
    }
}

pub(super) async fn run(engine: &Engine, command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Create { name } => {
            let new = NewTenant { name: name.clone(), accounts: accounts::new_accounts(name)? };
            let tenant = engine.create_tenant(new).await?;
            let id = tenant.id.to_string();
            let created = describe(&tenant, &id);
            output.answer(&created, || {
                pairs(&[
                    ("tenant", created.tenant),
                    ("name", created.name),
                    ("aws account", created.aws_account_id),
                    ("qkms account", created.qkms_account_id),
                    ("alibaba account", created.alibaba_account_id),
                    ("instance", created.alibaba_instance_id),
                    ("tencent account", created.tencent_account_id),
                    ("thalassa organisation", created.thalassa_organisation),
                ])
            })
        }
        Command::List => list(&engine.tenants().await?, output),
        Command::Disable(named) => change(engine, named, Change::Disable, output).await,
        Command::Enable(named) => change(engine, named, Change::Enable, output).await,
        Command::Delete { named, .. } => change(engine, named, Change::Delete, output).await,
    }
}

fn list(tenants: &[Tenant], output: Output) -> Result<()> {
    let ids: Vec<String> = tenants.iter().map(|tenant| tenant.id.to_string()).collect();
    let listed: Vec<Listed<'_>> = tenants
        .iter()
        .zip(&ids)
        .map(|(tenant, id)| Listed { tenant: describe(tenant, id), enabled: tenant.enabled })
        .collect();
    output.answer(&listed, || {
        let rows: Vec<_> = listed
            .iter()
            .map(|Listed { tenant, enabled }| {
                [
                    tenant.tenant.to_owned(),
                    tenant.name.to_owned(),
                    tenant.aws_account_id.to_owned(),
                    tenant.qkms_account_id.to_owned(),
                    tenant.alibaba_account_id.to_owned(),
                    tenant.alibaba_instance_id.to_owned(),
                    tenant.tencent_account_id.to_owned(),
                    tenant.thalassa_organisation.to_owned(),
                    super::yes_no(*enabled),
                ]
            })
            .collect();
        table(
            [
                "tenant", "name", "aws", "qkms", "alibaba", "instance", "tencent", "thalassa",
                "enabled",
            ],
            &rows,
        )
    })
}

async fn change(engine: &Engine, named: &Named, change: Change, output: Output) -> Result<()> {
    let tenant = engine.find_tenant(&named.tenant).await?;
    match change {
        Change::Delete => engine.shred_tenant(tenant.id).await?,
        Change::Enable => engine.set_tenant_enabled(tenant.id, true).await?,
        Change::Disable => engine.set_tenant_enabled(tenant.id, false).await?,
    }
    super::tell("tenant", &tenant.id.to_string(), change, output)
}
