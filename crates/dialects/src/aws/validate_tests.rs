//! Messages as the vendor words them, for every type of member.

#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::super::error::Code;
use super::*;

const SIZE: Choice =
    Choice { listed: &["AES_256", "AES_128"], taken: &["AES"], told: Some(&["A", "B"]) };

/// Reads one member of every kind; the members' names tell their types.
fn read(input: &mut Input<'_>) -> Answer<()> {
    input.required_text("KeyId", &KEY_ID)?;
    input.text("Marker", &MARKER)?;
    input.choice("KeySpec", &SIZE)?;
    input.choice("Algorithm", &Choice::of(&["X", "Y"]))?;
    input.blob("Plaintext", 4)?;
    input.number("NumberOfBytes", 1_024)?;
    input.flag("DryRun")?;
    input.map("EncryptionContext")?;
    input.grant_tokens()?;
    input.choices("Owners", &Choice::of(&["SELF"]), 2)?;
    input.structures("Tags", |tag| {
        tag.required_text("TagKey", &Text { min: 1, max: 3, pattern: None }).map(str::len)
    })?;
    Ok(())
}

fn check(members: Value, code: Option<Code>, message: &str) {
    let mut members = members;
    let map = members.as_object_mut().unwrap();
    map.entry("KeyId").or_insert_with(|| json!("k"));
    let mut input = Input::new(map);
    let result = read(&mut input).and_then(|()| input.finish());
    let found = result.err().map(|failure| (failure.code, failure.message.unwrap()));
    assert_eq!(found, code.map(|code| (code, message.to_owned())));
}

fn one(members: Value, violation: &str) {
    check(members, Some(Code::Validation), &format!("1 validation error detected: {violation}"));
}

#[test]
fn good_input_passes() {
    check(json!({}), None, "");
    check(
        json!({
            "KeyId": "k", "Marker": "m", "KeySpec": "AES", "Algorithm": "Y", "Plaintext": "AAECAw==", "NumberOfBytes": 1024,
            "DryRun": false, "EncryptionContext": {"": ""}, "GrantTokens": ["t"], "Owners": ["SELF"], "Tags": [{"TagKey": "a"}],
            "Unknown": {"x": [1]},
        }),
        None,
        "",
    );
    check(
        json!({"Marker": null, "Plaintext": null, "DryRun": null, "GrantTokens": null, "Tags": null}),
        None,
        "",
    );
}

#[test]
fn violations_are_worded_as_the_vendor_words_them() {
    let rule = "failed to satisfy constraint: Member must";
    one(json!({"KeyId": null}), &format!("Value null at 'keyId' {rule} not be null"));
    one(
        json!({"KeySpec": "AES_512"}),
        &format!("Value 'AES_512' at 'keySpec' {rule} satisfy enum value set: [A, B]"),
    );
    one(
        json!({"Algorithm": "x"}),
        &format!("Value 'x' at 'algorithm' {rule} satisfy enum value set: [X, Y]"),
    );
    one(
        json!({"NumberOfBytes": 1025}),
        &format!("Value '1025' at 'numberOfBytes' {rule} have value less than or equal to 1024"),
    );
    one(
        json!({"NumberOfBytes": -5}),
        &format!("Value '-5' at 'numberOfBytes' {rule} have value greater than or equal to 1"),
    );
    one(
        json!({"Plaintext": ""}),
        &format!("Value at 'plaintext' {rule} have length greater than or equal to 1"),
    );
    one(
        json!({"Plaintext": "AAECAwQ="}),
        &format!("Value at 'plaintext' {rule} have length less than or equal to 4"),
    );
    one(
        json!({"KeyId": "é"}),
        &format!("Value 'é' at 'keyId' {rule} satisfy regular expression pattern: ^\\p{{ASCII}}+$"),
    );
    one(
        json!({"Tags": [{"TagKey": "a"}, {"TagKey": "four"}]}),
        &format!(
            "Value 'four' at 'tags.2.member.tagKey' {rule} have length less than or equal to 3"
        ),
    );
    one(json!({"Tags": [{}]}), &format!("Value null at 'tags.1.member.tagKey' {rule} not be null"));
    let tokens = "[Member must have length less than or equal to 8192, Member must have length greater than or equal to 1]";
    one(
        json!({"GrantTokens": ["secret", ""]}),
        &format!("Value at 'grantTokens' {rule} satisfy constraint: {tokens}"),
    );
    one(
        json!({"GrantTokens": vec!["t"; 11]}),
        &format!("Value at 'grantTokens' {rule} have length less than or equal to 10"),
    );
}

#[test]
fn all_violations_are_told_together() {
    let rule = "failed to satisfy constraint: Member must";
    check(
        json!({"KeyId": "", "NumberOfBytes": 0}),
        Some(Code::Validation),
        &format!(
            "3 validation errors detected: Value '' at 'keyId' {rule} have length greater than or equal to 1; \
            Value '' at 'keyId' {rule} satisfy regular expression pattern: ^\\p{{ASCII}}+$; \
            Value '0' at 'numberOfBytes' {rule} have value greater than or equal to 1"
        ),
    );
}

#[test]
fn no_more_than_100_violations_are_told() {
    let tags = json!({"KeyId": "k", "Tags": vec![json!({"TagKey": ""}); 9_000]});
    let mut input = Input::new(tags.as_object().unwrap());
    read(&mut input).unwrap();
    let message = input.finish().unwrap_err().message.unwrap();
    assert!(
        message.starts_with("100 validation errors detected: Value '' at 'tags.1.member.tagKey'")
    );
    assert!(message.contains("tags.100.member") && !message.contains("tags.101.member"));
    // A wrong type behind them still ends the reading.
    let mut tags = vec![json!({"TagKey": ""}); 200];
    tags.push(json!({"TagKey": 1}));
    let text = "NUMBER_VALUE can not be converted to a String";
    check(json!({"Tags": tags}), Some(Code::Serialization), text);
}

#[test]
fn a_wrong_type_ends_the_reading_whatever_else_is_wrong() {
    for (members, message) in [
        (json!({"KeyId": 5}), "NUMBER_VALUE can not be converted to a String"),
        (json!({"KeyId": true}), "TRUE_VALUE can not be converted to a String"),
        (json!({"KeyId": ["k"]}), "Start of list found where not expected"),
        (json!({"KeyId": {}}), "Start of structure or map found where not expected."),
        (json!({"KeyId": "", "KeySpec": 1}), "NUMBER_VALUE can not be converted to a String"),
        (json!({"Plaintext": "A"}), "Plaintext is not valid base64"),
        (json!({"Plaintext": "AA"}), "Plaintext is not valid base64"),
        (json!({"NumberOfBytes": "32"}), "STRING_VALUE can not be converted to an Integer"),
        (json!({"NumberOfBytes": 1.5}), "NUMBER_VALUE can not be converted to an Integer"),
        (json!({"NumberOfBytes": 1e30}), "NUMBER_VALUE can not be converted to an Integer"),
        (json!({"NumberOfBytes": u64::MAX}), "NUMBER_VALUE can not be converted to an Integer"),
        (json!({"DryRun": "yes"}), "STRING_VALUE can not be converted to a Boolean"),
        (json!({"EncryptionContext": "a"}), "STRING_VALUE can not be converted to a Map"),
        (json!({"EncryptionContext": {"a": 1}}), "NUMBER_VALUE can not be converted to a String"),
        (json!({"EncryptionContext": {"a": null}}), "NULL_VALUE can not be converted to a String"),
        (json!({"GrantTokens": "t"}), "STRING_VALUE can not be converted to a List"),
        (json!({"GrantTokens": [1]}), "NUMBER_VALUE can not be converted to a String"),
        (json!({"Tags": ["a"]}), "STRING_VALUE can not be converted to a structure"),
        (json!({"Tags": [{"TagKey": 1}]}), "NUMBER_VALUE can not be converted to a String"),
    ] {
        check(members, Some(Code::Serialization), message);
    }
}
