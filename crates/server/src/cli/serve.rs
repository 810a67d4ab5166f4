//! `trent serve`: the production server.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use trent_core::Engine;

use super::output::{Output, pairs};
use crate::config::Config;
use crate::serve::Beginning;
use crate::{logging, process};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

struct Announce(Output);

#[derive(Serialize)]
struct Answer {
    listening: Vec<SocketAddr>,
}

impl Beginning for Announce {
    async fn opened(&self, _engine: &Engine) -> Result<()> {
        Ok(())
    }

    fn bound(&self, addresses: &[SocketAddr]) -> Result<()> {
        let answer = Answer { listening: addresses.to_vec() };
        let texts: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
        self.0.answer(&answer, || pairs(&[("listening", &texts.join(" "))]))
    }
}

pub(super) fn run(args: &Args, output: Output) -> Result<()> {
    let config = Config::read(&args.config)?;
    logging::start(&config.log)?;
    process::harden();
    crate::serve::run(&config, &Announce(output))
}
