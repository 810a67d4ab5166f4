//! What a name may be made of, and when two names are the same. Names keep the case they were given in; two that differ
//! only in case or in how their letters are composed would be taken for one another, so only one of them can exist.

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, ErrorKind, Field, Result};

/// The form under which a name is unique: Unicode NFC (UAX 15) with ASCII letters in lower case.
pub(crate) fn fold(name: &str) -> String {
    name.nfc().map(|c| c.to_ascii_lowercase()).collect()
}

/// Refuses a name with characters that control or hide: what is seen of a name must be all there is of it.
pub(crate) fn check_visible(name: &str) -> Result<()> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
    };
    if name.chars().any(hidden) {
        return Err(bad("a name has no control or invisible characters"));
    }
    Ok(())
}

/// Names for people: 1 to 128 visible ASCII characters without spaces, so that they need no quoting anywhere.
pub(crate) fn check_word(name: &str) -> Result<()> {
    let fits = (1..=128).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
    if fits && !looks_like_an_id(name) {
        return Ok(());
    }
    Err(bad("a name has 1 to 128 visible ASCII characters without spaces, and is not a UUID"))
}

fn looks_like_an_id(name: &str) -> bool {
    crate::model::TenantId::parse(name).is_some()
}

fn bad(message: &str) -> Error {
    Error::new(ErrorKind::BadInput(Field::Name), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in
            [("Orders", "orders"), ("caf\u{e9}", "cafe\u{301}"), ("\u{c5}", "A\u{30a}")]
        {
            assert_eq!(fold(one), fold(other));
        }
        for (one, other) in [("a", "b"), ("\u{c9}", "\u{e9}"), ("a-b", "a b")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn what_hides_is_refused() {
        for name in ["a\u{202e}b", "a\u{200b}", "\u{feff}a", "a\nb", "a\0", "soft\u{ad}hyphen"] {
            assert!(check_visible(name).is_err(), "{name:?}");
        }
        for name in ["DNSSEC example.org", "caf\u{e9}", "\u{937}-1", "\u{5c3}\u{1f511}"] {
            assert!(check_visible(name).is_ok(), "{name:?}");
        }
        for name in ["", "a b", "\u{e9}", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"] {
            assert!(check_word(name).is_err(), "{name:?}");
        }
    }
}
