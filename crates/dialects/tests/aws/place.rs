//! A KMS with keys of every sort that a bad request may name, and the checks that every refusal passes.

use serde_json::{Value, json};
use trent_core::access::Preset;

use crate::client::*;

pub const NO_SUCH: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
pub const OPERATIONS: [&str; 13] = [
    "CreateKey",
    "DescribeKey",
    "ListKeys",
    "EnableKey",
    "DisableKey",
    "RotateKeyOnDemand",
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GetPublicKey",
];
pub const VALIDATION: &str = "ValidationException";
pub const SERIAL: &str = "SerializationException";
pub const UNSUPPORTED: &str = "UnsupportedOperationException";
pub const USAGE: &str = "InvalidKeyUsageException";
pub const NOT_FOUND: &str = "NotFoundException";

pub struct Place {
    pub house: House,
    pub people: [Who; 2],
    pub foreign: [Who; 2],
    pub keys: Keys,
}

pub struct Keys {
    pub good: String,
    pub off: String,
    pub other: String,
    pub rsa: String,
    pub signing: String,
    pub ec: String,
    pub ec_off: String,
    pub blob: String,
    pub off_blob: String,
    pub foreign: String,
    pub foreign_blob: String,
}

pub async fn place() -> Place {
    let house = House::new().await;
    let tenant = house.tenant("one", ["111122223333", "4444555566"]).await;
    let people = house.people(&tenant, Preset::Administrator).await;
    let tenant = house.tenant("two", ["999900001111", "7777"]).await;
    let foreign = house.people(&tenant, Preset::Administrator).await;
    let (who, them) = (&people[0], &foreign[0]);
    let symmetric = ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    let blob = async |who: &Who, id: &str| {
        let sealed = house.ok(who, "Encrypt", json!({"KeyId": id, "Plaintext": "b3Vycw=="})).await;
        text(&sealed["CiphertextBlob"]).to_owned()
    };
    let (good, off) = (
        house.key(who, symmetric.0, symmetric.1).await,
        house.key(who, symmetric.0, symmetric.1).await,
    );
    let theirs = house.key(them, symmetric.0, symmetric.1).await;
    let keys = Keys {
        blob: blob(who, &good).await,
        off_blob: blob(who, &off).await,
        foreign_blob: blob(them, &theirs).await,
        good,
        off,
        foreign: theirs,
        other: house.key(who, symmetric.0, symmetric.1).await,
        rsa: String::new(),
        signing: String::new(),
        ec: house.key(who, "ECC_NIST_P256", "SIGN_VERIFY").await,
        ec_off: house.key(who, "ECC_NIST_P256", "SIGN_VERIFY").await,
    };
    for id in [&keys.off, &keys.ec_off] {
        house.ok(who, "DisableKey", json!({"KeyId": id})).await;
    }
    Place { house, people, foreign, keys }
}

impl Place {
    /// With RSA keys too, which take longest to make.
    pub async fn with_rsa(mut self) -> Self {
        let who = &self.people[0];
        self.keys.rsa = self.house.key(who, "RSA_2048", "ENCRYPT_DECRYPT").await;
        self.keys.signing = self.house.key(who, "RSA_2048", "SIGN_VERIFY").await;
        self
    }

    /// A well-formed body of an operation on this key.
    pub fn body(&self, operation: &str, key: &str) -> Value {
        let mut body = json!({"KeyId": key});
        match operation {
            "Encrypt" => body["Plaintext"] = json!("eA=="),
            "Decrypt" => body["CiphertextBlob"] = json!(self.keys.blob),
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
                body["KeySpec"] = json!("AES_256")
            }
            "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
                body["KeyPairSpec"] = json!("ECC_NIST_P256");
            }
            _ => {}
        }
        body
    }

    /// In both styles: the request is refused with this code, the refusal is in the audit log, and nothing is broken.
    pub async fn check_raw(&self, operation: &str, body: &[u8], code: &str, message: Option<&str>) {
        for who in &self.people {
            let before = self.house.audit.lines().len();
            let answer = self.house.raw(who, operation, body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(200)]);
            assert_eq!(answer.code(), code, "{operation} {shown} {}", answer.json);
            assert_eq!(answer.status, 400, "{operation} {shown}");
            if let Some(message) = message {
                let message =
                    message.replace("@region", &who.region).replace("@account", &who.account);
                assert_eq!(answer.message(), message, "{operation} {shown}");
            }
            // What was looked up beside the operation is a read of its own.
            let (own, others): (Vec<_>, Vec<_>) =
                self.house.events(before).into_iter().partition(|(name, ..)| name == operation);
            let refused = own.iter().filter(|(_, outcome, _)| outcome != "success").count();
            assert_eq!(refused, 1, "{operation} {shown} {own:?}");
            assert!(
                others.iter().all(|(name, ..)| name == "DescribeKey"),
                "{operation} {shown} {others:?}"
            );
        }
    }

    pub async fn check(&self, operation: &str, body: Value, code: &str) {
        self.check_raw(operation, body.to_string().as_bytes(), code, None).await;
    }

    pub async fn check_text(&self, operation: &str, body: Value, code: &str, message: &str) {
        self.check_raw(operation, body.to_string().as_bytes(), code, Some(message)).await;
    }

    /// As [`Place::check`], for a good body with one member changed or left out.
    pub async fn bent(&self, operation: &str, member: &str, value: Value, code: &str) {
        let mut body = self.body(operation, &self.keys.good);
        body[member] = value;
        self.check(operation, body, code).await;
    }
}

pub fn on_a_key() -> impl Iterator<Item = &'static str> {
    OPERATIONS.into_iter().filter(|operation| !matches!(*operation, "CreateKey" | "ListKeys"))
}
