//! Names of keys and aliases: every form that clients send, and the one form of each style that answers carry.
//! Whether a named thing exists, and for whom, is `request.rs`.

use trent_core::model::KeyId;

use super::profile::Profile;

/// What a `KeyId` member names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Name<'t> {
    /// Where an ARN says that it is; `None` for a bare id or alias.
    pub(super) place: Option<Place<'t>>,
    /// What is there.
    pub(super) resource: Resource<'t>,
}

/// The part of an ARN before its resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place<'t> {
    /// The region, in the forms that have one.
    pub(super) region: Option<&'t str>,
    /// The account.
    pub(super) account: &'t str,
}

/// The part of a name that tells a key from an alias.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Resource<'t> {
    /// What stands where a key's id belongs.
    Key(&'t str),
    /// An alias, `alias/` included.
    Alias(&'t str),
}

impl<'t> Name<'t> {
    /// Reads a name. `None` for text that begins as an ARN and is not one of a key or an alias.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let Some(rest) = text.strip_prefix("arn:") else {
            let resource = match text.strip_prefix("alias/") {
                Some(_) => Resource::Alias(text),
                None => Resource::Key(text),
            };
            return Some(Self { place: None, resource });
        };
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let (region, account, resource) = match parts.as_slice() {
            ["verenc", account, resource] => (None, *account, *resource),
            [partition, "verenc", account, resource] if is_partition(partition) => {
                (None, *account, *resource)
            }
            [partition, "kms", region, account, resource] if is_partition(partition) => {
                (Some(*region), *account, *resource)
            }
            [partition, "verenc", region, account, resource] if is_partition(partition) => {
                (Some(*region), *account, *resource)
            }
            _ => return None,
        };
        let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_account || region == Some("") {
            return None;
        }
        let resource = match resource.split_once('/')? {
            (_, "") => return None,
            ("key", id) => Resource::Key(id),
            ("alias", _) => Resource::Alias(resource),
            _ => return None,
        };
        Some(Self { place: Some(Place { region, account }), resource })
    }
}

fn is_partition(text: &str) -> bool {
    let rest = text.strip_prefix("aws");
    rest.is_some_and(|rest| {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        rest.is_empty() || (rest.starts_with('-') && rest.bytes().all(letters))
    })
}

/// Whether a text has the form of a key's id: a UUID in either case, or `mrk-` and 32 hex digits.
pub(super) fn is_key_id(text: &str) -> bool {
    let multi = text.strip_prefix("mrk-");
    KeyId::parse(text).is_some()
        || multi.is_some_and(|rest| {
            rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// Writes the names of one account in one region.
pub(super) struct Names<'a> {
    /// The account's style.
    pub(super) profile: &'static Profile,
    /// The account's number.
    pub(super) account: &'a str,
    /// The region as the client calls it.
    pub(super) region: &'a str,
}

impl Names<'_> {
    /// A key's ARN.
    pub(super) fn key(&self, id: KeyId) -> String {
        self.resource(&format!("key/{id}"))
    }

    /// The ARN of `key/…` or `alias/…`.
    pub(super) fn resource(&self, resource: &str) -> String {
        let Self { profile, account, region } = self;
        if profile.verenc_arns {
            format!("arn:verenc:{account}:{resource}")
        } else {
            format!("arn:aws:kms:{region}:{account}:{resource}")
        }
    }

    /// The ARN of somebody, in both styles the same.
    pub(super) fn user(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:user/{name}", self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::{AWS, VERENC};
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    /// Region and account.
    type Told<'t> = (Option<&'t str>, &'t str);

    fn check(text: &str, expected: Option<(Option<Told<'_>>, Resource<'_>)>) {
        let expected = expected.map(|(place, resource)| Name {
            place: place.map(|(region, account)| Place { region, account }),
            resource,
        });
        assert_eq!(Name::parse(text), expected, "{text}");
    }

    #[test]
    fn every_form_is_read() {
        let key = Resource::Key(ID);
        check(ID, Some((None, key)));
        check("not a key", Some((None, Resource::Key("not a key"))));
        check("alias/a/b", Some((None, Resource::Alias("alias/a/b"))));
        for (head, region) in [
            ("arn:verenc:", None),
            ("arn:aws:verenc:", None),
            ("arn:aws:verenc:q-world-1:", Some("q-world-1")),
            ("arn:aws:kms:us-east-1:", Some("us-east-1")),
            ("arn:aws-us-gov:kms:us-gov-west-1:", Some("us-gov-west-1")),
            ("arn:aws-cn:kms:cn-north-1:", Some("cn-north-1")),
        ] {
            let place = Some((region, "111122223333"));
            check(&format!("{head}111122223333:key/{ID}"), Some((place, key)));
            check(&format!("{head}111122223333:key/x"), Some((place, Resource::Key("x"))));
            let alias = Resource::Alias("alias/a:b");
            if region.is_some() {
                check(&format!("{head}111122223333:alias/a:b"), Some((place, alias)));
            }
        }
        check("arn:verenc:7:alias/a", Some((Some((None, "7")), Resource::Alias("alias/a"))));
    }

    #[test]
    fn other_arns_are_refused() {
        for text in [
            "arn:",
            "arn:aws:kms",
            "arn:aws:kms:us-east-1:111122223333:key",
            "arn:aws:kms:us-east-1:111122223333:key/",
            "arn:aws:kms:us-east-1:111122223333:alias/",
            "arn:aws:kms:us-east-1:111122223333:grant/x",
            "arn:aws:kms:us-east-1::key/x",
            "arn:aws:kms::111122223333:key/x",
            "arn:aws:kms:us-east-1:account:key/x",
            "arn:aws:s3:us-east-1:111122223333:key/x",
            "arn:awsome:kms:us-east-1:111122223333:key/x",
            "arn:aws-:kms:us east:1x:key/x",
            "arn:verenc:key/x",
            "arn:verenc::key/x",
            "arn:other:verenc:1:key/x",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn ids_have_two_forms() {
        for text in [ID, &ID.to_uppercase(), "mrk-1234567890abcdef1234567890ABCDEF"] {
            assert!(is_key_id(text), "{text}");
        }
        for text in
            ["", &ID[1..], "mrk-1234", &ID.replace('-', ""), "mrk-g234567890abcdef1234567890abcdef"]
        {
            assert!(!is_key_id(text), "{text}");
        }
    }

    #[test]
    fn each_style_writes_its_own() {
        let id = KeyId::from_bytes([0x11; 16]);
        let aws = Names { profile: &AWS, account: "111122223333", region: "eu-west-1" };
        let verenc = Names { profile: &VERENC, ..aws };
        let uuid = "11111111-1111-1111-1111-111111111111";
        assert_eq!(aws.key(id), format!("arn:aws:kms:eu-west-1:111122223333:key/{uuid}"));
        assert_eq!(verenc.key(id), format!("arn:verenc:111122223333:key/{uuid}"));
        assert_eq!(verenc.resource("alias/a"), "arn:verenc:111122223333:alias/a");
        assert_eq!(verenc.user("ann"), "arn:aws:iam::111122223333:user/ann");
        for names in [aws, verenc] {
            let arn = names.key(id);
            assert_eq!(Name::parse(&arn).map(|name| name.resource), Some(Resource::Key(uuid)));
        }
    }
}
