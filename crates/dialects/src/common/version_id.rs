//! The id of a key's version in 36 characters, as Alibaba's API names versions and its frames begin with one. It is
//! made of key and version alone, so that nothing has to be stored to read it.

use data_encoding::BASE32_NOPAD;
use trent_core::model::KeyId;

/// Its length in characters.
pub const LENGTH: usize = 36;
/// How many characters the key takes: 16 bytes in base32.
const KEY: usize = 26;

/// The id of this version: the key in base32 of lower case, a hyphen, the version in nine digits.
pub fn write(key: KeyId, version: u32) -> String {
    format!("{}-{version:09}", BASE32_NOPAD.encode(key.as_bytes()).to_ascii_lowercase())
}

/// The version that has this id; `None` for any other text.
pub fn parse(text: &str) -> Option<(KeyId, u32)> {
    if text.len() != LENGTH || !text.is_ascii() {
        return None;
    }
    let (key, rest) = text.split_at(KEY);
    if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let key = BASE32_NOPAD.decode(key.to_ascii_uppercase().as_bytes()).ok()?;
    let digits = rest.strip_prefix('-')?;
    let version =
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (version > 0).then_some((KeyId::from_bytes(key.try_into().ok()?), version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_spelling_for_one_version() {
        let key = KeyId::from_bytes([0xA5; 16]);
        let id = write(key, 12);
        // Made with Python: base64.b32encode(bytes([0xA5] * 16)).
        assert_eq!(id, "uws2ljnfuws2ljnfuws2ljnfuu-000000012");
        assert_eq!(parse(&id), Some((key, 12)));
        for text in [
            id.to_ascii_uppercase(),
            id.replace('-', "_"),
            id.replace("012", "+12"),
            id.replace("000000012", "000000000"),
            id.replace("uu-", "uv-"),
            id.replace("uws", "0ws"),
            format!("{id}0"),
            id[1..].to_owned(),
            String::new(),
            "é".repeat(18),
        ] {
            assert_eq!(parse(&text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_version_comes_back(key: [u8; 16], version in 1_u32..1_000_000_000) {
            let key = KeyId::from_bytes(key);
            let id = write(key, version);
            prop_assert_eq!(id.len(), LENGTH);
            prop_assert_eq!(parse(&id), Some((key, version)));
        }

        #[test]
        fn what_is_read_is_written_alike(text in "[a-z2-7-]{26}-[0-9]{9}|.{0,40}") {
            if let Some((key, version)) = parse(&text) {
                prop_assert_eq!(write(key, version), text);
            }
        }
    }
}
