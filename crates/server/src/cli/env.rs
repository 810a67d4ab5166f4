//! `trent env`: what clients of a development server need, secrets included, by the names their tools read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::Serialize;
use zeroize::Zeroizing;

use super::output::Output;
use super::place::DEVELOPMENT;
use super::shell::quote;
use crate::data::DataDir;
use crate::dev_credentials::{self, AccessKey, ClientKey, Credentials, Token};
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
const ALIBABA_REGION: &str = "cn-hangzhou";
const TENCENT_REGION: &str = "ap-guangzhou";
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
    #[serde(skip_serializing_if = "Option::is_none")]
    alibaba: Option<Alibaba<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tencent: Option<Tencent<'a>>,
    thalassa: Bearer<'a>,
}

#[derive(Serialize)]
struct Signing<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    region: &'a str,
    account_id: &'a str,
}

/// Both of the vendor's APIs. Its endpoints are host and port, without a scheme.
#[derive(Serialize)]
struct Alibaba<'a> {
    access_key_id: &'a str,
    access_key_secret: &'a str,
    region: &'a str,
    endpoint: &'a str,
    account_id: &'a str,
    instance_id: &'a str,
    client_key_file: &'a str,
    client_key_password: &'a str,
}

#[derive(Serialize)]
struct Tencent<'a> {
    secret_id: &'a str,
    secret_key: &'a str,
    region: &'a str,
    endpoint: &'a str,
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

impl<'a> Alibaba<'a> {
    fn new(key: AccessKey<'a>, client: ClientKey<'a>, file: &'a str, endpoint: &'a str) -> Self {
        let AccessKey { access_key_id, secret_access_key: access_key_secret, account_id } = key;
        let ClientKey { password: client_key_password, instance_id, .. } = client;
        Self {
            access_key_id,
            access_key_secret,
            region: ALIBABA_REGION,
            endpoint,
            account_id,
            instance_id,
            client_key_file: file,
            client_key_password,
        }
    }
}

impl<'a> Tencent<'a> {
    fn new(key: AccessKey<'a>, endpoint: &'a str) -> Self {
        let AccessKey { access_key_id: secret_id, secret_access_key: secret_key, .. } = key;
        Self { secret_id, secret_key, region: TENCENT_REGION, endpoint }
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
    let host = plain.trim_start_matches("http://");
    let (ca, client_key) = (data.ca(), data.client_key());
    let client_key = text_of(&client_key)?;
    let alibaba = credentials.alibaba.zip(credentials.alibaba_instance);
    let environment = Environment {
        endpoint: &plain,
        endpoint_tls: &tls,
        ca_file: text_of(&ca)?,
        aws: Signing::new(credentials.aws, AWS_REGION),
        qkms: Signing::new(credentials.qkms, QKMS_REGION),
        alibaba: alibaba.map(|(key, client)| Alibaba::new(key, client, client_key, host)),
        tencent: credentials.tencent.map(|key| Tencent::new(key, host)),
        thalassa: Bearer::new(credentials.thalassa, &plain),
    };
    let output = if args.format == Format::Json { Output::new(true) } else { output };
    output.answer(&environment, || exports(&environment))
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().context("the data directory's path is not text")
}

/// Lines for a shell.
fn exports(environment: &Environment<'_>) -> Zeroizing<String> {
    let Environment { endpoint, endpoint_tls, ca_file, aws, qkms, alibaba, tencent, thalassa } =
        environment;
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    export(
        &mut text,
        &[
            ("TRENT_ENDPOINT", endpoint),
            ("TRENT_ENDPOINT_TLS", endpoint_tls),
            ("AWS_CA_BUNDLE", ca_file),
            ("NODE_EXTRA_CA_CERTS", ca_file),
            ("TRENT_CA_FILE", ca_file),
            ("AWS_ACCESS_KEY_ID", aws.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", aws.secret_access_key),
            ("AWS_REGION", aws.region),
            ("AWS_DEFAULT_REGION", aws.region),
            ("AWS_ENDPOINT_URL_KMS", endpoint),
            ("TRENT_QKMS_ACCESS_KEY_ID", qkms.access_key_id),
            ("TRENT_QKMS_SECRET_ACCESS_KEY", qkms.secret_access_key),
            ("TRENT_QKMS_REGION", qkms.region),
            ("TRENT_QKMS_ACCOUNT_ID", qkms.account_id),
        ],
    );
    if let Some(alibaba) = alibaba {
        export(
            &mut text,
            &[
                ("ALIBABA_CLOUD_ACCESS_KEY_ID", alibaba.access_key_id),
                ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", alibaba.access_key_secret),
                ("ALIBABA_CLOUD_KMS_ENDPOINT", alibaba.endpoint),
                ("ALIBABA_CLOUD_CLIENT_KEY_FILE", alibaba.client_key_file),
                ("ALIBABA_CLOUD_CLIENT_KEY_PASSWORD", alibaba.client_key_password),
            ],
        );
    }
    if let Some(tencent) = tencent {
        export(
            &mut text,
            &[
                ("TENCENTCLOUD_SECRET_ID", tencent.secret_id),
                ("TENCENTCLOUD_SECRET_KEY", tencent.secret_key),
                ("TENCENTCLOUD_REGION", tencent.region),
            ],
        );
    }
    export(
        &mut text,
        &[
            ("THALASSA_TOKEN", thalassa.token),
            ("THALASSA_API", thalassa.api),
            ("THALASSA_ORGANISATION", thalassa.organisation),
        ],
    );
    text
}

fn export(text: &mut String, variables: &[(&str, &str)]) {
    for (name, value) in variables {
        text.push_str("export ");
        text.push_str(name);
        text.push('=');
        text.push_str(&quote(value));
        text.push('\n');
    }
}
