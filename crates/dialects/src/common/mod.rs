//! What more than one dialect needs: request canonicalisation and signatures, ciphertext frames, strict JSON,
//! page markers, answers and limits. Nothing here knows a vendor's operations or errors.

pub mod canonical;
pub(crate) mod codes;
pub mod facts;
pub mod form;
pub mod frame;
pub mod json;
pub mod limits;
pub mod mint;
pub mod nonce;
pub mod operations;
pub mod paging;
pub mod reply;
pub mod signing;
pub mod time;
pub mod version_id;
