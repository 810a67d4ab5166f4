//! The AWS dialect over a real engine in memory: whole requests in, whole answers out.

#![allow(clippy::unwrap_used, clippy::panic)]

mod client;
mod doors;
mod errors;
mod members;
mod place;
mod signatures;
mod work;
