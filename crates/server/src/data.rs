//! Where things stand in a data directory.

use std::path::{Path, PathBuf};

/// A data directory's layout.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// The layout under `path`.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The configuration of a production directory.
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("trent.toml")
    }

    /// The root key, where the configuration names no other place.
    pub(crate) fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }

    /// Certificates and their keys.
    pub(crate) fn tls(&self) -> PathBuf {
        self.0.join("tls")
    }

    /// What clients must trust.
    pub(crate) fn ca(&self) -> PathBuf {
        self.tls().join("ca.pem")
    }

    /// The store.
    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store.db")
    }

    /// The audit log's folder.
    pub(crate) fn audit(&self) -> PathBuf {
        self.0.join("audit")
    }

    /// This node's identity in the audit log.
    pub(crate) fn node(&self) -> PathBuf {
        self.0.join("node")
    }

    /// The lock of the process that serves.
    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("LOCK")
    }

    /// The credentials of a development directory, with their secrets.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.0.join("credentials.json")
    }

    /// The client key of a development directory's Alibaba instance, for its clients to read.
    pub(crate) fn client_key(&self) -> PathBuf {
        self.0.join("alibaba-client-key.json")
    }

    /// What tells a development directory from one of production.
    pub(crate) fn development(&self) -> PathBuf {
        self.0.join("dev")
    }

    /// The address of a development server's last start.
    pub(crate) fn endpoint(&self) -> PathBuf {
        self.0.join("endpoint")
    }
}
