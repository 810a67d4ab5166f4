//! The process's own log on standard error: for people on a terminal, JSON lines elsewhere. The audit log is another thing.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// The levels, the quietest first.
pub(crate) const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Starts logging at `level`, one of [`LEVELS`]; `RUST_LOG` overrides it, and may hold a filter such as
/// `info,trent=debug`.
///
/// # Errors
/// `level` is no level.
pub(crate) fn start(level: &str) -> Result<()> {
    let filter = match EnvFilter::try_from_default_env() {
        Ok(filter) => filter,
        Err(_) => {
            EnvFilter::try_new(level).with_context(|| format!("`{level}` is no log level"))?
        }
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    std::panic::set_hook(Box::new(|fault| tracing::error!("{fault}")));
    // A second start in one process changes nothing.
    let _ =
        if std::io::stderr().is_terminal() { lines.try_init() } else { lines.json().try_init() };
    Ok(())
}
