//! Who asks: the vendor's older signature (HmacSHA1 or HmacSHA256) over the parameters of a query or form.

use base64ct::{Base64, Encoding};
use trent_core::access::Identity;
use trent_core::crypto::mac::{hmac_sha1_verify, hmac_sha256_verify};

use super::asked::required;
use super::auth::{Prove, mismatch};
use super::error::{Answer, Code, Failure};
use crate::common::form::Parameters;

const SIGNATURE: &str = "Signature";

/// Proves who sent a request with a signature among its parameters.
///
/// # Errors
/// See [`Prove::with`]; a parameter of the signature's that is missing.
pub(super) async fn authenticate(prove: &Prove<'_>, parameters: &Parameters) -> Answer<Identity> {
    let given = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    let access_id = required("SecretId", given("SecretId"))?;
    let signature = required(SIGNATURE, given(SIGNATURE))?;
    // One client sends a line's end after it.
    let signature = Base64::decode_vec(signature.trim()).unwrap_or_default();
    let sha256 = given("SignatureMethod") == Some("HmacSHA256");
    let hosts = prove.hosts();
    let fault = first_fault(prove, parameters).or_else(|| hosts.as_ref().err().map(|_| mismatch()));
    let hosts = hosts.unwrap_or_else(|_| vec![Vec::new()]);
    let fits = |secret: &[u8]| {
        hosts.iter().any(|host| {
            let source = source(prove.head.method.as_str(), host, parameters);
            if sha256 {
                hmac_sha256_verify(secret, &source, &signature)
            } else {
                hmac_sha1_verify(secret, &source, &signature)
            }
        })
    };
    prove.with(&access_id, fault, fits).await
}

/// What is signed, in parts: method, host, path, and all parameters but the signature in the order of their names. The
/// values are not encoded.
fn source<'a>(method: &'a str, host: &'a [u8], parameters: &'a Parameters) -> Vec<&'a [u8]> {
    let mut parts = vec![method.as_bytes(), host, b"/?"];
    let signed = parameters.iter().filter(|(name, _)| *name != SIGNATURE);
    for (at, (name, value)) in signed.enumerate() {
        if at > 0 {
            parts.push(b"&");
        }
        parts.extend([name.as_bytes(), b"=", value.as_bytes()]);
    }
    parts
}

fn first_fault(prove: &Prove<'_>, parameters: &Parameters) -> Option<Failure> {
    let refuse = |message: &str| Some(Failure::new(Code::SignatureFailure, message));
    if prove.is_exposed() {
        return refuse("This kind of signature is accepted over TLS only.");
    }
    if parameters.iter().any(|(name, value)| is_blurred(name, value)) {
        return refuse(
            "The signature does not tell these parameters from others. Use TC3-HMAC-SHA256.",
        );
    }
    None
}

/// Whether what is signed could be taken for other parameters, since nothing in it is encoded: `A=1&B=2` is one
/// parameter or two. Only what looks like a parameter is refused, for clients do send other texts with an ampersand.
fn is_blurred(name: &str, value: &str) -> bool {
    let looks_like_one = |text: &str| {
        let name = text.split_once('=').map(|(name, _)| name).unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    };
    name.contains(['&', '=']) || value.split('&').skip(1).any(looks_like_one)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_run_together_are_told() {
        for (name, value, expected) in [
            ("Alias", "plain", false),
            ("Alias", "!'()*~+&=", false),
            ("Alias", "a&b=c", false),
            ("Alias", "a&B", false),
            ("Alias", "A=1", false),
            ("Alias", "a&KeyUsage=x", true),
            ("Alias", "a&&Tags.0.TagKey=", true),
            ("Alias=a", "b", true),
            ("A&B", "", true),
        ] {
            assert_eq!(is_blurred(name, value), expected, "{name} {value}");
        }
    }
}
