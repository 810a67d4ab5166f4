//! The whole dialect over a real engine with its store and log in memory, request by request.
//! This file is the house that the tests live in; they stand in files by subject.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access;
mod crypt;
mod keys;
mod material;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use trent_core::access::{Caller, Facts, Identity, Preset};
use trent_core::crypto::{Secret32, SecretBytes};
use trent_core::engine::{Engine, NewCredential, NewSecret, NewTenant, Options};
use trent_core::model::{Account, NodeId, Region, TenantId};
use trent_core::root::LocalRoot;
use trent_core::testkit::{ManualClock, MemAudit, MemStore};

use super::{MintedToken, NAME, Thalassa, mint_token};
use crate::{Dialect, Outcome, Peer, RegionNames, Regions};

/// An installation with one tenant (`org-1`, slug `first`) and its administrator.
pub(super) struct House {
    pub(super) engine: Arc<Engine>,
    pub(super) audit: Arc<MemAudit>,
    dialect: Thalassa,
    pub(super) tenant: TenantId,
    /// The administrator's token.
    pub(super) token: String,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: HeaderMap,
    pub(super) outcome: Outcome,
}

impl Answered {
    /// A member of the body that is text.
    pub(super) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {}", self.body))
    }
}

pub(super) fn local() -> Peer {
    Peer { address: "127.0.0.1:50000".parse().unwrap(), secure: false }
}

/// A region called `main` inside and `nl-01` by this dialect, and one called `second` by all.
fn regions() -> Regions {
    let names = |name: &str, synonyms: &[&str]| RegionNames {
        name: Region::new(name).unwrap(),
        synonyms: [(NAME.to_owned(), synonyms.iter().map(|s| (*s).to_owned()).collect())].into(),
    };
    Regions::new(vec![names("main", &["nl-01"]), names("second", &[])], false)
}

impl House {
    pub(super) async fn new() -> Self {
        let audit = Arc::new(MemAudit::new());
        let root = LocalRoot::new(Secret32::new([7; 32]));
        let clock = Arc::new(ManualClock::new(1_767_225_600_000));
        let options = Options::new(NodeId::from_bytes([1; 16]));
        let store = Arc::new(MemStore::new());
        let engine = Engine::open(store, audit.clone(), &root, clock, options).await.unwrap();
        let engine = Arc::new(engine);
        let dialect = Thalassa::new(engine.clone(), Arc::new(regions()));
        let nobody = TenantId::from_bytes([0; 16]);
        let mut house = Self { engine, audit, dialect, tenant: nobody, token: String::new() };
        house.tenant = house.new_tenant("first", "org-1").await;
        house.token = house.new_token(house.tenant, Preset::Administrator).await;
        house
    }

    /// Makes a tenant that is the organisation `organisation`, its slug being its name.
    pub(super) async fn new_tenant(&self, name: &str, organisation: &str) -> TenantId {
        let accounts = vec![account(name, organisation)];
        let new = NewTenant { name: name.to_owned(), accounts };
        self.engine.create_tenant(new).await.unwrap().id
    }

    async fn mint(&self, tenant: TenantId, preset: Preset) -> MintedToken {
        let minted = mint_token().unwrap();
        let name = format!("p-{}", minted.access_id);
        let principal = self.engine.create_principal(tenant, &name, preset).await.unwrap();
        let tenants = self.engine.tenants().await.unwrap();
        let found = tenants.iter().find(|known| known.id == tenant).unwrap();
        let new = NewCredential {
            tenant,
            principal: principal.id,
            dialect: NAME,
            account: found.accounts[0].clone(),
            access_id: minted.access_id.clone(),
            secret: NewSecret::Bearer(SecretBytes::from_slice(minted.secret.expose())),
        };
        self.engine.create_credential(new).await.unwrap();
        minted
    }

    /// Makes a principal with a token.
    pub(super) async fn new_token(&self, tenant: TenantId, preset: Preset) -> String {
        self.mint(tenant, preset).await.token.to_string()
    }

    /// A caller of the tenant as another dialect would have it, to make keys that this one cannot.
    pub(super) async fn elsewhere(&self) -> Caller {
        let minted = self.mint(self.tenant, Preset::Administrator).await;
        let identity: Identity = self
            .engine
            .verify_bearer(NAME, &minted.access_id, minted.secret.expose())
            .await
            .unwrap_or_else(|_| panic!("a fresh token does not work"));
        Caller {
            identity,
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

    /// Sends a request just as it stands.
    pub(super) async fn send(&self, peer: Peer, request: Request<Bytes>) -> Answered {
        let (head, body) = request.into_parts();
        assert!(self.dialect.claims(&head, &body), "{}", head.uri);
        let (mut head, body) =
            self.dialect.handle(peer, Request::from_parts(head, body)).await.into_parts();
        let answered = Answered {
            status: head.status.as_u16(),
            body: serde_json::from_slice(&body).unwrap(),
            outcome: head.extensions.remove().unwrap(),
            headers: head.headers,
        };
        assert_eq!(answered.headers["content-type"], "application/json");
        assert_eq!(answered.headers["cache-control"], "no-store");
        let id = answered.headers["x-request-id"].to_str().unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(answered.outcome.dialect, NAME);
        if answered.status >= 400 {
            assert_eq!(answered.body["requestId"], id);
            assert!(!answered.text("message").is_empty());
            assert_ne!(answered.outcome.result, "ok");
        } else {
            assert_eq!(answered.outcome.result, "ok");
        }
        answered
    }

    /// Sends a request with this token, from here, and this JSON as its body if it is not null.
    pub(super) async fn ask(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answered {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Token {token}"));
        let request = match body {
            Value::Null => request.body(Bytes::new()),
            body => {
                request.header("content-type", "application/json").body(body.to_string().into())
            }
        };
        self.send(local(), request.unwrap()).await
    }

    /// As [`House::ask`], by the administrator.
    pub(super) async fn call(&self, method: &str, path: &str, body: Value) -> Answered {
        self.ask(&self.token, method, path, &body).await
    }

    /// Makes a key in `nl-01` and gives its identity.
    pub(super) async fn create(&self, body: Value) -> String {
        let made = self.call("POST", "/v1/kms/nl-01/keys", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.text("identity").to_owned()
    }

    /// What follows a key's path: `/encrypt`, for example.
    pub(super) async fn on(&self, key: &str, method: &str, what: &str, body: Value) -> Answered {
        self.call(method, &format!("/v1/kms/nl-01/keys/{key}{what}"), body).await
    }

    pub(super) async fn encrypt(&self, key: &str, plaintext: &str) -> String {
        let answer = self.on(key, "POST", "/encrypt", json!({ "plaintext": plaintext })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.text("ciphertext").to_owned()
    }

    pub(super) async fn decrypt(&self, key: &str, ciphertext: &str) -> Answered {
        self.on(key, "POST", "/decrypt", json!({ "ciphertext": ciphertext })).await
    }

    /// The audit log's events from the `from`th on.
    pub(super) fn events(&self, from: usize) -> Vec<Value> {
        let lines = self.audit.lines();
        lines[from..].iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The events that something left in the log, as operation, action and outcome.
    pub(super) fn trail(&self, from: usize) -> Vec<(String, String, String)> {
        let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
        self.events(from)
            .iter()
            .map(|event| (text(event, "operation"), text(event, "action"), text(event, "outcome")))
            .collect()
    }
}

pub(super) fn account(slug: &str, organisation: &str) -> Account {
    Account { namespace: NAME.to_owned(), id: organisation.to_owned(), style: slug.to_owned() }
}
