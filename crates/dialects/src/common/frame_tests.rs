//! Frames against the answers of an independent implementation, and the properties that hold for every frame.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;
use trent_core::seal::{Place, Suite};

use super::*;

const VERSION: &str = "12345678-1234-1234-1234-123456789abc";

fn answers() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors/frames.json")).unwrap()
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    HEXLOWER.decode(value[name].as_str().unwrap().as_bytes()).unwrap()
}

fn sealed() -> Sealed {
    Sealed {
        uid: [1; 16],
        version: 3,
        suite: Suite::Aes256Gcm,
        salt: [2; 16],
        iv: [3; 12],
        commitment: [4; 32],
        ciphertext: vec![5; 40],
    }
}

/// The sealed message without its header, which names the key or does not.
fn detached(sealed: &Sealed, key: Option<KeyId>) -> Option<Ciphertext> {
    let Sealed { version, salt, iv, commitment, ciphertext, .. } = sealed.clone();
    Some(Ciphertext::Detached(Detached { key, version, salt, iv, commitment, ciphertext }))
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_frame_is_byte_exact_and_recognised() {
    let answers = answers();
    for (name, answer) in answers["sealed"].as_object().unwrap() {
        let frames = &answer["frames"];
        let text = |frame: &str| frames[frame].as_str().unwrap();
        let blob = bytes(frames, "binary");
        let sealed = Sealed::from_bytes(Purpose::Message, &blob).unwrap();
        let whole = Some(Ciphertext::Sealed(sealed.clone()));

        // Compose.
        assert_eq!(binary(&sealed), blob, "{name}");
        assert_eq!(tencent(&sealed), text("tencent"), "{name}");
        assert_eq!(
            Base64::encode_string(&alibaba_rpc(&sealed, VERSION)),
            text("alibaba_rpc"),
            "{name}"
        );
        assert_eq!(alibaba_advance(&sealed, VERSION), bytes(frames, "alibaba_advance"), "{name}");
        assert_eq!(alibaba_instance(&sealed), bytes(frames, "alibaba_instance"), "{name}");
        assert_eq!(thalassa(7, whole.as_ref().unwrap()), text("thalassa"), "{name}");

        // Recognise, in fields of text and of bytes.
        let check = |framed: Option<Framed>, kind: Kind| {
            let framed = framed.unwrap();
            assert_eq!(framed.kind(), kind, "{name}");
            match framed {
                Framed::Whole(_) => assert_eq!(framed.ciphertext(false), whole, "{name}"),
                Framed::Headless(mut headless) => {
                    assert_eq!(headless.version_id, VERSION, "{name}");
                    assert_eq!(headless.clone().ciphertext(), None, "{name}: not an id of ours");
                    headless.version_id = version_id::write(sealed.key(), 7);
                    let named = detached(&sealed, Some(sealed.key()));
                    assert_eq!(headless.ciphertext(), named, "{name}");
                }
            }
        };
        check(from_bytes(&blob), Kind::Binary);
        check(from_text(&Base64::encode_string(&blob)), Kind::Binary);
        let advance = bytes(frames, "alibaba_advance");
        check(from_bytes(&advance), Kind::AlibabaAdvance);
        check(from_text(&Base64::encode_string(&advance)), Kind::AlibabaAdvance);
        check(from_bytes(Base64::encode_string(&advance).as_bytes()), Kind::AlibabaAdvance);
        for (frame, kind) in [
            ("tencent", Kind::Tencent),
            ("alibaba_rpc", Kind::AlibabaRpc),
            ("thalassa", Kind::Thalassa),
        ] {
            check(from_text(text(frame)), kind);
            check(from_bytes(text(frame).as_bytes()), kind);
        }
        let instance = bytes(frames, "alibaba_instance");
        let apart = from_alibaba_instance(&instance, sealed.iv, None, 7);
        assert_eq!(apart, detached(&sealed, None), "{name}");
        assert_eq!(from_bytes(&instance), None, "{name}");
    }
}

#[test]
fn contexts_are_encoded_as_the_frame_says() {
    let answers = answers();
    let pairs = map(&[("b", "2"), ("a", "1")]);
    let contexts = contexts_for(Kind::AlibabaRpc, pairs.clone());
    assert_eq!(contexts[0].encode(), bytes(&answers, "ec_alibaba"));
    assert_eq!(alibaba_context(pairs.clone()), contexts[0]);
    assert_eq!(contexts.len(), 3);
    let unicode = map(&[("Purpose", "Test"), ("A", "é")]);
    for kind in [Kind::Binary, Kind::Tencent, Kind::Thalassa] {
        let contexts = contexts_for(kind, unicode.clone());
        assert_eq!(contexts.len(), 1);
        assert_eq!(contexts[0].encode(), bytes(&answers, "ec_map"));
    }
    assert_eq!(Context::Raw(vec![1, 2]).encode(), bytes(&answers, "ec_raw"));
    for ambiguous in [map(&[("a", "1&b=2")]), map(&[("a=1", "2")]), map(&[("a&b", "1")])] {
        assert_eq!(
            contexts_for(Kind::AlibabaRpc, ambiguous.clone()),
            [Context::Map(ambiguous.clone())]
        );
        assert_eq!(alibaba_context(ambiguous.clone()), Context::Map(ambiguous));
    }
    for kind in [Kind::Binary, Kind::AlibabaAdvance] {
        assert_eq!(contexts_for(kind, BTreeMap::new()), [Context::None]);
    }
    assert!(alibaba_context(BTreeMap::new()).is_empty());
}

/// The recognised parts open under the key that they were sealed with elsewhere.
#[test]
fn what_is_recognised_opens() {
    let answers = answers();
    let sequence = |start: u8, len: u8| (start..start + len).collect::<Vec<u8>>();
    let key = trent_core::crypto::Secret32::try_from_slice(&sequence(0, 32)).unwrap();
    let tenant: [u8; 16] = sequence(0x20, 16).try_into().unwrap();
    for (name, context, plaintext) in [
        ("no_context_empty", Context::None, vec![]),
        ("map_32_bytes", Context::Map(map(&[("Purpose", "Test"), ("A", "é")])), sequence(0x80, 32)),
        ("raw_hello", Context::Raw(vec![1, 2]), b"hello".to_vec()),
        (
            "alibaba_map_32_bytes",
            alibaba_context(map(&[("a", "1"), ("b", "2")])),
            sequence(0x80, 32),
        ),
    ] {
        let text = answers["sealed"][name]["frames"]["thalassa"].as_str().unwrap();
        let Some(Ciphertext::Sealed(sealed)) = from_text(text).unwrap().ciphertext(false) else {
            panic!("{name} is not sealed");
        };
        let tail = context.encode();
        let place = Place { purpose: Purpose::Message, tenant, key: &key, tail: &tail };
        assert!(place.open(&sealed).unwrap().ct_eq(&plaintext), "{name}");
    }
}

#[test]
fn a_frame_with_a_version_holds_three_kinds_of_content() {
    let plain = Plain { nonce: [9; 12], ciphertext: vec![7; 20] };
    let ciphertext = Ciphertext::Plain { version: 2, plain };
    let text = thalassa(2, &ciphertext);
    assert_eq!(from_text(&text).unwrap().ciphertext(false), Some(ciphertext));
    let block = Ciphertext::Rsa { version: Some(4), block: vec![0xC7; 256] };
    let text = thalassa(4, &block);
    assert_eq!(from_text(&text).unwrap().ciphertext(true), Some(block));
    // The version outside must be the one inside.
    let text = thalassa(4, &Ciphertext::Sealed(sealed()));
    assert_eq!(from_text(&text).unwrap().ciphertext(false), None);
    // Too short for either suite.
    assert_eq!(from_text("thalassa:v1:AAAA").unwrap().ciphertext(false), None);
}

/// A text of Alibaba's RPC API is data in base64 to every other door; anything else stays as it is.
#[test]
fn the_data_in_a_text_are_decoded_once() {
    for (kind, plaintext, data) in [
        (Kind::AlibabaRpc, "aGVsbG8=", "hello"),
        (Kind::AlibabaRpc, "YUdWc2JHOD0=", "aGVsbG8="),
        (Kind::AlibabaRpc, "hello!", "hello!"),
        (Kind::AlibabaRpc, "aGVsbG9=", "aGVsbG9="),
        (Kind::AlibabaRpc, "", ""),
        (Kind::AlibabaAdvance, "aGVsbG8=", "aGVsbG8="),
        (Kind::Binary, "aGVsbG8=", "aGVsbG8="),
    ] {
        let found = data_of(kind, SecretBytes::from_slice(plaintext.as_bytes()));
        assert!(found.ct_eq(data.as_bytes()), "{kind:?} {plaintext}");
    }
    assert!(data_of(Kind::AlibabaRpc, SecretBytes::from_slice(b"\xff")).ct_eq(b"\xff"));
}

#[test]
fn other_spellings_are_no_frames() {
    let sealed = sealed();
    let good = thalassa(3, &Ciphertext::Sealed(sealed.clone()));
    assert!(from_text(&good).is_some());
    for text in [
        good.replace("v3", "v03"),
        good.replace("v3", "v+3"),
        good.replace("v3", "v"),
        good.replace("v3", "v0"),
        good.replace("v3", "v4294967296"),
        good.replace("thalassa", "Thalassa"),
        good.replace("v3:", "v3"),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
    ] {
        assert_eq!(from_text(&text), None, "{text}");
        assert_eq!(from_bytes(text.as_bytes()), None, "{text}");
    }
    let good = tencent(&sealed);
    let moved = {
        let bytes = binary(&sealed);
        [&bytes[..63], &bytes[63..80], &bytes[80..]].map(Base64::encode_string).join("-k-")
    };
    for text in [
        format!("{good}-k-"),
        format!("{good}-k-AA=="),
        good.replacen("-k-", "-K-", 1),
        moved,
        "-k--k-".to_owned(),
    ] {
        assert_eq!(from_text(&text), None, "{text}");
    }
    // Only Alibaba's text form of a binary frame is read where bytes are expected.
    assert_eq!(from_bytes(Base64::encode_string(&binary(&sealed)).as_bytes()), None);
    assert_eq!(from_text(""), None);
    assert_eq!(from_bytes(b""), None);
    let odd_id = alibaba_rpc(&sealed, "12345678 1234-1234-1234-123456789abc");
    assert_eq!(from_text(&Base64::encode_string(&odd_id)), None);
}

proptest! {
    #[test]
    fn every_sealed_message_comes_back_out_of_every_frame(
        uid: [u8; 16], version in 1_u32..1_000_000_000, salt: [u8; 16], iv: [u8; 12], commitment: [u8; 32],
        ciphertext in proptest::collection::vec(any::<u8>(), 16..80),
    ) {
        let sealed = Sealed { uid, version, suite: Suite::Aes256Gcm, salt, iv, commitment, ciphertext };
        let expected = Ciphertext::Sealed(sealed.clone());
        for framed in [
            from_bytes(&binary(&sealed)),
            from_text(&tencent(&sealed)),
            from_text(&thalassa(version, &expected)),
        ] {
            prop_assert_eq!(framed.unwrap().ciphertext(false), Some(expected.clone()));
        }
        let id = version_id::write(sealed.key(), version);
        for framed in [
            from_text(&Base64::encode_string(&alibaba_rpc(&sealed, &id))),
            from_bytes(&alibaba_advance(&sealed, &id)),
        ] {
            prop_assert_eq!(framed.unwrap().ciphertext(false), detached(&sealed, Some(sealed.key())));
        }
        let apart = from_alibaba_instance(&alibaba_instance(&sealed), iv, None, version);
        prop_assert_eq!(apart, detached(&sealed, None));
    }

    #[test]
    fn any_input_is_recognised_or_not(input: Vec<u8>, prefix in prop::sample::select(vec![
        &b""[..], b"\xC7\x4B\x01", b"\x24\x00\x02", b"thalassa:v1:", b"-k-", b"a-k-b-k-",
    ])) {
        let input = [prefix, &input].concat();
        for framed in [from_bytes(&input), from_text(&String::from_utf8_lossy(&input))].into_iter().flatten() {
            let _ = framed.clone().ciphertext(true);
            let _ = framed.ciphertext(false);
        }
    }

    #[test]
    fn any_text_is_recognised_or_not(text in "(thalassa:v[0-9]{1,11}:)?[A-Za-z0-9+/=-]{0,200}(-k-[A-Za-z0-9+/=]{0,80}){0,3}") {
        let _ = from_text(&text).map(|framed| framed.ciphertext(false));
    }

    #[test]
    fn contexts_are_few_and_begin_with_the_one_that_is_written(
        pairs in proptest::collection::btree_map("[a-z&=]{0,3}", "[a-z&=]{0,3}", 0..4),
    ) {
        let contexts = contexts_for(Kind::AlibabaInstance, pairs.clone());
        prop_assert!((1..=3).contains(&contexts.len()));
        prop_assert_eq!(contexts[0].encode(), alibaba_context(pairs).encode());
    }
}
