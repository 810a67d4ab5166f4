//! Aliases: CreateAlias.

use trent_core::ops::CreateAlias;

use super::super::error::{Answer, Failure};
use super::super::ids::ALIAS;
use super::request::{Call, Reply};

/// The longest alias with its prefix, in characters.
const LONGEST: usize = 255;
/// What no alias of a user begins with: the vendor's own, and AWS's, whose API has the same aliases.
const RESERVED: [&str; 2] = ["acs", "aws/"];

/// CreateAlias.
pub(super) async fn create(call: &Call<'_>) -> Answer<Reply> {
    let alias = call.required("AliasName")?;
    let name = name(alias).ok_or_else(|| Failure::invalid("AliasName"))?.to_owned();
    let key = call.key().await?;
    let made = call.engine.create_alias(call.caller, CreateAlias { name, key }).await;
    made.map_err(|error| call.refused(&error))?;
    Ok(Reply(Vec::new()))
}

/// What stands after the prefix of a text that can be an alias.
fn name(alias: &str) -> Option<&str> {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte);
    let name = alias.strip_prefix(ALIAS).filter(|_| alias.len() <= LONGEST)?;
    (!name.is_empty() && name.bytes().all(may) && !RESERVED.iter().any(|own| name.starts_with(own)))
        .then_some(name)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn aliases_have_one_form() {
        let long = format!("alias/{}", "a".repeat(LONGEST - 6));
        for (alias, expected) in [
            ("alias/a", Some("a")),
            ("alias/a/b_C-9", Some("a/b_C-9")),
            ("alias//", Some("/")),
            (&long, Some(&long[6..])),
            (&format!("{long}a"), None),
            ("alias/", None),
            ("alias/acs/kms", None),
            ("alias/aws/s3", None),
            ("alias/aws", Some("aws")),
            ("alias/a b", None),
            ("alias/é", None),
            ("a", None),
            ("Alias/a", None),
            ("", None),
        ] {
            assert_eq!(name(alias), expected, "{alias:.20}");
        }
    }
}
