//! What a request says beside its operation's own parameters: action, version, time, region. The newer clients say it in
//! headers, the older in parameters. Nothing here is proved yet.

use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::error::{Answer, Code, Failure};
use super::{ACTION, signs};
use crate::Refused;
use crate::common::facts;
use crate::common::form::{self, Parameters};

/// The longest query, in bytes.
const LONGEST_QUERY: usize = 32 * 1_024;
/// The longest form, in bytes.
const LONGEST_FORM: usize = 1_024 * 1_024;
/// The longest JSON body, in bytes.
const LONGEST_JSON: usize = 10 * 1_024 * 1_024;
/// The longest time that is read, in digits.
const DIGITS: usize = 12;

/// The parameters that every action has where the older signature is used.
pub(super) const COMMON: [&str; 11] = [
    "Action",
    "Version",
    "Region",
    "Timestamp",
    "Nonce",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "Token",
    "Language",
    "RequestClient",
];

/// A request taken apart.
pub(super) struct Asked {
    pub(super) common: Common,
    /// All parameters of the query or form; `None` where the body is JSON.
    pub(super) parameters: Option<Parameters>,
}

/// What every request says.
#[derive(Debug)]
pub(super) struct Common {
    /// Whether it was said in headers, as with the newer signature.
    pub(super) in_headers: bool,
    pub(super) action: String,
    pub(super) version: String,
    pub(super) stamp: Stamp,
    pub(super) region: Option<String>,
    /// Whether the request has a token of temporary credentials.
    pub(super) token: bool,
    /// What the client calls itself.
    pub(super) agent: String,
}

/// When a client says that it signed.
#[derive(Debug)]
pub(super) struct Stamp {
    /// As it was sent and signed.
    pub(super) text: String,
    /// Seconds since the Unix epoch.
    pub(super) seconds: i64,
}

impl Asked {
    /// Takes a request apart.
    ///
    /// # Errors
    /// Another method or path, a size over the limit, a common parameter that is missing or malformed.
    pub(super) fn read(head: &Parts, body: &[u8]) -> Answer<Self> {
        let get = match head.method {
            Method::GET => true,
            Method::POST => false,
            _ => {
                let message = "Only GET and POST are supported.";
                return Err(Failure::new(Code::UnsupportedProtocol, message));
            }
        };
        let bad = |message: &str| Err(Failure::new(Code::InvalidRequest, message));
        if head.uri.path() != "/" {
            return bad("The path of every request is /.");
        }
        let query = head.uri.query().unwrap_or_default();
        let in_headers = head.headers.contains_key(ACTION) || signs(head);
        let longest = if in_headers { LONGEST_JSON } else { LONGEST_FORM };
        if query.len() > LONGEST_QUERY || body.len() > longest {
            return Err(Failure::from(Refused::TooLarge));
        }
        let parameters = match (get, in_headers) {
            (true, _) if !body.is_empty() => return bad("A GET request has no body."),
            // The newer signature does not cover the query of a POST request.
            (false, true) if !query.is_empty() => {
                return bad("A POST request has its parameters in the body.");
            }
            (false, true) => None,
            (false, false) if !form::is_form(&head.headers) => {
                return bad("A POST request with a Signature parameter has a form as its body.");
            }
            _ => Some(Parameters::read(query, body).map_err(Failure::from)?),
        };
        let common = match &parameters {
            Some(parameters) if !in_headers => Common::of_parameters(parameters, &head.headers)?,
            _ => Common::of_headers(&head.headers)?,
        };
        Ok(Self { common, parameters })
    }
}

impl Common {
    fn of_headers(headers: &HeaderMap) -> Answer<Self> {
        let common = |name: &str| one(headers, &format!("x-tc-{name}"));
        Ok(Self {
            in_headers: true,
            action: required("Action", common("action")?)?,
            version: required("Version", common("version")?)?,
            stamp: Stamp::read(&required("Timestamp", common("timestamp")?)?)?,
            region: common("region")?.map(str::to_owned),
            token: common("token")?.is_some(),
            agent: agent(common("requestclient").ok().flatten(), headers),
        })
    }

    fn of_parameters(parameters: &Parameters, headers: &HeaderMap) -> Answer<Self> {
        let common = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
        let read = Self {
            in_headers: false,
            action: required("Action", common("Action"))?,
            version: required("Version", common("Version"))?,
            stamp: Stamp::read(&required("Timestamp", common("Timestamp"))?)?,
            region: common("Region").map(str::to_owned),
            token: common("Token").is_some(),
            agent: agent(common("RequestClient"), headers),
        };
        // It is signed, and told apart from nothing: the vendor's own clients draw it from a small range.
        if required("Nonce", common("Nonce"))?.parse::<u64>().is_err() {
            return Err(Failure::invalid("Nonce is not a number."));
        }
        Ok(read)
    }
}

impl Stamp {
    fn read(text: &str) -> Answer<Self> {
        let digits = text.len() <= DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|_| digits);
        let seconds = seconds.ok_or_else(|| Failure::invalid("Timestamp is not a time."))?;
        Ok(Self { text: text.to_owned(), seconds })
    }
}

/// A common parameter that must be there.
pub(super) fn required(name: &str, value: Option<&str>) -> Answer<String> {
    value.map(str::to_owned).ok_or_else(|| Failure::missing(name))
}

/// A header's value; an empty one counts as absent.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Answer<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Failure::invalid(format!("The header {name} is there more than once.")));
    }
    let text = value.to_str().map_err(|_| Failure::invalid(format!("{name} is not text.")))?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()))
}

fn agent(told: Option<&str>, headers: &HeaderMap) -> String {
    told.unwrap_or_else(|| facts::text(headers, USER_AGENT)).to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use http::Request;

    const HEADERS: [(&str, &str); 3] =
        [("x-tc-action", "ListKeys"), ("x-tc-version", "v"), ("x-tc-timestamp", "1700000000")];
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    const QUERY: &str =
        "/?Action=ListKeys&SecretId=a&Version=v&Timestamp=1700000000&Nonce=0&Signature=x";

    fn read(method: &str, uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer<Asked> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        Asked::read(&head, body)
    }

    fn check(method: &str, uri: &str, headers: &[(&str, &str)], body: &str, code: Option<Code>) {
        let found = read(method, uri, headers, body.as_bytes()).err().map(|failure| failure.code);
        assert_eq!(found, code, "{method} {uri:.200} {headers:?} {body:.200}");
    }

    #[test]
    fn headers_or_parameters_say_what_is_asked() {
        let asked = read("POST", "/", &HEADERS, b"{}").unwrap();
        assert!(asked.common.in_headers && asked.parameters.is_none());
        assert_eq!(asked.common.action, "ListKeys");
        assert_eq!((asked.common.stamp.seconds, asked.common.region), (1_700_000_000, None));
        let more = [&HEADERS[..], &[("x-tc-region", "r"), ("user-agent", "me")]].concat();
        let asked = read("GET", "/?Limit=1", &more, b"").unwrap();
        assert_eq!(asked.parameters.unwrap().get("Limit"), Some("1"));
        assert_eq!(asked.common.region.as_deref(), Some("r"));
        assert_eq!((asked.common.agent.as_str(), asked.common.token), ("me", false));
        let asked = read("GET", &format!("{QUERY}&Region=r&Token=t"), &[], b"").unwrap();
        assert!(!asked.common.in_headers && asked.common.token);
        let asked = read("POST", "/", &[FORM], &QUERY.as_bytes()[2..]).unwrap();
        assert_eq!(asked.common.version, "v");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, said) in [
            ("x-tc-action", "Action"),
            ("x-tc-version", "Version"),
            ("x-tc-timestamp", "Timestamp"),
        ] {
            let signed = ("authorization", "TC3-HMAC-SHA256 Credential=");
            for value in [None, Some("")] {
                let mut headers: Vec<_> =
                    HEADERS.iter().copied().filter(|(known, _)| *known != name).collect();
                headers.extend(value.map(|value| (name, value)));
                headers.push(signed);
                let failure = read("POST", "/", &headers, b"{}").err().unwrap();
                assert_eq!(failure.code, Code::MissingParameter);
                assert!(failure.message.contains(&format!("`{said}`")), "{}", failure.message);
            }
        }
        for name in ["Version", "Timestamp", "Nonce"] {
            let uri = QUERY.replace(&format!("&{name}="), "&Other=");
            let failure = read("GET", &uri, &[], b"").err().unwrap();
            assert_eq!(failure.code, Code::MissingParameter);
            assert!(failure.message.contains(&format!("`{name}`")), "{}", failure.message);
        }
    }

    #[test]
    fn other_forms_of_a_request_are_refused() {
        let bad = Some(Code::InvalidRequest);
        check("PUT", "/", &HEADERS, "{}", Some(Code::UnsupportedProtocol));
        check("HEAD", "/", &HEADERS, "", Some(Code::UnsupportedProtocol));
        check("POST", "/x", &HEADERS, "{}", bad);
        check("POST", "/?a=b", &HEADERS, "{}", bad);
        check("GET", "/", &HEADERS, "{}", bad);
        check("POST", QUERY, &[], "{}", bad);
        check("POST", QUERY, &[("content-type", "application/json")], "{}", bad);
        let invalid = Some(Code::InvalidParameter);
        check("GET", &format!("{QUERY}&Action=x"), &[], "", invalid);
        check("GET", &format!("{QUERY}&a=%ff"), &[], "", invalid);
        for stamp in ["now", "-1", "+1", "1.0", "1700000000000"] {
            check("GET", &QUERY.replace("1700000000", stamp), &[], "", invalid);
        }
        check("GET", &QUERY.replace("Nonce=0", "Nonce=x"), &[], "", invalid);
        for name in ["x-tc-action", "x-tc-region", "x-tc-token"] {
            let twice = [&HEADERS[..], &[(name, "a"), (name, "a")]].concat();
            check("POST", "/", &twice, "{}", invalid);
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let large = Some(Code::RequestSizeLimitExceeded);
        let long = |n: usize| format!("{QUERY}&a={}", "x".repeat(n));
        check("GET", &long(LONGEST_QUERY - QUERY.len() - 1), &[], "", None);
        check("GET", &long(LONGEST_QUERY), &[], "", large);
        let form = |n: usize| format!("{}&a={}", &QUERY[2..], "x".repeat(n - QUERY.len() - 1));
        check("POST", "/", &[FORM], &form(LONGEST_FORM), None);
        check("POST", "/", &[FORM], &form(LONGEST_FORM + 1), large);
        check("POST", "/", &HEADERS, &"x".repeat(LONGEST_JSON), None);
        check("POST", "/", &HEADERS, &"x".repeat(LONGEST_JSON + 1), large);
    }
}
