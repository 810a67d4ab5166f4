//! GetPublicKey.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::crypto::pem;
use trent_core::model::VersionSelector;
use trent_core::ops::{PublicKeys, WhichVersions};

use super::PublicKeyPem;
use super::error::{Answer, Failure};
use super::request::{Call, Reply};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKey<'a> {
    key_id: String,
    public_key: &'a str,
    public_key_pem: String,
}

/// GetPublicKey: of enabled keys only. It is the first version's, whatever another door did since: an asymmetric key of
/// this API never changes.
pub(super) async fn get(call: &Call<'_>) -> Answer<Reply> {
    let versions = WhichVersions::One(VersionSelector::Initial);
    let wanted = PublicKeys { key: call.key()?, versions, enabled_only: true };
    let found = call.engine.public_keys(call.caller, wanted).await;
    let found = found.map_err(|error| call.refused(&error))?;
    let (_, public) = found.keys.first().ok_or_else(Failure::internal)?;
    let text = Base64::encode_string(public);
    let pem = written(call.settings.public_key_pem, public, &text);
    call.reply(&PublicKey {
        key_id: found.key.id.to_string(),
        public_key: &text,
        public_key_pem: pem.ok_or_else(Failure::internal)?,
    })
}

/// The PEM of a public key, given as SubjectPublicKeyInfo and as base64 of it.
fn written(form: PublicKeyPem, public: &[u8], text: &str) -> Option<String> {
    let content = match form {
        PublicKeyPem::Standard => public,
        PublicKeyPem::DoubleBase64 => text.as_bytes(),
    };
    pem::public_key_pem(content).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The answer on the vendor's page "GetPublicKey".
    const SAMPLE: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAz0OTVMh28VCjOE5DMlBM8a2qIjgipYByb7WE/GyTRLUiIGDUq44VIM5fNI9nVeIf2D+4pIiU0s4LUYnLxkGcFKUVWkz3nubUzbNdSHRbNjKhbFyyRGT6YYxqMfvCmNXMA3OE56EmvsWU9VwVXqRPOFTaODCx8bRd+R6O+Aho9GaRfwLKHtlX7dochdDs9SWC6iybRISgpLEh4tvzcSlBemEuyx5U/X/BoL+sVnSsC/XT8J9w0EvJVHZaBW7OhIbBOolhzWTF8TpL/7ncZZUbtfP4SrAkvKgoEIEfRhv5vh5LfSxiS2zQzIShrT6JYqh5IgDIHTdCcPiYmTsk/lmM2wIDAQAB";
    const SAMPLE_PEM: &str = "-----BEGIN PUBLIC KEY-----\nTUlJQklqQU5CZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEFNSUlCQ2dLQ0FRRUF6ME9U\nVk1oMjhWQ2pPRTVETWxCTThhMnFJamdpcFlCeWI3V0UvR3lUUkxVaUlHRFVxNDRW\nSU01Zk5JOW5WZUlmMkQrNHBJaVUwczRMVVluTHhrR2NGS1VWV2t6M251YlV6Yk5k\nU0hSYk5qS2hiRnl5UkdUNllZeHFNZnZDbU5YTUEzT0U1NkVtdnNXVTlWd1ZYcVJQ\nT0ZUYU9EQ3g4YlJkK1I2TytBaG85R2FSZndMS0h0bFg3ZG9jaGREczlTV0M2aXli\nUklTZ3BMRWg0dHZ6Y1NsQmVtRXV5eDVVL1gvQm9MK3NWblNzQy9YVDhKOXcwRXZK\nVkhaYUJXN09oSWJCT29saHpXVEY4VHBMLzduY1paVWJ0ZlA0U3JBa3ZLZ29FSUVm\nUmh2NXZoNUxmU3hpUzJ6UXpJU2hyVDZKWXFoNUlnRElIVGRDY1BpWW1Uc2svbG1N\nMndJREFRQUI=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_vendors_sample_is_base64_twice() {
        let public = Base64::decode_vec(SAMPLE).unwrap();
        let twice = written(PublicKeyPem::DoubleBase64, &public, SAMPLE).unwrap();
        assert_eq!(twice, SAMPLE_PEM);
    }

    #[test]
    fn otherwise_it_is_a_pem_of_the_key() {
        let public = Base64::decode_vec(SAMPLE).unwrap();
        let standard = written(PublicKeyPem::Standard, &public, SAMPLE).unwrap();
        let lines: Vec<&str> = standard.split('\n').collect();
        let [first, body @ .., last, ""] = lines.as_slice() else { panic!("{standard}") };
        assert_eq!((*first, *last), ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"));
        assert_eq!(body.concat(), SAMPLE);
        assert!(body[..body.len() - 1].iter().all(|line| line.len() == 64));
    }
}
