//! Who asks: the three schemes by which clients sign. The whole of what is signed is rebuilt from the request, and what
//! a scheme does not cover is not looked at. Nothing is remembered of a request whose signature is wrong.

use base64ct::{Base64, Encoding};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use trent_core::Engine;
use trent_core::access::Identity;
use trent_core::crypto::mac::{hmac_sha1_verify, hmac_sha256_verify};
use trent_core::engine::AuthFailure;
use zeroize::Zeroizing;

use super::super::NAME;
use super::super::error::{self, About, Answer, Code, Failure};
use super::stamp;
use crate::common::canonical::signed_names;
use crate::common::form::{Parameters, encode};
use crate::common::nonce::{Nonces, Verdict};
use crate::common::signing::{
    ACS4, authorization_parts, parse_signature, payload_hash, string_of_hash,
};

/// How far a client's clock may be off, in seconds.
pub(super) const WINDOW: i64 = 900;
const ACS3: &str = "ACS3-HMAC-SHA256";
const PRODUCT: &str = "kms";
const HASH: &str = "x-acs-content-sha256";
const DATE: &str = "x-acs-date";
const NONCE: &str = "x-acs-signature-nonce";
const TOKEN: &str = "x-acs-security-token";
/// Names the region; a header of this name is believed where it is signed.
pub(super) const REGION: &str = "x-acs-region-id";
/// What must be signed, whatever else is. A region, too, where it is there.
const VITAL: [&str; 6] = ["host", "x-acs-action", "x-acs-version", DATE, NONCE, HASH];

/// Names of parameters that hold secrets, as they stand in what is signed.
const SECRETS: [&str; 2] = ["Plaintext", "SecretData"];
const MISMATCH: &str = "Specified signature is not matched with our calculation.";
const UNKNOWN: &str = "The Access Key ID provided does not exist in our records.";

/// How a request is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// By parameters (`Signature`, …) over parameters.
    Parameters,
    /// By the `Authorization` header, over headers, query and body.
    Header,
}

impl Kind {
    /// How this request is signed. Clients of the older kind send the headers of the newer, too.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let starts = |prefix: &str| {
            let mut values = headers.get_all(AUTHORIZATION).iter();
            values.any(|value| value.as_bytes().starts_with(prefix.as_bytes()))
        };
        if starts("ACS3-") || starts("ACS4-") { Self::Header } else { Self::Parameters }
    }
}

/// What a scheme's key is made of.
enum Scheme<'a> {
    HmacSha1,
    HmacSha256,
    Acs3,
    /// With date, region and product.
    Acs4([&'a str; 3]),
}

/// A request as far as its signature matters.
pub(super) struct Claim<'a> {
    access_id: &'a str,
    scheme: Scheme<'a>,
    /// What should have been signed.
    string: Zeroizing<String>,
    /// `None` for a text that is no signature; it is told as one that does not fit.
    signature: Option<Vec<u8>>,
    /// When it was signed, in seconds since the Unix epoch.
    signed: Answer<i64>,
    nonce: Option<&'a str>,
    /// What is wrong beside the signature and the time.
    fault: Option<Failure>,
}

impl<'a> Claim<'a> {
    /// Reads a claim; the body has been found to be a form or empty, and `parameters` holds those of query and form.
    ///
    /// # Errors
    /// For claims that are not whole, and for what no signature would help.
    pub(super) fn read(
        kind: Kind,
        head: &'a Parts,
        body: &[u8],
        parameters: &'a Parameters,
    ) -> Answer<Self> {
        let token = parameters.get("SecurityToken").is_some_and(|token| !token.is_empty());
        if token || head.headers.contains_key(TOKEN) {
            let message = "Temporary credentials are not known here; use an access key without SecurityToken.";
            return Err(Failure::new(Code::InvalidSecurityToken, message));
        }
        match kind {
            Kind::Parameters => Self::of_parameters(head, parameters),
            Kind::Header => Self::of_header(head, body),
        }
    }

    /// Signature version 1 of the vendor's RPC style.
    fn of_parameters(head: &'a Parts, parameters: &'a Parameters) -> Answer<Self> {
        let text = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
        let access_id = text("AccessKeyId").ok_or_else(|| {
            Failure::new(Code::MissingAccessKeyId, "AccessKeyId is mandatory for this action.")
        })?;
        let scheme = match text("SignatureMethod") {
            Some("HMAC-SHA1") => Scheme::HmacSha1,
            Some("HMAC-SHA256") => Scheme::HmacSha256,
            _ => return Err(incomplete("SignatureMethod must be HMAC-SHA1 or HMAC-SHA256.")),
        };
        if text("SignatureVersion") != Some("1.0") {
            return Err(incomplete("SignatureVersion must be 1.0."));
        }
        if text("SignatureType").is_some() {
            return Err(incomplete(
                "SignatureType must be empty: bearer tokens are not known here.",
            ));
        }
        let signature = text("Signature").ok_or_else(|| incomplete("Signature is missing."))?;
        Ok(Self {
            access_id,
            scheme,
            string: string_of_parameters(head.method.as_str(), parameters),
            signature: Base64::decode_vec(signature).ok(),
            signed: signed_at(text("Timestamp"), "Timestamp"),
            nonce: text("SignatureNonce"),
            fault: None,
        })
    }

    /// ACS3 and ACS4.
    fn of_header(head: &'a Parts, body: &[u8]) -> Answer<Self> {
        let mut values = head.headers.get_all(AUTHORIZATION).iter();
        let header = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
        if values.next().is_some() {
            return Err(incomplete("There is more than one Authorization header."));
        }
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        let [credential, list, signature] = parts_of(rest)?;
        let (access_id, scheme) = match algorithm {
            ACS3 => (credential, Scheme::Acs3),
            _ if algorithm == ACS4.algorithm => {
                let parts: Vec<&str> = credential.split('/').collect();
                let [access_id, date, region, product, terminator] = parts[..] else {
                    return Err(incomplete(
                        "Credential must be id/date/region/Kms/aliyun_v4_request.",
                    ));
                };
                if terminator != ACS4.terminator || !product.eq_ignore_ascii_case(PRODUCT) {
                    return Err(incomplete("Credential must end with /Kms/aliyun_v4_request."));
                }
                (access_id, Scheme::Acs4([date, region, product]))
            }
            _ => {
                let message = "Of the ACS algorithms, only ACS3-HMAC-SHA256 and ACS4-HMAC-SHA256 are supported here.";
                return Err(Failure::new(Code::SignatureDoesNotMatch, message));
            }
        };
        let names = signed_names(list).ok_or_else(|| {
            incomplete("SignedHeaders must be names in small letters, in order, each once.")
        })?;
        let payload = payload_hash(body);
        let canonical = canonical(head, &names, &payload);
        let date = header_text(&head.headers, DATE);
        let signed = signed_at(date, DATE);
        let mut fault = first_fault(&head.headers, &names, &payload)
            .or_else(|| canonical.is_none().then(|| mismatch("")));
        if let Scheme::Acs4([day, ..]) = scheme
            && fault.is_none()
            && date.and_then(|date| date.get(..10)).map(|date| date.replace('-', "")).as_deref()
                != Some(day)
        {
            fault = Some(incomplete("The date of Credential must be the day of x-acs-date."));
        }
        Ok(Self {
            access_id,
            string: Zeroizing::new(string_of_hash(algorithm, &canonical.unwrap_or_default())),
            scheme,
            signature: parse_signature(signature).map(|signature| signature.to_vec()),
            signed,
            nonce: header_text(&head.headers, NONCE).filter(|nonce| !nonce.is_empty()),
            fault,
        })
    }

    /// The region that the credential is for, where the scheme tells.
    pub(super) fn region(&self) -> Option<&'a str> {
        match self.scheme {
            Scheme::Acs4([_, region, _]) => Some(region),
            Scheme::HmacSha1 | Scheme::HmacSha256 | Scheme::Acs3 => None,
        }
    }

    /// Proves who signed, and uses the nonce: who it is, and whether the request is sent again.
    ///
    /// # Errors
    /// The vendor's own code for whatever is wrong. An unknown access key costs the same work as a wrong signature.
    pub(super) async fn prove(
        self,
        engine: &Engine,
        nonces: &Nonces,
        now: i64,
    ) -> Answer<(Identity, Answer<()>)> {
        let Self { access_id, scheme, string, signature, signed, nonce, fault } = self;
        let fault = match (fault, &signed) {
            (None, Err(failure)) => Some(Failure::new(failure.code, &*failure.message)),
            (None, Ok(signed)) => (now.abs_diff(*signed) > WINDOW.unsigned_abs()).then(expired),
            (fault, _) => fault,
        };
        // Where a part is missing the work is done all the same, and comes to nothing.
        let complete = fault.is_none() && signature.is_some();
        let signature = signature.unwrap_or_default();
        let check = |secret: &[u8]| scheme.fits(secret, &string, &signature) && complete;
        match engine.verify_secret(NAME, access_id, check).await {
            Ok(identity) => {
                let fresh = take_nonce(nonces, access_id, nonce, signed?, now);
                Ok((identity, fresh))
            }
            Err(AuthFailure::Unknown) => Err(Failure::new(Code::InvalidAccessKeyId, UNKNOWN)),
            Err(AuthFailure::Mismatch { .. }) => Err(fault.unwrap_or_else(|| mismatch(&string))),
            Err(AuthFailure::Failed(error)) => {
                let about = About { operation: "unknown", resource: "*", modifies: false };
                Err(error::rpc(&error, &about))
            }
        }
    }
}

impl Scheme<'_> {
    fn fits(&self, secret: &[u8], string: &str, signature: &[u8]) -> bool {
        let key = Zeroizing::new([secret, b"&"].concat());
        let string_bytes = [string.as_bytes()];
        match self {
            Self::HmacSha1 => hmac_sha1_verify(&key, &string_bytes, signature),
            Self::HmacSha256 => hmac_sha256_verify(&key, &string_bytes, signature),
            Self::Acs3 => hmac_sha256_verify(secret, &string_bytes, signature),
            Self::Acs4(scope) => match signature.try_into() {
                Ok(signature) => ACS4.verify(secret, scope, string, &signature),
                Err(_) => false,
            },
        }
    }
}

fn take_nonce(
    nonces: &Nonces,
    access_id: &str,
    nonce: Option<&str>,
    signed: i64,
    now: i64,
) -> Answer<()> {
    // Only the older scheme has clients without one; the newer ones' is vital.
    let Some(nonce) = nonce else { return Ok(()) };
    match nonces.take(access_id, nonce, signed, now) {
        Verdict::Fresh => Ok(()),
        Verdict::Used => {
            Err(Failure::new(Code::NonceUsed, "Specified signature nonce was used already."))
        }
        Verdict::Forgotten => Err(expired()),
    }
}

fn incomplete(message: &str) -> Failure {
    Failure::new(Code::IncompleteSignature, message)
}

/// A wrong signature. The vendor's older clients compare what was signed with what they meant to sign. It is told where
/// it is short and holds nothing that was to be encrypted: nobody is known yet, and answers are small.
fn mismatch(string: &str) -> Failure {
    const LONGEST: usize = 2_048;
    if string.is_empty()
        || string.len() > LONGEST
        || SECRETS.iter().any(|name| string.contains(name))
    {
        return Failure::new(Code::SignatureDoesNotMatch, MISMATCH);
    }
    let message = format!("{MISMATCH} server string to sign is:{string}");
    Failure::new(Code::SignatureDoesNotMatch, message)
}

fn expired() -> Failure {
    Failure::new(Code::TimestampExpired, "Specified time stamp or date value is expired.")
}

fn signed_at(text: Option<&str>, name: &str) -> Answer<i64> {
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| {
        Failure::new(Code::IllegalTimestamp, format!("The input parameter {name} is missing."))
    })?;
    stamp::parse(text).ok_or_else(|| {
        let message = "Specified time stamp or date value is not well formatted.";
        Failure::new(Code::TimestampFormat, message)
    })
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The three parts of an `Authorization` header after the algorithm.
fn parts_of(text: &str) -> Answer<[&str; 3]> {
    match authorization_parts(text) {
        Some([Some(credential), Some(names), Some(signature)]) => {
            Ok([credential, names, signature])
        }
        Some(_) => {
            Err(incomplete("Authorization must have Credential, SignedHeaders and Signature."))
        }
        None => Err(incomplete("The Authorization header is not well formed.")),
    }
}

/// What signature version 1 covers: the method and every parameter but the signature itself.
pub(super) fn string_of_parameters(method: &str, parameters: &Parameters) -> Zeroizing<String> {
    let mut string = Zeroizing::new(format!("{method}&%2F&"));
    let signed = parameters.iter().filter(|(name, _)| *name != "Signature");
    for (at, (name, value)) in signed.enumerate() {
        let joint = if at == 0 { "" } else { "%26" };
        let [name, value] =
            [name, value].map(|text| Zeroizing::new(encode(&Zeroizing::new(encode(text)))));
        for part in [joint, &name, "%3D", &value] {
            string.push_str(part);
        }
    }
    string
}

/// What ACS3 and ACS4 cover. Other vendors' canonical form differs: here parameters are ordered by their plain names,
/// a plus sign in the query is a space, and only the ends of header values are trimmed.
/// `None` where a signed header is not there exactly once, or the query cannot be read.
fn canonical(head: &Parts, names: &[&str], payload: &str) -> Option<Vec<u8>> {
    let query = Parameters::read(head.uri.query().unwrap_or_default(), b"").ok()?;
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let mut out = format!("{}\n/\n{}\n", head.method, pairs.join("&")).into_bytes();
    for name in names {
        let mut values = head.headers.get_all(*name).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        for part in [name.as_bytes(), b":", value.as_bytes().trim_ascii(), b"\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(format!("\n{}\n{payload}", names.join(";")).as_bytes());
    Some(out)
}

/// The first thing that is wrong with what is signed by a header.
fn first_fault(headers: &HeaderMap, names: &[&str], payload: &str) -> Option<Failure> {
    let region = headers.contains_key(REGION).then_some(REGION);
    if let Some(name) = VITAL.into_iter().chain(region).find(|name| !names.contains(name)) {
        return Some(incomplete(&format!("The header {name} must be one of SignedHeaders.")));
    }
    let text = |name: &str| header_text(headers, name).map(str::trim).unwrap_or_default();
    if text(HASH) != payload {
        let message = format!("{MISMATCH} {HASH} must be the SHA-256 of the body in hex.");
        return Some(Failure::new(Code::SignatureDoesNotMatch, message));
    }
    if text(NONCE).is_empty() || text(HOST.as_str()).is_empty() {
        return Some(incomplete("x-acs-signature-nonce and host must not be empty."));
    }
    None
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
