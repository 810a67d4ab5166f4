//! `trent env`: what clients of a development server need, secrets included, by the names their tools read.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::Serialize;
use zeroize::Zeroizing;

use super::output::Output;
use super::place::DEVELOPMENT;
use super::shell::quote;
use crate::data::DataDir;
use crate::dev_credentials::{self, AccessKey, Credentials, Token};
use crate::endpoint::Endpoint;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The development server's data directory
    #[arg(long, value_name = "DIR", default_value = DEVELOPMENT)]
    data: PathBuf,
    /// As lines for a shell, or as one JSON object
    #[arg(long, value_enum, default_value_t = Format::Sh)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Sh,
    Json,
}

/// The regions of a development server that clients are pointed to. All are names of one region.
const AWS_REGION: &str = "us-east-1";
const QKMS_REGION: &str = "q-world-1";
pub(super) const THALASSA_REGION: &str = "nl-01";

/// Room for all lines, so that no copy of a secret is left behind.
const ROOM: usize = 65_536;

#[derive(Serialize)]
struct Environment<'a> {
    endpoint: &'a str,
    endpoint_tls: &'a str,
    ca_file: &'a str,
    aws: Signing<'a>,
    qkms: Signing<'a>,
    thalassa: Bearer<'a>,
}

#[derive(Serialize)]
struct Signing<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    region: &'a str,
    account_id: &'a str,
}

#[derive(Serialize)]
struct Bearer<'a> {
    token: &'a str,
    api: &'a str,
    organisation: &'a str,
    region: &'a str,
}

impl<'a> Signing<'a> {
    fn new(key: AccessKey<'a>, region: &'a str) -> Self {
        let AccessKey { access_key_id, secret_access_key, account_id } = key;
        Self { access_key_id, secret_access_key, region, account_id }
    }
}

impl<'a> Bearer<'a> {
    fn new(token: Token<'a>, api: &'a str) -> Self {
        let Token { token, organisation, .. } = token;
        Self { token, api, organisation, region: THALASSA_REGION }
    }
}

pub(super) fn run(args: &Args, output: Output) -> Result<()> {
    let data = DataDir::new(&args.data);
    ensure!(
        data.credentials().exists(),
        "there is no development server's data in {}; run: trent dev --data {}",
        args.data.display(),
        args.data.display()
    );
    let data = DataDir::new(args.data.canonicalize()?);
    let text = dev_credentials::read(&data)?;
    let credentials = Credentials::parse(&text)?;
    let endpoint = Endpoint::read(&data)?;
    let (plain, tls) = (endpoint.plain(), endpoint.tls());
    let ca = data.ca();
    let environment = Environment {
        endpoint: &plain,
        endpoint_tls: &tls,
        ca_file: ca.to_str().context("the data directory's path is not text")?,
        aws: Signing::new(credentials.aws, AWS_REGION),
        qkms: Signing::new(credentials.qkms, QKMS_REGION),
        thalassa: Bearer::new(credentials.thalassa, &plain),
    };
    let output = if args.format == Format::Json { Output::new(true) } else { output };
    output.answer(&environment, || exports(&environment))
}

fn exports(environment: &Environment<'_>) -> Zeroizing<String> {
    let Environment { endpoint, endpoint_tls, ca_file, aws, qkms, thalassa } = environment;
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    for (name, value) in [
        ("TRENT_ENDPOINT", endpoint),
        ("TRENT_ENDPOINT_TLS", endpoint_tls),
        ("AWS_CA_BUNDLE", ca_file),
        ("NODE_EXTRA_CA_CERTS", ca_file),
        ("TRENT_CA_FILE", ca_file),
        ("AWS_ACCESS_KEY_ID", &aws.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &aws.secret_access_key),
        ("AWS_REGION", &aws.region),
        ("AWS_DEFAULT_REGION", &aws.region),
        ("AWS_ENDPOINT_URL_KMS", endpoint),
        ("TRENT_QKMS_ACCESS_KEY_ID", &qkms.access_key_id),
        ("TRENT_QKMS_SECRET_ACCESS_KEY", &qkms.secret_access_key),
        ("TRENT_QKMS_REGION", &qkms.region),
        ("TRENT_QKMS_ACCOUNT_ID", &qkms.account_id),
        ("THALASSA_TOKEN", &thalassa.token),
        ("THALASSA_API", &thalassa.api),
        ("THALASSA_ORGANISATION", &thalassa.organisation),
    ] {
        text.push_str("export ");
        text.push_str(name);
        text.push('=');
        text.push_str(&quote(value));
        text.push('\n');
    }
    text
}
