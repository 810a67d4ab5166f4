//! TLS of the listener: the CA and the server certificate in the data directory, made and renewed as needed.
//! How a certificate is written is `issue.rs`; what clients must trust is `ca.pem`.
//!
//! The CA's key is kept (0600), so that the server certificate can be renewed without clients trusting something new.
//! So that a stolen `ca.key` is worth no more than `server.key` beside it, the CA is constrained to the server's names.

mod issue;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{RootCertStore, ServerConfig};
use zeroize::Zeroizing;

use crate::files;

/// Longest PEM file in bytes.
const MAX_PEM: usize = 65_536;

/// A server certificate is renewed at the first start within this long of its end.
const RENEW_BEFORE: Duration = Duration::from_secs(60 * 86_400);

/// Where the files of a TLS directory stand.
struct Paths {
    ca: PathBuf,
    ca_key: PathBuf,
    server: PathBuf,
    server_key: PathBuf,
}

impl Paths {
    fn new(folder: &Path) -> Self {
        Self {
            ca: folder.join("ca.pem"),
            ca_key: folder.join("ca.key"),
            server: folder.join("server.pem"),
            server_key: folder.join("server.key"),
        }
    }
}

/// TLS with the certificates of `folder`, which are made or renewed first where needed, valid for `names`
/// (host names and IP addresses).
///
/// # Errors
/// Files that cannot be read or written, that are damaged, or that hold a key and can be reached by others.
pub(crate) fn generated(folder: &Path, names: &[String]) -> Result<Arc<ServerConfig>> {
    files::private_directory(folder)?;
    let paths = Paths::new(folder);
    let now = now()?;
    // Also where nothing is to be renewed: a key that others could read is found before it is too late.
    let ca_key = authority_key(&paths)?;
    if !serves(&paths, names, now + RENEW_BEFORE) {
        renew(&paths, ca_key, names, now)?;
    }
    given(&paths.server, &paths.server_key)
}

/// TLS with a certificate chain and key from elsewhere.
///
/// # Errors
/// Files that cannot be read, are damaged, or do not belong together.
pub(crate) fn given(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = certificates(certificate)?;
    let pem = files::read_private(key, MAX_PEM)?;
    let parsed = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    let key = parsed.map_err(|error| anyhow!("{} holds no private key: {error}", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| format!("{} cannot be used", certificate.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn now() -> Result<Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let reading = |error| anyhow!("cannot read certificates from {}: {error}", path.display());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(reading)?.collect();
    chain.map_err(reading)
}

/// Whether the files exist, belong together, and a client that trusts the CA would accept each name at that time.
fn serves(paths: &Paths, names: &[String], at: Duration) -> bool {
    let verify = || -> Result<()> {
        given(&paths.server, &paths.server_key)?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&paths.ca)? {
            roots.add(certificate)?;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
        let chain = certificates(&paths.server)?;
        let (server, others) = chain.split_first().context("no certificate")?;
        for name in names {
            let name = ServerName::try_from(name.as_str())?;
            verifier.verify_server_cert(
                server,
                others,
                &name,
                &[],
                UnixTime::since_unix_epoch(at),
            )?;
        }
        Ok(())
    };
    verify().is_ok()
}

/// The CA's key; `None` only where there is no such file, since a new CA cuts off all clients that trust the old one.
fn authority_key(paths: &Paths) -> Result<Option<Zeroizing<String>>> {
    match paths.ca_key.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        _ => files::read_private(&paths.ca_key, MAX_PEM).map(Some).context("the CA is unusable"),
    }
}

/// Makes a server certificate under the CA that stands there, or under a new one where there is none or it no longer fits.
fn renew(
    paths: &Paths,
    ca_key: Option<Zeroizing<String>>,
    names: &[String],
    now: Duration,
) -> Result<()> {
    if let Some(ca_key) = ca_key {
        let server = issue::server(&ca_key, names, now)?;
        write_server(paths, &server)?;
        if serves(paths, names, now + RENEW_BEFORE) {
            tracing::info!("renewed the server certificate");
            return Ok(());
        }
        tracing::warn!(
            "made a new CA, because the old one is at its end or does not cover {names:?}: clients must trust the new one"
        );
    } else if paths.ca.exists() {
        tracing::warn!(
            "made a new CA, because {} is missing: clients must trust the new one",
            paths.ca_key.display()
        );
    }
    let ca = issue::authority(names, now)?;
    files::replace(&paths.ca_key, ca.key.as_bytes())?;
    files::replace(&paths.ca, ca.certificate.as_bytes())?;
    write_server(paths, &issue::server(&ca.key, names, now)?)
}

fn write_server(paths: &Paths, server: &issue::Issued) -> Result<()> {
    files::replace(&paths.server_key, server.key.as_bytes())?;
    files::replace(&paths.server, server.certificate.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn contents(folder: &Path) -> Vec<String> {
        ["ca.pem", "ca.key", "server.pem", "server.key"]
            .map(|name| fs::read_to_string(folder.join(name)).unwrap())
            .to_vec()
    }

    #[test]
    fn made_once_private_and_valid_for_its_names_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let local = names(&["localhost", "127.0.0.1", "::1", "kms.example.com"]);
        generated(folder.path(), &local).unwrap();
        let first = contents(folder.path());
        for name in ["ca.pem", "ca.key", "server.pem", "server.key"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        generated(folder.path(), &local).unwrap();
        assert!(contents(folder.path()) == first, "nothing changes while it fits");

        let paths = Paths::new(folder.path());
        let now = now().unwrap();
        for (name, served) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("kms.example.com", true),
            ("127.0.0.2", false),
            ("example.com", false),
        ] {
            assert_eq!(serves(&paths, &names(&[name]), now), served, "{name}");
        }
        for (days, served) in [(0, true), (820, true), (826, false)] {
            assert_eq!(serves(&paths, &local, now + DAY * days), served, "in {days} days");
        }
        assert!(!serves(&paths, &local, now - DAY * 2), "before its time");
    }

    #[test]
    fn the_server_certificate_is_renewed_under_the_same_authority() {
        let folder = tempfile::tempdir().unwrap();
        let local = names(&["localhost"]);
        let paths = Paths::new(folder.path());
        let now = now().unwrap();
        files::private_directory(folder.path()).unwrap();
        renew(&paths, None, &local, now - DAY * 800).unwrap();
        let old = contents(folder.path());
        assert!(serves(&paths, &local, now), "25 days left");
        generated(folder.path(), &local).unwrap();
        let new = contents(folder.path());
        assert!(old[..2] == new[..2], "the CA stays");
        assert!(old[2] != new[2] && old[3] != new[3], "certificate and key are new");
        assert!(serves(&paths, &local, now + DAY * 800));
    }

    #[test]
    fn only_a_missing_key_leads_to_another_authority() {
        let folder = tempfile::tempdir().unwrap();
        let local = names(&["localhost"]);
        let paths = Paths::new(folder.path());
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        generated(folder.path(), &local).unwrap();
        let made = contents(folder.path());
        for renewing in [false, true] {
            if renewing {
                fs::remove_file(&paths.server).unwrap();
            }
            for mode in [0o640, 0o604] {
                set_mode(&paths.ca_key, mode);
                let error = format!("{:#}", generated(folder.path(), &local).unwrap_err());
                assert!(error.contains("ca.key can be reached by others"), "{error}");
            }
            set_mode(&paths.ca_key, 0o600);
            for unreadable in [&b"\xff"[..], &[b'a'; MAX_PEM + 1]] {
                fs::write(&paths.ca_key, unreadable).unwrap();
                assert!(generated(folder.path(), &local).is_err());
            }
            fs::write(&paths.ca_key, &made[1]).unwrap();
        }
        generated(folder.path(), &local).unwrap();
        assert!(contents(folder.path())[..2] == made[..2], "the CA stays");

        // Kept elsewhere, it is missed only when there is something to renew.
        fs::remove_file(&paths.ca_key).unwrap();
        generated(folder.path(), &local).unwrap();
        assert!(!paths.ca_key.exists());
        fs::remove_file(&paths.server).unwrap();
        generated(folder.path(), &local).unwrap();
        assert!(contents(folder.path())[0] != made[0], "a new CA");
    }

    #[test]
    fn another_name_or_a_damaged_file_means_another_set() {
        let folder = tempfile::tempdir().unwrap();
        generated(folder.path(), &names(&["localhost"])).unwrap();
        let paths = Paths::new(folder.path());
        let wider = names(&["localhost", "10.1.2.3"]);
        generated(folder.path(), &wider).unwrap();
        assert!(serves(&paths, &wider, now().unwrap()));
        for name in ["ca.pem", "server.pem", "server.key", "ca.key"] {
            fs::write(folder.path().join(name), "").unwrap();
            generated(folder.path(), &wider).unwrap_or_else(|error| {
                assert_eq!(name, "ca.key", "{error:#}");
                panic!("ca.key is only needed to renew: {error:#}")
            });
            assert!(serves(&paths, &wider, now().unwrap()), "{name}");
        }
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        generated(&one, &names(&["localhost"])).unwrap();
        generated(&two, &names(&["localhost"])).unwrap();
        given(&one.join("server.pem"), &one.join("server.key")).unwrap();
        assert!(given(&one.join("server.pem"), &two.join("server.key")).is_err());
    }
}
