//! The canonical form of a request, rebuilt from its parsed parts: what three vendors' signatures cover.
//! The client's own canonical text is never looked at. How it is signed is `signing.rs`.

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a request has no canonical form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A header that is said to be signed is not there.
    Missing,
    /// A header that is said to be signed is there more than once.
    Repeated,
}

/// A request, as far as a signature covers it.
pub struct Signed<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it was sent.
    pub path: &'a str,
    /// The query as it was sent, without the question mark; may be empty.
    pub query: &'a str,
    /// The headers, signed and other.
    pub headers: &'a HeaderMap,
    /// The names of the signed headers, as [`signed_names`] gives them.
    pub names: &'a [&'a str],
    /// The hash of the body, as the scheme writes it.
    pub payload: &'a str,
    /// Whether the scheme lowers the case of header values.
    pub lower_values: bool,
}

impl Signed<'_> {
    /// The canonical form: method, path, query, headers, their names and the body's hash, a line each.
    ///
    /// # Errors
    /// When a signed header is not there exactly once.
    pub fn canonical(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::with_capacity(512);
        for line in [self.method, self.path, &query(self.query)] {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        for name in self.names {
            let mut values = self.headers.get_all(*name).iter();
            let value = values.next().ok_or(Fault::Missing)?;
            if values.next().is_some() {
                return Err(Fault::Repeated);
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            let start = out.len();
            push_folded(&mut out, value.as_bytes());
            if self.lower_values {
                out[start..].make_ascii_lowercase();
            }
            out.push(b'\n');
        }
        out.push(b'\n');
        out.extend_from_slice(self.names.join(";").as_bytes());
        out.push(b'\n');
        out.extend_from_slice(self.payload.as_bytes());
        Ok(out)
    }
}

/// The names in a list of signed headers: lower case, each once, in order, separated by semicolons. `None` for
/// every other spelling.
pub fn signed_names(list: &str) -> Option<Vec<&str>> {
    let names: Vec<&str> = list.split(';').collect();
    let is_name = |name: &&str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    };
    let ordered = names.windows(2).all(|pair| pair[0] < pair[1]);
    (ordered && names.iter().all(is_name)).then_some(names)
}

/// The text in RFC 3986's one spelling: unreserved characters as they are, every other byte as `%XX`.
pub fn encode(text: &[u8]) -> String {
    percent_encode(text, RESERVED).to_string()
}

/// The query's parameters decoded, encoded in one spelling, and ordered by name, then value. A plus sign is a plus
/// sign.
pub fn query(sent: &str) -> String {
    let spelt = |text: &str| encode(&percent_decode_str(text).collect::<Vec<u8>>());
    let mut pairs: Vec<(String, String)> = sent
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (spelt(name), spelt(value))
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Appends the value without space at its ends, each run of spaces and tabs in it as one space.
fn push_folded(out: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        map
    }

    fn check(pairs: &[(&str, &str)], sent: &str, names: &[&str], expected: Result<&str, Fault>) {
        let headers = headers(pairs);
        let signed = Signed {
            method: "POST",
            path: "/",
            query: sent,
            headers: &headers,
            names,
            payload: "hash",
            lower_values: false,
        };
        let found = signed.canonical().map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(found.as_deref().map_err(|fault| *fault), expected);
    }

    #[test]
    fn the_form_is_exact() {
        check(
            &[("Host", "a.example"), ("X-B", "  two   words\t "), ("x-a", ""), ("other", "no")],
            "b=2&a=%7e&a=1+1&c",
            &["host", "x-a", "x-b"],
            Ok(
                "POST\n/\na=1%2B1&a=~&b=2&c=\nhost:a.example\nx-a:\nx-b:two words\n\nhost;x-a;x-b\nhash",
            ),
        );
        check(&[("host", "a")], "", &["host", "x-a"], Err(Fault::Missing));
        check(&[("host", "a"), ("host", "a")], "", &["host"], Err(Fault::Repeated));
        // Only signed headers count.
        check(
            &[("host", "a"), ("x", "1"), ("x", "2")],
            "",
            &["host"],
            Ok("POST\n/\n\nhost:a\n\nhost\nhash"),
        );
    }

    #[test]
    fn values_are_lowered_where_the_scheme_says_so() {
        let headers = headers(&[("x", "MiXed")]);
        let signed = Signed {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            names: &["x"],
            payload: "",
            lower_values: true,
        };
        assert_eq!(signed.canonical().unwrap(), b"POST\n/\n\nx:mixed\n\nx\n");
    }

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(signed_names("host;x-amz-date"), Some(vec!["host", "x-amz-date"]));
        assert_eq!(signed_names("host"), Some(vec!["host"]));
        for list in ["", ";", "host;", ";host", "b;a", "a;a", "Host", "a b", "a; b", "é"] {
            assert_eq!(signed_names(list), None, "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_headers_and_parameters_does_not_matter(
            pairs in proptest::collection::btree_map("[a-z][a-z0-9-]{0,8}", "[ -~]{0,20}", 1..8),
            parameters in proptest::collection::vec(("[a-z%+ ]{0,4}", "[a-z0-9/]{0,4}"), 0..6),
            order in any::<prop::sample::Index>(),
        ) {
            let mut pairs: Vec<(String, String)> = pairs.into_iter().collect();
            let names: Vec<String> = pairs.iter().map(|(name, _)| name.clone()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut parameters: Vec<String> =
                parameters.iter().map(|(name, value)| format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes()))).collect();
            let canonical = |pairs: &[(String, String)], parameters: &[String]| {
                let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let headers = headers(&pairs);
                Signed { method: "GET", path: "/", query: &parameters.join("&"), headers: &headers, names: &names, payload: "", lower_values: false }.canonical()
            };
            let first = canonical(&pairs, &parameters);
            let turn = order.index(pairs.len());
            pairs.rotate_left(turn);
            parameters.reverse();
            prop_assert_eq!(first, canonical(&pairs, &parameters));
        }

        #[test]
        fn spelling_does_not_matter_and_values_do(value in "[ -~]{1,12}") {
            let plain = encode(value.as_bytes());
            let all: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(query(&format!("a={plain}")), query(&format!("a={all}")));
            prop_assert_ne!(query(&format!("a={plain}")), query(&format!("a={plain}x")));
        }

        #[test]
        fn any_query_has_a_canonical_form_that_is_its_own(sent in "[ -~]{0,64}") {
            let once = query(&sent);
            prop_assert_eq!(query(&once), once.clone());
        }
    }
}
