//! A KMS in memory and a client that signs as the vendor's do, with the crate's own signing code. That this code signs
//! as the vendor's does is shown in `common::signing`.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use serde_json::{Value, json};
use trent_core::Engine;
use trent_core::access::{Caller, Facts, Preset};
use trent_core::crypto::{Secret32, SecretBytes};
use trent_core::engine::{NewCredential, NewSecret, NewTenant, Options};
use trent_core::model::{Account, NodeId, Region, Tenant};
use trent_core::root::LocalRoot;
use trent_core::testkit::{ManualClock, MemAudit, MemStore};
use trent_dialects::common::canonical::Signed;
use trent_dialects::common::signing::{SIGV4, payload_hash};
use trent_dialects::common::time;
use trent_dialects::{Dialects, Outcome, Peer, Refused, RegionNames, Regions, Settings};

pub const NOW_MS: u64 = 1_795_571_587_123; // 2026-11-25T01:53:07.123Z
pub const JSON: &str = "application/x-amz-json-1.1";

/// A KMS with its doors.
pub struct House {
    pub engine: Arc<Engine>,
    pub audit: Arc<MemAudit>,
    pub clock: Arc<ManualClock>,
    dialects: Dialects,
}

/// Somebody with an access key.
#[derive(Clone)]
pub struct Who {
    pub access_id: String,
    pub secret: Vec<u8>,
    pub account: String,
    pub style: &'static str,
    pub region: String,
    pub name: String,
}

impl Who {
    pub fn is_verenc(&self) -> bool {
        self.style == "verenc"
    }

    pub fn arn(&self, id: &str) -> String {
        let Self { region, account, .. } = self;
        if self.is_verenc() {
            format!("arn:verenc:{account}:key/{id}")
        } else {
            format!("arn:aws:kms:{region}:{account}:key/{id}")
        }
    }

    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    pub json: Value,
}

impl Answer {
    fn of(response: Response<Bytes>) -> Self {
        let json = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.body().clone(),
            json,
        }
    }

    pub fn code(&self) -> &str {
        self.json["__type"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.json["message"].as_str().or(self.json["Message"].as_str()).unwrap_or_default()
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json
    }
}

/// A request that is not signed yet.
#[derive(Clone)]
pub struct Draft {
    pub uri: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Draft {
    pub fn new(operation: &str, body: &[u8]) -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            uri: "/".to_owned(),
            headers: vec![
                header("host", "kms.example.internal"),
                header("content-type", JSON),
                header("x-amz-date", &time::basic(time::seconds(NOW_MS))),
                header("x-amz-target", &format!("TrentService.{operation}")),
                header("user-agent", "test/1"),
            ],
            body: body.to_vec(),
        }
    }

    /// The draft with a header set, or left out.
    pub fn set(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    pub fn uri(mut self, uri: &str) -> Self {
        self.uri = uri.to_owned();
        self
    }

    /// Signs everything but the user agent.
    pub fn signed(self, who: &Who) -> Self {
        self.signed_for(who, "kms", &["user-agent"])
    }

    /// Signs for a service, leaving some headers out.
    pub fn signed_for(self, who: &Who, service: &str, unsigned: &[&str]) -> Self {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let mut names: Vec<&str> = map.keys().map(|name| name.as_str()).collect();
        names.retain(|name| !unsigned.contains(name));
        names.sort_unstable();
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let payload = payload_hash(&self.body);
        let signed = Signed {
            method: "POST",
            path,
            query,
            headers: &map,
            names: &names,
            payload: &payload,
            lower_values: false,
        };
        let stamp = map.get("x-amz-date").map(|value| value.to_str().unwrap()).unwrap_or_default();
        let date = stamp.get(..8).unwrap_or_default();
        let scope = [date, &who.region, service];
        let string = SIGV4.string_to_sign(stamp, &scope, &signed.canonical().unwrap());
        let signature = HEXLOWER.encode(&SIGV4.sign(&who.secret, &scope, &string));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}/aws4_request, SignedHeaders={}, Signature={signature}",
            who.access_id,
            scope.join("/"),
            names.join(";")
        );
        self.set("authorization", Some(&authorization))
    }
}

impl House {
    pub async fn new() -> Self {
        let (audit, clock) = (Arc::new(MemAudit::new()), Arc::new(ManualClock::new(NOW_MS)));
        let root = LocalRoot::new(Secret32::random().unwrap());
        let options = Options::new(NodeId::random().unwrap());
        let engine =
            Engine::open(Arc::new(MemStore::new()), audit.clone(), &root, clock.clone(), options)
                .await
                .unwrap();
        let engine = Arc::new(engine);
        let main = RegionNames {
            name: Region::new("main").unwrap(),
            synonyms: [("aws".to_owned(), vec!["us-east-1".to_owned(), "q-world-1".to_owned()])]
                .into(),
        };
        let other = RegionNames { name: Region::new("eu-west-1").unwrap(), synonyms: [].into() };
        let regions = Arc::new(Regions::new(vec![main, other], false));
        let dialects = Dialects::new(engine.clone(), regions, Settings::default());
        Self { engine, audit, clock, dialects }
    }

    pub async fn tenant(&self, name: &str, accounts: [&str; 2]) -> Tenant {
        let account = |id: &str, style: &str| Account {
            namespace: "aws".to_owned(),
            id: id.to_owned(),
            style: style.to_owned(),
        };
        let accounts = vec![account(accounts[0], "aws"), account(accounts[1], "verenc")];
        self.engine.create_tenant(NewTenant { name: name.to_owned(), accounts }).await.unwrap()
    }

    /// A new principal, with an access key in each style.
    pub async fn people(&self, tenant: &Tenant, preset: Preset) -> [Who; 2] {
        let name = format!("{}-{}", preset.as_str(), tenant.name);
        let principal = self.engine.create_principal(tenant.id, &name, preset).await.unwrap();
        let mut people = Vec::new();
        for (account, (style, region)) in
            tenant.accounts.iter().zip([("aws", "us-east-1"), ("verenc", "q-world-1")])
        {
            let minted = trent_dialects::aws::mint_credential().unwrap();
            let secret = minted.secret.expose().to_vec();
            let new = NewCredential {
                tenant: tenant.id,
                principal: principal.id,
                dialect: "aws",
                account: account.clone(),
                access_id: minted.access_id.clone(),
                secret: NewSecret::Recoverable(minted.secret),
            };
            self.engine.create_credential(new).await.unwrap();
            people.push(Who {
                access_id: minted.access_id,
                secret,
                account: account.id.clone(),
                style,
                region: region.to_owned(),
                name: name.clone(),
            });
        }
        people.try_into().ok().unwrap()
    }

    pub async fn send(&self, draft: Draft) -> Answer {
        self.send_as("POST", draft).await
    }

    pub async fn send_as(&self, method: &str, draft: Draft) -> Answer {
        let mut request = Request::builder().method(method).uri(draft.uri);
        for (name, value) in &draft.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(draft.body)).unwrap();
        let address: SocketAddr = "127.0.0.1:40000".parse().unwrap();
        Answer::of(self.dialects.handle(Peer { address, secure: false }, request).await)
    }

    /// What the listener answers to a request whose body it has not read.
    pub fn refuse(&self, draft: &Draft, why: Refused) -> (Answer, Outcome) {
        let mut request = Request::builder().method("POST").uri(&draft.uri);
        for (name, value) in &draft.headers {
            request = request.header(name, value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let response = self.dialects.refuse(&head, why).unwrap();
        let outcome = *response.extensions().get::<Outcome>().unwrap();
        (Answer::of(response), outcome)
    }

    pub async fn raw(&self, who: &Who, operation: &str, body: &[u8]) -> Answer {
        self.send(Draft::new(operation, body).signed(who)).await
    }

    pub async fn call(&self, who: &Who, operation: &str, body: Value) -> Answer {
        self.raw(who, operation, body.to_string().as_bytes()).await
    }

    #[track_caller]
    pub fn ok(&self, who: &Who, operation: &str, body: Value) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.call(who, operation, body).await;
            assert_eq!(answer.status, 200, "{operation} at {place}: {}", answer.json);
            answer.json
        }
    }

    /// Makes a key and gives its id.
    pub async fn key(&self, who: &Who, spec: &str, usage: &str) -> String {
        let made = self.ok(who, "CreateKey", json!({"KeySpec": spec, "KeyUsage": usage})).await;
        text(&made["KeyMetadata"]["KeyId"]).to_owned()
    }

    /// A caller as the dialect would make it, to use the engine as another door does.
    pub async fn caller(&self, who: &Who) -> Caller {
        let identity = self.engine.verify_secret("aws", &who.access_id, |_| true).await.unwrap();
        let facts = Facts {
            dialect: "test",
            operation: "Test",
            source: [127, 0, 0, 1].into(),
            secure: true,
            agent: String::new(),
            request: String::new(),
        };
        Caller {
            identity,
            region: Region::new("main").unwrap(),
            facts,
            expresses: |_| true,
            dry_run: false,
        }
    }

    /// The events since there were `from` of them: operation, outcome and reason.
    pub fn events(&self, from: usize) -> Vec<(String, String, String)> {
        let lines = self.audit.lines();
        let events = lines[from..].iter().map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            (field("operation"), field("outcome"), field("reason"))
        });
        events.collect()
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(text(value).as_bytes()).unwrap()
}

pub fn b64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::from_slice(bytes)
}
