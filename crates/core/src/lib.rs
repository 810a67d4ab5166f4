//! The KMS itself: what keys are, who may do what with them, how material is made, wrapped, used and recorded.
//! No HTTP, no SQL, no files, and no vendor's name: those are the dialects', the store's and the server's.

pub mod access;
pub mod audit;
pub mod clock;
pub mod crypto;
pub mod engine;
pub mod error;
mod keypairs;
mod keyring;
pub mod model;
mod names;
pub mod ops;
mod record;
pub mod root;
pub mod seal;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use engine::Engine;
pub use error::{Error, ErrorKind, Result};
