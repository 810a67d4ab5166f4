//! `trent dev`: a server for one host, ready to use without any preparation.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use trent_core::Engine;
use zeroize::Zeroizing;

use super::env::THALASSA_REGION;
use super::output::Output;
use super::place::DEVELOPMENT;
use super::shell::quote;
use crate::config::Config;
use crate::data::DataDir;
use crate::endpoint::Endpoint;
use crate::serve::Beginning;
use crate::{dev_credentials, files, logging, process};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where everything is kept; made on first use
    #[arg(long, value_name = "DIR", default_value = DEVELOPMENT, conflicts_with = "ephemeral")]
    data: PathBuf,
    /// Where to listen; an address of this host alone
    #[arg(long, value_name = "ADDRESS", default_value_t = Endpoint::DEFAULT, value_parser = loopback)]
    listen: SocketAddr,
    /// Keep everything in a temporary folder that goes at the end
    #[arg(long)]
    ephemeral: bool,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "not an address such as 127.0.0.1:7600".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("a development server listens on loopback addresses only; use `trent serve`".to_owned())
    }
}

pub(super) fn run(args: &Args, output: Output) -> Result<()> {
    logging::start("warn")?;
    process::harden();
    let temporary = match args.ephemeral {
        true => Some(
            tempfile::Builder::new().prefix("trent-").tempdir().context("no temporary folder")?,
        ),
        false => None,
    };
    let path = temporary.as_ref().map_or(args.data.as_path(), |folder| folder.path());
    let data = DataDir::new(std::path::absolute(path)?);
    ensure!(
        !data.config().exists(),
        "{} has a configuration; run: trent serve --config {}",
        data.path().display(),
        data.config().display()
    );
    let config = Config::development(data.clone(), args.listen);
    crate::serve::run(&config, &Development { data, output })
}

struct Development {
    data: DataDir,
    output: Output,
}

#[derive(Serialize)]
struct Answer<'a> {
    endpoint: &'a str,
    endpoint_tls: &'a str,
    ca_file: PathBuf,
    data: PathBuf,
}

/// For people who find the file.
const MARK: &[u8] = b"trent dev made this directory.\n";

impl Beginning for Development {
    fn claimed(&self) -> Result<()> {
        let mark = self.data.development();
        if mark.symlink_metadata().is_ok() {
            return Ok(());
        }
        ensure!(
            self.data.store().symlink_metadata().is_err(),
            "{} was not made by `trent dev`, which would give itself every right there; \
             run: trent serve --config FILE, or name another directory",
            self.data.path().display()
        );
        files::create(&mark, MARK)
    }

    async fn opened(&self, engine: &Engine) -> Result<()> {
        dev_credentials::ensure(engine, &self.data).await
    }

    fn bound(&self, addresses: &[SocketAddr]) -> Result<()> {
        let address = *addresses.first().context("no address")?;
        files::replace(&self.data.endpoint(), address.to_string().as_bytes())?;
        let endpoint = Endpoint::new(address);
        let answer = Answer {
            endpoint: &endpoint.plain(),
            endpoint_tls: &endpoint.tls(),
            ca_file: self.data.ca(),
            data: self.data.path().to_owned(),
        };
        self.output.answer(&answer, || Zeroizing::new(block(&answer)))
    }
}

/// What to paste, with one command for each dialect.
fn block(answer: &Answer<'_>) -> String {
    let Answer { endpoint, endpoint_tls, data, .. } = answer;
    let program = word(&std::env::args().next().unwrap_or_else(|| "trent".to_owned()));
    let folder = word(&data.to_string_lossy());
    format!(
        r#"Trent answers on {endpoint} and {endpoint_tls}
Its data is in {folder}

In another terminal:

  eval "$({program} env --data {folder})"

  # AWS KMS
  {aws}

  # Q-KMS
  {qkms}

  # Alibaba Cloud KMS
  {alibaba}

  # Tencent Cloud KMS, with its command line (pip install tccli)
  {tencent}

  # Thalassa
  {thalassa}
"#,
        aws = signed("AWS"),
        qkms = signed("TRENT_QKMS"),
        alibaba = ALIBABA.join("\n  "),
        tencent = TENCENT,
        thalassa = THALASSA.replace("REGION", THALASSA_REGION),
    )
}

/// A word for the shell, quoted only where it must be.
fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        quote(text).to_string()
    }
}

/// No option of curl makes this vendor's signatures: the query, signed with HMAC-SHA1 as its RPC APIs want it.
const ALIBABA: [&str; 3] = [
    r#"QUERY="AccessKeyId=$ALIBABA_CLOUD_ACCESS_KEY_ID&Action=ListKeys&Format=JSON&SignatureMethod=HMAC-SHA1&SignatureNonce=$(openssl rand -hex 16)&SignatureVersion=1.0&Timestamp=$(date -u +%Y-%m-%dT%H%%3A%M%%3A%SZ)&Version=2016-01-20""#,
    r#"SIGNATURE=$(printf %s "GET&%2F&$(printf %s "$QUERY" | sed 's/%/%25/g; s/&/%26/g; s/=/%3D/g')" | openssl dgst -sha1 -hmac "$ALIBABA_CLOUD_ACCESS_KEY_SECRET&" -binary | openssl base64)"#,
    r#"curl -sS -G "$TRENT_ENDPOINT/?$QUERY" --data-urlencode "Signature=$SIGNATURE""#,
];

const TENCENT: &str =
    r#"tccli kms ListKeys --region "$TENCENTCLOUD_REGION" --endpoint "$TRENT_ENDPOINT""#;

const THALASSA: &str = r#"curl -sS "$THALASSA_API/v1/kms/REGION/keys" -H "Authorization: Bearer $THALASSA_TOKEN" -H "X-Organisation-Identity: $THALASSA_ORGANISATION""#;

/// A request with an AWS signature, by a credential and region in variables with this prefix.
fn signed(prefix: &str) -> String {
    format!(
        r#"curl -sS "$TRENT_ENDPOINT/" --aws-sigv4 "aws:amz:${{{prefix}_REGION}}:kms" -u "${{{prefix}_ACCESS_KEY_ID}}:${{{prefix}_SECRET_ACCESS_KEY}}" -H "Content-Type: application/x-amz-json-1.1" -H "X-Amz-Target: TrentService.CreateKey" -d "{{}}""#
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_loopback_addresses_are_taken() {
        for (text, taken) in [
            ("127.0.0.1:7600", true),
            ("127.0.0.2:0", true),
            ("[::1]:1", true),
            ("0.0.0.0:7600", false),
            ("192.168.0.1:7600", false),
            ("[::]:7600", false),
            ("localhost:7600", false),
            ("127.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(loopback(text).is_ok(), taken, "{text}");
        }
    }

    #[test]
    fn every_dialect_has_a_command_that_a_shell_takes() {
        let answer = Answer {
            endpoint: "http://127.0.0.1:7600",
            endpoint_tls: "https://localhost:7600",
            ca_file: PathBuf::new(),
            data: PathBuf::from("/it's here"),
        };
        let text = block(&answer);
        for name in ["AWS KMS", "Q-KMS", "Alibaba", "Tencent", "Thalassa"] {
            assert!(text.contains(&format!("\n  # {name}")), "{name} in {text}");
        }
        let (_, commands) = text.split_once("In another terminal:").unwrap();
        let shell = std::process::Command::new("sh").args(["-n", "-c", commands]).output().unwrap();
        assert!(shell.status.success(), "{}", String::from_utf8_lossy(&shell.stderr));
    }
}
