//! Data keys.

use super::super::messages::{
    AdvanceGenerateDataKeyRequest, GenerateDataKeyRequest, GenerateDataKeyResponse,
};
use super::*;

async fn make(house: &House, advance: bool, key: &str, bytes: i32, aad: &[u8]) -> Answer {
    let (key_id, aad) = (key.to_owned(), Bytes::copy_from_slice(aad));
    if advance {
        let request = AdvanceGenerateDataKeyRequest { key_id, number_of_bytes: bytes, aad };
        house.call("AdvanceGenerateDataKey", &request).await
    } else {
        let algorithm = "AES_GCM".to_owned();
        let request = GenerateDataKeyRequest { key_id, algorithm, number_of_bytes: bytes, aad };
        house.call("GenerateDataKey", &request).await
    }
}

#[tokio::test]
async fn the_blob_opens_to_the_keys_own_bytes() {
    let house = House::new().await;
    let key = house.aes().await;
    house.rotate(key).await;
    for advance in [false, true] {
        for (bytes, length) in [(0, 32), (1, 1), (16, 16), (32, 32), (1_024, 1_024)] {
            let answer = make(&house, advance, &key.to_string(), bytes, b"aad").await;
            assert_eq!(answer.code(), "");
            assert_eq!(answer.version(), (key, if advance { 2 } else { 1 }));
            let made: GenerateDataKeyResponse = answer.message();
            assert_eq!((made.plaintext.len(), made.iv.len()), (length, 12));
            assert_eq!(
                (made.key_id.as_str(), made.algorithm.as_str()),
                (key.to_string().as_str(), "AES_GCM")
            );
            let version_id = if advance { version_id::write(key, 2) } else { String::new() };
            assert_eq!(made.key_version_id, version_id);
            let mut request =
                DecryptRequest { aad: Bytes::from_static(b"aad"), ..blob(&made.ciphertext_blob) };
            let operation = if advance {
                "AdvanceDecrypt"
            } else {
                (request.key_id, request.iv) = (made.key_id, made.iv);
                "Decrypt"
            };
            assert!(plaintext(&house.call(operation, &request).await) == made.plaintext);
            request.aad = Bytes::new();
            house.refused(operation, &request, (400, "InvalidParameter")).await;
        }
    }
}

#[tokio::test]
async fn requests_that_are_refused() {
    let house = House::new().await;
    let good = house.aes().await.to_string();
    let rsa = house.key(KeySpec::Rsa2048, Usage::EncryptDecrypt).await.to_string();
    for advance in [false, true] {
        for (key, bytes, expected) in [
            ("", 32, (400, "MissingParameter")),
            (&good, -1, (400, "InvalidParameter")),
            (&good, 1_025, (400, "InvalidParameter")),
            (&good, i32::MIN, (400, "InvalidParameter")),
            ("alias/none", 32, (404, "Forbidden.KeyNotFound")),
            (&rsa, 32, (404, "Forbidden.OnlySymmetricKeySupported")),
        ] {
            let answer = make(&house, advance, key, bytes, b"").await;
            assert_eq!((answer.status, answer.code().as_str()), expected, "{key} {bytes}");
        }
    }
}
