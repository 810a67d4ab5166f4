//! What the vendor's own Python client makes: every message, and requests as it signs them.

use data_encoding::HEXLOWER;
use serde_json::Value;
use trent_core::access::Preset;

use super::super::messages::*;
use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/alibaba_instance.json")).unwrap()
}

/// Each field holds its own name, or 7; the version's id is left to messages that have it.
macro_rules! filled {
    ($type:ident { $($field:ident: $value:literal),* $(,)? }) => {
        $type { $($field: ($value).into(),)* }
    };
}

#[test]
fn messages_are_numbered_alike() {
    let vectors = vectors();
    let check = |name: &str, ours: Vec<u8>| {
        let theirs = vectors["messages"][name].as_str().unwrap();
        assert_eq!(HEXLOWER.encode(&ours), theirs, "{name}");
    };
    let checked = |names: [&str; 2], ours: Vec<u8>| names.map(|name| check(name, ours.clone()));
    let message = filled!(EncryptRequest {
        key_id: "KeyId",
        plaintext: "Plaintext",
        algorithm: "Algorithm",
        aad: "Aad",
        iv: "Iv",
        padding_mode: "PaddingMode",
    });
    checked(["EncryptRequest", "AdvanceEncryptRequest"], message.encode_to_vec());
    let mut message = filled!(EncryptResponse {
        key_id: "KeyId",
        ciphertext_blob: "CiphertextBlob",
        iv: "Iv",
        request_id: "RequestId",
        algorithm: "Algorithm",
        padding_mode: "PaddingMode",
        key_version_id: "",
    });
    check("EncryptResponse", message.encode_to_vec());
    message.key_version_id = "KeyVersionId".to_owned();
    check("AdvanceEncryptResponse", message.encode_to_vec());
    let message = filled!(DecryptRequest {
        ciphertext_blob: "CiphertextBlob",
        key_id: "KeyId",
        algorithm: "Algorithm",
        aad: "Aad",
        iv: "Iv",
        padding_mode: "PaddingMode",
    });
    checked(["DecryptRequest", "AdvanceDecryptRequest"], message.encode_to_vec());
    let mut message = filled!(DecryptResponse {
        key_id: "KeyId",
        plaintext: "Plaintext",
        request_id: "RequestId",
        algorithm: "Algorithm",
        padding_mode: "PaddingMode",
        key_version_id: "",
    });
    check("DecryptResponse", message.encode_to_vec());
    message.key_version_id = "KeyVersionId".to_owned();
    check("AdvanceDecryptResponse", message.encode_to_vec());
    let message = filled!(GenerateDataKeyRequest {
        key_id: "KeyId",
        algorithm: "Algorithm",
        number_of_bytes: 7,
        aad: "Aad",
    });
    check("GenerateDataKeyRequest", message.encode_to_vec());
    let message =
        filled!(AdvanceGenerateDataKeyRequest { key_id: "KeyId", number_of_bytes: 7, aad: "Aad" });
    check("AdvanceGenerateDataKeyRequest", message.encode_to_vec());
    let mut message = filled!(GenerateDataKeyResponse {
        key_id: "KeyId",
        iv: "Iv",
        plaintext: "Plaintext",
        ciphertext_blob: "CiphertextBlob",
        request_id: "RequestId",
        algorithm: "Algorithm",
        key_version_id: "",
    });
    check("GenerateDataKeyResponse", message.encode_to_vec());
    message.key_version_id = "KeyVersionId".to_owned();
    check("AdvanceGenerateDataKeyResponse", message.encode_to_vec());
    let message = filled!(GenerateDataKeyPairRequest {
        key_id: "KeyId",
        algorithm: "Algorithm",
        key_pair_spec: "KeyPairSpec",
        key_format: "KeyFormat",
        aad: "Aad",
    });
    checked(
        ["GenerateDataKeyPairRequest", "GenerateDataKeyPairWithoutPlaintextRequest"],
        message.encode_to_vec(),
    );
    let message = filled!(AdvanceGenerateDataKeyPairRequest {
        key_id: "KeyId",
        key_pair_spec: "KeyPairSpec",
        key_format: "KeyFormat",
        aad: "Aad",
    });
    checked(
        ["AdvanceGenerateDataKeyPairRequest", "AdvanceGenerateDataKeyPairWithoutPlaintextRequest"],
        message.encode_to_vec(),
    );
    let mut message = filled!(GenerateDataKeyPairResponse {
        key_id: "KeyId",
        iv: "Iv",
        key_pair_spec: "KeyPairSpec",
        private_key_plaintext: "PrivateKeyPlaintext",
        private_key_ciphertext_blob: "PrivateKeyCiphertextBlob",
        public_key: "PublicKey",
        request_id: "RequestId",
        algorithm: "Algorithm",
        key_version_id: "",
    });
    check("GenerateDataKeyPairResponse", message.encode_to_vec());
    message.key_version_id = "KeyVersionId".to_owned();
    check("AdvanceGenerateDataKeyPairResponse", message.encode_to_vec());
    let mut message = filled!(GenerateDataKeyPairWithoutPlaintextResponse {
        key_id: "KeyId",
        iv: "Iv",
        key_pair_spec: "KeyPairSpec",
        private_key_ciphertext_blob: "PrivateKeyCiphertextBlob",
        public_key: "PublicKey",
        request_id: "RequestId",
        algorithm: "Algorithm",
        key_version_id: "",
    });
    check("GenerateDataKeyPairWithoutPlaintextResponse", message.encode_to_vec());
    message.key_version_id = "KeyVersionId".to_owned();
    check("AdvanceGenerateDataKeyPairWithoutPlaintextResponse", message.encode_to_vec());
    check("GetPublicKeyRequest", filled!(GetPublicKeyRequest { key_id: "KeyId" }).encode_to_vec());
    let message = filled!(GetPublicKeyResponse {
        key_id: "KeyId",
        public_key: "PublicKey",
        request_id: "RequestId",
    });
    check("GetPublicKeyResponse", message.encode_to_vec());
    let message = filled!(Error {
        status_code: 7,
        error_code: "ErrorCode",
        error_message: "ErrorMessage",
        request_id: "RequestId",
    });
    check("Error", message.encode_to_vec());
    assert_eq!(vectors["messages"].as_object().unwrap().len(), 23);
}

#[tokio::test]
async fn requests_are_signed_alike() {
    let (house, vectors) = (House::new().await, vectors());
    let spki = HEXLOWER.decode(vectors["spki"].as_str().unwrap().as_bytes()).unwrap();
    let requests = vectors["requests"].as_array().unwrap();
    let mut answers = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        let headers = request["headers"].as_object().unwrap();
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let body = HEXLOWER.decode(request["body"].as_str().unwrap().as_bytes()).unwrap();
        let draft = Draft { method: "POST", uri: "/".to_owned(), headers: headers.collect(), body };
        if at == 0 {
            let access_id = draft.value("x-kms-acccesskeyid");
            let preset = Preset::Administrator;
            house.client_key(&house.tenant, preset, access_id, spki.clone(), u64::MAX).await;
        }
        let sent = time::parse_http_date(draft.value("date")).unwrap();
        house.clock.set(u64::try_from(sent).unwrap() * 1_000);
        let answer = house.send(draft.clone()).await;
        answers.push((answer.outcome.operation, answer.code()));
        let mut altered = draft;
        altered.body.push(0x60);
        altered = altered
            .clone()
            .set("content-sha256", Some(&HEXUPPER.encode(&sha256(&[&altered.body]))));
        assert_eq!(house.send(altered).await.code(), "SignatureNotMatch");
    }
    let answers: Vec<(&str, &str)> =
        answers.iter().map(|(name, code)| (*name, code.as_str())).collect();
    // Their keys do not exist here. What the door says of them, it says to those only whom it knows.
    let (not_found, invalid) = ("Forbidden.KeyNotFound", "InvalidParameter");
    let expected = [
        ("Encrypt", not_found),
        ("Decrypt", not_found),
        ("AdvanceEncrypt", not_found),
        ("AdvanceDecrypt", invalid),
        ("GenerateDataKey", not_found),
        ("GenerateDataKeyPair", not_found),
        ("GenerateDataKeyPairWithoutPlaintext", not_found),
        ("AdvanceGenerateDataKeyPair", not_found),
        ("AdvanceGenerateDataKeyPairWithoutPlaintext", not_found),
        ("GetPublicKey", not_found),
        ("GetPublicKey", "MissingParameter"),
    ];
    assert_eq!(answers, expected);
}
