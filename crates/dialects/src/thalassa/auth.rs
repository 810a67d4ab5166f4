//! Who asks: personal access tokens in the `Authorization` header, and the scope headers beside it.
//! Tokens are checked by the engine; here they are only taken apart and made.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use trent_core::access::Identity;
use trent_core::crypto::{CryptoError, SecretBytes};
use trent_core::engine::{AuthFailure, Engine};
use zeroize::Zeroizing;

use super::NAME;
use super::error::{Answer, Failure};
use super::request::Query;
use crate::Peer;
use crate::common::mint;

const PREFIX: &str = "tc_pat_";
/// Characters of the public part.
const ID: usize = 10;
/// Characters of the secret part: 43 of 62 kinds hold 256 bits.
const SECRET: usize = 43;
/// Query parameters in which clients elsewhere put tokens.
const TOKEN_PARAMETERS: [&str; 3] = ["token", "access_token", "authorization"];

const ORGANISATION: &str = "x-organisation-identity";
const PROJECT: &str = "x-project-identity";

/// Proves who sent the request.
///
/// # Errors
/// 401, the same whatever is wrong with the token.
pub(super) async fn authenticate(
    engine: &Engine,
    peer: Peer,
    headers: &HeaderMap,
    query: Option<&Query>,
) -> Answer<Identity> {
    let in_query = |query: &Query| query.pairs().any(|(name, value)| carries_token(name, value));
    if query.is_some_and(in_query) {
        return Err(Failure::unauthorized("credentials are not accepted in the URL"));
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let header = values.next().ok_or_else(Failure::unauthenticated)?;
    if values.next().is_some() {
        return Err(Failure::unauthorized("there is more than one Authorization header"));
    }
    if !peer.secure && !peer.address.ip().to_canonical().is_loopback() {
        return Err(Failure::unauthorized("credentials are accepted over TLS only"));
    }
    let token = header.to_str().ok().and_then(token).ok_or_else(Failure::unauthenticated)?;
    let (id, secret) = split(token).ok_or_else(Failure::unauthenticated)?;
    match engine.verify_bearer(NAME, id, secret.as_bytes()).await {
        Ok(identity) => Ok(identity),
        Err(AuthFailure::Unknown | AuthFailure::Mismatch { .. }) => Err(Failure::unauthenticated()),
        Err(AuthFailure::Failed(error)) => Err(error.into()),
    }
}

/// Checks that the request is meant for the organisation that the credential belongs to.
///
/// # Errors
/// 400 for a repeated header, 404 for another organisation or for any project.
pub(super) fn scope(headers: &HeaderMap, identity: &Identity) -> Answer<()> {
    let account = identity.account();
    let names = [account.id.as_str(), account.style.as_str()];
    if let Some(asked) = single(headers, ORGANISATION)?
        && !names.contains(&asked)
    {
        return Err(Failure::missing("organisation not found"));
    }
    match single(headers, PROJECT)? {
        None => Ok(()),
        Some(_) => Err(Failure::missing(
            "project not found: projects are not available, leave the header out",
        )),
    }
}

/// A header's value; an empty one counts as absent, and one that is no text as a name that nothing has.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Answer<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap_or("?"));
    if values.next().is_some() {
        return Err(Failure::invalid("a scope header is repeated"));
    }
    Ok(value.filter(|value| !value.is_empty()))
}

fn carries_token(name: &str, value: &str) -> bool {
    TOKEN_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
        || value.starts_with(PREFIX)
}

/// The token of `Token …` or `Bearer …`.
fn token(header: &str) -> Option<&str> {
    let (scheme, rest) = header.split_once(' ')?;
    let known = ["token", "bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then(|| rest.trim_matches(' '))
}

/// A token's public and secret part.
fn split(token: &str) -> Option<(&str, &str)> {
    let rest = token.strip_prefix(PREFIX)?;
    let fits = rest.len() == ID + SECRET && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| rest.split_at(ID))
}

/// A new personal access token and its parts. Only the digest of the secret part is to be kept.
pub struct MintedToken {
    /// The public part, by which the credential is found: 10 characters of `0-9A-Za-z`.
    pub access_id: String,
    /// The secret part: 43 characters of `0-9A-Za-z`, which hold 256 bits.
    pub secret: SecretBytes,
    /// What the client sends: `tc_pat_`, the public part, the secret part.
    pub token: Zeroizing<String>,
}

/// Makes a token from fresh randomness.
///
/// # Errors
/// When the random generator fails.
pub fn mint_token() -> Result<MintedToken, CryptoError> {
    let mut token = Zeroizing::new(String::with_capacity(PREFIX.len() + ID + SECRET));
    token.push_str(PREFIX);
    token.push_str(&mint::base62(ID + SECRET)?);
    let (access_id, secret) = token[PREFIX.len()..].split_at(ID);
    let (access_id, secret) = (access_id.to_owned(), SecretBytes::from_slice(secret.as_bytes()));
    Ok(MintedToken { access_id, secret, token })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_form_and_come_apart() {
        for _ in 0..20 {
            let minted = mint_token().unwrap();
            assert_eq!(minted.token.len(), 60);
            let (id, secret) = split(&minted.token).unwrap();
            assert_eq!(id, minted.access_id);
            assert!(minted.secret.ct_eq(secret.as_bytes()));
            assert!(minted.token[PREFIX.len()..].bytes().all(|b| b.is_ascii_alphanumeric()));
            // Made once, in a buffer that did not move.
            assert_eq!(minted.token.capacity(), 60);
        }
    }

    #[test]
    fn both_schemes_are_read_in_any_case() {
        for header in ["Token abc", "Bearer abc", "bearer abc", "TOKEN  abc "] {
            assert_eq!(token(header), Some("abc"), "{header:?}");
        }
        for header in ["", "abc", "Basic abc", "Token\tabc", "Tokenabc", " Token abc"] {
            assert_eq!(token(header), None, "{header:?}");
        }
    }

    #[test]
    fn only_whole_tokens_come_apart() {
        let token = format!("tc_pat_{}", "a".repeat(53));
        assert!(split(&token).is_some());
        let long = format!("{token}a");
        let wrong = token.replace('c', "C");
        let odd = format!("tc_pat_{}é", "a".repeat(51));
        let dash = format!("tc_pat_{}-", "a".repeat(52));
        for other in ["", "tc_pat_", &token[1..], &token[..59], &long, &wrong, &odd, &dash] {
            assert_eq!(split(other), None, "{other:?}");
        }
    }

    #[test]
    fn tokens_in_the_query_are_seen() {
        for (name, value) in [("token", "x"), ("Access_Token", ""), ("q", "tc_pat_x")] {
            assert!(carries_token(name, value));
        }
        assert!(!carries_token("name", "token"));
    }
}
