//! `trent`: the server and its command line. Sockets, files, certificates and the process are handled in this crate;
//! what a key management system does is `trent-core`'s, and how vendors' clients ask for it is `trent-dialects`'.

mod accounts;
mod audit_handoff;
mod cli;
mod client_key;
mod config;
mod data;
mod dev_credentials;
mod endpoint;
mod files;
mod front;
mod health;
mod installation;
mod limits;
mod listen;
mod lock;
mod logging;
mod metrics;
mod process;
mod regions;
mod root;
mod serve;
mod settings;
mod tls;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
