//! Parameters in a query and in a form body (`application/x-www-form-urlencoded`), as vendors' older APIs carry
//! everything. What a parameter means is the dialects'.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use zeroize::{Zeroize, Zeroizing};

/// The most parameters of a request.
const MOST: usize = 1_000;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Why parameters cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// A name stands twice.
    Repeated(String),
    /// A name or value is not UTF-8.
    NotText,
    /// There are too many.
    TooMany,
}

/// Parameters by their names, each of which stands once. Some hold what is to be encrypted, so the values are wiped and
/// never printed.
#[derive(Default)]
pub struct Parameters(BTreeMap<String, String>);

impl Drop for Parameters {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl Parameters {
    /// Reads those of a query and of a form together.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn read(query: &str, form: &[u8]) -> Result<Self, Refusal> {
        let mut all = Self::default();
        let parts =
            [query.as_bytes(), form].into_iter().flat_map(|text| text.split(|b| *b == b'&'));
        for part in parts.filter(|part| !part.is_empty()) {
            let mut halves = part.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if all.0.len() == MOST {
                return Err(Refusal::TooMany);
            }
            if all.0.contains_key(&name) {
                return Err(Refusal::Repeated(name));
            }
            all.0.insert(name, value);
        }
        Ok(all)
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes a parameter out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// All of them, in the order of their names' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// One name or value; a percent sign that begins no escape stands for itself (WHATWG URL, urlencoded parsing).
fn decode(text: &[u8]) -> Result<String, Refusal> {
    let plus = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let spaced = Zeroizing::new(text.iter().map(plus).collect::<Vec<u8>>());
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| Refusal::NotText)?;
    Ok(decoded.into_owned())
}

/// Percent-encodes a text (RFC 3986, section 2.3: only unreserved characters stay).
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Whether query and form have all of these parameters between them, of a request of which nothing else is known.
pub fn names_all(head: &Parts, body: &[u8], wanted: [&str; 2]) -> bool {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let form = if is_form(&head.headers) { body } else { b"" };
    wanted.iter().all(|wanted| {
        let mut pairs = [query, form].into_iter().flat_map(form_urlencoded::parse);
        pairs.any(|(name, _)| name == *wanted)
    })
}

/// Whether a body says that it is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str, form: &str) -> Result<Vec<(String, String)>, Refusal> {
        let read = Parameters::read(query, form.as_bytes())?;
        Ok(read.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn query_and_form_are_one() {
        let pairs = |pairs: &[(&str, &str)]| {
            Ok(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(read("b=2&a=1", "c=%C3%A9+%2B"), pairs(&[("a", "1"), ("b", "2"), ("c", "é +")]));
        assert_eq!(read("&a&&b=&", "c=d=e"), pairs(&[("a", ""), ("b", ""), ("c", "d=e")]));
        assert_eq!(read("a=100%&b=%zz", ""), pairs(&[("a", "100%"), ("b", "%zz")]));
        assert_eq!(read("", ""), pairs(&[]));
        assert_eq!(read("a=1&a=1", ""), Err(Refusal::Repeated("a".to_owned())));
        assert_eq!(read("a=1", "%61=2"), Err(Refusal::Repeated("a".to_owned())));
        assert_eq!(read("a=%ff", ""), Err(Refusal::NotText));
        assert_eq!(read("%80", ""), Err(Refusal::NotText));
        let many: Vec<String> = (0..=MOST).map(|n| format!("p{n}=")).collect();
        assert!(read(&many[1..].join("&"), "").is_ok());
        assert_eq!(read(&many.join("&"), ""), Err(Refusal::TooMany));
    }

    #[test]
    fn a_form_says_so() {
        for (kind, expected) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-urlencoded; charset=utf-8", true),
            ("application/x-www-form-urlencodedx", false),
            ("application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(is_form(&headers), expected, "{kind}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn any_pair_comes_back(name in ".{1,20}", value: String) {
            let text = format!("{}={}", encode(&name), encode(&value));
            let expected = Ok(vec![(name, value)]);
            prop_assert_eq!(read(&text, ""), expected.clone());
            prop_assert_eq!(read("", &text), expected);
        }

        #[test]
        fn any_bytes_are_read_or_refused(query in ".{0,60}", form: Vec<u8>) {
            let _ = Parameters::read(&query, &form);
        }
    }
}
