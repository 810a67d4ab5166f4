//! Commits as a whole: atomic, counted, with their events in the outbox.

use super::*;

pub(super) async fn changes_of_a_commit_see_each_other(store: &dyn Store) {
    let one = Row { lookup: Some("L".to_owned()), ..row(key(1, "s", "one", 0)) };
    let two = Row { lookup: Some("L".to_owned()), ..row(key(1, "s", "two", 0)) };
    let changed = next(&one, b"changed");
    let changes = vec![
        Change::Insert(one.clone()),
        Change::Update(changed.clone()),
        delete(&changed),
        Change::Insert(two.clone()),
        Change::Insert(Row { lookup: None, ..one.clone() }),
    ];
    must(commit(store, changes).await);
    assert_eq!(get(store, &one).await, Some(Row { lookup: None, ..one }));
    assert_eq!(must(store.lookup(two.table, "L".to_owned()).await), Some(two));
}

pub(super) async fn a_failure_undoes_the_whole_commit(store: &dyn Store) {
    let kept = Row { lookup: Some("kept".to_owned()), ..row(key(1, "s", "kept", 0)) };
    let gone = row(key(1, "s", "gone", 0));
    let before = Commit {
        changes: vec![Change::Insert(kept.clone()), Change::Insert(gone.clone())],
        events: vec![event(1)],
        ..empty()
    };
    must(store.commit(before).await);
    let stale = Row { revision: 9, ..kept.clone() };
    let last = [
        Some(Change::Insert(kept.clone())),
        Some(Change::Insert(Row { lookup: Some("kept".to_owned()), ..row(key(2, "", "x", 0)) })),
        Some(Change::Update(stale.clone())),
        Some(delete(&stale)),
        None,
    ];
    for change in last {
        let mut changes = vec![
            Change::Insert(row(key(1, "s", "new", 0))),
            Change::Update(next(&kept, b"changed")),
            delete(&gone),
        ];
        // The commit without a failing change fails by its second event, which the outbox holds.
        let twice = if change.is_none() { event(1) } else { event(3) };
        changes.extend(change);
        let commit =
            Commit { changes, events: vec![event(2), twice], logged: vec![event(1).id], ..empty() };
        assert!(store.commit(commit.clone()).await.is_err(), "{commit:?}");
        assert_eq!(scan(store, kept.table, 1, "s", None, 10).await, [gone.clone(), kept.clone()]);
        assert_eq!(must(store.lookup(kept.table, "kept".to_owned()).await), Some(kept.clone()));
        assert_eq!(must(store.generation().await), 1);
        assert_eq!(outbox(store).await, [(1, NODE, 1)]);
    }
    // And the store goes on.
    let ok = Commit { events: vec![event(2)], changes: vec![delete(&gone)], ..empty() };
    assert_eq!(must(store.commit(ok).await), 2);
    assert_eq!(outbox(store).await, [(1, NODE, 1), (2, NODE, 2)]);
}

pub(super) async fn generations_count_commits_with_events(store: &dyn Store) {
    let first = row(key(1, "", "a", 0));
    let changed = next(&first, b"");
    let insert = vec![Change::Insert(first.clone())];
    assert_eq!(must(store.generation().await), 0);
    assert_eq!(must(store.commit(empty()).await), 0);
    assert_eq!(must(commit(store, insert.clone()).await), 0, "changes alone make none");
    // Several events of one commit make one generation, with changes or without.
    let with = |changes, numbers: &[u8]| Commit {
        changes,
        events: numbers.iter().map(|number| event(*number)).collect(),
        ..empty()
    };
    let update = vec![Change::Update(changed.clone())];
    assert_eq!(must(store.commit(with(update, &[1, 2, 3])).await), 1);
    assert_eq!(must(store.commit(with(Vec::new(), &[4])).await), 2);
    assert!(store.commit(with(insert, &[5])).await.is_err());
    assert_eq!(must(store.commit(Commit { logged: vec![event(4).id], ..empty() }).await), 2);
    assert_eq!(must(store.commit(with(vec![delete(&changed)], &[6])).await), 3);
    assert_eq!(must(store.generation().await), 3);
    let all = [(1, NODE, 1), (2, NODE, 1), (3, NODE, 1), (6, NODE, 3)];
    assert_eq!(outbox(store).await, all);
}

pub(super) async fn the_outbox_keeps_its_order(store: &dyn Store) {
    let other = NodeId::from_bytes([0xB0; 16]);
    let insert = |id| vec![Change::Insert(row(key(1, "", id, 0)))];
    // Ids fall, so that an order by id shows.
    let two = Commit { changes: insert("a"), events: vec![event(9), event(8)], ..empty() };
    assert_eq!(must(store.commit(two).await), 1);
    let one = Commit { node: other, changes: insert("b"), events: vec![event(7)], ..empty() };
    assert_eq!(must(store.commit(one).await), 2);
    let unchanged = Commit { events: vec![event(6)], ..empty() };
    assert_eq!(must(store.commit(unchanged).await), 3);

    let all = [(9, NODE, 1), (8, NODE, 1), (7, other, 2), (6, NODE, 3)];
    assert_eq!(outbox(store).await, all);
    let rows: Vec<OutboxRow> = must(store.outbox(3).await);
    let events: Vec<OutboxEvent> = rows.into_iter().map(|row| row.event).collect();
    assert_eq!(events, [event(9), event(8), event(7)], "the oldest, byte for byte");
    assert_eq!(must(store.outbox(0).await), []);

    let error = store.commit(Commit { events: vec![event(8)], ..empty() }).await;
    assert!(matches!(error, Err(StoreError::Failed(_))), "one event twice: {error:?}");
    let error = store.commit(Commit { events: vec![event(5), event(5)], ..empty() }).await;
    assert!(matches!(error, Err(StoreError::Failed(_))), "one event twice: {error:?}");
    assert_eq!(outbox(store).await, all);
}

pub(super) async fn logged_events_leave_the_outbox(store: &dyn Store) {
    for number in 1..=4 {
        must(store.commit(Commit { events: vec![event(number)], ..empty() }).await);
    }
    let logged = |numbers: &[u8]| numbers.iter().map(|number| event(*number).id).collect();
    // Unknown ones and repeated ones are no failure: another process may have removed them.
    let commit = Commit { logged: logged(&[3, 1, 99, 1]), ..empty() };
    assert_eq!(must(store.commit(commit).await), 4);
    assert_eq!(outbox(store).await, [(2, NODE, 2), (4, NODE, 4)]);
    // What left may be followed by new ones, and the new ones are last.
    let commit = Commit {
        changes: vec![Change::Insert(row(key(1, "", "a", 0)))],
        events: vec![event(1)],
        logged: logged(&[4]),
        ..empty()
    };
    assert_eq!(must(store.commit(commit).await), 5);
    assert_eq!(outbox(store).await, [(2, NODE, 2), (1, NODE, 5)]);
    must(store.commit(Commit { logged: logged(&[2, 1]), ..empty() }).await);
    assert_eq!(outbox(store).await, []);
}
