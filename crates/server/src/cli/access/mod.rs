//! `trent access`: who may do what. The commands work beside a running server, and without one.

mod credential;
mod principal;
mod tenant;

use anyhow::Result;
use clap::Subcommand;

use super::output::{Output, pairs};
use super::place::Place;
use crate::installation::Installation;
use crate::{logging, process};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Tenants: the owners of keys
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Principals: who acts in a tenant
    #[command(subcommand)]
    Principal(principal::Command),
    /// Credentials: how a principal proves who it is
    #[command(subcommand)]
    Credential(credential::Command),
}

/// The tenant that something belongs to.
#[derive(clap::Args)]
struct Of {
    /// The tenant's name or id
    #[arg(long)]
    tenant: String,
}

/// What may be done to something that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Enable,
    Disable,
    Delete,
}

impl Change {
    fn done(self) -> &'static str {
        match self {
            Self::Enable => "enabled",
            Self::Disable => "disabled",
            Self::Delete => "deleted",
        }
    }
}

/// Tells what became of the thing with this id.
fn tell(kind: &str, id: &str, change: Change, output: Output) -> Result<()> {
    let answer = serde_json::json!({ kind: id, "status": change.done() });
    output.answer(&answer, || pairs(&[(id, change.done())]))
}

fn yes_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

pub(super) fn run(args: &Args, output: Output) -> Result<()> {
    logging::start("warn")?;
    process::harden();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (data, root_file) = args.place.find()?;
        let installation = Installation::administering(&data, &root_file).await?;
        let engine = &installation.engine;
        match &args.what {
            What::Tenant(command) => tenant::run(engine, command, output).await,
            What::Principal(command) => principal::run(engine, command, output).await,
            What::Credential(command) => credential::run(engine, command, output).await,
        }
    })
}
