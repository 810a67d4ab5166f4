//! Alibaba Cloud KMS. This file tells its two APIs apart and hands a request to the door of one: `rpc` is the RPC-style
//! OpenAPI (JSON or XML over parameters), `instance` the API of dedicated instances (protobuf). What they share are
//! names (`ids`), words (`spec`) and refusals (`error`).

mod credential;
mod error;
mod ids;
mod instance;
mod rpc;
mod spec;

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request, Response};
use trent_core::Engine;

pub use credential::mint_access_key;

use crate::common::form;
use crate::{BoxFuture, Dialect, Peer, Refused, Regions};

/// The dialect's name, and the namespace of its accounts and access keys.
pub const NAME: &str = "alibaba";
/// Names the operation of the instance API.
const API_NAME: &str = "x-kms-apiname";
/// Names the operation of the RPC API.
const ACTION: &str = "x-acs-action";

/// What an installation may choose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many key pairs of each instance are made at once; one more is refused.
    pub key_pairs_at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { key_pairs_at_once: thread::available_parallelism().map_or(1, NonZero::get) }
    }
}

/// The dialect.
pub struct Alibaba {
    rpc: rpc::Door,
    instance: instance::Door,
}

impl Alibaba {
    /// The dialect over this engine.
    pub fn new(engine: Arc<Engine>, regions: Arc<Regions>, settings: Settings) -> Self {
        let Settings { key_pairs_at_once } = settings;
        Self {
            rpc: rpc::Door::new(engine.clone(), regions.clone()),
            instance: instance::Door::new(engine, regions, key_pairs_at_once),
        }
    }
}

impl Dialect for Alibaba {
    fn name(&self) -> &'static str {
        NAME
    }

    fn claims(&self, head: &Parts, body: &[u8]) -> bool {
        let mut values = head.headers.get_all(AUTHORIZATION).iter();
        let signs = |text: &[u8]| text.starts_with(b"ACS3-") || text.starts_with(b"ACS4-");
        instance::Door::claims(head)
            || head.headers.contains_key(ACTION)
            || values.any(|value| signs(value.as_bytes()))
            || form::names_all(head, body, ["Action", "AccessKeyId"])
    }

    fn refuse(&self, head: &Parts, why: Refused) -> Response<Bytes> {
        // The instance API's clients read nothing but protobuf.
        if instance::Door::claims(head) { self.instance.refuse(why) } else { self.rpc.refuse(why) }
    }

    fn handle<'a>(&'a self, peer: Peer, request: Request<Bytes>) -> BoxFuture<'a, Response<Bytes>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let is_instances = instance::Door::claims(&head);
            let request = Request::from_parts(head, body);
            if is_instances {
                self.instance.answer(peer, request).await
            } else {
                self.rpc.answer(peer, request).await
            }
        })
    }
}
