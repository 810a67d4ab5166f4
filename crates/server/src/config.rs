//! The configuration file `trent.toml`, and what a development directory uses in its place. Unknown members are refused.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use trent_dialects::Settings;

use crate::data::DataDir;
use crate::limits::Limits;
use crate::logging::LEVELS;
use crate::settings::{Alibaba, Tencent};

/// Everything that a server is told.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where it keeps its data.
    pub(crate) data: DataDir,
    /// Where its root key is.
    pub(crate) root_file: PathBuf,
    /// Where it listens.
    pub(crate) listeners: Vec<Listen>,
    /// Certificates.
    pub(crate) tls: Tls,
    /// Regions by their internal names.
    pub(crate) regions: BTreeMap<String, Synonyms>,
    /// Whether a region that no synonym knows is a region of its own.
    pub(crate) open_regions: bool,
    /// The log's level.
    pub(crate) log: String,
    /// What one peer may take.
    pub(crate) limits: Limits,
    /// What the dialects are told.
    pub(crate) dialects: Settings,
    /// Threads that serve; as many as there are processors when not said.
    pub(crate) workers: Option<usize>,
}

/// An address to listen on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// Address and port.
    pub(crate) address: SocketAddr,
    /// Whether plain HTTP is answered; always so on loopback.
    #[serde(default)]
    plain: bool,
}

impl Listen {
    /// A loopback address for development.
    pub(crate) fn loopback(address: SocketAddr) -> Self {
        Self { address, plain: false }
    }

    /// Whether only this host can reach it.
    pub(crate) fn is_local(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }

    /// Whether plain HTTP is answered there.
    pub(crate) fn allows_plain(&self) -> bool {
        self.plain || self.is_local()
    }
}

/// Certificates: made in the data directory, or given.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    /// Host names and addresses for the made certificate, beside `localhost` and those listened on.
    pub(crate) names: Vec<String>,
    /// A certificate chain in PEM, to be used in place of the made one.
    pub(crate) certificate: Option<PathBuf>,
    /// Its key in PEM.
    pub(crate) key: Option<PathBuf>,
}

/// What each dialect calls a region.
pub(crate) type Synonyms = BTreeMap<String, Vec<String>>;

/// The file's shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: PathBuf,
    #[serde(default)]
    root: Root,
    listener: Vec<Listen>,
    #[serde(default)]
    tls: Tls,
    region: Option<BTreeMap<String, Synonyms>>,
    #[serde(default)]
    open_regions: bool,
    #[serde(default)]
    log: Log,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    alibaba: Alibaba,
    #[serde(default)]
    tencent: Tencent,
    workers: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Root {
    file: Option<PathBuf>,
    allow_dev: bool,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Log {
    level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned() }
    }
}

/// The dialects by their names.
pub(crate) const DIALECTS: [&str; 4] = ["aws", "alibaba", "tencent", "thalassa"];

impl Config {
    /// Reads a configuration file. Relative paths in it are relative to its own directory.
    ///
    /// # Errors
    /// The file cannot be read, says something unknown, or would serve others than this host from a root key that
    /// lies beside the data it protects.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let file: File =
            toml::from_str(&text).with_context(|| format!("{} is not right", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::from_file(file, folder).with_context(|| format!("{} is not right", path.display()))
    }

    fn from_file(file: File, folder: &Path) -> Result<Self> {
        let data = DataDir::new(folder.join(file.data));
        let root_file = file.root.file.map_or_else(|| data.root_key(), |path| folder.join(path));
        ensure!(!file.listener.is_empty(), "there is no [[listener]]");
        let exposed = file.listener.iter().find(|listen| !listen.is_local());
        if let Some(listen) = exposed {
            ensure!(
                file.root.allow_dev || !lies_in(&root_file, data.path()),
                "the root key lies in the data directory, which protects nothing from whoever reads the disk; so {} \
                 is not served to other hosts. Move the key and name its place as root.file, or set root.allow_dev",
                listen.address
            );
        }
        let regions = file.region.unwrap_or_else(development_regions);
        ensure!(!regions.is_empty(), "there is no region in [region]");
        for (name, synonyms) in &regions {
            for dialect in synonyms.keys() {
                ensure!(
                    DIALECTS.contains(&dialect.as_str()),
                    "region.{name}: `{dialect}` is no dialect"
                );
            }
        }
        let tls = Tls {
            names: file.tls.names,
            certificate: file.tls.certificate.map(|path| folder.join(path)),
            key: file.tls.key.map(|path| folder.join(path)),
        };
        ensure!(
            tls.certificate.is_some() == tls.key.is_some(),
            "tls.certificate and tls.key belong together"
        );
        ensure!(file.workers != Some(0), "workers must be at least 1");
        // A wrong word would pass for a filter that lets nothing through.
        ensure!(
            LEVELS.contains(&file.log.level.as_str()),
            "log.level is `{}`; it must be one of: {}",
            file.log.level,
            LEVELS.join(", ")
        );
        Ok(Self {
            data,
            root_file,
            listeners: file.listener,
            tls,
            regions,
            open_regions: file.open_regions,
            log: file.log.level,
            limits: file.limits,
            dialects: Settings { alibaba: file.alibaba.into(), tencent: file.tencent.into() },
            workers: file.workers,
        })
    }

    /// What a development directory is served with.
    pub(crate) fn development(data: DataDir, listen: SocketAddr) -> Self {
        Self {
            root_file: data.root_key(),
            data,
            listeners: vec![Listen::loopback(listen)],
            tls: Tls::default(),
            regions: development_regions(),
            open_regions: true,
            log: "info".to_owned(),
            limits: Limits::default(),
            dialects: Settings::default(),
            workers: Some(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4)),
        }
    }

    /// The names that the made certificate must be valid for.
    pub(crate) fn certificate_names(&self) -> Vec<String> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let addresses = self.listeners.iter().map(|listen| listen.address.ip());
        let specific =
            addresses.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_canonical().to_string());
        for name in specific.chain(self.tls.names.iter().cloned()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// One region, by the name that each vendor's examples use first.
fn development_regions() -> BTreeMap<String, Synonyms> {
    let synonyms = [
        ("aws", &["us-east-1", "q-world-1"][..]),
        ("alibaba", &["cn-hangzhou"]),
        ("tencent", &["ap-guangzhou"]),
        ("thalassa", &["nl-01"]),
    ];
    let main = synonyms.map(|(dialect, names)| {
        (dialect.to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
    });
    BTreeMap::from([("main".to_owned(), main.into())])
}

/// Whether a file stands somewhere below a directory, links resolved. Either may not exist yet.
fn lies_in(file: &Path, folder: &Path) -> bool {
    real(file).starts_with(real(folder))
}

/// The path with every link resolved, as far as it exists; what does not exist yet has no links.
fn real(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
        if let Ok(resolved) = whole.canonicalize() {
            whole = resolved;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use trent_dialects::tencent::PublicKeyPem;

    fn parse(text: &str) -> Result<Config> {
        let file: File = toml::from_str(text)?;
        Config::from_file(file, Path::new("/etc/trent"))
    }

    const LEAST: &str = "data = \"/var/lib/trent\"\n[[listener]]\naddress = \"127.0.0.1:7600\"\n";

    #[test]
    fn the_least_has_defaults() {
        let config = parse(LEAST).unwrap();
        assert_eq!(config.root_file, Path::new("/var/lib/trent/root.key"));
        assert_eq!(config.log, "info");
        assert!(!config.open_regions && config.listeners[0].allows_plain());
        assert_eq!(config.regions["main"]["aws"], ["us-east-1", "q-world-1"]);
        assert_eq!(config.certificate_names(), ["localhost", "127.0.0.1", "::1"]);
        assert_eq!(config.dialects.tencent.public_key_pem, PublicKeyPem::Standard);
        assert!(!config.dialects.tencent.unsigned_payload);
        assert!(config.dialects.alibaba.key_pairs_at_once >= 1);
    }

    #[test]
    fn everything_can_be_said() {
        let config = parse(
            r#"
            data = "data"
            open_regions = true
            workers = 3
            [root]
            file = "/etc/keys/root.key"
            [[listener]]
            address = "0.0.0.0:443"
            [[listener]]
            address = "10.0.0.1:80"
            plain = true
            [tls]
            names = ["kms.example.com"]
            [region.one]
            aws = ["eu-west-1"]
            [region.two]
            thalassa = ["nl-02"]
            [log]
            level = "debug"
            [limits]
            connections = 7
            [alibaba]
            key_pairs_at_once = 1
            [tencent]
            public_key_pem = "double_base64"
            unsigned_payload = true
            "#,
        )
        .unwrap();
        assert_eq!(config.data.path(), Path::new("/etc/trent/data"));
        assert_eq!(config.root_file, Path::new("/etc/keys/root.key"));
        assert!(!config.listeners[0].allows_plain() && config.listeners[1].allows_plain());
        assert_eq!(config.regions.len(), 2);
        assert_eq!((config.limits.connections, config.workers), (7, Some(3)));
        assert_eq!(config.dialects.alibaba.key_pairs_at_once, 1);
        let tencent = config.dialects.tencent;
        assert_eq!(tencent.public_key_pem, PublicKeyPem::DoubleBase64);
        assert!(tencent.unsigned_payload);
        let names = ["localhost", "127.0.0.1", "::1", "10.0.0.1", "kms.example.com"];
        assert_eq!(config.certificate_names(), names);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (text, why) in [
            (String::new(), "no data"),
            ("data = \"d\"".to_owned(), "no listener"),
            ("data = \"d\"\nlistener = []".to_owned(), "no listener"),
            (format!("lisener = 1\n{LEAST}"), "unknown member"),
            (format!("{LEAST}port = 1"), "unknown member of a listener"),
            (format!("{LEAST}[limits]\nconections = 1"), "unknown limit"),
            (format!("{LEAST}[region]"), "no region"),
            (format!("{LEAST}[region.main]\noracle = [\"x\"]"), "unknown dialect"),
            (format!("{LEAST}[tls]\ncertificate = \"a\""), "a certificate without its key"),
            (format!("{LEAST}[alibaba]\nkey_pairs_at_once = 0"), "no key pairs at all"),
            (format!("{LEAST}[alibaba]\npairs = 1"), "unknown setting of a dialect"),
            (format!("{LEAST}[tencent]\npublic_key_pem = \"der\""), "unknown form"),
            (format!("workers = 0\n{LEAST}"), "no workers"),
            (format!("{LEAST}[log]\nlevel = \"verbose\""), "no level"),
            (format!("{LEAST}[log]\nlevel = \"info,trent=debug\""), "a filter"),
        ] {
            assert!(parse(&text).is_err(), "{why}");
        }
    }

    #[test]
    fn a_root_key_beside_the_data_serves_this_host_only() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, folder.path().join("link")).unwrap();
        let check = |address: &str, root: &str, fits: bool| {
            let folder = folder.path().display();
            let text = format!(
                "data = \"{folder}/data\"\n[[listener]]\naddress = \"{address}\"\n[root]\n{root}"
            );
            assert_eq!(parse(&text.replace("DIR", &folder.to_string())).is_ok(), fits, "{text}");
        };
        check("127.0.0.1:1", "", true);
        check("[::1]:1", "", true);
        check("0.0.0.0:1", "", false);
        check("[::]:1", "", false);
        check("10.0.0.1:1", "file = \"DIR/data/sub/key\"", false);
        check("10.0.0.1:1", "file = \"DIR/link/key\"", false);
        check("10.0.0.1:1", "file = \"DIR/other/../data/key\"", false);
        check("10.0.0.1:1", "file = \"DIR/key\"", true);
        check("10.0.0.1:1", "allow_dev = true", true);
    }
}
