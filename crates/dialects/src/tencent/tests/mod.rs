//! The whole dialect over a real engine with its store and log in memory, request by request.
//! This file is the house that the tests live in, and a client that signs as the vendor's do; the tests stand in files
//! by subject.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod asymmetric;
mod battery;
mod crypt;
mod input;
mod keys;
mod signatures;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderMap, Request};
use serde_json::Value;
use trent_core::access::{Caller, Facts, Preset};
use trent_core::crypto::mac::{hmac_sha1, hmac_sha256};
use trent_core::crypto::{Secret32, SecretBytes};
use trent_core::engine::{Engine, NewCredential, NewSecret, NewTenant, Options};
use trent_core::model::{Account, KeyId, KeyRef, KeySpec, NodeId, Region, TenantId, Usage};
use trent_core::ops::{CreateKey, RotateKey};
use trent_core::root::LocalRoot;
use trent_core::testkit::{ManualClock, MemAudit, MemStore};

use super::{NAME, Settings, Tencent, mint_secret_id};
use crate::common::form::{self, Parameters};
use crate::common::signing::{TC3, payload_hash};
use crate::{Dialect, Outcome, Peer, RegionNames, Regions};

/// The time of the vectors: 2023-11-14T22:13:20Z.
pub(super) const NOW: u64 = 1_700_000_000;
pub(super) const DAY: &str = "2023-11-14";
pub(super) const HOST: &str = "kms.example.com:7600";
pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// An installation with one tenant and its administrator.
pub(super) struct House {
    pub(super) engine: Arc<Engine>,
    pub(super) audit: Arc<MemAudit>,
    pub(super) clock: Arc<ManualClock>,
    door: Tencent,
    pub(super) tenant: TenantId,
    /// The administrator.
    pub(super) admin: Who,
}

/// Somebody with a secret.
#[derive(Clone)]
pub(super) struct Who {
    pub(super) id: String,
    pub(super) secret: Vec<u8>,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answered {
    /// What stands in `Response`.
    pub(super) body: Value,
    pub(super) bytes: Bytes,
    pub(super) headers: HeaderMap,
    pub(super) outcome: Outcome,
}

impl Answered {
    pub(super) fn code(&self) -> &str {
        self.body["Error"]["Code"].as_str().unwrap_or("")
    }

    pub(super) fn message(&self) -> &str {
        self.body["Error"]["Message"].as_str().unwrap_or("")
    }

    #[track_caller]
    pub(super) fn ok(self) -> Value {
        assert_eq!(self.code(), "", "{}", self.body);
        self.body
    }

    #[track_caller]
    pub(super) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {}", self.body))
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) uri: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Draft {
    fn bare(
        method: &'static str,
        uri: &str,
        headers: &[(&str, impl AsRef<str>)],
        body: &[u8],
    ) -> Self {
        let owned = headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_ref().to_owned()));
        let headers = owned.collect();
        Self { method, uri: uri.to_owned(), headers, body: body.to_vec() }
    }

    /// As the newer clients ask, not signed yet.
    pub(super) fn post(action: &str, body: &str) -> Self {
        Self::bare("POST", "/", &Self::headers(action, JSON), body.as_bytes())
    }

    /// As the newer clients ask in a query, not signed yet.
    pub(super) fn get(action: &str, query: &str) -> Self {
        Self::bare("GET", &format!("/?{query}"), &Self::headers(action, FORM), b"")
    }

    fn headers(action: &str, kind: &'static str) -> [(&'static str, String); 6] {
        [
            ("host", HOST.to_owned()),
            ("content-type", kind.to_owned()),
            ("x-tc-action", action.to_owned()),
            ("x-tc-version", "2019-01-18".to_owned()),
            ("x-tc-timestamp", NOW.to_string()),
            ("x-tc-region", "ap-guangzhou".to_owned()),
        ]
    }

    /// As the older clients ask; signed.
    pub(super) fn old(who: &Who, method: &'static str, action: &str, query: &str) -> Self {
        Self::old_at(who, method, action, query, HOST, "HmacSHA1")
    }

    pub(super) fn old_at(
        who: &Who,
        method: &'static str,
        action: &str,
        query: &str,
        host: &str,
        algorithm: &str,
    ) -> Self {
        let id = &who.id;
        let query = format!(
            "Action={action}&Version=2019-01-18&Timestamp={NOW}&Nonce=0&SecretId={id}&Region=ap-guangzhou\
            &SignatureMethod={algorithm}{}{query}",
            if query.is_empty() { "" } else { "&" },
        );
        let signature = signature_v1(who, method, host, &query);
        Self::old_signed(method, host, &query, &signature)
    }

    /// With this signature.
    pub(super) fn old_signed(
        method: &'static str,
        host: &str,
        query: &str,
        signature: &str,
    ) -> Self {
        let query = format!("{query}&Signature={}", form::encode(signature));
        match method {
            "GET" => Self::bare("GET", &format!("/?{query}"), &[("host", host)], b""),
            _ => {
                let headers = [("host", host), ("content-type", FORM)];
                Self::bare(method, "/", &headers, query.as_bytes())
            }
        }
    }

    /// With a header set, or left out.
    pub(super) fn set(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Signed as most of the vendor's clients do.
    pub(super) fn signed(self, who: &Who) -> Self {
        let (host, kind) = (self.header("host").to_owned(), self.header("content-type").to_owned());
        self.signed_with(who, "kms", &[("content-type", &kind), ("host", &host)])
    }

    /// Signed for a service, with these values of these headers.
    pub(super) fn signed_with(self, who: &Who, service: &str, values: &[(&str, &str)]) -> Self {
        let payload = match self.header("x-tc-content-sha256") {
            "UNSIGNED-PAYLOAD" => payload_hash(b"UNSIGNED-PAYLOAD"),
            _ => payload_hash(&self.body),
        };
        let query = self.uri.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let lines: String =
            values.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let canonical = format!("{}\n/\n{query}\n{lines}\n{names}\n{payload}", self.method);
        let scope = [DAY, service];
        let stamp = self.header("x-tc-timestamp");
        let string = TC3.string_to_sign(stamp, &scope, canonical.as_bytes());
        let signature = HEXLOWER.encode(&TC3.sign(&who.secret, &scope, &string));
        let id = &who.id;
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={id}/{DAY}/{service}/tc3_request, SignedHeaders={names}, Signature={signature}"
        );
        self.set("authorization", Some(&authorization))
    }
}

/// A signature of version 1 over encoded parameters.
pub(super) fn signature_v1(who: &Who, method: &str, host: &str, query: &str) -> String {
    let parameters = Parameters::read(query, b"").unwrap();
    let pairs: Vec<String> = parameters.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let source = format!("{method}{host}/?{}", pairs.join("&"));
    match parameters.get("SignatureMethod") {
        Some("HmacSHA256") => {
            Base64::encode_string(&hmac_sha256(&who.secret, &[source.as_bytes()]))
        }
        _ => Base64::encode_string(&hmac_sha1(&who.secret, &[source.as_bytes()])),
    }
}

pub(super) fn local() -> Peer {
    Peer { address: "127.0.0.1:50000".parse().unwrap(), secure: false }
}

/// A region called `main` inside and `ap-guangzhou` by this dialect, and one called `second` by all.
fn regions() -> Regions {
    let names = |name: &str, synonyms: &[(&str, &str)]| RegionNames {
        name: Region::new(name).unwrap(),
        synonyms: synonyms.iter().map(|(d, n)| ((*d).to_owned(), vec![(*n).to_owned()])).collect(),
    };
    Regions::new(vec![names("second", &[]), names("main", &[(NAME, "ap-guangzhou")])], false)
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        let audit = Arc::new(MemAudit::new());
        let root = LocalRoot::new(Secret32::new([7; 32]));
        let clock = Arc::new(ManualClock::new(NOW * 1_000 + 123));
        let options = Options::new(NodeId::from_bytes([1; 16]));
        let store = Arc::new(MemStore::new());
        let engine =
            Engine::open(store, audit.clone(), &root, clock.clone(), options).await.unwrap();
        let engine = Arc::new(engine);
        let door = Tencent::new(engine.clone(), Arc::new(regions()), settings);
        let nobody = TenantId::from_bytes([0; 16]);
        let admin = Who { id: String::new(), secret: Vec::new() };
        let mut house = Self { engine, audit, clock, door, tenant: nobody, admin };
        house.tenant = house.new_tenant("first", "100000000001").await;
        house.admin = house.new_who(house.tenant, Preset::Administrator).await;
        house
    }

    pub(super) async fn new_tenant(&self, name: &str, uin: &str) -> TenantId {
        let account =
            Account { namespace: NAME.to_owned(), id: uin.to_owned(), style: String::new() };
        let new = NewTenant { name: name.to_owned(), accounts: vec![account] };
        self.engine.create_tenant(new).await.unwrap().id
    }

    /// Makes a principal with a secret.
    pub(super) async fn new_who(&self, tenant: TenantId, preset: Preset) -> Who {
        let minted = mint_secret_id().unwrap();
        self.known(tenant, preset, &minted.access_id, minted.secret.expose()).await
    }

    /// Makes a principal with this secret.
    pub(super) async fn known(
        &self,
        tenant: TenantId,
        preset: Preset,
        id: &str,
        secret: &[u8],
    ) -> Who {
        let principal = self.engine.create_principal(tenant, &format!("p-{id}"), preset).await;
        let tenants = self.engine.tenants().await.unwrap();
        let account = tenants.iter().find(|known| known.id == tenant).unwrap().accounts[0].clone();
        let who = Who { id: id.to_owned(), secret: secret.to_vec() };
        let new = NewCredential {
            tenant,
            principal: principal.unwrap().id,
            dialect: NAME,
            account,
            access_id: id.to_owned(),
            secret: NewSecret::Recoverable(SecretBytes::from_slice(secret)),
        };
        self.engine.create_credential(new).await.unwrap();
        who
    }

    /// A caller as another door has it, to do what this one cannot.
    pub(super) async fn elsewhere(&self) -> Caller {
        let identity = self.engine.verify_secret(NAME, &self.admin.id, |_| true).await;
        Caller {
            identity: identity.unwrap_or_else(|_| panic!("a fresh secret does not work")),
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

    /// Makes a key through another door and gives its id.
    pub(super) async fn make(&self, spec: KeySpec, usage: Usage, name: Option<&str>) -> String {
        let new = CreateKey { name: name.map(str::to_owned), ..CreateKey::bare(spec, usage) };
        let made = self.engine.create_key(&self.elsewhere().await, new).await.unwrap();
        made.key.id.to_string()
    }

    /// Adds a version to a key through another door.
    pub(super) async fn rotate(&self, key: &str) {
        let key = KeyRef::Id(KeyId::parse(key).unwrap());
        let cmd = RotateKey { key, symmetric_only: false, on_demand_limit: None };
        self.engine.rotate_key(&self.elsewhere().await, cmd).await.unwrap();
    }

    /// Sends a request just as it stands.
    pub(super) async fn send_from(&self, peer: Peer, draft: Draft) -> Answered {
        let mut request = Request::builder().method(draft.method).uri(draft.uri);
        for (name, value) in &draft.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(draft.body)).unwrap();
        let (mut head, bytes) = self.door.handle(peer, request).await.into_parts();
        assert_eq!(head.status, 200);
        assert_eq!(head.headers["content-type"], JSON);
        assert_eq!(head.headers["cache-control"], "no-store");
        let mut whole: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(whole.as_object().unwrap().len(), 1, "{whole}");
        let body = whole["Response"].take();
        assert_eq!(body["RequestId"].as_str().unwrap().len(), 36);
        let outcome: Outcome = head.extensions.remove().unwrap();
        let answered = Answered { body, bytes, headers: head.headers, outcome };
        assert_eq!(outcome.dialect, NAME);
        match answered.code() {
            "" => assert_eq!(outcome.result, "ok"),
            code => {
                assert_eq!(outcome.result, code);
                assert!(!answered.message().is_empty());
                assert_eq!(answered.body.as_object().unwrap().len(), 2, "{}", answered.body);
            }
        }
        answered
    }

    pub(super) async fn send(&self, draft: Draft) -> Answered {
        self.send_from(local(), draft).await
    }

    pub(super) async fn ask(&self, who: &Who, action: &str, body: Value) -> Answered {
        self.send(Draft::post(action, &body.to_string()).signed(who)).await
    }

    /// As [`House::ask`], by the administrator.
    pub(super) async fn call(&self, action: &str, body: Value) -> Answered {
        let admin = self.admin.clone();
        self.ask(&admin, action, body).await
    }

    /// Makes a key of this usage and gives its id.
    pub(super) async fn create(&self, alias: &str, usage: &str) -> String {
        let body = serde_json::json!({"Alias": alias, "KeyUsage": usage});
        self.call("CreateKey", body).await.text("KeyId").to_owned()
    }

    /// The request is refused with this code.
    pub(super) async fn refused(&self, action: &str, body: Value, code: &str) -> Answered {
        let answered = self.call(action, body.clone()).await;
        assert_eq!(answered.code(), code, "{action} {body:.300} {}", answered.body);
        answered
    }

    /// The audit log's events from the `from`th on: operation, action, outcome and reason.
    pub(super) fn trail(&self, from: usize) -> Vec<[String; 4]> {
        let events = self.audit.lines();
        let events = events[from..].iter().map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            ["operation", "action", "outcome", "reason"]
                .map(|member| event[member].as_str().unwrap_or_default().to_owned())
        });
        events.collect()
    }
}

pub(super) fn b64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(super) fn bytes(value: &Value) -> Vec<u8> {
    Base64::decode_vec(value.as_str().unwrap_or_else(|| panic!("no text: {value}"))).unwrap()
}
