//! Encrypting and decrypting. A ciphertext of this API is `thalassa:v{N}:` and base64.
//! Those of the other APIs open here too, if nothing was bound to them.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use trent_core::crypto::codec;
use trent_core::ops::{Decrypt, Encrypt};
use trent_core::seal::Context;

use super::error::{Answer, Failure};
use super::request::{Call, Reply};
use crate::common::frame::{self, Framed, Kind, Whole};

/// Longest plaintext, in bytes.
const PLAINTEXT: usize = 65_535;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncryptBody {
    ciphertext: String,
    key_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DecryptBody<'a> {
    plaintext: &'a str,
    key_version: String,
}

/// Encrypts under the key's newest version or the one named.
pub(super) async fn encrypt(call: &Call) -> Answer<Reply> {
    let fields = call.fields()?;
    let wanted = Encrypt {
        key: call.key(),
        version: fields.version()?,
        algorithm: None,
        context: Context::None,
        plaintext: fields.secret("plaintext", PLAINTEXT)?,
        // An exportable key is exported so that stored ciphertext can be opened elsewhere, by any library.
        iv: None,
        plain_if_exportable: true,
    };
    let encrypted = call.engine.encrypt(&call.caller, wanted).await?;
    Reply::ok(&EncryptBody {
        ciphertext: frame::thalassa(encrypted.version, &encrypted.ciphertext),
        key_version: encrypted.version.to_string(),
    })
}

/// Decrypts with the path's key, whichever API made the ciphertext.
pub(super) async fn decrypt(call: &Call) -> Answer<Reply> {
    let fields = call.fields()?;
    let text = fields.text("ciphertext")?.unwrap_or_default();
    if text.is_empty() {
        return Err(Failure::invalid("ciphertext must be given"));
    }
    let framed = framed(text);
    let kind = framed.as_ref().map_or(Kind::Thalassa, Framed::kind);
    let block = framed.clone().and_then(|framed| framed.ciphertext(true));
    let ciphertext = framed.and_then(|framed| framed.ciphertext(false));
    let wanted = Decrypt {
        key: Some(call.key()),
        algorithm: None,
        // The API has no context: what was bound to one does not open here.
        contexts: vec![Context::None],
        ciphertext,
        block,
    };
    let decrypted = call.engine.decrypt(&call.caller, wanted).await?;
    let (plaintext, version) = (frame::data_of(kind, decrypted.plaintext), decrypted.version);
    let plaintext = codec::encode_base64(plaintext.expose());
    Reply::ok(&DecryptBody { plaintext: &plaintext, key_version: version.to_string() })
}

/// The ciphertext out of its frame. A bare RSA block in base64, as other APIs give it out, has none.
fn framed(text: &str) -> Option<Framed> {
    frame::from_text(text).or_else(|| {
        let bytes = Base64::decode_vec(text).ok()?;
        Some(Framed::Whole(Whole { kind: Kind::Binary, version: None, bytes }))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trent_core::seal::Ciphertext;

    #[test]
    fn a_block_that_looks_sealed_is_a_block_where_the_key_is_rsa() {
        let mut block = vec![0xC7, 0x4B, 0x01, 0x01];
        block.resize(256, 9);
        let text = format!("thalassa:v2:{}", Base64::encode_string(&block));
        let found = framed(&text).unwrap().ciphertext(true);
        assert_eq!(found, Some(Ciphertext::Rsa { version: Some(2), block }));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(thalassa:v[0-9]{1,11}:)?[A-Za-z0-9+/=]{0,64}|\\PC{0,32}") {
            for rsa in [true, false] {
                let _ = framed(&text).and_then(|framed| framed.ciphertext(rsa));
            }
        }
    }
}
