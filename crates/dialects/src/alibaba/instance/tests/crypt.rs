//! Encrypt and Decrypt, their `Advance` twins, and public keys: what opens what, and what is refused.

use trent_core::crypto::SecretBytes;
use trent_core::crypto::rsa::{OaepHash, oaep_encrypt};
use trent_core::model::VersionSelector;
use trent_core::ops::{Encrypt, Encrypted};
use trent_core::seal::{Ciphertext, Context};

use super::super::messages::{GetPublicKeyRequest, GetPublicKeyResponse};
use super::*;
use crate::common::frame;

const INVALID: (u16, &str) = (400, "InvalidParameter");
const MISSING: (u16, &str) = (400, "MissingParameter");
const NOT_FOUND: (u16, &str) = (404, "Forbidden.KeyNotFound");
const UNSUPPORTED: (u16, &str) = (400, "UnsupportedOperation");

#[tokio::test]
async fn encrypt_and_decrypt() {
    let house = House::new().await;
    for spec in [KeySpec::Aes256, KeySpec::Aes128] {
        let key = house.key(spec, Usage::EncryptDecrypt).await;
        for text in [&b"x"[..], &[0xff; 31], &[7; 8_192]] {
            let answer = house.call("Encrypt", &encrypt(key, text)).await;
            assert_eq!(answer.version(), (key, 1));
            let made: EncryptResponse = answer.message();
            assert_eq!(
                (made.key_id.as_str(), made.algorithm.as_str()),
                (key.to_string().as_str(), "AES_GCM")
            );
            assert_eq!((made.iv.len(), made.key_version_id.as_str()), (12, ""));
            assert_eq!(made.ciphertext_blob.len(), 16 + 32 + text.len() + 16);
            for request in [
                decrypt(&made),
                DecryptRequest { algorithm: "AES_GCM".to_owned(), ..decrypt(&made) },
                DecryptRequest { padding_mode: "PKCS7_PADDING".to_owned(), ..decrypt(&made) },
            ] {
                for operation in ["Decrypt", "AdvanceDecrypt"] {
                    let answer = house.call(operation, &request).await;
                    assert_eq!(plaintext(&answer), text);
                    assert_eq!(answer.version(), (key, 1));
                    let opened: DecryptResponse = answer.message();
                    assert_eq!(opened.key_id, key.to_string());
                    assert_eq!(
                        (opened.algorithm.as_str(), opened.padding_mode),
                        ("AES_GCM", request.padding_mode.clone())
                    );
                    let advance = operation == "AdvanceDecrypt";
                    assert_eq!(opened.key_version_id.is_empty(), !advance);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_first_version_or_the_primary_and_the_headers() {
    let house = House::new().await;
    let key = house.aes().await;
    house.rotate(key).await;
    house.rotate(key).await;
    let first = house.call("Encrypt", &encrypt(key, b"text")).await;
    let primary = house.call("AdvanceEncrypt", &encrypt(key, b"text")).await;
    assert_eq!((first.version(), primary.version()), ((key, 1), (key, 3)));
    let made: EncryptResponse = primary.message();
    assert_eq!(made.key_version_id, version_id::write(key, 3));
    assert_eq!(made.ciphertext_blob[..3], [0x24, 0, 2]);
    assert_eq!(made.ciphertext_blob[39..51], made.iv);
    // The blob says all; what else is said does no harm if it is right.
    for request in [
        blob(&made.ciphertext_blob),
        DecryptRequest { iv: made.iv.clone(), ..blob(&made.ciphertext_blob) },
        decrypt(&made),
    ] {
        for operation in ["Decrypt", "AdvanceDecrypt"] {
            assert_eq!(plaintext(&house.call(operation, &request).await), b"text");
        }
    }
    let second = version_id::write(key, 2);
    let answer = house.call_for(&second, "Encrypt", &encrypt(key, b"text")).await;
    assert_eq!(answer.version(), (key, 2));
    let made: EncryptResponse = answer.message();
    let bare = DecryptRequest { iv: made.iv.clone(), ..blob(&made.ciphertext_blob) };
    for operation in ["Decrypt", "AdvanceDecrypt"] {
        assert_eq!(plaintext(&house.call_for(&second, operation, &bare).await), b"text");
        assert_eq!(plaintext(&house.call_for(&second, operation, &decrypt(&made)).await), b"text");
        house.refused(operation, &decrypt(&made), INVALID).await;
    }
    // A version of another key, or of none.
    let other = house.aes().await;
    house.alias("third", key).await;
    for (named, status) in [
        (version_id::write(other, 1), 404),
        (version_id::write(key, 4), 404),
        ("86a9efd9-98c5-4f9f-8a9d-8b9a3a2f5a3e".to_owned(), 404),
        ("x".to_owned(), 404),
    ] {
        for key_id in [key.to_string(), "alias/third".to_owned()] {
            let answer = house.call_for(&named, "Encrypt", &encrypt(&key_id, b"text")).await;
            assert_eq!((answer.status, answer.code().as_str()), NOT_FOUND, "{named} {key_id}");
            assert_eq!(answer.status, status);
            let request = DecryptRequest { key_id, ..decrypt(&made) };
            let answer = house.call_for(&named, "Decrypt", &request).await;
            assert!(matches!(answer.status, 400 | 404), "{named}");
        }
    }
}

#[tokio::test]
async fn an_iv_of_the_callers_choice() {
    let house = House::new().await;
    let key = house.aes().await;
    for operation in ["Encrypt", "AdvanceEncrypt"] {
        let iv = Bytes::from_static(b"twelve bytes");
        let request = EncryptRequest { iv: iv.clone(), ..encrypt(key, b"text") };
        let made: [EncryptResponse; 2] =
            [house.ok(operation, &request).await, house.ok(operation, &request).await];
        for made in &made {
            assert_eq!(made.iv, iv);
            assert_eq!(plaintext(&house.call("AdvanceDecrypt", &decrypt(made)).await), b"text");
        }
        // The same IV and text, and yet nothing alike: each message has a key of its own.
        assert_ne!(made[0].ciphertext_blob, made[1].ciphertext_blob);
        for length in [1, 11, 13, 16] {
            let request = EncryptRequest { iv: vec![1; length].into(), ..encrypt(key, b"text") };
            house.refused(operation, &request, INVALID).await;
        }
    }
}

#[tokio::test]
async fn aad_in_every_spelling_of_the_vendors_libraries() {
    let house = House::new().await;
    let key = house.aes().await;
    let digest = sha256(&[b"a=1&b=2"]);
    let hex = data_encoding::HEXLOWER.encode(&digest);
    let json = r#"{"b":"2","a":"1"}"#;
    let spellings = [&digest[..], hex.as_bytes(), json.as_bytes()];
    for operation in ["Encrypt", "AdvanceEncrypt"] {
        for (at, aad) in spellings.into_iter().enumerate() {
            let request =
                EncryptRequest { aad: Bytes::copy_from_slice(aad), ..encrypt(key, b"text") };
            let made: EncryptResponse = house.ok(operation, &request).await;
            for (other, aad) in spellings.into_iter().enumerate() {
                let request = DecryptRequest { aad: Bytes::copy_from_slice(aad), ..decrypt(&made) };
                // What JSON stands for is found from the JSON, and not the other way.
                let opens = at == other || at != 2;
                let answer = house.call("AdvanceDecrypt", &request).await;
                assert_eq!(
                    answer.status,
                    if opens { 200 } else { 400 },
                    "{operation} {at} {other}"
                );
            }
            for wrong in
                [&b""[..], b"{}", &digest[..31], hex.to_uppercase().as_bytes(), br#"{"a":"1"}"#]
            {
                let request =
                    DecryptRequest { aad: Bytes::copy_from_slice(wrong), ..decrypt(&made) };
                house.refused("AdvanceDecrypt", &request, INVALID).await;
            }
        }
    }
}

#[tokio::test]
async fn ciphertexts_that_do_not_open() {
    let house = House::new().await;
    let (key, other) = (house.aes().await, house.aes().await);
    let rsa = house.key(KeySpec::Rsa2048, Usage::EncryptDecrypt).await;
    let plain: EncryptResponse = house.ok("Encrypt", &encrypt(key, b"text")).await;
    let advance: EncryptResponse = house.ok("AdvanceEncrypt", &encrypt(key, b"text")).await;
    for (made, operation) in [(&plain, "Decrypt"), (&advance, "AdvanceDecrypt")] {
        for at in 0..made.ciphertext_blob.len() {
            let mut bad = made.ciphertext_blob.to_vec();
            bad[at] ^= 1;
            let request = DecryptRequest { ciphertext_blob: bad.into(), ..decrypt(made) };
            let answer = house.call(operation, &request).await;
            assert!(
                [INVALID, NOT_FOUND].contains(&(answer.status, answer.code().as_str())),
                "{at}"
            );
        }
        for length in [0, 1, 47, 63, made.ciphertext_blob.len() - 1] {
            let bad = made.ciphertext_blob.slice(..length);
            let request = DecryptRequest { ciphertext_blob: bad, ..decrypt(made) };
            let expected = if length == 0 { MISSING } else { INVALID };
            house.refused(operation, &request, expected).await;
        }
        let request = DecryptRequest { key_id: other.to_string(), ..decrypt(made) };
        house.refused(operation, &request, INVALID).await;
        let request = DecryptRequest { key_id: rsa.to_string(), ..decrypt(made) };
        house.refused(operation, &request, INVALID).await;
        for key_id in ["alias/none".to_owned(), KeyId::from_bytes([9; 16]).to_string()] {
            house.refused(operation, &DecryptRequest { key_id, ..decrypt(made) }, NOT_FOUND).await;
        }
        for algorithm in [
            "AES_CBC",
            "AES_ECB",
            "SM4_GCM",
            "SM2PKE",
            "ECIES_DH_SHA_1_XOR_HMAC",
            "RSAES_OAEP_SHA_256",
        ] {
            let request = DecryptRequest { algorithm: algorithm.to_owned(), ..decrypt(made) };
            house.refused(operation, &request, UNSUPPORTED).await;
        }
        for bad in [
            DecryptRequest { algorithm: "AES".to_owned(), ..decrypt(made) },
            DecryptRequest { padding_mode: "ZERO".to_owned(), ..decrypt(made) },
            DecryptRequest { iv: vec![0; 13].into(), ..decrypt(made) },
            DecryptRequest { aad: vec![0; 8_193].into(), ..decrypt(made) },
        ] {
            house.refused(operation, &bad, INVALID).await;
        }
    }
    let mut iv = plain.iv.to_vec();
    iv[0] ^= 1;
    house.refused("Decrypt", &DecryptRequest { iv: iv.into(), ..decrypt(&plain) }, INVALID).await;
    // What lacks is named.
    for (request, lacks) in [
        (DecryptRequest { iv: Bytes::new(), ..decrypt(&plain) }, "Iv"),
        (DecryptRequest { key_id: String::new(), ..decrypt(&plain) }, "KeyId"),
        (DecryptRequest { ciphertext_blob: Bytes::new(), ..decrypt(&plain) }, "CiphertextBlob"),
    ] {
        let answer = house.call("Decrypt", &request).await;
        assert_eq!((answer.status, answer.code().as_str()), MISSING);
        assert!(answer.error().error_message.contains(lacks));
    }
    let bare = DecryptRequest { key_id: String::new(), ..decrypt(&plain) };
    house.refused("AdvanceDecrypt", &bare, INVALID).await;
    house.disable(key).await;
    for (operation, made) in [("Decrypt", &plain), ("AdvanceDecrypt", &advance)] {
        house.refused(operation, &decrypt(made), (409, "Rejected.Disabled")).await;
    }
}

#[tokio::test]
async fn encryption_that_is_refused() {
    let house = House::new().await;
    let good = house.aes().await;
    let mac = house.key(KeySpec::Hmac256, Usage::GenerateVerifyMac).await;
    let signs = house.key(KeySpec::Rsa2048, Usage::SignVerify).await;
    let rsa = house.key(KeySpec::Rsa2048, Usage::EncryptDecrypt).await;
    let only = (404, "Forbidden.OnlySymmetricKeySupported");
    for operation in ["Encrypt", "AdvanceEncrypt"] {
        let advance = operation == "AdvanceEncrypt";
        let unfit = if advance { only } else { UNSUPPORTED };
        for (request, expected) in [
            (encrypt("", b"text"), MISSING),
            (encrypt(good, b""), MISSING),
            (encrypt(good, &[0; 8_193]), INVALID),
            (encrypt("alias/none", b"text"), NOT_FOUND),
            (encrypt(mac, b"text"), unfit),
            (encrypt(signs, b"text"), unfit),
            (EncryptRequest { aad: vec![0; 8_193].into(), ..encrypt(good, b"text") }, INVALID),
            (EncryptRequest { padding_mode: "x".to_owned(), ..encrypt(good, b"text") }, INVALID),
            (EncryptRequest { algorithm: "x".to_owned(), ..encrypt(good, b"text") }, INVALID),
            (
                EncryptRequest { algorithm: "AES_ECB".to_owned(), ..encrypt(good, b"text") },
                UNSUPPORTED,
            ),
            (
                EncryptRequest {
                    algorithm: "RSAES_OAEP_SHA_1".to_owned(),
                    ..encrypt(good, b"text")
                },
                unfit,
            ),
        ] {
            house.refused(operation, &request, expected).await;
        }
    }
    house.refused("AdvanceEncrypt", &encrypt(rsa, b"text"), only).await;
    let request = EncryptRequest { algorithm: "AES_GCM".to_owned(), ..encrypt(rsa, b"text") };
    house.refused("Encrypt", &request, UNSUPPORTED).await;
    let request = EncryptRequest { aad: Bytes::from_static(b"a"), ..encrypt(rsa, b"text") };
    let answer = house.call("Encrypt", &request).await;
    assert_eq!((answer.status, answer.code().as_str()), INVALID);
    assert!(answer.error().error_message.contains("Aad"));
    house.refused("Encrypt", &encrypt(rsa, &[0; 191]), INVALID).await;
}

async fn public_key(house: &House, version: Option<&str>, key: &str) -> Answer {
    let request = GetPublicKeyRequest { key_id: key.to_owned() };
    match version {
        Some(version) => house.call_for(version, "GetPublicKey", &request).await,
        None => house.call("GetPublicKey", &request).await,
    }
}

#[tokio::test]
async fn rsa_keys_encrypt_with_the_version_whose_public_key_is_given_out() {
    let house = House::new().await;
    let key = house.key(KeySpec::Rsa2048, Usage::EncryptDecrypt).await;
    house.rotate(key).await;
    house.alias("rsa", key).await;
    for (version, number) in
        [(None, 1), (Some(version_id::write(key, 1)), 1), (Some(version_id::write(key, 2)), 2)]
    {
        let version = version.as_deref();
        let answer = public_key(&house, version, "alias/rsa").await;
        assert_eq!(answer.version(), (key, number));
        let found: GetPublicKeyResponse = answer.message();
        assert_eq!(found.key_id, key.to_string());
        let pem = found.public_key;
        assert!(
            pem.starts_with("-----BEGIN PUBLIC KEY-----\n")
                && pem.ends_with("-----END PUBLIC KEY-----\n")
        );
        let inner: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let spki = BASE64.decode(inner.as_bytes()).unwrap();
        for (algorithm, hash) in [
            ("", OaepHash::Sha256),
            ("RSAES_OAEP_SHA_256", OaepHash::Sha256),
            ("RSAES_OAEP_SHA_1", OaepHash::Sha1),
        ] {
            let request =
                EncryptRequest { algorithm: algorithm.to_owned(), ..encrypt("alias/rsa", b"text") };
            let answer = match version {
                Some(version) => house.call_for(version, "Encrypt", &request).await,
                None => house.call("Encrypt", &request).await,
            };
            assert_eq!(answer.version(), (key, number));
            let made: EncryptResponse = answer.message();
            let named = if algorithm.is_empty() { "RSAES_OAEP_SHA_256" } else { algorithm };
            assert_eq!((made.algorithm.as_str(), made.iv.len()), (named, 0));
            let offline = oaep_encrypt(&spki, hash, b"text").unwrap();
            for block in [made.ciphertext_blob.to_vec(), offline] {
                let request = DecryptRequest {
                    algorithm: algorithm.to_owned(),
                    key_id: key.to_string(),
                    ..blob(&block)
                };
                let opened = house.call("Decrypt", &request).await;
                assert_eq!(
                    (plaintext(&opened), opened.version()),
                    (b"text".to_vec(), (key, number))
                );
                let other = version_id::write(key, 3 - number);
                let answer = house.call_for(&other, "Decrypt", &request).await;
                assert_eq!((answer.status, answer.code().as_str()), INVALID);
                let right = version_id::write(key, number);
                let bare = DecryptRequest { key_id: String::new(), ..request };
                assert_eq!(plaintext(&house.call_for(&right, "Decrypt", &bare).await), b"text");
            }
        }
    }
    let other = version_id::write(KeyId::from_bytes([9; 16]), 1);
    for (version, key, expected) in [
        (Some(other.as_str()), "alias/rsa", NOT_FOUND),
        (Some("86a9efd9-98c5-4f9f-8a9d-8b9a3a2f5a3e"), "alias/rsa", NOT_FOUND),
        (Some(&version_id::write(key, 3)), "alias/rsa", NOT_FOUND),
        (None, "", MISSING),
        (None, &house.aes().await.to_string(), UNSUPPORTED),
    ] {
        let answer = public_key(&house, version, key).await;
        assert_eq!((answer.status, answer.code().as_str()), expected, "{version:?} {key}");
    }
    for (spec, usage) in
        [(KeySpec::EcP256, Usage::SignVerify), (KeySpec::EcP256k1, Usage::SignVerify)]
    {
        let key = house.key(spec, usage).await.to_string();
        assert_eq!(public_key(&house, None, &key).await.status, 200);
    }
}

async fn sealed(house: &House, key: KeyId, context: Context) -> Encrypted {
    let wanted = Encrypt {
        key: KeyRef::Id(key),
        version: VersionSelector::Primary,
        algorithm: None,
        context,
        plaintext: SecretBytes::from_slice(b"dGV4dA=="),
        iv: None,
        plain_if_exportable: false,
    };
    house.engine.encrypt(&house.caller().await, wanted).await.unwrap()
}

#[tokio::test]
async fn frames_of_other_dialects_open() {
    let house = House::new().await;
    let key = house.aes().await;
    house.rotate(key).await;
    let map: BTreeMap<String, String> = [("a".to_owned(), "1".to_owned())].into();
    for bound in [false, true] {
        let (context, aad) = match bound {
            true => (Context::Map(map.clone()), &br#"{"a":"1"}"#[..]),
            false => (Context::None, &b""[..]),
        };
        let made = sealed(&house, key, context).await;
        let Ciphertext::Sealed(parts) = &made.ciphertext else { panic!("not sealed") };
        let id = version_id::write(key, 2);
        let rpc = sealed(
            &house,
            key,
            frame::alibaba_context(if bound { map.clone() } else { BTreeMap::new() }),
        )
        .await;
        let Ciphertext::Sealed(rpc) = &rpc.ciphertext else { panic!("not sealed") };
        let text = &b"dGV4dA=="[..];
        for (bytes, expected) in [
            (frame::binary(parts), text),
            (frame::tencent(parts).into_bytes(), text),
            (frame::thalassa(2, &made.ciphertext).into_bytes(), text),
            // What the RPC API seals is the base64 of the data, and so are its blobs themselves.
            (BASE64.encode(&frame::alibaba_rpc(rpc, &id)).into_bytes(), b"text"),
            // The migration libraries put three bytes before such a blob, and get what was sealed.
            (frame::alibaba_advance(rpc, &id), text),
        ] {
            let request = DecryptRequest { aad: Bytes::copy_from_slice(aad), ..blob(&bytes) };
            for operation in ["Decrypt", "AdvanceDecrypt"] {
                let answer = house.call(operation, &request).await;
                assert_eq!((plaintext(&answer), answer.version()), (expected.to_vec(), (key, 2)));
            }
            if bound {
                for wrong in [&b""[..], br#"{"a":"2"}"#] {
                    let request =
                        DecryptRequest { aad: Bytes::copy_from_slice(wrong), ..blob(&bytes) };
                    house.refused("AdvanceDecrypt", &request, INVALID).await;
                }
            }
        }
        // Such a library takes the RPC API's blob apart by hand for a gateway of the older kind.
        let bytes = frame::alibaba_rpc(rpc, &id);
        let request = DecryptRequest {
            aad: Bytes::copy_from_slice(aad),
            iv: Bytes::copy_from_slice(&bytes[36..48]),
            ..blob(&bytes[48..])
        };
        let header = std::str::from_utf8(&bytes[..36]).unwrap();
        assert_eq!(plaintext(&house.call_for(header, "Decrypt", &request).await), text);
    }
}
