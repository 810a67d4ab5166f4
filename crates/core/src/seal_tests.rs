//! SEAL-1 and the plain suite against known answers of an independent implementation, and under every kind of damage.
#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::*;

fn known() -> Value {
    serde_json::from_str(include_str!("../tests/vectors/seal1.json")).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn run<const N: usize>(start: u8) -> [u8; N] {
    std::array::from_fn(|i| start.wrapping_add(i as u8))
}

fn key() -> Secret32 {
    Secret32::new(run(0))
}

fn place<'a>(purpose: Purpose, key: &'a Secret32, tail: &'a [u8]) -> Place<'a> {
    Place { purpose, tenant: run(0x20), key, tail }
}

fn context() -> Context {
    Context::Map([("Purpose", "Test"), ("A", "\u{e9}")].map(|(k, v)| (k.into(), v.into())).into())
}

#[test]
fn contexts_encode_as_specified() {
    let known = known();
    assert_eq!(context().encode(), hex(&known["ec_map"]));
    assert_eq!(Context::Raw(vec![1, 2]).encode(), hex(&known["ec_raw"]));
    for none in [Context::None, Context::Map(BTreeMap::new()), Context::Raw(Vec::new())] {
        assert_eq!(none.encode(), [0]);
    }
}

#[test]
fn messages_match_the_known_answers() {
    let known = known();
    let cases: [(&str, Context, Vec<u8>); 3] = [
        ("no_context_empty", Context::None, Vec::new()),
        ("map_32_bytes", context(), run::<32>(0x80).to_vec()),
        ("raw_hello", Context::Raw(vec![1, 2]), b"hello".to_vec()),
    ];
    for (name, context, plaintext) in cases {
        let (key, tail) = (key(), context.encode());
        let place = place(Purpose::Message, &key, &tail);
        let sealed = place
            .seal_with(run(0x30), 7, Suite::Aes256Gcm, run(0x40), run(0x50), &plaintext)
            .unwrap();
        let bytes = hex(&known[name]["binary"]);
        assert_eq!(sealed.to_bytes(Purpose::Message), bytes, "{name}");
        assert_eq!(sealed.commitment.to_vec(), hex(&known[name]["Kc"]), "{name}");
        let (ke, _) = place.message_key(&sealed).unwrap();
        assert!(crate::crypto::ct_eq(ke.expose(), &hex(&known[name]["Ke"])), "{name}");
        let read = Sealed::from_bytes(Purpose::Message, &bytes).unwrap();
        assert!(place.open(&read).unwrap().ct_eq(&plaintext), "{name}");
    }
}

#[test]
fn a_wrapped_row_matches_the_known_answer() {
    let known = known();
    let (key, tail) = (key(), hex(&known["row"]["attrs"]));
    let mut plaintext = vec![1];
    push_lp(&mut plaintext, &run::<32>(0x80));
    let sealed = place(Purpose::Row, &key, &tail)
        .seal_with(run(0x60), 1, Suite::Aes256Gcm, run(0x40), run(0x50), &plaintext)
        .unwrap();
    assert_eq!(sealed.to_bytes(Purpose::Row), hex(&known["row"]["blob"]));
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let (key, tail) = (key(), context().encode());
    let place = place(Purpose::Message, &key, &tail);
    for suite in [Suite::Aes256Gcm, Suite::Aes128Gcm, Suite::Aes192Gcm, Suite::ChaCha20Poly1305] {
        let sealed = place.seal_checked(run(0x30), 7, suite, b"a plaintext").unwrap();
        let bytes = sealed.to_bytes(Purpose::Message);
        assert_eq!(bytes.len(), b"a plaintext".len() + OVERHEAD);
        let opens = |bytes: &[u8]| {
            Sealed::from_bytes(Purpose::Message, bytes).is_some_and(|s| place.open(&s).is_ok())
        };
        assert!(opens(&bytes));
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&altered), "{suite:?}, bit {bit}");
        }
        for end in 0..bytes.len() {
            assert!(!opens(&bytes[..end]), "{suite:?}, cut at {end}");
        }
        assert!(!opens(&[&bytes[..], b"x"].concat()));
    }
}

#[test]
fn nothing_opens_elsewhere() {
    let (key, tail) = (key(), context().encode());
    let sealed =
        place(Purpose::Message, &key, &tail).seal(run(0x30), 7, Suite::Aes256Gcm, b"x").unwrap();
    let mut other = place(Purpose::Message, &key, &tail);
    other.tenant = run(0x21);
    assert!(other.open(&sealed).is_err(), "another tenant");
    assert!(place(Purpose::Row, &key, &tail).open(&sealed).is_err(), "another purpose");
    assert!(place(Purpose::Message, &key, &[0]).open(&sealed).is_err(), "another context");
    let stranger = Secret32::new([9; 32]);
    assert!(place(Purpose::Message, &stranger, &tail).open(&sealed).is_err(), "another key");
}

#[test]
fn the_plain_suite_and_seal_1_share_no_key() {
    let material = SecretBytes::from_slice(&run::<32>(0));
    let direct = message_key(KeySpec::Aes256, false, &material).unwrap();
    let exportable = message_key(KeySpec::Aes256, true, &material).unwrap();
    assert!(material.ct_eq(direct.expose()));
    assert!(!material.ct_eq(exportable.expose()));
    let short = message_key(KeySpec::Aes128, false, &SecretBytes::from_slice(&run::<16>(0)));
    let expected = "ca14d3bb25673714bf5c7a846557b291fbaf97341cce437d6e7141c85e390059";
    assert_eq!(data_encoding::HEXLOWER.encode(short.unwrap().expose()), expected);
}

#[test]
fn the_first_bytes_tell_the_suites_apart() {
    let material = SecretBytes::from_slice(&run::<32>(0));
    let plain = Plain::seal(Aead::Aes256Gcm, &material, b"x").unwrap();
    assert_eq!(Plain::from_bytes(&plain.to_bytes()).as_ref(), Some(&plain));
    assert!(plain.open(Aead::Aes256Gcm, &material).unwrap().ct_eq(b"x"));
    let mut sealed_like = plain.to_bytes();
    sealed_like[..3].copy_from_slice(&[0xC7, 0x4B, 1]);
    assert!(Plain::from_bytes(&sealed_like).is_none());
    assert!(Plain::from_bytes(&[0; IV + TAG - 1]).is_none());
}
