//! Who asks: the vendor's signature of version 3 (`TC3-HMAC-SHA256`) in the `Authorization` header, and what both
//! versions have in common. The vendor's clients differ in how they spell the host and the content type that they
//! sign, so a few spellings of what was received are tried.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::request::Parts;
use trent_core::Engine;
use trent_core::access::Identity;
use trent_core::engine::AuthFailure;

use super::asked::{Common, Stamp};
use super::error::{Answer, Code, Failure};
use super::{ACTION, NAME};
use crate::Peer;
use crate::common::canonical::signed_names;
use crate::common::signing::{Signature, TC3, authorization_parts, parse_signature, payload_hash};
use crate::common::time;

/// How far a client's clock may be off, in seconds.
const WINDOW: i64 = 300;
const SERVICE: &str = "kms";
const PAYLOAD: &str = "x-tc-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// The longest secret id that is looked for, in bytes.
const LONGEST_ID: usize = 128;

const MISMATCH: &str =
    "The provided credentials could not be validated. Please check your signature is correct.";
const EXPOSED: &str =
    "A signature that does not cover the action and the body is accepted over TLS only.";

/// A proof to be made.
pub(super) struct Prove<'a> {
    pub(super) engine: &'a Engine,
    pub(super) peer: Peer,
    pub(super) head: &'a Parts,
    pub(super) common: &'a Common,
}

impl Prove<'_> {
    /// Proves that the sender has the secret of this id. `fits` tells whether the signature is made with a secret, and
    /// does all of its work for every secret that is wrong; `fault` is what else is wrong.
    ///
    /// # Errors
    /// An unknown id is told before everything else, and costs the same work as a wrong signature.
    pub(super) async fn with(
        &self,
        access_id: &str,
        fault: Option<Failure>,
        fits: impl FnOnce(&[u8]) -> bool + Send,
    ) -> Answer<Identity> {
        if access_id.len() > LONGEST_ID || !access_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::new(Code::InvalidSecretId, "This is not a SecretId."));
        }
        let now = time::seconds(self.engine.clock().now_ms());
        let fault = self.token().or_else(|| expired(&self.common.stamp, now)).or(fault);
        let good = fault.is_none();
        let check = |secret: &[u8]| {
            let fits = fits(secret);
            fits && good
        };
        match self.engine.verify_secret(NAME, access_id, check).await {
            Ok(identity) => Ok(identity),
            Err(AuthFailure::Unknown) => Err(Failure::new(
                Code::SecretIdNotFound,
                "The SecretId is not found, please ensure that your SecretId is correct.",
            )),
            Err(AuthFailure::Mismatch { .. }) => Err(fault.unwrap_or_else(mismatch)),
            Err(AuthFailure::Failed(error)) => Err(Failure::unproved(&error)),
        }
    }

    fn token(&self) -> Option<Failure> {
        let message = "Temporary credentials are not available here.";
        self.common.token.then(|| Failure::new(Code::TokenFailure, message))
    }

    /// Whether others may read what is sent.
    pub(super) fn is_exposed(&self) -> bool {
        !self.peer.secure && !self.peer.address.ip().to_canonical().is_loopback()
    }

    /// What the client may have signed as its host: the header's text, and without the port.
    pub(super) fn hosts(&self) -> Answer<Vec<Vec<u8>>> {
        let host = single(&self.head.headers, HOST.as_str()).ok_or_else(mismatch)?;
        Ok(host_spellings(host))
    }
}

fn host_spellings(host: &[u8]) -> Vec<Vec<u8>> {
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &host[..host.len() - digits];
    let without_port = rest.strip_suffix(b":").filter(|_| digits > 0).unwrap_or(host);
    with_lower([host, without_port].map(<[u8]>::to_vec))
}

pub(super) fn mismatch() -> Failure {
    Failure::new(Code::SignatureFailure, MISMATCH)
}

fn expired(stamp: &Stamp, now: i64) -> Option<Failure> {
    ((now - stamp.seconds).abs() > WINDOW).then(|| {
        let message = format!(
            "The signature has expired: its time is more than {WINDOW} seconds from that of the server, {now}."
        );
        Failure::new(Code::SignatureExpire, message)
    })
}

/// Each spelling and the same in lower case, once.
fn with_lower<const N: usize>(spellings: [Vec<u8>; N]) -> Vec<Vec<u8>> {
    let lower = spellings.clone().map(|spelling| spelling.to_ascii_lowercase());
    let mut all: Vec<Vec<u8>> = Vec::new();
    for spelling in spellings.into_iter().chain(lower) {
        if !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all
}

/// The value of a header that is there once, without space around it.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.as_bytes().trim_ascii());
    value.filter(|_| values.next().is_none())
}

/// Proves who sent a request with a signature of version 3.
///
/// # Errors
/// See [`Prove::with`]; an `Authorization` header that cannot be read.
pub(super) async fn authenticate(
    prove: &Prove<'_>,
    body: &[u8],
    unsigned_payload: bool,
) -> Answer<Identity> {
    let claim = Claim::read(&prove.head.headers)?;
    let strings = strings(prove, &claim, body, unsigned_payload);
    let (strings, fault) = match strings {
        Ok(strings) => (strings, None),
        // The work is done all the same, and comes to nothing.
        Err(fault) => (vec![String::new()], Some(fault)),
    };
    let fault = fault.or_else(|| first_fault(prove, &claim));
    let signature = claim.signature.unwrap_or_default();
    let fits = |secret: &[u8]| {
        strings.iter().any(|string| TC3.verify(secret, &claim.scope, string, &signature))
    };
    prove.with(claim.access_id, fault, fits).await
}

/// The first thing that is wrong beside the signature itself and its time.
fn first_fault(prove: &Prove<'_>, claim: &Claim<'_>) -> Option<Failure> {
    let [date, service] = claim.scope;
    let host = single(&prove.head.headers, HOST.as_str()).unwrap_or_default();
    let first = host.split(|byte| *byte == b'.').next().unwrap_or_default();
    let is_ours = service == SERVICE || service.as_bytes() == first;
    let good = is_ours
        && claim.terminator == TC3.terminator
        && date == date_of(prove.common.stamp.seconds)
        && claim.signature.is_some()
        && claim.signs(HOST.as_str())
        && claim.signs(CONTENT_TYPE.as_str());
    if !good {
        return Some(mismatch());
    }
    let covers = claim.signs(ACTION)
        && (claim.signs("x-tc-region") || !prove.head.headers.contains_key("x-tc-region"))
        && single(&prove.head.headers, PAYLOAD) != Some(UNSIGNED.as_bytes());
    (prove.is_exposed() && !covers).then(|| Failure::new(Code::SignatureFailure, EXPOSED))
}

/// A day as scopes name it: `YYYY-MM-DD` in UTC.
fn date_of(seconds: i64) -> String {
    let day = time::basic(seconds);
    let part = |from: usize, to: usize| day.get(from..to).unwrap_or_default();
    format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8))
}

/// What the client may have signed.
fn strings(
    prove: &Prove<'_>,
    claim: &Claim<'_>,
    body: &[u8],
    unsigned_payload: bool,
) -> Answer<Vec<String>> {
    let headers = &prove.head.headers;
    let payload = payload(headers, body, unsigned_payload)?;
    let kind = single(headers, CONTENT_TYPE.as_str()).ok_or_else(mismatch)?;
    let kinds = with_lower([kind.to_vec(), [kind, b"; charset=utf-8"].concat()]);
    let mut strings = Vec::new();
    for host in prove.hosts()? {
        for kind in &kinds {
            for lower in [false, true] {
                let canonical = canonical(prove.head, claim, &payload, &host, kind, lower)?;
                let stamp = &prove.common.stamp.text;
                let string = TC3.string_to_sign(stamp, &claim.scope, &canonical);
                if !strings.contains(&string) {
                    strings.push(string);
                }
            }
        }
    }
    Ok(strings)
}

/// The hash that stands for the body.
fn payload(headers: &HeaderMap, body: &[u8], unsigned_payload: bool) -> Answer<String> {
    let hash = payload_hash(body);
    if !headers.contains_key(PAYLOAD) {
        return Ok(hash);
    }
    match single(headers, PAYLOAD) {
        Some(told) if told == UNSIGNED.as_bytes() && unsigned_payload => {
            Ok(payload_hash(UNSIGNED.as_bytes()))
        }
        Some(told) if told == hash.as_bytes() => Ok(hash),
        _ => Err(mismatch()),
    }
}

/// One canonical form of the request. The query stands in it just as it was sent.
fn canonical(
    head: &Parts,
    claim: &Claim<'_>,
    payload: &str,
    host: &[u8],
    kind: &[u8],
    lower: bool,
) -> Answer<Vec<u8>> {
    let query = head.uri.query().unwrap_or_default();
    let mut out = [head.method.as_str(), "/", query].join("\n").into_bytes();
    out.push(b'\n');
    for name in &claim.names {
        let value = single(&head.headers, name).ok_or_else(mismatch)?;
        let value = match *name {
            "host" => host,
            "content-type" => kind,
            _ => value,
        };
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        let start = out.len();
        out.extend_from_slice(value);
        if lower {
            out[start..].make_ascii_lowercase();
        }
        out.push(b'\n');
    }
    let end = ["", &claim.names.join(";"), payload].join("\n");
    out.extend_from_slice(end.as_bytes());
    Ok(out)
}

/// What an `Authorization` header says.
struct Claim<'a> {
    access_id: &'a str,
    /// Date and service.
    scope: [&'a str; 2],
    terminator: &'a str,
    names: Vec<&'a str>,
    /// `None` for a text that is no signature; it is told as one that does not fit.
    signature: Option<Signature>,
}

impl<'a> Claim<'a> {
    fn read(headers: &'a HeaderMap) -> Answer<Self> {
        if !headers.contains_key(AUTHORIZATION) {
            return Err(Failure::missing("Authorization"));
        }
        let header = single(headers, AUTHORIZATION.as_str());
        let header = header.and_then(|header| std::str::from_utf8(header).ok());
        header.and_then(Self::parse).ok_or_else(|| {
            let message = "The Authorization header is not one of TC3-HMAC-SHA256.";
            Failure::new(Code::InvalidAuthorization, message)
        })
    }

    fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix(TC3.algorithm)?.strip_prefix(' ')?;
        let [Some(credential), Some(names), Some(signature)] = authorization_parts(rest)? else {
            return None;
        };
        // A service may be a host with its port; an id may hold anything.
        let mut steps = credential.rsplitn(4, '/');
        let (terminator, service, date) = (steps.next()?, steps.next()?, steps.next()?);
        let access_id = steps.next().filter(|id| !id.is_empty())?;
        let names = signed_names(names)?;
        let (scope, signature) = ([date, service], parse_signature(signature));
        Some(Self { access_id, scope, terminator, names, signature })
    }

    fn signs(&self, name: &str) -> bool {
        self.names.contains(&name)
    }
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
