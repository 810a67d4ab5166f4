//! The whole door over a real engine with its store and log in memory, request by request, signed as the vendor's clients
//! sign. This file is the house that the tests live in; they stand in files by subject.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crypt;
mod datakeys;
mod pairs;
mod requests;
mod signatures;
mod vectors;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use bytes::Bytes;
use data_encoding::{BASE64, HEXUPPER};
use http::{HeaderMap, Request};
use prost::Message;
use trent_core::access::{Caller, Facts, Preset};
use trent_core::crypto::Secret32;
use trent_core::crypto::mac::sha256;
use trent_core::engine::{Engine, NewCredential, NewSecret, NewTenant, Options};
use trent_core::model::{Account, KeyId, KeyRef, KeySpec, NodeId, Region, Tenant, Usage};
use trent_core::ops::{CreateAlias, CreateKey, RotateKey};
use trent_core::root::LocalRoot;
use trent_core::testkit::{ManualClock, MemAudit, MemStore};

use super::auth::CLIENT_KEYS;
use super::messages::{self, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse};
use super::{Door, NAME};
use crate::common::{time, version_id};
use crate::{Outcome, Peer, RegionNames, Regions};

pub(super) const NOW_MS: u64 = 1_795_571_587_123; // 2026-11-25T01:53:07.123Z

/// A private key for every test, since making one takes a while.
pub(super) fn client_key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

fn other_key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub(super) fn spki(key: &KeyPair) -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

/// The signature of a string as the header carries it.
pub(super) fn bearer(key: &KeyPair, string: &[u8]) -> String {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), string, &mut signature).unwrap();
    format!("Bearer {}", BASE64.encode(&signature))
}

/// A request that can be altered after it was signed.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) uri: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Draft {
    pub(super) fn new(access_id: &str, operation: &str, body: &[u8]) -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            method: "POST",
            uri: "/".to_owned(),
            headers: vec![
                header("accept", "application/x-protobuf"),
                header("host", "kst-1.cryptoservice.kms.example.com:443"),
                header("date", &time::http_date(time::seconds(NOW_MS))),
                header("user-agent", "test/1"),
                header("x-kms-apiversion", "dkms-gcs-0.2"),
                header("x-kms-apiname", operation),
                header("x-kms-signaturemethod", "RSA_PKCS1_SHA_256"),
                header("x-kms-acccesskeyid", access_id),
                header("content-type", "application/x-protobuf"),
                header("content-length", &body.len().to_string()),
                header("content-sha256", &HEXUPPER.encode(&sha256(&[body]))),
            ],
            body: body.to_vec(),
        }
    }

    /// The draft with a header set, or left out.
    pub(super) fn set(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// The draft with one more header, which may be there already.
    pub(super) fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What the vendor's clients sign.
    pub(super) fn string_to_sign(&self) -> String {
        let lines = [self.method, self.value("content-sha256"), self.value("content-type")];
        let mut string = format!("{}\n{}\n", lines.join("\n"), self.value("date"));
        let named: BTreeMap<&str, &str> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.trim())).collect();
        for (name, value) in named.range("x-kms-".."x-kms.") {
            string += &format!("{name}:{value}\n");
        }
        string + &self.uri
    }

    pub(super) fn signed(self) -> Self {
        self.signed_by(client_key())
    }

    pub(super) fn signed_by(self, key: &KeyPair) -> Self {
        let authorization = bearer(key, self.string_to_sign().as_bytes());
        self.set("authorization", Some(&authorization))
    }
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) outcome: Outcome,
}

impl Answer {
    /// The error's code; empty where there is none.
    pub(super) fn code(&self) -> String {
        if self.status == 200 { String::new() } else { self.error().error_code }
    }

    pub(super) fn error(&self) -> messages::Error {
        messages::Error::decode(self.body.clone()).unwrap()
    }

    pub(super) fn message<M: Message + Default>(&self) -> M {
        M::decode(self.body.clone()).unwrap()
    }

    /// The version that the header says was used.
    pub(super) fn version(&self) -> (KeyId, u32) {
        version_id::parse(self.header("x-kms-migrationkeyversionid")).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// A KMS with one tenant and its administrator, who has a client key.
pub(super) struct House {
    pub(super) engine: Arc<Engine>,
    pub(super) audit: Arc<MemAudit>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) door: Door,
    pub(super) tenant: Tenant,
    pub(super) access_id: String,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(4).await
    }

    /// A house that makes so many key pairs at once.
    pub(super) async fn with(pairs: usize) -> Self {
        let (audit, clock) = (Arc::new(MemAudit::new()), Arc::new(ManualClock::new(NOW_MS)));
        let root = LocalRoot::new(Secret32::new([7; 32]));
        let options = Options::new(NodeId::from_bytes([1; 16]));
        let store = Arc::new(MemStore::new());
        let engine = Engine::open(store, audit.clone(), &root, clock.clone(), options).await;
        let engine = Arc::new(engine.unwrap());
        let names = |name: &str, synonym: &str| RegionNames {
            name: Region::new(name).unwrap(),
            synonyms: [(NAME.to_owned(), vec![synonym.to_owned()])].into(),
        };
        let known = vec![names("main", "cn-hangzhou"), names("second", "cn-beijing")];
        let regions = Arc::new(Regions::new(known, false));
        let door = Door::new(engine.clone(), regions, pairs);
        let tenant = tenant(&engine, "one", "1").await;
        let access_id = String::new();
        let mut house = Self { engine, audit, clock, door, tenant, access_id };
        house.access_id = house.holder(&house.tenant, Preset::Administrator).await;
        house
    }

    /// A new principal of a tenant, with a client key of this id.
    pub(super) async fn client_key(
        &self,
        tenant: &Tenant,
        preset: Preset,
        access_id: &str,
        spki: Vec<u8>,
        not_after_ms: u64,
    ) {
        let principal = self.engine.create_principal(tenant.id, access_id, preset).await.unwrap();
        let account = tenant.accounts.iter().find(|a| a.namespace == CLIENT_KEYS).unwrap().clone();
        let new = NewCredential {
            tenant: tenant.id,
            principal: principal.id,
            dialect: CLIENT_KEYS,
            account,
            access_id: access_id.to_owned(),
            secret: NewSecret::PublicKey { spki, not_after_ms },
        };
        self.engine.create_credential(new).await.unwrap();
    }

    /// A new principal that signs as all tests do; gives its client key's id.
    pub(super) async fn holder(&self, tenant: &Tenant, preset: Preset) -> String {
        let access_id = format!("KAAP.{}", crate::common::reply::request_id());
        self.client_key(tenant, preset, &access_id, spki(client_key()), u64::MAX).await;
        access_id
    }

    /// Sends a request as it stands.
    pub(super) async fn send(&self, draft: Draft) -> Answer {
        let mut request = Request::builder().method(draft.method).uri(draft.uri);
        for (name, value) in &draft.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(draft.body)).unwrap();
        let peer = Peer { address: "127.0.0.1:40000".parse().unwrap(), secure: false };
        let (head, body) = self.door.answer(peer, request).await.into_parts();
        let outcome = *head.extensions.get::<Outcome>().unwrap();
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body, outcome };
        assert_eq!(answer.header("content-type"), "application/x-protobuf");
        assert_eq!(answer.header("x-kms-request-id").len(), 36);
        assert_eq!(outcome.dialect, "alibaba");
        if answer.status == 200 {
            assert_eq!(outcome.result, "ok");
            assert_eq!(answer.header("x-kms-migrationkeyversionid").len(), 36);
        } else {
            let error = answer.error();
            assert_eq!(error.status_code, i32::from(answer.status));
            assert_eq!(error.error_code, outcome.result);
            assert_eq!(error.request_id, answer.header("x-kms-request-id"));
            assert!(!error.error_message.is_empty());
            assert_eq!(answer.header("x-kms-migrationkeyversionid"), "");
        }
        answer
    }

    pub(super) fn draft(&self, operation: &str, message: &impl Message) -> Draft {
        Draft::new(&self.access_id, operation, &message.encode_to_vec())
    }

    /// Sends a message, signed.
    pub(super) async fn call(&self, operation: &str, message: &impl Message) -> Answer {
        self.send(self.draft(operation, message).signed()).await
    }

    /// Sends a message and the id of a version, signed.
    pub(super) async fn call_for(
        &self,
        version: &str,
        operation: &str,
        message: &impl Message,
    ) -> Answer {
        let draft = self.draft(operation, message);
        self.send(draft.set("x-kms-migrationkeyversionid", Some(version)).signed()).await
    }

    /// The same, answered with a message of this kind.
    pub(super) async fn ok<M: Message + Default>(
        &self,
        operation: &str,
        message: &impl Message,
    ) -> M {
        let answer = self.call(operation, message).await;
        assert_eq!(answer.code(), "", "{operation}: {}", answer.error().error_message);
        answer.message()
    }

    /// The request is refused with this status and code.
    pub(super) async fn refused(
        &self,
        operation: &str,
        message: &impl Message,
        expected: (u16, &str),
    ) {
        let answer = self.call(operation, message).await;
        let body = answer.body.clone();
        assert_eq!((answer.status, answer.code().as_str()), expected, "{operation} {body:?}");
    }

    /// A caller of the tenant as another dialect would have it.
    pub(super) async fn caller(&self) -> Caller {
        let verified = self.engine.verify_public_key(CLIENT_KEYS, &self.access_id, |_| true).await;
        Caller {
            identity: verified.unwrap(),
            region: Region::new("main").unwrap(),
            facts: Facts {
                dialect: "elsewhere",
                operation: "Elsewhere",
                source: [127, 0, 0, 1].into(),
                secure: true,
                agent: String::new(),
                request: String::new(),
            },
            expresses: |_| true,
            dry_run: false,
        }
    }

    pub(super) async fn key(&self, spec: KeySpec, usage: Usage) -> KeyId {
        let new = CreateKey::bare(spec, usage);
        self.engine.create_key(&self.caller().await, new).await.unwrap().key.id
    }

    /// A symmetric key.
    pub(super) async fn aes(&self) -> KeyId {
        self.key(KeySpec::Aes256, Usage::EncryptDecrypt).await
    }

    pub(super) async fn alias(&self, name: &str, key: KeyId) {
        let new = CreateAlias { name: name.to_owned(), key: KeyRef::Id(key) };
        self.engine.create_alias(&self.caller().await, new).await.unwrap();
    }

    pub(super) async fn rotate(&self, key: KeyId) {
        let rotate =
            RotateKey { key: KeyRef::Id(key), symmetric_only: false, on_demand_limit: None };
        self.engine.rotate_key(&self.caller().await, rotate).await.unwrap();
    }

    pub(super) async fn disable(&self, key: KeyId) {
        self.engine.disable_key(&self.caller().await, &KeyRef::Id(key)).await.unwrap();
    }

    /// The events since there were `from` of them: operation, action, outcome and reason.
    pub(super) fn events(&self, from: usize) -> Vec<[String; 4]> {
        let lines = self.audit.lines();
        let events = lines[from..].iter().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            ["operation", "action", "outcome", "reason"]
                .map(|name| event[name].as_str().unwrap_or_default().to_owned())
        });
        events.collect()
    }
}

/// A tenant with an account in each of the vendor's APIs.
pub(super) async fn tenant(engine: &Engine, name: &str, digit: &str) -> Tenant {
    let account = |namespace: &str, id: String| Account {
        namespace: namespace.to_owned(),
        id,
        style: String::new(),
    };
    let accounts = vec![
        account(NAME, digit.repeat(16)),
        account(CLIENT_KEYS, format!("kst-{}", digit.repeat(16))),
    ];
    engine.create_tenant(NewTenant { name: name.to_owned(), accounts }).await.unwrap()
}

pub(super) fn encrypt(key: impl ToString, plaintext: &[u8]) -> EncryptRequest {
    EncryptRequest {
        key_id: key.to_string(),
        plaintext: Bytes::copy_from_slice(plaintext),
        ..Default::default()
    }
}

/// What opens an answer of Encrypt.
pub(super) fn decrypt(made: &EncryptResponse) -> DecryptRequest {
    DecryptRequest {
        ciphertext_blob: made.ciphertext_blob.clone(),
        key_id: made.key_id.clone(),
        iv: made.iv.clone(),
        ..Default::default()
    }
}

/// What opens a blob that says all.
pub(super) fn blob(bytes: &[u8]) -> DecryptRequest {
    DecryptRequest { ciphertext_blob: Bytes::copy_from_slice(bytes), ..Default::default() }
}

pub(super) fn plaintext(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.code(), "", "{:?}", answer.body);
    answer.message::<DecryptResponse>().plaintext.to_vec()
}
