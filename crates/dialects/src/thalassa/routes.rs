//! The table of operations, one path and method each, and how a request finds its row.
//! What an operation does is in its resource's own file.

use std::collections::BTreeMap;

use matchit::Router;
use percent_encoding::percent_decode_str;
use trent_core::access::ActionId;

use super::error::{Answer, Failure};
use super::request::{Call, Reply};
use super::{crypt, keys, material, summary};
use crate::BoxFuture;

/// An operation.
pub(super) struct Row {
    pub(super) method: &'static str,
    path: &'static str,
    /// The name in the metrics.
    pub(super) name: &'static str,
    /// The event's name in the audit log.
    pub(super) audit: &'static str,
    pub(super) run: Run,
}

/// What a row does.
pub(super) enum Run {
    /// Needs the right to the action and answers the call.
    Now(ActionId, for<'a> fn(&'a Call) -> BoxFuture<'a, Answer<Reply>>),
    /// Says that this is not available yet.
    Later(&'static str),
}

macro_rules! now {
    ($action:ident, $handler:path) => {
        Run::Now(ActionId::$action, |call| Box::pin($handler(call)))
    };
}

const fn row(
    method: &'static str,
    path: &'static str,
    name: &'static str,
    audit: &'static str,
    run: Run,
) -> Row {
    Row { method, path, name, audit, run }
}

#[rustfmt::skip]
static TABLE: &[Row] = &[
    row("GET",    "/v1/kms/summary",                                  "GetSummary",     "GET",             now!(ListKeys, summary::get)),
    row("GET",    "/v1/kms/{region}/keys",                            "ListKeys",       "GET",             now!(ListKeys, keys::list)),
    row("POST",   "/v1/kms/{region}/keys",                            "CreateKey",      "POST",            now!(CreateKey, keys::create)),
    row("GET",    "/v1/kms/{region}/keys/{key}",                      "GetKey",         "GET",             now!(DescribeKey, keys::get)),
    row("POST",   "/v1/kms/{region}/keys/{key}/enable",               "EnableKey",      "POST",            now!(EnableKey, keys::enable)),
    row("POST",   "/v1/kms/{region}/keys/{key}/disable",              "DisableKey",     "POST",            now!(DisableKey, keys::disable)),
    row("POST",   "/v1/kms/{region}/keys/{key}/rotate",               "RotateKey",      "kms.rotate",      now!(RotateKey, keys::rotate)),
    row("POST",   "/v1/kms/{region}/keys/{key}/encrypt",              "Encrypt",        "kms.encrypt",     now!(Encrypt, crypt::encrypt)),
    row("POST",   "/v1/kms/{region}/keys/{key}/decrypt",              "Decrypt",        "kms.decrypt",     now!(Decrypt, crypt::decrypt)),
    row("GET",    "/v1/kms/{region}/keys/{key}/public-key",           "GetPublicKey",   "GET",             now!(GetPublicKey, material::public_key)),
    row("POST",   "/v1/kms/{region}/keys/{key}/export",               "ExportKey",      "kms.export",      now!(ExportMaterial, material::export)),
    row("DELETE", "/v1/kms/{region}/keys/{key}",                      "DeleteKey",      "DELETE",          Run::Later("deleting a key")),
    row("DELETE", "/v1/kms/{region}/keys/{key}/cancel-deletion",      "CancelDeletion", "DELETE",          Run::Later("cancelling a deletion")),
    row("PATCH",  "/v1/kms/{region}/keys/{key}/rotation",             "UpdateRotation", "PATCH",           Run::Later("changing a key's rotation")),
    row("POST",   "/v1/kms/{region}/keys/{key}/sign",                 "Sign",           "kms.sign",        Run::Later("signing")),
    row("POST",   "/v1/kms/{region}/keys/{key}/verify",               "Verify",         "kms.verify",      Run::Later("verifying a signature")),
    row("POST",   "/v1/kms/{region}/keys/{key}/hmac",                 "Hmac",           "kms.hmac",        Run::Later("HMAC")),
    row("POST",   "/v1/kms/{region}/keys/{key}/verify-hmac",          "VerifyHmac",     "kms.verify_hmac", Run::Later("verifying an HMAC")),
    row("GET",    "/v1/kms/{region}/wrapping-key",                    "GetWrappingKey", "GET",             Run::Later("importing key material")),
];

/// The table's operations that work: name in the metrics, method, path, and the action that the caller must be allowed.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str, ActionId)> {
    TABLE.iter().filter_map(|row| match row.run {
        Run::Now(action, _) => Some((row.name, row.method, row.path, action)),
        Run::Later(_) => None,
    })
}

/// The path's variables, percent-decoded; empty where the path has none.
#[derive(Default, Debug, PartialEq, Eq)]
pub(super) struct Segments {
    pub(super) region: String,
    pub(super) key: String,
}

/// Finds the rows of a path.
pub(super) struct Routes(Router<BTreeMap<&'static str, &'static Row>>);

impl Routes {
    /// The table's rows by path.
    pub(super) fn new() -> Self {
        let mut paths: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for row in TABLE {
            paths.entry(row.path).or_default().insert(row.method, row);
        }
        let mut router = Router::new();
        for (path, rows) in paths {
            // invariant: no two of the table's paths conflict; a test finds every row again.
            #[allow(clippy::expect_used)]
            router.insert(path, rows).expect("the table's paths do not conflict");
        }
        Self(router)
    }

    /// The row of a method and a path as it came. The path is decoded once, segment by segment, before it is matched.
    pub(super) fn find(&self, method: &str, path: &str) -> Answer<(&'static Row, Segments)> {
        let path = decode(path).ok_or_else(|| Failure::invalid("the path is malformed"))?;
        let found = self.0.at(&path).map_err(|_| Failure::missing("there is no such path"))?;
        let Some(row) = found.value.get(method) else {
            let allow: Vec<_> = found.value.keys().copied().collect();
            return Err(Failure::wrong_method(allow.join(", ")));
        };
        let part = |name| found.params.get(name).unwrap_or_default().to_owned();
        Ok((row, Segments { region: part("region"), key: part("key") }))
    }
}

/// The path with each segment decoded; `None` when a segment is empty, `.` or `..`, or decodes to a slash, a control
/// character or broken UTF-8, so that no two readers can take it for different paths.
fn decode(path: &str) -> Option<String> {
    let mut decoded = String::with_capacity(path.len());
    for segment in path.strip_prefix('/')?.split('/') {
        let mut escapes = segment.split('%').skip(1);
        if !escapes
            .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
        {
            return None;
        }
        let segment = percent_decode_str(segment).decode_utf8().ok()?;
        let unfit = |c: char| c == '/' || c.is_control();
        if matches!(&*segment, "" | "." | "..") || segment.contains(unfit) {
            return None;
        }
        decoded.push('/');
        decoded.push_str(&segment);
    }
    Some(decoded)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_row_is_found_by_its_own_path_and_method() {
        let routes = Routes::new();
        for row in TABLE {
            let path = row.path.replace("{region}", "nl-01").replace("{key}", "a%20b");
            let (found, segments) = routes.find(row.method, &path).unwrap();
            assert!(std::ptr::eq(found, row), "{} {}", row.method, row.path);
            let expected = |name: &str, value: &str| {
                if row.path.contains(name) { value.to_owned() } else { String::new() }
            };
            assert_eq!(segments.region, expected("{region}", "nl-01"));
            assert_eq!(segments.key, expected("{key}", "a b"));
        }
    }

    #[test]
    fn names_are_distinct_and_one_method_of_a_path_has_one_row() {
        let distinct = |of: fn(&Row) -> (&str, &str)| {
            TABLE.iter().map(of).collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(distinct(|row| (row.name, "")), TABLE.len());
        assert_eq!(distinct(|row| (row.method, row.path)), TABLE.len());
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        let routes = Routes::new();
        let status = |method, path| match routes.find(method, path) {
            Ok((row, _)) => panic!("{method} {path} found {}", row.name),
            Err(failure) => (failure.status.as_u16(), failure.allow.unwrap_or_default()),
        };
        for (method, path, expected, allow) in [
            ("PUT", "/v1/kms/nl-01/keys", 405, "GET, POST"),
            ("HEAD", "/v1/kms/summary", 405, "GET"),
            ("get", "/v1/kms/summary", 405, "GET"),
            ("POST", "/v1/kms/nl-01/keys/a", 405, "DELETE, GET"),
            ("GET", "/v1/kms/nl-01/keys/a/export", 405, "POST"),
            ("GET", "/v1/kms/nl-01/keys/a/b/c", 404, ""),
            ("GET", "/v1/kms/nl-01", 404, ""),
            ("GET", "/v1/kms/nl-01/KEYS", 404, ""),
            ("GET", "/v2/kms/nl-01/keys", 404, ""),
            ("POST", "/oidc/token", 404, ""),
            ("GET", "", 400, ""),
            ("GET", "*", 400, ""),
            ("GET", "/", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/", 400, ""),
            ("GET", "/v1//kms/nl-01/keys", 400, ""),
            ("GET", "/v1/kms/./keys", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/../keys", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/%2e%2E", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%2fexport", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%00", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%0a", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%ff", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%2", 400, ""),
            ("GET", "/v1/kms/nl-01/keys/a%g0", 400, ""),
        ] {
            assert_eq!(status(method, path), (expected, allow.to_owned()), "{method} {path}");
        }
    }

    #[test]
    fn a_path_is_decoded_once() {
        let (_, segments) = Routes::new().find("GET", "/v1/kms/nl-01/keys/%252e%252e").unwrap();
        assert_eq!(segments.key, "%2e%2e");
    }

    proptest! {
        #[test]
        fn no_path_breaks_the_router(path in "(/(v1|kms|keys|%|[\\PC]|[%a-f0-9]{3}|\\.){0,3}){0,6}") {
            if let Ok((_, segments)) = Routes::new().find("GET", &path) {
                prop_assert!(!segments.key.contains('/') && !segments.region.contains('/'));
            }
        }
    }
}
