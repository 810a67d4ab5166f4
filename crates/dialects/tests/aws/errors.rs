//! Foreign keys, wrong states and usages, missing permission, failing audit: the vendor's own errors, each in the log.

use serde_json::json;
use trent_core::access::Preset;
use trent_dialects::Refused;

use crate::client::*;
use crate::place::*;

#[tokio::test]
async fn usage_state_and_algorithm_in_their_order() {
    let place = place().await.with_rsa().await;
    let keys = &place.keys;
    for operation in
        on_a_key().filter(|operation| operation.starts_with("Generate") || *operation == "Encrypt")
    {
        place.check(operation, place.body(operation, &keys.off), "DisabledException").await;
        for key in [&keys.ec, &keys.signing, &keys.ec_off] {
            place.check(operation, place.body(operation, key), USAGE).await;
        }
        place.check(operation, place.body(operation, &keys.rsa), USAGE).await;
    }
    place.check("RotateKeyOnDemand", json!({"KeyId": keys.off}), "DisabledException").await;
    for key in [&keys.rsa, &keys.ec] {
        place.check_text("RotateKeyOnDemand", json!({"KeyId": key}), UNSUPPORTED, "").await;
    }
    place.check("Decrypt", json!({"CiphertextBlob": keys.off_blob}), "DisabledException").await;
    place.check("GetPublicKey", json!({"KeyId": keys.ec_off}), "DisabledException").await;
    place.check("GetPublicKey", json!({"KeyId": keys.off}), "DisabledException").await;
    place.check_text("GetPublicKey", json!({"KeyId": keys.good}), UNSUPPORTED, "").await;
    let oaep = "RSAES_OAEP_SHA_256";
    let context = json!({"KeyId": keys.rsa, "Plaintext": "eA==", "EncryptionAlgorithm": oaep, "EncryptionContext": {"a": "b"}});
    place
        .check_text(
            "Encrypt",
            context,
            VALIDATION,
            "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.",
        )
        .await;
    let long = json!({"KeyId": keys.rsa, "Plaintext": b64(&[0; 191]), "EncryptionAlgorithm": oaep});
    let text = "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.";
    place.check_text("Encrypt", long, VALIDATION, text).await;
    let text = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.";
    place.check_text("Encrypt", place.body("Encrypt", &keys.rsa), USAGE, text).await;
    let text = "You cannot generate a data key with an asymmetric CMK";
    place
        .check_text("GenerateDataKey", place.body("GenerateDataKey", &keys.rsa), USAGE, text)
        .await;
    let arn = place.people[0].arn(&keys.ec);
    let answer =
        place.house.call(&place.people[0], "Encrypt", place.body("Encrypt", &keys.ec)).await;
    assert_eq!(
        answer.message(),
        format!("{arn} key usage is SIGN_VERIFY which is not valid for Encrypt.")
    );
}

#[tokio::test]
async fn ciphertexts_of_other_keys() {
    let place = place().await.with_rsa().await;
    let keys = &place.keys;
    for key in [&keys.other, &keys.rsa, &keys.ec] {
        let body = json!({"KeyId": key, "CiphertextBlob": keys.blob});
        let text =
            "The key ID in the request does not identify a CMK that can perform this operation.";
        place.check_text("Decrypt", body, "IncorrectKeyException", text).await;
    }
    let text = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or \
        you are not allowed to access.";
    place
        .check_text(
            "Decrypt",
            json!({"CiphertextBlob": keys.foreign_blob}),
            "AccessDeniedException",
            text,
        )
        .await;
    let named = json!({"CiphertextBlob": keys.foreign_blob, "KeyId": keys.good});
    place.check("Decrypt", named, "IncorrectKeyException").await;
    for size in [255, 256, 257] {
        let body = json!({"KeyId": keys.rsa, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256", "CiphertextBlob": b64(&vec![1; size])});
        place.check_text("Decrypt", body, "InvalidCiphertextException", "").await;
    }
    // What is no ciphertext says nothing of the key.
    let garbage = json!({"KeyId": NO_SUCH, "CiphertextBlob": b64(b"garbage")});
    place.check("Decrypt", garbage, "InvalidCiphertextException").await;
}

#[tokio::test]
async fn regions_are_apart() {
    let Place { house, people: [who, _], keys, .. } = place().await;
    let abroad = who.in_region("eu-west-1");
    assert_eq!(
        house.call(&abroad, "DescribeKey", json!({"KeyId": keys.good})).await.code(),
        NOT_FOUND
    );
    assert_eq!(
        house.call(&abroad, "Decrypt", json!({"CiphertextBlob": keys.blob})).await.code(),
        "AccessDeniedException"
    );
    assert_eq!(house.ok(&abroad, "ListKeys", json!({})).await["Keys"], json!([]));
    let made = house.ok(&abroad, "CreateKey", json!({})).await;
    let id = text(&made["KeyMetadata"]["KeyId"]);
    assert_eq!(text(&made["KeyMetadata"]["Arn"]), abroad.arn(id));
    // Two names of one region are one region, and an answer's ARN has the client's own.
    let same = who.in_region("q-world-1");
    let told = house.ok(&same, "DescribeKey", json!({"KeyId": who.arn(&keys.good)})).await;
    assert_eq!(text(&told["KeyMetadata"]["Arn"]), same.arn(&keys.good));
}

#[tokio::test]
async fn permissions_are_asked_for_each_operation() {
    let house = House::new().await;
    let tenant = house.tenant("one", ["111122223333", "4444555566"]).await;
    let admin = house.people(&tenant, Preset::Administrator).await;
    let nobody = house.people(&tenant, Preset::None).await;
    let readers = house.people(&tenant, Preset::Reader).await;
    let id = house.key(&admin[0], "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let pair = house.key(&admin[0], "ECC_NIST_P256", "SIGN_VERIFY").await;
    let blob = house.ok(&admin[0], "Encrypt", json!({"KeyId": id, "Plaintext": "eA=="})).await["CiphertextBlob"].clone();
    for operation in OPERATIONS {
        let body = match operation {
            "CreateKey" | "ListKeys" => json!({}),
            "Encrypt" => json!({"KeyId": id, "Plaintext": "eA=="}),
            "Decrypt" => json!({"KeyId": id, "CiphertextBlob": blob}),
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
                json!({"KeyId": id, "KeySpec": "AES_256"})
            }
            "GetPublicKey" => json!({"KeyId": pair}),
            other if other.starts_with("GenerateDataKeyPair") => {
                json!({"KeyId": id, "KeyPairSpec": "ECC_NIST_P256"})
            }
            _ => json!({"KeyId": id}),
        };
        for who in &nobody {
            let before = house.audit.lines().len();
            let answer = house.call(who, operation, body.clone()).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "AccessDeniedException"),
                "{operation}"
            );
            let resource = match operation {
                "CreateKey" | "ListKeys" => "*".to_owned(),
                "GetPublicKey" => who.arn(&pair),
                _ => who.arn(&id),
            };
            let (account, name) = (&who.account, &who.name);
            assert_eq!(
                text(&answer.json["Message"]),
                format!(
                    "User: arn:aws:iam::{account}:user/{name} is not authorized to perform: kms:{operation} on \
                    resource: {resource} because no identity-based policy allows the kms:{operation} action"
                )
            );
            let denied = house.events(before).into_iter().filter(|(name, ..)| name == operation);
            let outcomes: Vec<String> = denied.map(|(_, outcome, _)| outcome).collect();
            assert_eq!(outcomes, ["denied"], "{operation}");
        }
        for who in &readers {
            let expected = match operation {
                "DescribeKey" | "ListKeys" | "GetPublicKey" => "",
                _ => "AccessDeniedException",
            };
            assert_eq!(
                house.call(who, operation, body.clone()).await.code(),
                expected,
                "{operation}"
            );
        }
        assert_eq!(house.call(&admin[1], operation, body).await.status, 200, "{operation}");
        house.call(&admin[1], "EnableKey", json!({"KeyId": id})).await.ok();
    }
}

#[tokio::test]
async fn operations_that_are_not_built_and_not_known() {
    let place = place().await;
    for operation in
        ["Sign", "GenerateMac", "GenerateMAC", "CreateAlias", "ReEncrypt", "ScheduleKeyDeletion"]
    {
        place
            .check_text(
                operation,
                json!({}),
                UNSUPPORTED,
                &format!("{operation} is not available here yet."),
            )
            .await;
    }
    let who = &place.people[0];
    for target in [
        "TrentService.Guess",
        "TrentService.createKey",
        "Other.CreateKey",
        "TrentService.",
        "TrentService",
        "",
        "TrentService.Create Key",
        "trentservice.CreateKey",
        "TrentService.RegisterSidecar",
    ] {
        let draft = Draft::new("x", b"{}").set("x-amz-target", Some(target)).signed(who);
        let answer = place.house.send(draft).await;
        assert_eq!((answer.status, answer.code()), (400, "UnknownOperationException"), "{target}");
    }
    let answer =
        place.house.send(Draft::new("ListKeys", b"{}").set("x-amz-target", None).signed(who)).await;
    assert_eq!((answer.status, answer.code()), (400, "UnknownOperationException"));
    for method in ["GET", "PUT", "OPTIONS", "DELETE"] {
        let answer = place.house.send_as(method, Draft::new("ListKeys", b"{}").signed(who)).await;
        assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, "POST"));
        let bare = Draft { uri: "/".to_owned(), headers: Vec::new(), body: Vec::new() };
        assert_eq!(place.house.send_as(method, bare).await.status, 405);
    }
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let Place { house, people: [who, _], .. } = place().await;
    let body =
        |bytes: usize| format!("{{\"Nonsense\":\"{}\"}}", "x".repeat(bytes - 15)).into_bytes();
    for (operation, limit) in [("ListKeys", 64 * 1_024), ("CreateKey", 512 * 1_024)] {
        house.raw(&who, operation, &body(limit)).await.ok();
        let answer = house.raw(&who, operation, &body(limit + 1)).await;
        assert_eq!((answer.status, answer.code()), (413, SERIAL));
    }
}

#[tokio::test]
async fn nothing_leaves_that_cannot_be_recorded() {
    let Place { house, people: [who, _], keys, .. } = place().await;
    house.audit.fail(true);
    for (operation, body) in [
        ("Decrypt", json!({"CiphertextBlob": keys.blob})),
        ("GenerateDataKey", json!({"KeyId": keys.good, "KeySpec": "AES_256"})),
        ("DescribeKey", json!({"KeyId": keys.good})),
        ("DescribeKey", json!({"KeyId": NO_SUCH})),
        ("DescribeKey", json!({})),
        ("Sign", json!({})),
    ] {
        let answer = house.call(&who, operation, body).await;
        assert_eq!((answer.status, answer.code()), (500, "KMSInternalException"), "{operation}");
        let members: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
        assert_eq!(members, ["__type", "message"]);
    }
    house.audit.fail(false);
    house.ok(&who, "Decrypt", json!({"CiphertextBlob": keys.blob})).await;
}

#[tokio::test]
async fn no_secret_reaches_the_audit_log() {
    let Place { house, people: [who, _], keys, .. } = place().await.with_rsa().await;
    let plaintext = b64(b"very secret plaintext");
    let mut secrets = vec![plaintext.clone(), String::from_utf8(who.secret.clone()).unwrap()];
    house.ok(&who, "Encrypt", json!({"KeyId": keys.good, "Plaintext": plaintext})).await;
    house.call(&who, "Encrypt", json!({"KeyId": keys.rsa, "Plaintext": plaintext})).await;
    house.call(&who, "Encrypt", json!({"KeyId": 5, "Plaintext": plaintext})).await;
    house
        .call(
            &who,
            "DescribeKey",
            json!({"KeyId": keys.good, "GrantTokens": ["very secret token"]}),
        )
        .await;
    secrets.push("very secret token".to_owned());
    let made =
        house.ok(&who, "GenerateDataKey", json!({"KeyId": keys.good, "KeySpec": "AES_256"})).await;
    secrets.push(text(&made["Plaintext"]).to_owned());
    let log = house.audit.lines().join("\n");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn the_listeners_refusals_have_the_vendors_form() {
    let house = House::new().await;
    for (why, status, code) in [
        (Refused::TooLarge, 413, "SerializationException"),
        (Refused::Deadline, 500, "DependencyTimeoutException"),
        (Refused::Overloaded, 400, "ThrottlingException"),
    ] {
        let (answer, outcome) = house.refuse(&Draft::new("Encrypt", b""), why);
        assert_eq!((answer.status, answer.code()), (status, code));
        assert_eq!(answer.headers["content-type"], JSON);
        assert_eq!(answer.headers["x-amzn-errortype"], code);
        assert!(!answer.message().is_empty() && answer.headers.contains_key("x-amzn-requestid"));
        assert_eq!((outcome.dialect, outcome.operation, outcome.result), ("aws", "unknown", code));
    }
}
