//! Who asks: an RSA signature (PKCS#1 v1.5, SHA-256) by a client key over the headers that the API knows and the hash
//! of the body. The scheme has no nonce and its signatures are deterministic, so that two honest requests of one second
//! are alike: a request that comes again is not refused.

use base64ct::{Base64, Encoding};
use data_encoding::HEXLOWER_PERMISSIVE;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::request::Parts;
use trent_core::Engine;
use trent_core::access::Identity;
use trent_core::crypto::mac::sha256;
use trent_core::crypto::{ct_eq, rsa};
use trent_core::engine::AuthFailure;

use super::super::error::{self, Answer, Code, Failure};
use crate::common::time;

/// The dialect of client keys, and the namespace of instances.
pub(super) const CLIENT_KEYS: &str = "alibaba-instance";
/// How far a client's clock may be off, in seconds.
const WINDOW: u64 = 900;
/// What every header begins with that is signed by its name.
const SIGNED: &str = "x-kms-";
/// Spelt as the vendor's clients spell it.
const ACCESS_ID: &str = "x-kms-acccesskeyid";
const METHOD: &str = "x-kms-signaturemethod";
const RSA: &str = "RSA_PKCS1_SHA_256";
const HASH: &str = "content-sha256";
/// What stands before the signature: the clients' word, and the documents'.
const SCHEMES: [&str; 2] = ["Bearer ", "TOKEN "];

const SKEWED: &str =
    "The difference between the request's time and the server's is longer than 15 minutes.";
const UNKNOWN: &str = "The client key does not exist.";
const MISMATCH: &str = "The signature is not the one of this request and this client key.";

/// A request as far as its signature matters.
pub(super) struct Claim<'a> {
    access_id: &'a str,
    /// What should have been signed.
    string: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Claim<'a> {
    /// Reads it, at this time in seconds since the Unix epoch.
    ///
    /// # Errors
    /// What is wrong with the request whoever sent it.
    pub(super) fn read(head: &'a Parts, body: &[u8], now: i64) -> Answer<Self> {
        let headers = &head.headers;
        let mut names: Vec<&str> = headers.keys().map(|name| name.as_str()).collect();
        names.retain(|name| name.starts_with(SIGNED));
        names.sort_unstable();
        let mut signed = Vec::with_capacity(names.len());
        for name in names {
            signed.push((name, once(headers, name)?.unwrap_or_default()));
        }
        let access_id = match text(headers, ACCESS_ID)? {
            "" => return Err(Failure::missing(ACCESS_ID)),
            id => id,
        };
        if text(headers, METHOD)? != RSA {
            return Err(wrong(METHOD));
        }
        let hash = text(headers, HASH)?;
        let expected = HEXLOWER_PERMISSIVE.decode(hash.as_bytes());
        if !expected.is_ok_and(|expected| ct_eq(&expected, &sha256(&[body]))) {
            return Err(wrong("Content-SHA256"));
        }
        let date = text(headers, DATE.as_str())?;
        let sent = time::parse_http_date(date).ok_or_else(|| wrong("Date"))?;
        if sent.abs_diff(now) > WINDOW {
            return Err(Failure::new(Code::RequestTimeTooSkewed, SKEWED));
        }
        let signature = signature(text(headers, AUTHORIZATION.as_str())?);
        let signature = signature.ok_or_else(|| wrong("Authorization"))?;
        let kind = once(headers, CONTENT_TYPE.as_str())?.unwrap_or_default();
        let mut string = Vec::with_capacity(512);
        for line in [head.method.as_str().as_bytes(), hash.as_bytes(), kind, date.as_bytes()] {
            string.extend_from_slice(line);
            string.push(b'\n');
        }
        for (name, value) in signed {
            for part in [name.as_bytes(), b":", value, b"\n"] {
                string.extend_from_slice(part);
            }
        }
        let resource = head.uri.path_and_query().map_or("/", |resource| resource.as_str());
        string.extend_from_slice(resource.as_bytes());
        Ok(Self { access_id, string, signature })
    }

    /// Proves who signed. An unknown client key costs the same work as a wrong signature.
    pub(super) async fn prove(&self, engine: &Engine, operation: &'static str) -> Answer<Identity> {
        let Self { access_id, string, signature } = self;
        let check = |spki: &[u8]| rsa::verify_pkcs1_sha256(spki, string, signature);
        let proof = engine.verify_public_key(CLIENT_KEYS, access_id, check).await;
        proof.map_err(|why| match why {
            AuthFailure::Unknown => Failure::new(Code::Unauthorized, UNKNOWN),
            AuthFailure::Mismatch { .. } => Failure::new(Code::SignatureNotMatch, MISMATCH),
            AuthFailure::Failed(error) => error::instance(&error, operation, false),
        })
    }
}

/// A header that may be there once, without the space around it.
pub(super) fn once<'a>(headers: &'a HeaderMap, name: &str) -> Answer<Option<&'a [u8]>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(wrong(name)),
        (value, None) => Ok(value.map(|value| value.as_bytes().trim_ascii())),
    }
}

/// Such a header as text; empty where it is not there.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Answer<&'a str> {
    let value = once(headers, name)?.unwrap_or_default();
    std::str::from_utf8(value).map_err(|_| wrong(name))
}

/// A header that is not as it must be, in the words by which the vendor's clients know some of them.
pub(super) fn wrong(header: &str) -> Failure {
    Failure::new(Code::InvalidParam, format!("The Param {header} is invalid."))
}

fn signature(text: &str) -> Option<Vec<u8>> {
    let encoded = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme))?;
    Base64::decode_vec(encoded).ok()
}
