//! The vendors' wire APIs over one engine. A dialect turns an HTTP request into engine calls and the result into
//! the vendor's own answer; it never touches the store, key material or another dialect's folder.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};

pub mod alibaba;
pub mod aws;
pub mod common;
mod pick;
mod regions;
pub mod tencent;
pub mod thalassa;

pub use pick::Dialects;
pub use regions::{RegionNames, Regions};

/// A boxed future, since dialects are used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who sent a request, as the listener saw it.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The other end's address.
    pub address: SocketAddr,
    /// Whether the request came over TLS.
    pub secure: bool,
}

/// What came of a request, for the metrics; stands in the response's extensions. All texts are of bounded sets.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The dialect's name.
    pub dialect: &'static str,
    /// The operation's name in the dialect's table, or `unknown`.
    pub operation: &'static str,
    /// `ok`, or the dialect's error code.
    pub result: &'static str,
}

/// Why the listener refuses a request that no dialect has seen whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The body is longer than the listener takes.
    TooLarge,
    /// The answer was not there in time. What was begun may still be done.
    Deadline,
    /// There is too much to do at present.
    Overloaded,
}

/// What an installation may choose of the dialects.
#[derive(Clone, Default, Debug)]
pub struct Settings {
    /// Of Alibaba Cloud's.
    pub alibaba: alibaba::Settings,
    /// Of Tencent Cloud's.
    pub tencent: tencent::Settings,
}

/// A vendor's wire API.
pub trait Dialect: Send + Sync {
    /// Its name: `aws`, `thalassa`, …
    fn name(&self) -> &'static str;

    /// Whether the request bears this dialect's marker. Some clients put it in a form body.
    fn claims(&self, head: &http::request::Parts, body: &[u8]) -> bool;

    /// The listener's refusal in the vendor's own form, with its [`Outcome`]. The operation is unknown.
    fn refuse(&self, head: &http::request::Parts, why: Refused) -> Response<Bytes>;

    /// Answers a request; errors are responses in the vendor's own form.
    fn handle<'a>(&'a self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'a, Response<Bytes>>;
}
