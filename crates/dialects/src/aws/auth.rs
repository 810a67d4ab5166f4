//! Who asks: AWS Signature Version 4 over the request as it came. What is wrong with a request is told in the style of
//! the credential's account; where no credential is known, in AWS's own.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST};
use http::request::Parts;
use trent_core::Engine;
use trent_core::access::Identity;
use trent_core::crypto::{CryptoError, SecretBytes, random};
use trent_core::engine::AuthFailure;
use trent_core::model::Region;

use super::NAME;
use super::arn::Names;
use super::error::{About, Answer, Code, Failure};
use super::profile;
use crate::Regions;
use crate::common::canonical::{Signed, signed_names};
use crate::common::mint::Minted;
use crate::common::signing::{SIGV4, Signature, parse_signature, payload_hash};
use crate::common::time;

/// How far a client's clock may be off, in seconds.
const WINDOW: i64 = 300;
const SERVICE: &str = "kms";
const PAYLOAD: &str = "x-amz-content-sha256";
const STAMP: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
    Secret Access Key and signing method. Consult the service documentation for details.";
const UNRECOGNIZED: &str = "The security token included in the request is invalid.";

/// Somebody proved, and the region that they mean.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) identity: Identity,
    pub(super) region: Region,
    /// The region's name as the client spelt it.
    pub(super) spelling: String,
}

/// Proves who sent the request. The whole of what is signed is rebuilt from the request.
///
/// # Errors
/// The vendor's own exception for whatever is wrong. An unknown credential costs the same work as a wrong signature.
pub(super) async fn authenticate(
    engine: &Engine,
    regions: &Regions,
    head: &Parts,
    body: &[u8],
) -> Answer<Proved> {
    let claim = Claim::read(head)?;
    let now = time::seconds(engine.clock().now_ms());
    let payload = payload_hash(body);
    let stamp = Stamp::read(&head.headers, &claim.names);
    let region = regions.resolve(NAME, claim.scope[1]);
    let fault = first_fault(&claim, head, &payload, &stamp, region.as_ref(), now);
    let signed = Signed {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        names: &claim.names,
        payload: &payload,
        lower_values: false,
    };
    // Where a part is missing the work is done all the same, and comes to nothing.
    let canonical = signed.canonical();
    let complete = canonical.is_ok() && claim.signature.is_some() && fault.is_none();
    let stamp = stamp.map(|stamp| stamp.text).unwrap_or_default();
    let string = SIGV4.string_to_sign(&stamp, &claim.scope, &canonical.unwrap_or_default());
    let signature = claim.signature.unwrap_or_default();
    let check = |secret: &[u8]| SIGV4.verify(secret, &claim.scope, &string, &signature) && complete;
    let proof = engine.verify_secret(NAME, claim.access_id, check).await;
    match (proof, region) {
        (Ok(identity), Some(region)) => {
            Ok(Proved { identity, region, spelling: claim.scope[1].to_owned() })
        }
        // No region is a fault, and with a fault nothing is proved.
        (Ok(_), None) => Err(mismatch()),
        (Err(AuthFailure::Unknown), _) => Err(Failure::new(Code::UnrecognizedClient, UNRECOGNIZED)),
        (Err(AuthFailure::Mismatch { style }), _) => {
            Err(styled(fault.unwrap_or_else(mismatch), &style))
        }
        (Err(AuthFailure::Failed(error)), _) => {
            let names = Names { profile: profile::of(""), account: "", region: "" };
            let about = About {
                operation: "unknown",
                names: &names,
                user: "",
                algorithm: None,
                key: None,
                alias: None,
            };
            Err(about.failure(&error))
        }
    }
}

fn mismatch() -> Failure {
    Failure::new(Code::InvalidSignature, MISMATCH)
}

fn bad_signature(message: impl Into<String>) -> Failure {
    Failure::new(Code::InvalidSignature, message)
}

fn incomplete(message: impl Into<String>) -> Failure {
    Failure::new(Code::IncompleteSignature, message)
}

fn styled(failure: Failure, style: &str) -> Failure {
    if profile::of(style).one_auth_error {
        Failure { code: Code::NotAuthorized, ..failure }
    } else {
        failure
    }
}

/// What an `Authorization` header says.
struct Claim<'a> {
    access_id: &'a str,
    /// Date, region and service.
    scope: [&'a str; 3],
    terminator: &'a str,
    names: Vec<&'a str>,
    /// `None` for a text that is no signature; it is told as one that does not fit.
    signature: Option<Signature>,
}

impl<'a> Claim<'a> {
    fn read(head: &'a Parts) -> Answer<Self> {
        let query = head.uri.query().unwrap_or_default();
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_presigned(&name)) {
            return Err(incomplete(
                "Signatures in the query string are not accepted. Sign the Authorization header.",
            ));
        }
        let mut values = head.headers.get_all(AUTHORIZATION).iter();
        let header = values.next().map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
        if values.next().is_some() {
            return Err(incomplete("There is more than one Authorization header."));
        }
        match header.split_once(' ') {
            Some((algorithm, rest)) if algorithm == SIGV4.algorithm => Self::parse(rest),
            _ if header == SIGV4.algorithm => Self::parse(""),
            _ => {
                Err(Failure::new(Code::MissingAuthenticationToken, "Missing Authentication Token"))
            }
        }
    }

    fn parse(text: &'a str) -> Answer<Self> {
        const PARTS: [&str; 3] = ["Credential", "SignedHeaders", "Signature"];
        let mut found: [Option<&str>; 3] = [None; 3];
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let place = PARTS.iter().position(|known| *known == name).map(|at| &mut found[at]);
            match place {
                Some(place @ None) => *place = Some(value).filter(|value| !value.is_empty()),
                Some(Some(_)) => {
                    return Err(incomplete(format!("Authorization header names '{name}' twice.")));
                }
                None => return Err(incomplete("Authorization header has an unknown parameter.")),
            }
        }
        let [Some(credential), Some(names), Some(signature)] = found else {
            let missing = PARTS.iter().zip(found).filter(|(_, value)| value.is_none());
            let texts = missing
                .map(|(name, _)| format!("Authorization header requires '{name}' parameter."));
            return Err(incomplete(texts.collect::<Vec<_>>().join(" ")));
        };
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_id, date, region, service, terminator] = parts[..] else {
            return Err(incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
            ));
        };
        let Some(names) = signed_names(names) else {
            return Err(incomplete(
                "SignedHeaders must be names in small letters, in order, each once.",
            ));
        };
        let scope = [date, region, service];
        Ok(Self { access_id, scope, terminator, names, signature: parse_signature(signature) })
    }

    fn signs(&self, name: &str) -> bool {
        self.names.contains(&name)
    }
}

fn is_presigned(parameter: &str) -> bool {
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(parameter))
}

/// When a client says that it signed.
#[derive(Debug)]
struct Stamp {
    seconds: i64,
    /// In ISO 8601's basic form, as it is signed.
    text: String,
}

impl Stamp {
    /// `X-Amz-Date`, or `Date` where only that is signed. Where both are, they must agree.
    fn read(headers: &HeaderMap, names: &[&str]) -> Answer<Self> {
        const FORM: &str = "Date must be in ISO-8601 'basic format'.";
        let value =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let date = value(DATE.as_str()).filter(|_| names.contains(&DATE.as_str()));
        let date = date.map(|text| time::parse_basic(text).or_else(|| time::parse_http_date(text)));
        let seconds = match (value(STAMP), date) {
            (Some(stamp), date) => {
                let seconds = time::parse_basic(stamp).ok_or_else(|| incomplete(FORM))?;
                if date.is_some_and(|date| date != Some(seconds)) {
                    return Err(bad_signature("The X-Amz-Date and Date headers disagree."));
                }
                seconds
            }
            (None, Some(date)) => date.ok_or_else(|| incomplete(FORM))?,
            (None, None) => {
                let message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
                return Err(incomplete(message));
            }
        };
        Ok(Self { seconds, text: time::basic(seconds) })
    }
}

/// The first thing that is wrong beside the signature itself.
fn first_fault(
    claim: &Claim<'_>,
    head: &Parts,
    payload: &str,
    stamp: &Answer<Stamp>,
    region: Option<&Region>,
    now: i64,
) -> Option<Failure> {
    if head.headers.contains_key(TOKEN) {
        return Some(Failure::new(Code::UnrecognizedClient, UNRECOGNIZED));
    }
    if let Some(name) = unsigned(claim, &head.headers) {
        return Some(bad_signature(format!(
            "'{name}' must be a 'SignedHeader' in the AWS Authorization."
        )));
    }
    // Neither an unsigned body nor one that is signed in pieces has its hash there.
    if head.headers.get_all(PAYLOAD).iter().any(|told| told.as_bytes() != payload.as_bytes()) {
        return Some(mismatch());
    }
    let stamp = match stamp {
        Ok(stamp) => stamp,
        Err(failure) => {
            return Some(Failure {
                message: failure.message.clone(),
                ..Failure::bare(failure.code)
            });
        }
    };
    let [date, _, service] = claim.scope;
    if claim.terminator != SIGV4.terminator {
        return Some(bad_signature(
            "Credential should be scoped with a valid terminator: 'aws4_request'. ",
        ));
    }
    if !stamp.text.starts_with(date) || date.len() != 8 {
        return Some(bad_signature(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
        ));
    }
    if region.is_none() {
        return Some(bad_signature("Credential should be scoped to a valid region. "));
    }
    if service != SERVICE {
        return Some(bad_signature("Credential should be scoped to correct service: 'kms'. "));
    }
    outside_window(stamp, now)
}

/// The first header that must be signed and is not.
fn unsigned<'h>(claim: &Claim<'_>, headers: &'h HeaderMap) -> Option<&'h str> {
    if !claim.signs(HOST.as_str()) {
        return Some("host");
    }
    let vital = |name: &&str| name.starts_with("x-amz-") || *name == CONTENT_TYPE.as_str();
    headers.keys().map(|name| name.as_str()).filter(vital).find(|name| !claim.signs(name))
}

fn outside_window(stamp: &Stamp, now: i64) -> Option<Failure> {
    let (told, clock) = (&stamp.text, time::basic(now));
    if stamp.seconds < now - WINDOW {
        let limit = time::basic(now - WINDOW);
        let message =
            format!("Signature expired: {told} is now earlier than {limit} ({clock} - 5 min.)");
        return Some(bad_signature(message));
    }
    if stamp.seconds > now + WINDOW {
        let limit = time::basic(now + WINDOW);
        let message = format!(
            "Signature not yet current: {told} is still later than {limit} ({clock} + 5 min.)"
        );
        return Some(bad_signature(message));
    }
    None
}

/// Makes an access key from fresh randomness: an id of `AKIA` and 16 characters of `A-Z2-7`, a secret of 40 characters of
/// base64's alphabet, which hold 240 bits.
///
/// # Errors
/// When the random generator fails.
pub fn mint_credential() -> Result<Minted, CryptoError> {
    let id: [u8; 10] = random::array()?;
    let access_id = format!("AKIA{}", data_encoding::BASE32_NOPAD.encode(&id));
    let raw = SecretBytes::random(30)?;
    let secret = trent_core::crypto::codec::encode_base64(raw.expose());
    Ok(Minted { access_id, secret: SecretBytes::from_slice(secret.as_bytes()) })
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
