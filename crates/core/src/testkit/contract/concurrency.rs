//! Many at once: one winner per revision, nothing lost, nothing half done seen.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::*;

pub(super) async fn acknowledged_commits_are_seen(store: &dyn Store) {
    let mut current = row(key(1, "", "a", 0));
    must(commit(store, vec![Change::Insert(current.clone())]).await);
    for turn in 0..20_u8 {
        current = next(&current, &[turn]);
        let changes = vec![Change::Update(current.clone())];
        must(store.commit(Commit { changes, events: vec![event(turn)], ..empty() }).await);
        assert_eq!(get(store, &current).await.as_ref(), Some(&current));
        assert_eq!(must(store.generation().await), u64::from(turn) + 1);
    }
}

pub(super) async fn one_of_many_wins<S: Store + 'static>(store: Arc<S>) {
    let first = row(key(1, "", "a", 0));
    must(commit(&*store, vec![Change::Insert(first.clone())]).await);
    let mut tasks = JoinSet::new();
    for writer in 0..16_u8 {
        let store = Arc::clone(&store);
        let mine = next(&first, &[writer]);
        tasks.spawn(async move {
            let commit = Commit {
                changes: vec![Change::Update(mine.clone())],
                events: vec![event(writer)],
                ..empty()
            };
            match store.commit(commit).await {
                Ok(_) => Some((writer, mine)),
                Err(StoreError::Conflict) => None,
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    let winners: Vec<(u8, Row)> = tasks.join_all().await.into_iter().flatten().collect();
    let [(writer, mine)] = &*winners else { panic!("{} won", winners.len()) };
    assert_eq!(get(&*store, &first).await.as_ref(), Some(mine));
    assert_eq!(outbox(&*store).await, [(*writer, NODE, 1)]);
    assert_eq!(must(store.generation().await), 1);
}

pub(super) async fn concurrent_commits_all_count<S: Store + 'static>(store: Arc<S>) {
    const WRITERS: u8 = 8;
    const EACH: u8 = 10;
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut made = Vec::new();
            for turn in 0..EACH {
                let row = row(key(1, "", &format!("{writer:02}"), u32::from(turn)));
                // Every third commit fails beside those of others, and must not take them along.
                if turn % 3 == 2 {
                    refusal(&*store, vec![Change::Insert(row.clone()), delete(&next(&row, b""))])
                        .await;
                }
                let events = vec![event(writer * EACH + turn)];
                let commit = Commit { changes: vec![Change::Insert(row)], events, ..empty() };
                made.push(must(store.commit(commit).await));
            }
            made
        });
    }
    let made: Vec<u64> = tasks.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<u64> = made.iter().copied().collect();
    let all = u64::from(WRITERS * EACH);
    assert_eq!(distinct, (1..=all).collect(), "each commit makes one generation");
    assert_eq!(must(store.generation().await), all);
    let rows = scan(&*store, Table::Keys, 1, "", None, 1_000).await;
    assert_eq!(rows.len(), made.len());
}

pub(super) async fn nothing_half_done_is_seen<S: Store + 'static>(store: Arc<S>) {
    // Two rows that every commit changes together, and a third that only failing commits touch.
    let named = |id| Row { body: vec![0], ..row(key(1, "pair", id, 0)) };
    let pair = [named("a"), named("b")];
    let third = named("c");
    let rows = pair.iter().chain([&third]).cloned();
    must(commit(&*store, rows.map(Change::Insert).collect()).await);

    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        let third = third.clone();
        readers.spawn(async move {
            while !done.load(Ordering::Acquire) {
                let rows = scan(&*store, Table::Keys, 1, "pair", None, 10).await;
                let [a, b, c] = &*rows else { panic!("{} rows", rows.len()) };
                assert_eq!((a.revision, &a.body), (b.revision, &b.body));
                assert_eq!(*c, third, "a change of a failed commit was seen");
                tokio::task::yield_now().await;
            }
        });
    }
    let [mut a, mut b] = pair;
    for turn in 0..30_u8 {
        (a, b) = (next(&a, &[turn]), next(&b, &[turn]));
        must(commit(&*store, vec![Change::Update(a.clone()), Change::Update(b.clone())]).await);
        let failing = vec![Change::Update(next(&third, &[turn])), Change::Insert(a.clone())];
        refusal(&*store, failing).await;
    }
    done.store(true, Ordering::Release);
    readers.join_all().await;
}
