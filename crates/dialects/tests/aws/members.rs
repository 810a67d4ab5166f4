//! Bad input to each operation: members that are missing, of a wrong type, too long or unknown.

use serde_json::{Value, json};

use crate::client::*;
use crate::place::*;

#[tokio::test]
async fn the_body_as_a_whole() {
    let place = place().await;
    for operation in OPERATIONS {
        for body in [
            &b"{"[..],
            b"[]",
            b"\"text\"",
            b"\xff\xfe",
            br#"{"KeyId":"a","KeyId":"b"}"#,
            b"{}x",
            &[b'['; 40_000],
        ] {
            place.check_raw(operation, body, SERIAL, None).await;
        }
    }
    for operation in on_a_key() {
        place.check_raw(operation, b"", VALIDATION, None).await;
    }
}

#[tokio::test]
async fn the_key_member() {
    let place = place().await;
    let long = "k".repeat(2_049);
    for operation in on_a_key() {
        for (value, code) in [
            (Value::Null, if operation == "Decrypt" { "" } else { VALIDATION }),
            (json!(""), VALIDATION),
            (json!(long), VALIDATION),
            (json!("schlüssel"), VALIDATION),
            (json!(5), SERIAL),
            (json!([NO_SUCH]), SERIAL),
            (json!({"Id": NO_SUCH}), SERIAL),
            (json!(NO_SUCH), NOT_FOUND),
            (json!("mrk-1234567890abcdef1234567890abcdef"), NOT_FOUND),
            (json!("not a key"), NOT_FOUND),
            (json!(place.keys.foreign), NOT_FOUND),
            (json!("arn:aws:kms"), "InvalidArnException"),
            (json!("arn:aws:s3:us-east-1:111122223333:key/x"), "InvalidArnException"),
            (json!(place.foreign[0].arn(&place.keys.foreign)), "AccessDeniedException"),
            (json!(place.foreign[1].arn(&place.keys.foreign)), "AccessDeniedException"),
            (json!("arn:aws:kms:us-east-1:123456789012:key/x"), "AccessDeniedException"),
        ] {
            if !code.is_empty() {
                place.bent(operation, "KeyId", value, code).await;
            }
        }
        let no_alias = matches!(operation, "EnableKey" | "DisableKey" | "RotateKeyOnDemand");
        for alias in [
            "alias/a",
            "arn:verenc:4444555566:alias/a",
            "arn:aws:kms:us-east-1:111122223333:alias/a",
        ] {
            let code = if no_alias { "InvalidArnException" } else { NOT_FOUND };
            place.bent(operation, "KeyId", json!(alias), code).await;
        }
    }
}

#[tokio::test]
async fn names_are_refused_in_the_vendors_words() {
    let Place { house, people: [who, verenc], .. } = place().await;
    let check = async |who: &Who, key: &str, code: &str, message: &str| {
        let answer = house.call(who, "DescribeKey", json!({"KeyId": key})).await;
        assert_eq!((answer.code(), answer.message()), (code, message));
    };
    let arn = who.arn(NO_SUCH);
    check(&who, NO_SUCH, NOT_FOUND, &format!("Key '{arn}' does not exist")).await;
    check(&who, &arn, NOT_FOUND, &format!("Key '{arn}' does not exist")).await;
    check(&verenc, NO_SUCH, NOT_FOUND, &format!("Key '{}' does not exist", verenc.arn(NO_SUCH)))
        .await;
    check(&who, "nothing", NOT_FOUND, "Invalid keyId 'nothing'").await;
    check(&who, &who.arn("nothing"), NOT_FOUND, "Invalid keyId nothing").await;
    check(
        &who,
        "alias/a",
        NOT_FOUND,
        "Alias arn:aws:kms:us-east-1:111122223333:alias/a is not found.",
    )
    .await;
    check(&verenc, "alias/a", NOT_FOUND, "Alias arn:verenc:4444555566:alias/a is not found.").await;
    check(&who, "arn:aws:kms", "InvalidArnException", "Invalid arn arn:aws:kms").await;
    let abroad = who.in_region("eu-west-1").arn(NO_SUCH);
    check(&who, &abroad, NOT_FOUND, "Invalid arn eu-west-1").await;
    // Q-KMS has one region: there an ARN's region says nothing.
    check(&verenc, &abroad, NOT_FOUND, &format!("Key '{}' does not exist", verenc.arn(NO_SUCH)))
        .await;
    let answer = house.call(&who, "EnableKey", json!({"KeyId": "alias/a"})).await;
    assert_eq!(answer.message(), "Key Aliases are not supported for this operation.");
}

#[tokio::test]
async fn members_of_the_cryptographic_operations() {
    let place = place().await;
    let algorithm = "EncryptionAlgorithm";
    for (operation, member, value, code) in [
        ("Encrypt", "Plaintext", Value::Null, VALIDATION),
        ("Encrypt", "Plaintext", json!(""), VALIDATION),
        ("Encrypt", "Plaintext", json!(b64(&[0; 4_097])), VALIDATION),
        ("Encrypt", "Plaintext", json!("not base64!"), SERIAL),
        ("Encrypt", "Plaintext", json!("eA"), SERIAL),
        ("Encrypt", "Plaintext", json!(5), SERIAL),
        ("Encrypt", algorithm, json!("ROT13"), VALIDATION),
        ("Encrypt", algorithm, json!(1), SERIAL),
        ("Encrypt", algorithm, json!("SM2PKE"), UNSUPPORTED),
        ("Encrypt", algorithm, json!("RSAES_OAEP_SHA_256"), USAGE),
        ("Encrypt", "DryRun", json!("yes"), SERIAL),
        ("Decrypt", "CiphertextBlob", Value::Null, VALIDATION),
        ("Decrypt", "CiphertextBlob", json!(""), VALIDATION),
        ("Decrypt", "CiphertextBlob", json!(b64(&[0; 6_145])), VALIDATION),
        ("Decrypt", "CiphertextBlob", json!("***"), SERIAL),
        ("Decrypt", "CiphertextBlob", json!({}), SERIAL),
        ("Decrypt", "CiphertextBlob", json!(b64(b"garbage")), "InvalidCiphertextException"),
        ("Decrypt", "CiphertextBlob", json!(b64(&[0; 6_144])), "InvalidCiphertextException"),
        ("Decrypt", algorithm, json!("ROT13"), VALIDATION),
        ("Decrypt", "Recipient", json!({"AttestationDocument": "eA=="}), UNSUPPORTED),
        ("Decrypt", "DryRunModifiers", json!(["IGNORE_CIPHERTEXT"]), UNSUPPORTED),
        ("Decrypt", "DryRunModifiers", json!(["IGNORE"]), VALIDATION),
    ] {
        place.bent(operation, member, value, code).await;
    }
    for operation in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
        for (member, value, code) in [
            ("KeySpec", Value::Null, VALIDATION),
            ("NumberOfBytes", json!(32), VALIDATION),
            ("KeySpec", json!("AES_512"), VALIDATION),
            ("KeySpec", json!(256), SERIAL),
            ("NumberOfBytes", json!("many"), SERIAL),
        ] {
            place.bent(operation, member, value, code).await;
        }
        for (bytes, code) in [
            (json!(0), VALIDATION),
            (json!(1_025), VALIDATION),
            (json!(-1), VALIDATION),
            (json!(1e30), SERIAL),
        ] {
            place
                .check(operation, json!({"KeyId": place.keys.good, "NumberOfBytes": bytes}), code)
                .await;
        }
    }
    for operation in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"] {
        for (value, code) in [
            (Value::Null, VALIDATION),
            (json!("RSA_1024"), VALIDATION),
            (json!("SYMMETRIC_DEFAULT"), VALIDATION),
            (json!(["RSA_2048"]), SERIAL),
            (json!("SM2"), UNSUPPORTED),
            (json!("ML_KEM_768"), UNSUPPORTED),
        ] {
            place.bent(operation, "KeyPairSpec", value, code).await;
        }
    }
    for operation in ["GenerateDataKey", "GenerateDataKeyPair"] {
        place.bent(operation, "Recipient", json!({}), UNSUPPORTED).await;
    }
    for operation in
        on_a_key().filter(|operation| operation.starts_with(['E', 'G']) || *operation == "Decrypt")
    {
        if matches!(operation, "EnableKey" | "GetPublicKey") {
            continue;
        }
        for context in [
            json!("text"),
            json!(["a"]),
            json!({"a": 1}),
            json!({"a": {"b": "c"}}),
            json!({"a": null}),
            json!(7),
        ] {
            place.bent(operation, "EncryptionContext", context, SERIAL).await;
        }
    }
}

#[tokio::test]
async fn grant_tokens() {
    let place = place().await;
    for operation in
        on_a_key().filter(|op| !matches!(*op, "EnableKey" | "DisableKey" | "RotateKeyOnDemand"))
    {
        for (tokens, code) in [
            (json!(["unknown"]), "InvalidGrantTokenException"),
            (json!(["x".repeat(8_192)]), "InvalidGrantTokenException"),
            (json!(["x".repeat(8_193)]), VALIDATION),
            (json!([""]), VALIDATION),
            (json!(vec!["t"; 11]), VALIDATION),
            (json!("unknown"), SERIAL),
            (json!([1]), SERIAL),
        ] {
            place.bent(operation, "GrantTokens", tokens, code).await;
        }
    }
}

#[tokio::test]
async fn members_of_create_key() {
    let place = place().await;
    let rsa = |usage: Value| json!({"KeySpec": "RSA_2048", "KeyUsage": usage});
    let tag = |name: &str| json!({"TagKey": name, "TagValue": "v"});
    for (body, code) in [
        (json!({"KeySpec": "RSA_1024"}), VALIDATION),
        (json!({"CustomerMasterKeySpec": "AES_256"}), VALIDATION),
        (
            json!({"CustomerMasterKeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY"}),
            VALIDATION,
        ),
        (json!({"KeySpec": 5}), SERIAL),
        (
            json!({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_3072", "KeyUsage": "SIGN_VERIFY"}),
            VALIDATION,
        ),
        (rsa(Value::Null), VALIDATION),
        (rsa(json!("GENERATE_VERIFY_MAC")), VALIDATION),
        (rsa(json!("GUESS")), VALIDATION),
        (rsa(json!(true)), SERIAL),
        (json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"}), VALIDATION),
        (json!({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}), VALIDATION),
        (json!({"KeyUsage": "SIGN_VERIFY"}), VALIDATION),
        (json!({"KeyUsage": "ENCAPSULATE_DECAPSULATE"}), VALIDATION),
        (json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}), UNSUPPORTED),
        (json!({"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}), UNSUPPORTED),
        (json!({"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}), UNSUPPORTED),
        (json!({"KeySpec": "ECC_BLS12_381", "KeyUsage": "SIGN_VERIFY"}), VALIDATION),
        (json!({"Description": "d".repeat(8_193)}), VALIDATION),
        (json!({"Description": 1}), SERIAL),
        (json!({"Origin": "THE_MOON"}), VALIDATION),
        (json!({"Origin": "EXTERNAL"}), UNSUPPORTED),
        (json!({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}), UNSUPPORTED),
        (json!({"CustomKeyStoreId": "cks-1"}), UNSUPPORTED),
        (json!({"XksKeyId": "x"}), UNSUPPORTED),
        (json!({"MultiRegion": "yes"}), SERIAL),
        (json!({"MultiRegion": true}), UNSUPPORTED),
        (json!({"Tags": "none"}), SERIAL),
        (json!({"Tags": ["none"]}), SERIAL),
        (json!({"Tags": [{"TagKey": "a"}]}), VALIDATION),
        (json!({"Tags": [tag("")]}), VALIDATION),
        (json!({"Tags": [tag(&"k".repeat(129))]}), VALIDATION),
        (json!({"Tags": [tag("a"), tag("a")]}), "TagException"),
        (json!({"Tags": [tag("aws:a")]}), "TagException"),
        (json!({"Tags": (0..51).map(|n| tag(&n.to_string())).collect::<Vec<_>>()}), "TagException"),
        (json!({"Policy": {}}), SERIAL),
        (json!({"Policy": ""}), VALIDATION),
        (json!({"Policy": "✓"}), VALIDATION),
        (json!({"Policy": "x".repeat(131_073)}), VALIDATION),
        (json!({"Policy": "x".repeat(131_072)}), "LimitExceededException"),
        (json!({"Policy": "no"}), "MalformedPolicyDocumentException"),
        (json!({"Participants": ["a", "b"], "Threshold": 2}), UNSUPPORTED),
        (json!({"Participants": []}), UNSUPPORTED),
        (json!({"Threshold": 2}), UNSUPPORTED),
        (json!({"TotalParties": 3}), UNSUPPORTED),
    ] {
        place.check("CreateKey", body, code).await;
    }
    place
        .check_text(
            "CreateKey",
            json!({"KeySpec": "RSA_2048", "KeyUsage": "KEY_AGREEMENT"}),
            VALIDATION,
            "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048",
        )
        .await;
    place
        .check_text(
            "CreateKey",
            json!({"KeySpec": "x", "Tags": [{"TagValue": ""}]}),
            VALIDATION,
            "2 validation errors detected: Value 'x' at 'keySpec' failed to satisfy constraint: Member must satisfy \
            enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, \
            ECC_SECG_P256K1, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, SM2, ML_DSA_44, ML_DSA_65, \
            ML_DSA_87, ECC_NIST_EDWARDS25519, ML_KEM_512, ML_KEM_768, ML_KEM_1024]; Value null at \
            'tags.1.member.tagKey' failed to satisfy constraint: Member must not be null",
        )
        .await;
}

#[tokio::test]
async fn members_of_list_keys() {
    let place = place().await;
    for (body, code) in [
        (json!({"Limit": 0}), VALIDATION),
        (json!({"Limit": 1_001}), VALIDATION),
        (json!({"Limit": "10"}), SERIAL),
        (json!({"Marker": ""}), VALIDATION),
        (json!({"Marker": "m".repeat(1_025)}), VALIDATION),
        (json!({"Marker": 5}), SERIAL),
        (json!({"Marker": "unknown"}), "InvalidMarkerException"),
        (json!({"ResourceOwners": []}), VALIDATION),
        (json!({"ResourceOwners": ["ME"]}), VALIDATION),
        (json!({"ResourceOwners": ["SELF", "OTHER_ACCOUNTS_VIA_RAM"]}), VALIDATION),
    ] {
        place.check("ListKeys", body, code).await;
    }
}
