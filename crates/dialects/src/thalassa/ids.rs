//! The names by which this API's paths address a key, and the slug made from a name.
//! An identity is reversible text of the key's id, so every key has one without a stored row.

use data_encoding::BASE32_NOPAD;
use trent_core::model::{KeyId, KeyRef, NameKind};

const PREFIX: &str = "kms-";

/// The identity: `kms-` and the 16 bytes of the id in 26 characters of lower-case base32 (RFC 4648, unpadded).
pub(super) fn identity(id: KeyId) -> String {
    format!("{PREFIX}{}", BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase())
}

/// Reads [`identity`]'s text, in that one spelling; anything else is `None`.
pub(super) fn parse_identity(text: &str) -> Option<KeyId> {
    let encoded = text.strip_prefix(PREFIX).filter(|rest| rest.len() == 26)?;
    if encoded.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let bytes = BASE32_NOPAD.decode(encoded.to_ascii_uppercase().as_bytes()).ok()?;
    Some(KeyId::from_bytes(bytes.try_into().ok()?))
}

/// The key that the path segment means: an identity, the id's UUID text, or else a slug.
pub(super) fn key_ref(segment: &str) -> KeyRef {
    match parse_identity(segment).or_else(|| KeyId::parse(segment)) {
        Some(id) => KeyRef::Id(id),
        None => KeyRef::Name(NameKind::Slug, segment.to_owned()),
    }
}

/// The slug wished for a name: lower case, each run of other characters than `a-z0-9` one hyphen, none at the ends.
/// Never empty, and never text that [`key_ref`] would take for an id.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() {
        return "key".to_owned();
    }
    match key_ref(&slug) {
        KeyRef::Name(..) => slug,
        KeyRef::Id(_) => format!("key-{slug}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UUID: &str = "00112233-4455-6677-8899-aabbccddeeff";

    #[test]
    fn identities_are_reversible_and_have_one_spelling() {
        let id = KeyId::parse(UUID).unwrap();
        let text = identity(id);
        // Made with Python: base64.b32encode(bytes).lower().rstrip(b"=").
        assert_eq!(text, "kms-aaisem2ekvthpcezvk54zxpo74");
        assert_eq!(parse_identity(&text), Some(id));
        for other in [
            "",
            "kms-",
            "kms-aaisem2ekvthpcezvk54zxpo7",
            "kms-aaisem2ekvthpcezvk54zxpo744",
            "kms-aaisem2ekvthpcezvk54zxpo75",
            "kms-AAISEM2EKVTHPCEZVK54ZXPO74",
            "kms-Aaisem2ekvthpcezvk54zxpo74",
            "KMS-aaisem2ekvthpcezvk54zxpo74",
            "kms-aaisem2ekvthpcezvk54zxpo1=",
            "kms-éaisem2ekvthpcezvk54zxpo7",
            "aaisem2ekvthpcezvk54zxpo74",
        ] {
            assert_eq!(parse_identity(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_segment_is_an_identity_a_uuid_or_a_slug() {
        let id = KeyId::parse(UUID).unwrap();
        assert_eq!(key_ref(UUID), KeyRef::Id(id));
        assert_eq!(key_ref(&identity(id)), KeyRef::Id(id));
        for text in ["kms-prod", "orders", &UUID[1..]] {
            assert_eq!(key_ref(text), KeyRef::Name(NameKind::Slug, text.to_owned()));
        }
    }

    #[test]
    fn slugs_follow_the_name() {
        for (name, expected) in [
            ("orders", "orders"),
            ("DNSSEC example.com", "dnssec-example-com"),
            ("  a -- b__c  ", "a-b-c"),
            ("Größe 10", "gr-e-10"),
            ("ключ", "key"),
            ("...", "key"),
            ("KMS prod", "kms-prod"),
            (UUID, "key-00112233-4455-6677-8899-aabbccddeeff"),
            ("kms-aaisem2ekvthpcezvk54zxpo74", "key-kms-aaisem2ekvthpcezvk54zxpo74"),
        ] {
            assert_eq!(slug(name), expected, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back(bytes: [u8; 16]) {
            let id = KeyId::from_bytes(bytes);
            prop_assert_eq!(parse_identity(&identity(id)), Some(id));
        }

        #[test]
        fn every_slug_is_one_path_segment_that_means_a_name(name in "\\PC{0,64}") {
            let slug = slug(&name);
            let edges = [slug.chars().next(), slug.chars().last()];
            prop_assert!(!edges.contains(&Some('-')) && !edges.contains(&None));
            prop_assert!(slug.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')));
            prop_assert_eq!(key_ref(&slug), KeyRef::Name(NameKind::Slug, slug.clone()));
        }
    }
}
