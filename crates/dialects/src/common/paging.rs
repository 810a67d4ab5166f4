//! Page markers as text: the engine's sealed markers in base64url (RFC 4648, section 5) without padding.

use base64ct::{Base64UrlUnpadded, Encoding};
use trent_core::access::Caller;
use trent_core::model::KeyId;
use trent_core::{Engine, Error, ErrorKind, Result};

/// Marks a position in a list of this caller. `operation` keeps the markers of different lists apart.
pub fn mark(engine: &Engine, caller: &Caller, operation: &str, position: &[u8]) -> Result<String> {
    let marker = engine.seal_marker(caller, operation, position)?;
    Ok(Base64UrlUnpadded::encode_string(&marker))
}

/// The position that [`mark`] marked for the same caller and operation less than an hour ago.
///
/// # Errors
/// [`ErrorKind::MarkerInvalid`] for every other text.
pub fn position(
    engine: &Engine,
    caller: &Caller,
    operation: &str,
    marker: &str,
) -> Result<Vec<u8>> {
    let bytes =
        Base64UrlUnpadded::decode_vec(marker).map_err(|_| Error::from(ErrorKind::MarkerInvalid))?;
    engine.open_marker(caller, operation, &bytes)
}

/// Marks the place after a key.
pub fn mark_key(engine: &Engine, caller: &Caller, operation: &str, key: KeyId) -> Result<String> {
    mark(engine, caller, operation, key.as_bytes())
}

/// The key after which a list of keys goes on.
///
/// # Errors
/// As [`position`].
pub fn key_position(
    engine: &Engine,
    caller: &Caller,
    operation: &str,
    marker: &str,
) -> Result<KeyId> {
    let bytes = position(engine, caller, operation, marker)?;
    match bytes.try_into() {
        Ok(bytes) => Ok(KeyId::from_bytes(bytes)),
        Err(_) => Err(Error::from(ErrorKind::MarkerInvalid)),
    }
}
