//! Which installation a command is about: a data directory or a configuration file.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config::Config;
use crate::data::DataDir;

/// The data directory of a development server, where none is named.
pub(super) const DEVELOPMENT: &str = "./trent-dev";

/// `--data` or `--config`.
#[derive(clap::Args)]
pub(super) struct Place {
    /// The data directory
    #[arg(long, global = true, value_name = "DIR", default_value = DEVELOPMENT)]
    data: PathBuf,
    /// The configuration file, in place of a data directory
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
}

impl Place {
    /// The data directory and the root key's file.
    pub(super) fn find(&self) -> Result<(DataDir, PathBuf)> {
        let data = DataDir::new(&self.data);
        let config = match &self.config {
            Some(config) => Some(config.clone()),
            None => Some(data.config()).filter(|path| path.exists()),
        };
        match config {
            Some(path) => configured(&path),
            None => {
                let root_file = data.root_key();
                Ok((data, root_file))
            }
        }
    }
}

fn configured(path: &Path) -> Result<(DataDir, PathBuf)> {
    let config = Config::read(path)?;
    Ok((config.data, config.root_file))
}
