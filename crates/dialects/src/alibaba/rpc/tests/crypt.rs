//! Encrypt and Decrypt, contexts, and frames of every dialect.

use super::*;
use trent_core::model::{KeyId, KeyRef, KeySpec, Usage, VersionSelector};
use trent_core::ops::{CreateKey, Encrypt, Encrypted};
use trent_core::seal::{Ciphertext, Context, Sealed};

use crate::common::{frame, version_id};

impl House {
    async fn encrypt(&self, key: &str, plaintext: &str, more: &[(&str, &str)]) -> String {
        let pairs = [&[("KeyId", key), ("Plaintext", plaintext)], more].concat();
        self.call("Encrypt", &pairs).await.ok().text("CiphertextBlob").to_owned()
    }

    async fn decrypt(&self, blob: &str, more: &[(&str, &str)]) -> Answered {
        let pairs = [&[("CiphertextBlob", blob)], more].concat();
        self.ask(&self.ann, Way::Post, "Decrypt", &pairs).await
    }

    /// Encrypts as another dialect does.
    async fn sealed(&self, key: &str, plaintext: &[u8], context: Context) -> Encrypted {
        let wanted = Encrypt {
            key: KeyRef::Id(KeyId::parse(key).unwrap()),
            version: VersionSelector::Primary,
            algorithm: None,
            context,
            plaintext: SecretBytes::from_slice(plaintext),
            plain_if_exportable: false,
            iv: None,
        };
        self.engine.encrypt(&self.elsewhere().await, wanted).await.unwrap()
    }
}

fn sealed(made: &Encrypted) -> &Sealed {
    match &made.ciphertext {
        Ciphertext::Sealed(sealed) => sealed,
        _ => panic!("not sealed"),
    }
}

const CONTEXT: &str = r#"{"b":"2","a":"1"}"#;
/// SHA-256 of `a=1&b=2`, as the vendor's libraries make it.
const DIGEST: &str = "8e85be58c1c372ac29fe7bfa80d8ddcbd04a4032c7b51c1c026d67c55b1ab23f";

#[tokio::test]
async fn a_text_comes_back_as_it_was() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let texts = ["YQ==", "a", "not base64 é \u{1F511}", " +%&=", "YQ", &"QUFB".repeat(2_048)];
    for way in WAYS {
        for text in texts {
            let pairs = [("KeyId", &*id), ("Plaintext", text)];
            let made = house.ask(&house.ann, way, "Encrypt", &pairs).await.ok();
            let blob = made.text("CiphertextBlob");
            let version = made.text("KeyVersionId");
            assert_eq!((made.text("KeyId"), version.len()), (&*id, 36));
            // The vendor's libraries cut the version's id and the IV off.
            let bytes = Base64::decode_vec(blob).unwrap();
            assert_eq!(&bytes[..36], version.as_bytes());
            let opened =
                house.ask(&house.ann, way, "Decrypt", &[("CiphertextBlob", blob)]).await.ok();
            assert_eq!(opened.text("Plaintext"), text);
            assert_eq!((opened.text("KeyId"), opened.text("KeyVersionId")), (&*id, version));
        }
    }
    let xml = [("Format", "XML"), ("KeyId", &*id), ("Plaintext", "YQ==")];
    let xml = house.ask(&house.ann, Way::Get, "Encrypt", &xml).await;
    assert!(std::str::from_utf8(&xml.bytes).unwrap().contains("<EncryptResponse><RequestId>"));
}

#[tokio::test]
async fn older_versions_still_open() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let old = house.encrypt(&id, "b2xk", &[]).await;
    let version = house.call("CreateKeyVersion", &[("KeyId", &id)]).await.ok();
    let new = house.call("Encrypt", &[("KeyId", &id), ("Plaintext", "bmV3")]).await.ok();
    assert_eq!(new.text("KeyVersionId"), version.json["KeyVersion"]["KeyVersionId"]);
    let opened = house.decrypt(&old, &[]).await.ok();
    assert_eq!(opened.text("Plaintext"), "b2xk");
    assert!(opened.text("KeyVersionId").ends_with("-000000001"));
    house.call("DisableKey", &[("KeyId", &id)]).await.ok();
    house.decrypt(&old, &[]).await.refused(409, "Rejected.Disabled");
}

#[tokio::test]
async fn a_context_must_be_the_same() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let json = [("EncryptionContext", CONTEXT)];
    let entries = [("EncryptionContext.a", "1"), ("EncryptionContext.b", "2")];
    let ordered = [("EncryptionContext", r#" {"a": "1", "b": "2"} "#)];
    for made_with in [&json[..], &entries, &ordered] {
        let blob = house.encrypt(&id, "YQ==", made_with).await;
        for opened_with in [&json[..], &entries, &ordered] {
            house.decrypt(&blob, opened_with).await.ok();
        }
        for wrong in [
            &[][..],
            &[("EncryptionContext", "{}")],
            &[("EncryptionContext", r#"{"a":"1"}"#)],
            &[("EncryptionContext", r#"{"a":"1","b":"3"}"#)],
            &[("EncryptionContext", r#"{"A":"1","b":"2"}"#)],
            &[("EncryptionContext.a", "1")],
        ] {
            let answer = house.decrypt(&blob, wrong).await.refused(400, "InvalidParameter");
            let text = "The specified parameter CiphertextBlob is not valid.";
            assert_eq!(answer.text("Message"), text);
        }
    }
    // None, and one without entries, are the same.
    let blob = house.encrypt(&id, "YQ==", &[("EncryptionContext", "{}")]).await;
    for same in [&[][..], &[("EncryptionContext", "{}")], &[("EncryptionContext", " { } ")]] {
        house.decrypt(&blob, same).await.ok();
    }
    house.decrypt(&blob, &json).await.refused(400, "InvalidParameter");
    // Names and values that would be one text in the vendor's form are kept apart.
    let odd = [("EncryptionContext", r#"{"a":"1&b=2"}"#)];
    let blob = house.encrypt(&id, "YQ==", &odd).await;
    house.decrypt(&blob, &odd).await.ok();
    house.decrypt(&blob, &json).await.refused(400, "InvalidParameter");
    let blob = house.encrypt(&id, "YQ==", &[("EncryptionContext", r#"{"ключ":"é\u0000"}"#)]).await;
    house.decrypt(&blob, &[("EncryptionContext.ключ", "é\0")]).await.ok();
}

#[tokio::test]
async fn contexts_that_are_none() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let blob = house.encrypt(&id, "YQ==", &[]).await;
    let long = format!(r#"{{"a":"{}"}}"#, "é".repeat(8_185));
    let entry = "é".repeat(8_192);
    for context in [
        &[("EncryptionContext", "a=1")][..],
        &[("EncryptionContext", "[]")],
        &[("EncryptionContext", r#"{"a":1}"#)],
        &[("EncryptionContext", r#"{"a":null}"#)],
        &[("EncryptionContext", r#"{"a":{"b":"c"}}"#)],
        &[("EncryptionContext", r#"{"a":"1","a":"1"}"#)],
        &[("EncryptionContext", r#"{"":"1"}"#)],
        &[("EncryptionContext", &long)],
        &[("EncryptionContext.", "1")],
        &[("EncryptionContext.a", &entry)],
        &[("EncryptionContext", "{}"), ("EncryptionContext.a", "1")],
    ] {
        let pairs = [&[("KeyId", &*id), ("Plaintext", "YQ==")], context].concat();
        let answer = house.ask(&house.ann, Way::Post, "Encrypt", &pairs).await;
        let answer = answer.refused(400, "InvalidParameter");
        assert!(answer.text("Message").contains("EncryptionContext"));
        house.decrypt(&blob, context).await.refused(400, "InvalidParameter");
    }
    let longest = format!(r#"{{"a":"{}"}}"#, "é".repeat(8_184));
    house.decrypt(&blob, &[("EncryptionContext", &longest)]).await.refused(400, "InvalidParameter");
    let longest = [("EncryptionContext", &*longest)];
    let blob = house.encrypt(&id, "YQ==", &longest).await;
    house.decrypt(&blob, &longest).await.ok();
}

#[tokio::test]
async fn requests_that_encrypt_or_decrypt_nothing() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let long = "a".repeat(8_193);
    for (plaintext, code) in [("", "MissingParameter"), (&*long, "InvalidParameter")] {
        let pairs = [("KeyId", &*id), ("Plaintext", plaintext)];
        house.ask(&house.ann, Way::Post, "Encrypt", &pairs).await.refused(400, code);
    }
    house.call("Encrypt", &[("Plaintext", "YQ==")]).await.refused(400, "MissingParameter");
    for (spec, usage) in [("RSA_2048", "ENCRYPT/DECRYPT"), ("RSA_2048", ""), ("HMAC_SHA_256", "")] {
        let id = house.key(&[("KeySpec", spec), ("KeyUsage", usage)]).await;
        let answer = house.call("Encrypt", &[("KeyId", &id), ("Plaintext", "YQ==")]).await;
        answer.refused(400, "Rejected.UnsupportedOperation");
    }
    let blob = house.encrypt(&id, "YQ==", &[]).await;
    house.call("Decrypt", &[]).await.refused(400, "MissingParameter");
    house.decrypt(&blob, &[("Recipient", "x")]).await.refused(400, "UnsupportedOperation");
    let bytes = Base64::decode_vec(&blob).unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let answer = house.decrypt(&Base64::encode_string(&flipped), &[]).await;
        // Behind the prefix stands the id of another key, or of another version.
        let unknown = answer.status == 404 && at < 26;
        let answer = if unknown { answer } else { answer.refused(400, "InvalidParameter") };
        assert!(answer.json.get("Plaintext").is_none());
    }
    for text in
        ["x", "YQ==", &blob[..40], &format!("{blob}A"), &format!(" {blob}"), &"QUFB".repeat(60)]
    {
        house.decrypt(text, &[]).await.refused(400, "InvalidParameter");
    }
    let huge = "A".repeat(131_073);
    house.decrypt(&huge, &[]).await.refused(400, "InvalidParameter");
    // A key that is another's, or nobody's, is not told apart.
    let wire = house.wire(&house.eve, Way::Acs3, "Decrypt", &[("CiphertextBlob", &blob)]);
    house.send(&wire).await.refused(404, "Forbidden.KeyNotFound");
    let nobodys = version_id::write(KeyId::from_bytes([9; 16]), 1);
    let nobodys = [nobodys.as_bytes(), &bytes[36..]].concat();
    let answer = house.decrypt(&Base64::encode_string(&nobodys), &[]).await;
    answer.refused(404, "Forbidden.KeyNotFound");
    house
        .ask(&house.rob, Way::Acs3, "Decrypt", &[("CiphertextBlob", &blob)])
        .await
        .refused(404, "Forbidden.KeyNotFound");
}

#[tokio::test]
async fn dry_runs_always_fail() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let blob = house.encrypt(&id, "YQ==", &[]).await;
    let encrypt = async |who: &Who, key: &str, flag: &str| {
        let pairs = [("KeyId", key), ("Plaintext", "YQ=="), ("DryRun", flag)];
        house.ask(who, Way::Acs3, "Encrypt", &pairs).await
    };
    for flag in ["true", "True"] {
        encrypt(&house.ann, &id, flag).await.refused(400, "DryRunOperationError");
        encrypt(&house.rob, &id, flag).await.refused(403, "AccessDeniedError");
        encrypt(&house.ann, "alias/x", flag).await.refused(400, "ValidationError");
        encrypt(&house.ann, "", flag).await.refused(400, "ValidationError");
        house.decrypt(&blob, &[("DryRun", flag)]).await.refused(400, "DryRunOperationError");
        house.decrypt("YQ==", &[("DryRun", flag)]).await.refused(400, "ValidationError");
    }
    for flag in ["false", "", "FALSE"] {
        encrypt(&house.ann, &id, flag).await.ok();
        house.decrypt(&blob, &[("DryRun", flag)]).await.ok();
    }
    encrypt(&house.ann, &id, "1").await.refused(400, "InvalidParameter");
    house.call("DisableKey", &[("KeyId", &id)]).await.ok();
    encrypt(&house.ann, &id, "true").await.refused(400, "ValidationError");
}

#[tokio::test]
async fn frames_of_every_dialect_open() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let map: BTreeMap<String, String> =
        [("a", "1"), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let data = b"\xff\x00data";
    let version = version_id::write(KeyId::parse(&id).unwrap(), 1);
    let check = async |blob: &str, context: &[(&str, &str)], expected: &str| {
        let opened = house.decrypt(blob, context).await.ok();
        assert_eq!(opened.text("Plaintext"), expected);
        assert_eq!((opened.text("KeyId"), opened.text("KeyVersionId")), (&*id, &*version));
    };
    let context = [("EncryptionContext", CONTEXT)];
    let coded = Base64::encode_string(data);
    // AWS's and Tencent's bind the entries; what they sealed is bytes.
    for (context, bound) in [(&context[..], Context::Map(map.clone())), (&[], Context::None)] {
        let made = house.sealed(&id, data, bound).await;
        check(&Base64::encode_string(&frame::binary(sealed(&made))), context, &coded).await;
        check(&frame::tencent(sealed(&made)), context, &coded).await;
    }
    // Thalassa's has no context.
    let made = house.sealed(&id, data, Context::None).await;
    let text = frame::thalassa(made.version, &made.ciphertext);
    check(&text, &[], &coded).await;
    house.decrypt(&text, &context).await.refused(400, "InvalidParameter");
    // Alibaba's own libraries bind a digest, its hex digits, or the JSON as it stands.
    let digest = data_encoding::HEXLOWER.decode(DIGEST.as_bytes()).unwrap();
    for bound in [digest, DIGEST.as_bytes().to_vec(), CONTEXT.as_bytes().to_vec()] {
        let made = house.sealed(&id, b"YQ==", Context::Raw(bound.clone())).await;
        let rpc = Base64::encode_string(&frame::alibaba_rpc(sealed(&made), &version));
        check(&rpc, &context, "YQ==").await;
        // The instance API's own frame holds bytes.
        let advance = Base64::encode_string(&frame::alibaba_advance(sealed(&made), &version));
        check(&advance, &context, "WVE9PQ==").await;
        house.decrypt(&rpc, &[]).await.refused(400, "InvalidParameter");
        let other = [("EncryptionContext", r#"{"a":"1"}"#)];
        house.decrypt(&rpc, &other).await.refused(400, "InvalidParameter");
        // In another dialect's frame, this is none of the bindings.
        let binary = Base64::encode_string(&frame::binary(sealed(&made)));
        house.decrypt(&binary, &context).await.refused(400, "InvalidParameter");
    }
    // What is no text cannot have come from here; it is told as bytes.
    let made = house.sealed(&id, data, Context::None).await;
    check(&Base64::encode_string(&frame::alibaba_rpc(sealed(&made), &version)), &[], &coded).await;
}

#[tokio::test]
async fn blobs_of_keys_that_the_api_cannot_express_or_that_are_not_symmetric() {
    let house = House::new().await;
    let caller = house.elsewhere().await;
    let bare = |spec| CreateKey::bare(spec, Usage::EncryptDecrypt);
    let made = house.engine.create_key(&caller, bare(KeySpec::ChaCha20Poly1305)).await.unwrap();
    let id = made.key.id.to_string();
    let made = house.sealed(&id, b"data", Context::None).await;
    let blob = Base64::encode_string(&frame::binary(sealed(&made)));
    house.decrypt(&blob, &[]).await.refused(400, "Rejected.UnsupportedOperation");
    // An RSA key's version before something that is no RSA block.
    let rsa = house.key(&[("KeySpec", "RSA_2048"), ("KeyUsage", "ENCRYPT/DECRYPT")]).await;
    let version = version_id::write(KeyId::parse(&rsa).unwrap(), 1);
    let blob = Base64::encode_string(&frame::alibaba_rpc(sealed(&made), &version));
    house.decrypt(&blob, &[]).await.refused(400, "Rejected.UnsupportedOperation");
    // AES-128, which other doors make.
    let made = house.engine.create_key(&caller, bare(KeySpec::Aes128)).await.unwrap();
    let id = made.key.id.to_string();
    let blob = house.encrypt(&id, "YQ==", &[]).await;
    assert_eq!(house.decrypt(&blob, &[]).await.ok().text("Plaintext"), "YQ==");
}

#[tokio::test]
async fn plaintexts_are_not_in_the_log() {
    let house = House::new().await;
    let id = house.key(&[]).await;
    let before = house.audit.lines().len();
    let blob = house.encrypt(&id, "c2VjcmV0LXRleHQ=", &[("EncryptionContext", CONTEXT)]).await;
    house.decrypt(&blob, &[("EncryptionContext", CONTEXT)]).await.ok();
    house.decrypt(&blob, &[]).await.refused(400, "InvalidParameter");
    let lines = house.audit.lines();
    let trail = house.trail(before);
    let operations: Vec<&str> = trail.iter().map(|[operation, ..]| operation.as_str()).collect();
    assert_eq!(operations, ["Encrypt", "Decrypt", "Decrypt"]);
    for line in &lines[before..] {
        assert!(!line.contains("c2VjcmV0") && !line.contains(&blob[..20]), "{line}");
    }
}
