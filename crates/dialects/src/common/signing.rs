//! One chain of HMAC-SHA-256 that three vendors sign with; what differs between them is data.
//! What is signed is `canonical.rs`.

use data_encoding::HEXLOWER;
use trent_core::crypto::mac::{hmac_sha256, hmac_sha256_verify, sha256};
use zeroize::Zeroizing;

/// A signature in bytes.
pub type Signature = [u8; 32];

/// A vendor's constants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scheme {
    /// The algorithm's name, the first line of what is signed.
    pub algorithm: &'static str,
    /// What stands before the secret in the first key of the chain.
    pub key_prefix: &'static str,
    /// The last step of every scope.
    pub terminator: &'static str,
}

/// AWS Signature Version 4.
pub const SIGV4: Scheme =
    Scheme { algorithm: "AWS4-HMAC-SHA256", key_prefix: "AWS4", terminator: "aws4_request" };

/// Tencent Cloud's signature, version 3.
pub const TC3: Scheme =
    Scheme { algorithm: "TC3-HMAC-SHA256", key_prefix: "TC3", terminator: "tc3_request" };

/// Alibaba Cloud's signature, version 4.
pub const ACS4: Scheme = Scheme {
    algorithm: "ACS4-HMAC-SHA256",
    key_prefix: "aliyun_v4",
    terminator: "aliyun_v4_request",
};

impl Scheme {
    /// What is signed: the algorithm, the time, the scope and the hash of the canonical request, a line each.
    /// `scope` is without the terminator.
    pub fn string_to_sign(&self, stamp: &str, scope: &[&str], canonical: &[u8]) -> String {
        let Self { algorithm, terminator, .. } = self;
        let scope = scope.join("/");
        let hash = HEXLOWER.encode(&sha256(&[canonical]));
        format!("{algorithm}\n{stamp}\n{scope}/{terminator}\n{hash}")
    }

    fn key(&self, secret: &[u8], scope: &[&str]) -> Zeroizing<Vec<u8>> {
        let mut first = Zeroizing::new(Vec::with_capacity(self.key_prefix.len() + secret.len()));
        first.extend_from_slice(self.key_prefix.as_bytes());
        first.extend_from_slice(secret);
        let steps = scope.iter().copied().chain([self.terminator]);
        steps
            .fold(first, |key, step| Zeroizing::new(hmac_sha256(&key, &[step.as_bytes()]).to_vec()))
    }

    /// Signs, as a client does.
    pub fn sign(&self, secret: &[u8], scope: &[&str], string: &str) -> Signature {
        hmac_sha256(&self.key(secret, scope), &[string.as_bytes()])
    }

    /// Whether the signature is right, in time that does not depend on how wrong it is.
    pub fn verify(
        &self,
        secret: &[u8],
        scope: &[&str],
        string: &str,
        signature: &Signature,
    ) -> bool {
        hmac_sha256_verify(&self.key(secret, scope), &[string.as_bytes()], signature)
    }
}

/// What Alibaba Cloud's newer schemes sign: the algorithm and the hash of the canonical request, a line each.
pub fn string_of_hash(algorithm: &str, canonical: &[u8]) -> String {
    format!("{algorithm}\n{}", HEXLOWER.encode(&sha256(&[canonical])))
}

/// What an `Authorization` header says after its algorithm: credential, signed headers and signature, each of which may
/// be missing; `None` where it says anything else, one of them twice, or one with nothing in it.
pub fn authorization_parts(text: &str) -> Option<[Option<&str>; 3]> {
    const PARTS: [&str; 3] = ["Credential", "SignedHeaders", "Signature"];
    let mut found = [None; 3];
    for part in text.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let at = PARTS.iter().position(|known| *known == name)?;
        if value.is_empty() || found[at].replace(value).is_some() {
            return None;
        }
    }
    Some(found)
}

/// Reads a signature: 64 hex digits of lower case and nothing else.
pub fn parse_signature(text: &str) -> Option<Signature> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// The hash of a body as schemes write it: SHA-256 in hex of lower case.
pub fn payload_hash(body: &[u8]) -> String {
    HEXLOWER.encode(&sha256(&[body]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::common::canonical::{Signed, signed_names};
    use http::{HeaderMap, HeaderName};
    use proptest::prelude::*;
    use serde_json::Value;

    const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// The example of AWS's page "Signature Version 4: task 2 and 3" (IAM ListUsers).
    #[test]
    fn the_published_example() {
        let scope = ["20150830", "us-east-1", "iam"];
        let string = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
            f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        let key = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
        assert_eq!(HEXLOWER.encode(&SIGV4.key(SECRET, &scope)), key);
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert_eq!(HEXLOWER.encode(&SIGV4.sign(SECRET, &scope, string)), signature);
        assert!(SIGV4.verify(SECRET, &scope, string, &parse_signature(signature).unwrap()));
    }

    /// `get-vanilla` of AWS's published test suite.
    #[test]
    fn the_published_suite() {
        let mut headers = HeaderMap::new();
        headers.insert("host", "example.amazonaws.com".parse().unwrap());
        headers.insert("x-amz-date", "20150830T123600Z".parse().unwrap());
        let canonical = Signed {
            method: "GET",
            path: "/",
            query: "",
            headers: &headers,
            names: &["host", "x-amz-date"],
            payload: &payload_hash(b""),
            lower_values: false,
        };
        let canonical = canonical.canonical().unwrap();
        let scope = ["20150830", "us-east-1", "service"];
        let string = SIGV4.string_to_sign("20150830T123600Z", &scope, &canonical);
        assert!(
            string.ends_with("bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63")
        );
        assert_eq!(
            HEXLOWER.encode(&SIGV4.sign(SECRET, &scope, &string)),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }

    /// Requests signed by the vendor's own Python client.
    #[test]
    fn the_vendors_client_signs_alike() {
        let cases: Value =
            serde_json::from_str(include_str!("../../tests/vectors/sigv4.json")).unwrap();
        let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        let cases = cases.as_array().unwrap();
        assert!(cases.len() >= 8);
        for case in cases {
            let name = text(case, "name");
            let mut headers = HeaderMap::new();
            for pair in case["headers"].as_array().unwrap() {
                let header = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
                headers.append(header, pair[1].as_str().unwrap().parse().unwrap());
            }
            let (list, body) = (text(case, "signed_headers"), text(case, "body"));
            let canonical = Signed {
                method: &text(case, "method"),
                path: &text(case, "path"),
                query: &text(case, "query"),
                headers: &headers,
                names: &signed_names(&list).unwrap(),
                payload: &payload_hash(body.as_bytes()),
                lower_values: false,
            };
            let canonical = canonical.canonical().unwrap();
            assert_eq!(
                String::from_utf8(canonical.clone()).unwrap(),
                text(case, "canonical"),
                "{name}"
            );
            let scope = text(case, "scope");
            let scope: Vec<&str> = scope.split('/').collect();
            let string = SIGV4.string_to_sign(&text(case, "date"), &scope[..3], &canonical);
            assert_eq!(string, text(case, "string_to_sign"), "{name}");
            let signature = parse_signature(&text(case, "signature")).unwrap();
            assert!(
                SIGV4.verify(text(case, "secret").as_bytes(), &scope[..3], &string, &signature),
                "{name}"
            );
        }
    }

    #[test]
    fn signatures_have_one_spelling() {
        let right = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(parse_signature(right).is_some());
        let (upper, long, odd) = (right.to_uppercase(), format!("{right}00"), &right[..63]);
        for text in [
            "",
            &upper,
            &long,
            odd,
            &right[..62],
            &right.replace('5', "g"),
            &right.replace('5', "é"),
        ] {
            assert_eq!(parse_signature(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_the_right_signature_is_right(secret: Vec<u8>, string: String, bit in 0_usize..256) {
            let scope = ["20260101", "here", "kms"];
            let mut signature = SIGV4.sign(&secret, &scope, &string);
            prop_assert!(SIGV4.verify(&secret, &scope, &string, &signature));
            let other = ["20260101", "here", "sts"];
            prop_assert!(!SIGV4.verify(&secret, &other, &string, &signature));
            signature[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!SIGV4.verify(&secret, &scope, &string, &signature));
        }
    }
}
