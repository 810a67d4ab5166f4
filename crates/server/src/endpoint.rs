//! The URLs of a development server, from the address it was last started on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context, Result};

use crate::data::DataDir;
use crate::files;

/// Longest address in bytes.
const MAX_ADDRESS: usize = 64;

/// Where a development server answers.
pub(crate) struct Endpoint(SocketAddr);

impl Endpoint {
    /// Where it answers if nothing else is asked for.
    pub(crate) const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7600);

    /// The endpoint at an address.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self(address)
    }

    /// The endpoint of the last start in a data directory.
    pub(crate) fn read(data: &DataDir) -> Result<Self> {
        let path = data.endpoint();
        if !path.exists() {
            return Ok(Self(Self::DEFAULT));
        }
        let text = files::read_private(&path, MAX_ADDRESS)?;
        let address = text.trim().parse();
        Ok(Self(address.with_context(|| format!("{} is damaged", path.display()))?))
    }

    /// The URL without TLS.
    pub(crate) fn plain(&self) -> String {
        format!("http://{}", self.0)
    }

    /// The URL with TLS: by name where the name leads there, by address elsewhere.
    pub(crate) fn tls(&self) -> String {
        let named = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        if named.contains(&self.0.ip()) {
            format!("https://localhost:{}", self.0.port())
        } else {
            format!("https://{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn urls() {
        for (address, plain, tls) in [
            ("127.0.0.1:7600", "http://127.0.0.1:7600", "https://localhost:7600"),
            ("[::1]:80", "http://[::1]:80", "https://localhost:80"),
            ("127.0.0.2:1", "http://127.0.0.2:1", "https://127.0.0.2:1"),
        ] {
            let endpoint = Endpoint::new(address.parse().unwrap());
            assert_eq!((endpoint.plain().as_str(), endpoint.tls().as_str()), (plain, tls));
        }
    }

    #[test]
    fn the_last_start_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        assert_eq!(Endpoint::read(&data).unwrap().plain(), "http://127.0.0.1:7600");
        files::replace(&data.endpoint(), b"127.0.0.1:81").unwrap();
        assert_eq!(Endpoint::read(&data).unwrap().plain(), "http://127.0.0.1:81");
        files::replace(&data.endpoint(), b"elsewhere").unwrap();
        assert!(Endpoint::read(&data).is_err());
    }
}
