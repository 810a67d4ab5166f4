//! `trent serve`: what a configuration may ask for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use support::{Server, fails, json};

fn write(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("trent.toml");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_configured_server_starts_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(
        folder.path(),
        "data = \"data\"\nroot.file = \"keys/root.key\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n",
    );
    let config = config.to_str().unwrap();
    let server = Server::start(&["serve", "--config", config]);
    assert_eq!(server.get("/readyz", "").0, 200);
    let made = json(&["access", "tenant", "create", "--name", "one", "--config", config]);
    assert_eq!(made["name"], "one");
    assert!(folder.path().join("keys/root.key").exists());
    assert!(!folder.path().join("data/root.key").exists());
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}

#[test]
fn an_unsafe_or_unclear_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (text, complaint) in [
        (
            "data = \"data\"\n[[listener]]\naddress = \"0.0.0.0:0\"\n",
            "root key lies in the data directory",
        ),
        ("data = \"data\"\nfoo = 1\n[[listener]]\naddress = \"127.0.0.1:0\"\n", "unknown field"),
        ("data = \"data\"\n", "listener"),
        ("not toml", "not right"),
    ] {
        let config = write(folder.path(), text);
        let said = fails(&["serve", "--config", config.to_str().unwrap()], 1);
        assert!(said.contains(complaint), "{said}");
    }
    assert!(!folder.path().join("data").exists(), "nothing was made");
}
