//! Single rows: what was written is what is read, keys are exact and unique, changes need the revision.

use super::*;

pub(super) async fn rows_come_back_as_written(store: &dyn Store) {
    let mut rows: Vec<Row> = Table::ALL.into_iter().map(full_row).collect();
    let plain = |id: &str| row(key(1, "", id, 0));
    rows.push(Row { body: Vec::new(), ..plain("an empty body") });
    rows.push(Row { body: (0..=u8::MAX).cycle().take(300_000).collect(), ..plain("a long one") });
    rows.push(row(key(1, "", "", 0)));
    for row in &rows {
        must(commit(store, vec![Change::Insert(row.clone())]).await);
    }
    for row in &rows {
        assert_eq!(get(store, row).await.as_ref(), Some(row));
        if let Some(lookup) = &row.lookup {
            let found = must(store.lookup(row.table, lookup.clone()).await);
            assert_eq!(found.as_ref(), Some(row), "by its second key");
        }
    }
    let none = must(store.lookup(Table::Keys, "nobody's".to_owned()).await);
    assert_eq!(none, None);
}

pub(super) async fn keys_are_exact(store: &dyn Store) {
    let here = row(key(1, "scope", "id", 1));
    must(commit(store, vec![Change::Insert(here.clone())]).await);
    let elsewhere = [
        key(2, "scope", "id", 1),
        key(1, "Scope", "id", 1),
        key(1, "", "id", 1),
        key(1, "scope", "ID", 1),
        key(1, "scope", "id ", 1),
        key(1, "scope", "i", 1),
        key(1, "scope", "id", 0),
        key(1, "scope", "id", 2),
        key(1, "scopei", "d", 1),
    ];
    for other in &elsewhere {
        assert_eq!(must(store.get(here.table, other.clone()).await), None, "{other:?}");
    }
    for table in Table::ALL.into_iter().filter(|table| *table != here.table) {
        assert_eq!(must(store.get(table, here.key.clone()).await), None, "{table:?}");
    }
    // Each of them is a row of its own.
    let rows: Vec<Row> = elsewhere.into_iter().map(row).collect();
    must(commit(store, rows.iter().cloned().map(Change::Insert).collect()).await);
    for row in rows.iter().chain([&here]) {
        assert_eq!(get(store, row).await.as_ref(), Some(row));
    }
}

pub(super) async fn changes_need_the_revision(store: &dyn Store) {
    let first = Row { lookup: Some("old".to_owned()), ..row(key(1, "s", "id", 7)) };
    must(commit(store, vec![Change::Insert(first.clone())]).await);

    let second = Row { lookup: Some("new".to_owned()), ..next(&first, b"second") };
    must(commit(store, vec![Change::Update(second.clone())]).await);
    assert_eq!(get(store, &first).await.as_ref(), Some(&second));
    assert_eq!(must(store.lookup(first.table, "old".to_owned()).await), None);
    assert_eq!(must(store.lookup(first.table, "new".to_owned()).await), Some(second.clone()));

    let absent = row(key(1, "s", "absent", 7));
    let at = |revision| Row { revision, ..second.clone() };
    let refused = [
        Change::Update(at(0)),
        Change::Update(at(1)),
        Change::Update(at(2)),
        Change::Update(at(4)),
        Change::Update(next(&absent, b"")),
        delete(&at(1)),
        delete(&at(3)),
        delete(&absent),
    ];
    for change in refused {
        let error = refusal(store, vec![change.clone()]).await;
        assert!(matches!(error, StoreError::Conflict), "{error:?} for {change:?}");
    }
    assert_eq!(get(store, &first).await.as_ref(), Some(&second));

    must(commit(store, vec![delete(&second)]).await);
    assert_eq!(get(store, &first).await, None);
    let error = refusal(store, vec![delete(&second)]).await;
    assert!(matches!(error, StoreError::Conflict), "{error:?}");
    // What was deleted is free again, its second key too.
    must(commit(store, vec![Change::Insert(at(1))]).await);
    assert_eq!(must(store.lookup(first.table, "new".to_owned()).await), Some(at(1)));
}

pub(super) async fn keys_and_lookups_are_unique(store: &dyn Store) {
    let named = |table, id: &str, lookup: Option<&str>| Row {
        table,
        lookup: lookup.map(str::to_owned),
        ..row(key(1, "s", id, 0))
    };
    let (table, other) = (Table::Credentials, Table::Principals);
    let rows = [
        named(table, "a", Some("A")),
        named(table, "b", Some("B")),
        named(table, "none", None),
        named(table, "none either", None),
        named(other, "a", Some("A")),
    ];
    must(commit(store, rows.iter().cloned().map(Change::Insert).collect()).await);

    let mut foreign = named(table, "a", Some("A"));
    foreign.key.tenant = [9; 16];
    let refused = [
        Change::Insert(named(table, "a", None)),
        Change::Insert(named(table, "a", Some("C"))),
        Change::Insert(named(table, "c", Some("A"))),
        Change::Insert(foreign),
        Change::Update(Row { lookup: Some("A".to_owned()), ..next(&rows[1], b"") }),
    ];
    for change in refused {
        let error = refusal(store, vec![change.clone()]).await;
        assert!(matches!(error, StoreError::Exists(t) if t == table), "{error:?} for {change:?}");
    }
    let error = refusal(store, vec![Change::Insert(named(other, "z", Some("A")))]).await;
    assert!(matches!(error, StoreError::Exists(t) if t == other), "{error:?}");
    // A row keeps its own second key through an update, and may give it up.
    must(commit(store, vec![Change::Update(next(&rows[0], b"same"))]).await);
    must(commit(store, vec![Change::Update(Row { lookup: None, ..next(&rows[1], b"") })]).await);
    must(commit(store, vec![Change::Insert(named(table, "c", Some("B")))]).await);
    assert_eq!(
        ids(&scan(store, table, 1, "s", None, 10).await),
        ["a", "b", "c", "none", "none either"]
    );
}

/// A row whose every field holds something that a careless store would lose.
fn full_row(table: Table) -> Row {
    Row {
        table,
        key: key(0xFE, "eu-nörd \\ '\"%_", "id;--\u{1F511}", u32::MAX),
        lookup: Some("AKIA '\"%_é".to_owned()),
        body: vec![0, 0xFF, b'\n', 0],
        revision: u64::from(u32::MAX) + 1,
        mac_generation: u32::MAX,
        mac: [0xFF; 32],
    }
}
