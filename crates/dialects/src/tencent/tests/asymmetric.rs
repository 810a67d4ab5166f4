//! Asymmetric keys: their public halves, and decryption with the private ones.

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use serde_json::json;
use trent_core::crypto::rsa::{OaepHash, oaep_encrypt};
use trent_core::model::{EncryptAlgorithm, VersionSelector};
use trent_core::ops::Encrypt;
use trent_core::seal::{Ciphertext, Context};

use super::*;
use crate::common::frame;
use crate::tencent::PublicKeyPem;

const RSA: &str = "ASYMMETRIC_DECRYPT_RSA_2048";

async fn public(house: &House, key: &str) -> Vec<u8> {
    bytes(&house.call("GetPublicKey", json!({"KeyId": key})).await.ok()["PublicKey"])
}

fn pkcs1_encrypt(spki: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let key = PublicEncryptingKey::from_der(spki).unwrap();
    let key = Pkcs1PublicEncryptingKey::new(key).unwrap();
    let mut out = vec![0; key.ciphertext_size()];
    key.encrypt(plaintext, &mut out).unwrap().to_vec()
}

#[tokio::test]
async fn public_keys_are_der_and_pem() {
    let house = House::new().await;
    for (usage, length) in [
        (RSA, 294),
        ("ASYMMETRIC_SIGN_VERIFY_RSA_2048", 294),
        ("ASYMMETRIC_SIGN_VERIFY_RSA_3072", 422),
        ("ASYMMETRIC_SIGN_VERIFY_ECC", 91),
        ("ASYMMETRIC_SIGN_VERIFY_ECDSA384", 120),
    ] {
        let key = house.create(&usage.to_lowercase(), usage).await;
        let told = house.call("GetPublicKey", json!({"KeyId": key})).await.ok();
        assert_eq!(told.as_object().unwrap().len(), 4, "{told}");
        assert_eq!(told["KeyId"], key);
        let der = bytes(&told["PublicKey"]);
        assert_eq!(der.len(), length, "{usage}");
        let pem = told["PublicKeyPem"].as_str().unwrap();
        assert_eq!(pem_rfc7468::decode_vec(pem.as_bytes()).unwrap(), ("PUBLIC KEY", der));
        // A version that another door adds changes nothing here.
        house.rotate(&key).await;
        let again = house.call("GetPublicKey", json!({"KeyId": key})).await.ok();
        assert_eq!(again["PublicKey"], told["PublicKey"]);
    }
}

#[tokio::test]
async fn a_pem_is_twice_encoded_where_the_installation_says_so() {
    let settings = Settings { public_key_pem: PublicKeyPem::DoubleBase64, ..Settings::default() };
    let house = House::with(settings).await;
    let key = house.create("a", "ASYMMETRIC_SIGN_VERIFY_ECC").await;
    let told = house.call("GetPublicKey", json!({"KeyId": key})).await.ok();
    let pem = told["PublicKeyPem"].as_str().unwrap();
    let (_, inside) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
    assert_eq!(inside, told["PublicKey"].as_str().unwrap().as_bytes());
}

#[tokio::test]
async fn each_error_of_the_page() {
    let house = House::new().await;
    let key = house.create("a", "ASYMMETRIC_SIGN_VERIFY_ECC").await;
    let symmetric = house.create("b", "").await;
    let id = |key: &str| json!({"KeyId": key});
    house.refused("GetPublicKey", id(&symmetric), "InvalidParameter").await;
    house.refused("GetPublicKey", id("a"), "InvalidParameterValue.InvalidKeyId").await;
    let unknown = id("23e80852-1e38-11e9-b129-5cb9019b4b01");
    house.refused("GetPublicKey", unknown, "ResourceUnavailable.CmkNotFound").await;
    house.call("DisableKey", id(&key)).await.ok();
    let state = "ResourceUnavailable.CmkStateNotSupport";
    house.refused("GetPublicKey", id(&key), state).await;
    house.call("EnableKey", id(&key)).await.ok();
    let nobody = house.new_who(house.tenant, Preset::None).await;
    let answer = house.ask(&nobody, "GetPublicKey", id(&key)).await;
    assert_eq!(answer.code(), "UnauthorizedOperation");
    house.audit.fail(true);
    house.refused("GetPublicKey", id(&key), "InternalError").await;
    house.audit.fail(false);
    house.call("GetPublicKey", id(&key)).await.ok();
}

#[tokio::test]
async fn what_the_public_key_encrypts_is_decrypted() {
    let house = House::new().await;
    let key = house.create("a", RSA).await;
    let spki = public(&house, &key).await;
    house.rotate(&key).await;
    for (algorithm, block) in [
        ("RSAES_PKCS1_V1_5", pkcs1_encrypt(&spki, b"hello")),
        ("RSAES_OAEP_SHA_1", oaep_encrypt(&spki, OaepHash::Sha1, b"hello").unwrap()),
        ("RSAES_OAEP_SHA_256", oaep_encrypt(&spki, OaepHash::Sha256, b"hello").unwrap()),
    ] {
        let body = |ciphertext: &[u8], algorithm: &str| json!({"KeyId": key, "Ciphertext": b64(ciphertext), "Algorithm": algorithm});
        let opened = house.call("AsymmetricRsaDecrypt", body(&block, algorithm)).await.ok();
        assert_eq!(opened["KeyId"], key);
        assert_eq!(bytes(&opened["Plaintext"]), b"hello", "{algorithm}");
        let mut damaged = block.clone();
        damaged[200] ^= 1;
        let damaged = house.call("AsymmetricRsaDecrypt", body(&damaged, algorithm)).await;
        let other = house.call("AsymmetricRsaDecrypt", body(&block, "RSAES_OAEP_SHA_1")).await;
        if algorithm == "RSAES_PKCS1_V1_5" {
            // A wrong padding is not told from a right one.
            assert_ne!(bytes(&damaged.ok()["Plaintext"]), b"hello");
        } else {
            assert_eq!(damaged.code(), "FailedOperation.DecryptError");
        }
        if algorithm != "RSAES_OAEP_SHA_1" {
            assert_eq!(other.code(), "FailedOperation.DecryptError");
        }
        let short = house.call("AsymmetricRsaDecrypt", body(&block[1..], algorithm)).await;
        assert_eq!(short.code(), "FailedOperation.DecryptError");
    }
}

#[tokio::test]
async fn blocks_of_other_doors_are_decrypted() {
    let house = House::new().await;
    let key = house.create("a", RSA).await;
    house.rotate(&key).await;
    let caller = house.elsewhere().await;
    let cmd = Encrypt {
        key: KeyRef::Id(KeyId::parse(&key).unwrap()),
        version: VersionSelector::Primary,
        algorithm: Some(EncryptAlgorithm::RsaOaepSha256),
        context: Context::None,
        plaintext: SecretBytes::from_slice(b"hello"),
        iv: None,
        plain_if_exportable: false,
    };
    let made = house.engine.encrypt(&caller, cmd).await.unwrap();
    let Ciphertext::Rsa { block, .. } = &made.ciphertext else { panic!("not a block") };
    let framed = |version| frame::thalassa(version, &made.ciphertext);
    for (text, good) in [(b64(block), true), (framed(2), true), (framed(1), false)] {
        let body = json!({"KeyId": key, "Ciphertext": text, "Algorithm": "RSAES_OAEP_SHA_256"});
        let answer = house.call("AsymmetricRsaDecrypt", body).await;
        assert_eq!(answer.code(), if good { "" } else { "FailedOperation.DecryptError" });
    }
}

#[tokio::test]
async fn what_cannot_be_decrypted_is_refused() {
    let house = House::new().await;
    let key = house.create("a", RSA).await;
    let decrypt = |key: &str, ciphertext: &str, algorithm: &str| json!({"KeyId": key, "Ciphertext": ciphertext, "Algorithm": algorithm});
    let block = b64(&[1; 256]);
    let oaep = "RSAES_OAEP_SHA_256";
    for (body, code) in [
        (decrypt(&key, &block, "RSAES_OAEP_SHA_512"), "InvalidParameter"),
        (decrypt(&key, &block, ""), "InvalidParameter"),
        (decrypt(&key, "", oaep), "InvalidParameter"),
        (decrypt(&key, "x", oaep), "InvalidParameter"),
        (decrypt(&key, &block[1..], oaep), "InvalidParameter"),
        (decrypt(&key, &"A".repeat(1_028), oaep), "InvalidParameter"),
        (json!({"KeyId": key, "Ciphertext": block}), "MissingParameter"),
        (json!({"KeyId": key, "Algorithm": oaep}), "MissingParameter"),
        (json!({"KeyId": key, "Ciphertext": 1, "Algorithm": oaep}), "InvalidParameter"),
    ] {
        house.refused("AsymmetricRsaDecrypt", body, code).await;
    }
    let wrong = "InvalidParameterValue.InvalidKeyUsage";
    for usage in
        ["ENCRYPT_DECRYPT", "ASYMMETRIC_SIGN_VERIFY_RSA_2048", "ASYMMETRIC_SIGN_VERIFY_ECC"]
    {
        let key = house.create(&usage.to_lowercase(), usage).await;
        house.refused("AsymmetricRsaDecrypt", decrypt(&key, &block, oaep), wrong).await;
    }
    house.call("DisableKey", json!({"KeyId": key})).await.ok();
    let state = "ResourceUnavailable.CmkStateNotSupport";
    house.refused("AsymmetricRsaDecrypt", decrypt(&key, &block, oaep), state).await;
}
