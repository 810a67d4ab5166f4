//! The suite that every store must pass, on each store there is.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};

use trent_core::testkit::{MemStore, contract};
use trent_store::SqliteStore;

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    contract::run(MemStore::new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let made = AtomicU32::new(0);
    contract::run(|| {
        let number = made.fetch_add(1, Ordering::Relaxed);
        SqliteStore::open(&folder.path().join(format!("{number}.db"))).unwrap()
    })
    .await;
}
