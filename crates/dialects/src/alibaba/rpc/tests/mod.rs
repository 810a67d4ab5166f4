//! The whole door over a real engine with its store and log in memory, request by request, signed as each kind of
//! client signs. This file is the house that the tests live in; they stand in files by subject. That the signatures
//! made here are the vendor's own is shown in `auth_tests.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crypt;
mod keys;
mod shapes;
mod signatures;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderMap, Request};
use serde_json::Value;
use trent_core::access::{Caller, Facts, Preset};
use trent_core::crypto::mac::{hmac_sha1, hmac_sha256};
use trent_core::crypto::{Secret32, SecretBytes};
use trent_core::engine::{Engine, NewCredential, NewSecret, NewTenant, Options};
use trent_core::model::{Account, NodeId, Region, Tenant};
use trent_core::root::LocalRoot;
use trent_core::testkit::{ManualClock, MemAudit, MemStore};

use super::super::{Alibaba, NAME, Settings, mint_access_key};
use super::stamp;
use crate::common::form::encode;
use crate::common::signing::{ACS4, payload_hash, string_of_hash};
use crate::{Dialect, Outcome, Peer, RegionNames, Regions};

/// 2026-11-25T01:53:07.123Z
pub(super) const NOW_MS: u64 = 1_795_571_587_123;
pub(super) const HOST: &str = "kms.cn-hangzhou.example.com:7600";
const FORM: &str = "application/x-www-form-urlencoded";

/// How a client signs, and where it puts its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// Version 1 over a query.
    Get,
    /// Version 1 over a form.
    Post,
    /// Version 1 with the newer hash.
    GetSha256,
    Acs3,
    Acs4,
}

pub(super) const WAYS: [Way; 5] = [Way::Get, Way::Post, Way::GetSha256, Way::Acs3, Way::Acs4];

/// An installation with two tenants.
pub(super) struct House {
    pub(super) engine: Arc<Engine>,
    pub(super) audit: Arc<MemAudit>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) dialect: Alibaba,
    /// The administrator of the first tenant.
    pub(super) ann: Who,
    /// A reader of the first tenant.
    pub(super) rob: Who,
    /// The administrator of the second tenant.
    pub(super) eve: Who,
}

/// Somebody with an access key.
#[derive(Clone)]
pub(super) struct Who {
    pub(super) access_id: String,
    pub(super) secret: Vec<u8>,
}

/// A request as it stands on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wire {
    pub(super) method: String,
    pub(super) uri: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Wire {
    pub(super) fn set(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    /// Signs the request by the headers that it has.
    pub(super) fn signed(self, who: &Who, way: Way, unsigned: &[&str]) -> Self {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| !unsigned.contains(name));
        names.sort_unstable();
        let query = self.uri.split_once('?').map_or("", |(_, query)| query);
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        let lines: String =
            names.iter().map(|name| format!("{name}:{}\n", self.header(name))).collect();
        let (list, hash) = (names.join(";"), payload_hash(&self.body));
        let canonical = format!("{}\n/\n{}\n{lines}\n{list}\n{hash}", self.method, pairs.join("&"));
        let Who { access_id, secret, .. } = who;
        let header = if way == Way::Acs4 {
            let day = self.header("x-acs-date")[..10].replace('-', "");
            let string = string_of_hash(ACS4.algorithm, canonical.as_bytes());
            let scope = [&*day, "cn-hangzhou", "Kms"];
            let signature = HEXLOWER.encode(&ACS4.sign(secret, &scope, &string));
            let scope = format!("{access_id}/{}/aliyun_v4_request", scope.join("/"));
            format!(
                "{} Credential={scope},SignedHeaders={list},Signature={signature}",
                ACS4.algorithm
            )
        } else {
            let string = string_of_hash("ACS3-HMAC-SHA256", canonical.as_bytes());
            let signature = HEXLOWER.encode(&hmac_sha256(secret, &[string.as_bytes()]));
            format!(
                "ACS3-HMAC-SHA256 Credential={access_id},SignedHeaders={list},Signature={signature}"
            )
        };
        self.set("authorization", Some(&header))
    }
}

/// Parameters, their names in order.
pub(super) type Parameters = BTreeMap<String, String>;

pub(super) fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn joined(parameters: &Parameters) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
    pub(super) json: Value,
    pub(super) outcome: Outcome,
}

impl Answered {
    /// A member that is text.
    pub(super) fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_else(|| panic!("no text {member} in {}", self.json))
    }

    #[track_caller]
    pub(super) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.json);
        self
    }

    #[track_caller]
    pub(super) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.text("Code")), (status, code), "{}", self.json);
        self
    }
}

pub(super) fn local() -> Peer {
    Peer { address: "127.0.0.1:50000".parse().unwrap(), secure: false }
}

fn regions() -> Regions {
    let names = |name: &str, synonyms: &[&str]| RegionNames {
        name: Region::new(name).unwrap(),
        synonyms: [(NAME.to_owned(), synonyms.iter().map(|s| (*s).to_owned()).collect())].into(),
    };
    Regions::new(vec![names("main", &["cn-hangzhou"]), names("second", &["eu-central-1"])], false)
}

/// A nonce that was not used in this process.
fn nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl House {
    pub(super) async fn new() -> Self {
        let (audit, clock) = (Arc::new(MemAudit::new()), Arc::new(ManualClock::new(NOW_MS)));
        let root = LocalRoot::new(Secret32::new([7; 32]));
        let options = Options::new(NodeId::from_bytes([1; 16]));
        let store = Arc::new(MemStore::new());
        let engine = Arc::new(
            Engine::open(store, audit.clone(), &root, clock.clone(), options).await.unwrap(),
        );
        let dialect = Alibaba::new(engine.clone(), Arc::new(regions()), Settings::default());
        let one = tenant(&engine, "one", "1111222233334444", Some("kst-0000000000000001")).await;
        let two = tenant(&engine, "two", "5555666677778888", None).await;
        let ann = person(&engine, &one, "ann", Preset::Administrator).await;
        let rob = person(&engine, &one, "rob", Preset::Reader).await;
        let eve = person(&engine, &two, "eve", Preset::Administrator).await;
        Self { engine, audit, clock, dialect, ann, rob, eve }
    }

    /// A request signed as clients do.
    pub(super) fn wire(&self, who: &Who, way: Way, action: &str, pairs: &[(&str, &str)]) -> Wire {
        use trent_core::clock::Clock;
        let own = parameters(pairs);
        let date = stamp::write(self.clock.now_ms());
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        if matches!(way, Way::Acs3 | Way::Acs4) {
            let wire = Wire {
                method: "POST".to_owned(),
                uri: if own.is_empty() { "/".to_owned() } else { format!("/?{}", joined(&own)) },
                headers: vec![
                    header("host", HOST),
                    header("accept", "application/json"),
                    header("user-agent", "test/1 (x; y)"),
                    header("x-acs-action", action),
                    header("x-acs-content-sha256", &payload_hash(b"")),
                    header("x-acs-date", &date),
                    header("x-acs-signature-nonce", &nonce()),
                    header("x-acs-version", "2016-01-20"),
                ],
                body: Vec::new(),
            };
            return wire.signed(who, way, &[]);
        }
        let method = if way == Way::Post { "POST" } else { "GET" };
        let hash = if way == Way::GetSha256 { "HMAC-SHA256" } else { "HMAC-SHA1" };
        let mut all = parameters(&[
            ("Action", action),
            ("Version", "2016-01-20"),
            ("AccessKeyId", &who.access_id),
            ("SignatureMethod", hash),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce()),
            ("SignatureType", ""),
            ("Timestamp", &date),
        ]);
        all.extend(own);
        let all = sign_parameters(who, method, all);
        // Such clients send headers of the newer kind too.
        let headers = vec![
            header("host", HOST),
            header("user-agent", "test/1"),
            header("x-acs-action", action),
            header("x-acs-version", "2016-01-20"),
        ];
        let wire =
            Wire { method: method.to_owned(), uri: "/".to_owned(), headers, body: Vec::new() };
        match way {
            Way::Post => {
                Wire { body: joined(&all).into_bytes(), ..wire }.set("content-type", Some(FORM))
            }
            _ => Wire { uri: format!("/?{}", joined(&all)), ..wire },
        }
    }

    /// Sends a request just as it stands.
    pub(super) async fn send(&self, wire: &Wire) -> Answered {
        let mut request = Request::builder().method(wire.method.as_str()).uri(&wire.uri);
        for (name, value) in &wire.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(wire.body.clone())).unwrap();
        let (head, body) = self.dialect.handle(local(), request).await.into_parts();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let outcome = *head.extensions.get::<Outcome>().unwrap();
        let status = head.status.as_u16();
        let answered = Answered { status, headers: head.headers, bytes: body, json, outcome };
        let id = answered.headers["x-acs-request-id"].to_str().unwrap();
        assert_eq!((id.len(), answered.outcome.dialect), (36, NAME));
        assert!(answered.headers.contains_key("date"));
        if answered.headers["content-type"] == "application/json;charset=utf-8" {
            assert_eq!(answered.text("RequestId"), id);
            let code = answered.json.get("Code").and_then(Value::as_str);
            // By this member clients tell refusals.
            assert_eq!(code.unwrap_or("ok"), answered.outcome.result);
            assert_eq!(code.is_none(), status == 200, "{}", answered.json);
        }
        answered
    }

    pub(super) async fn ask(
        &self,
        who: &Who,
        way: Way,
        action: &str,
        pairs: &[(&str, &str)],
    ) -> Answered {
        self.send(&self.wire(who, way, action, pairs)).await
    }

    /// As [`House::ask`], by the administrator of the first tenant.
    pub(super) async fn call(&self, action: &str, pairs: &[(&str, &str)]) -> Answered {
        self.ask(&self.ann, Way::Acs3, action, pairs).await
    }

    /// Makes a key and gives its id.
    pub(super) async fn key(&self, pairs: &[(&str, &str)]) -> String {
        let made = self.call("CreateKey", pairs).await.ok();
        made.json["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }

    /// A caller of the first tenant as another dialect would have it.
    pub(super) async fn elsewhere(&self) -> Caller {
        let proof = self.engine.verify_secret(NAME, &self.ann.access_id, |_| true).await;
        Caller {
            identity: proof.unwrap(),
            region: Region::new("main").unwrap(),
            facts: Facts {
                dialect: "elsewhere",
                operation: "Elsewhere",
                source: local().address.ip(),
                secure: false,
                agent: String::new(),
                request: String::new(),
            },
            expresses: |_| true,
            dry_run: false,
        }
    }

    /// The events that something left in the log: operation, action, outcome and reason.
    pub(super) fn trail(&self, from: usize) -> Vec<[String; 4]> {
        let lines = self.audit.lines();
        let events = lines[from..].iter().map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            ["operation", "action", "outcome", "reason"]
                .map(|name| event[name].as_str().unwrap_or_default().to_owned())
        });
        events.collect()
    }
}

/// The parameters with their signature of version 1.
pub(super) fn sign_parameters(who: &Who, method: &str, mut all: Parameters) -> Parameters {
    all.remove("Signature");
    let string = format!("{method}&%2F&{}", encode(&joined(&all)));
    let key = [&*who.secret, b"&"].concat();
    let signature = match all.get("SignatureMethod").map(String::as_str) {
        Some("HMAC-SHA256") => hmac_sha256(&key, &[string.as_bytes()]).to_vec(),
        _ => hmac_sha1(&key, &[string.as_bytes()]).to_vec(),
    };
    all.insert("Signature".to_owned(), Base64::encode_string(&signature));
    all
}

async fn tenant(engine: &Engine, name: &str, id: &str, instance: Option<&str>) -> Tenant {
    let account = |namespace: &str, id: &str| Account {
        namespace: namespace.to_owned(),
        id: id.to_owned(),
        style: String::new(),
    };
    let instance = instance.map(|id| account("alibaba-instance", id));
    let accounts = [account(NAME, id)].into_iter().chain(instance).collect();
    engine.create_tenant(NewTenant { name: name.to_owned(), accounts }).await.unwrap()
}

async fn person(engine: &Engine, tenant: &Tenant, name: &str, preset: Preset) -> Who {
    let principal = engine.create_principal(tenant.id, name, preset).await.unwrap();
    let minted = mint_access_key().unwrap();
    let secret = minted.secret.expose().to_vec();
    let new = NewCredential {
        tenant: tenant.id,
        principal: principal.id,
        dialect: NAME,
        account: tenant.accounts[0].clone(),
        access_id: minted.access_id.clone(),
        secret: NewSecret::Recoverable(SecretBytes::from_slice(&secret)),
    };
    engine.create_credential(new).await.unwrap();
    Who { access_id: minted.access_id, secret }
}
