//! Lists of rows: their order, their pages, and that they never reach into another tenant or scope.

use super::*;

pub(super) async fn scans_are_ordered_and_paged(store: &dyn Store) {
    // Ordered by bytes, whatever the language: digits, capitals, small letters, then the rest of Unicode.
    let order = [
        ("", 0),
        ("10", 1),
        ("9", 1),
        ("A", 0),
        ("B", 2),
        ("B", 10),
        ("B", u32::MAX),
        ("B.", 0),
        ("Z", 1),
        ("a", 1),
        ("a-b", 0),
        ("a_b", 0),
        ("aa", 0),
        ("b", 0),
        ("z", 0),
        ("é", 0),
        ("中", 3),
        ("🔑", 0),
    ];
    let rows: Vec<Row> = order.iter().map(|(id, number)| row(key(1, "s", id, *number))).collect();
    // Written in another order than they are read.
    let mixed = (0..rows.len()).map(|i| Change::Insert(rows[i * 7 % rows.len()].clone()));
    must(commit(store, mixed.collect()).await);

    assert_eq!(scan(store, Table::Keys, 1, "s", None, 100).await, rows);
    for size in [1, 2, 5, rows.len()] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = scan(store, Table::Keys, 1, "s", after, size).await;
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some((last.key.id.clone(), last.key.number));
            seen.extend(page);
            assert!(seen.len() <= rows.len(), "in pages of {size}: a row comes twice");
        }
        assert_eq!(seen, rows, "in pages of {size}");
    }
    // `after` need not exist.
    let rest = scan(store, Table::Keys, 1, "s", Some(("B".to_owned(), 5)), 2).await;
    assert_eq!(rest, rows[5..7]);
    let rest = scan(store, Table::Keys, 1, "s", Some(("Y".to_owned(), u32::MAX)), 1).await;
    assert_eq!(rest, rows[8..9]);
    assert_eq!(scan(store, Table::Keys, 1, "s", Some(("🔑".to_owned(), 0)), 9).await, []);
    assert_eq!(scan(store, Table::Keys, 1, "s", None, 0).await, []);
    assert_eq!(scan(store, Table::Keys, 1, "s", None, usize::MAX).await.len(), rows.len());
}

pub(super) async fn scans_stay_in_their_tenant_and_scope(store: &dyn Store) {
    let mut changes = Vec::new();
    for table in [Table::Keys, Table::Names] {
        for tenant in [0, 1, 2, u8::MAX] {
            for scope in ["", "eu", "eu-1", "us"] {
                for id in ["a", "b"] {
                    changes.push(Change::Insert(Row { table, ..row(key(tenant, scope, id, 0)) }));
                }
            }
        }
    }
    must(commit(store, changes).await);
    for table in [Table::Keys, Table::Names] {
        for (tenant, scope) in [(0, ""), (1, "eu"), (1, "eu-1"), (2, "us"), (u8::MAX, "us")] {
            let rows = scan(store, table, tenant, scope, None, 100).await;
            assert_eq!(ids(&rows), ["a", "b"]);
            for row in rows {
                assert_eq!(row.table, table);
                assert_eq!((row.key.tenant, &*row.key.scope), ([tenant; 16], scope));
            }
            let after = Some(("b".to_owned(), 0));
            assert_eq!(scan(store, table, tenant, scope, after, 100).await, []);
        }
        assert_eq!(scan(store, table, 3, "eu", None, 100).await, []);
        assert_eq!(scan(store, table, 1, "e", None, 100).await, []);
    }
    assert_eq!(scan(store, Table::Tenants, 1, "eu", None, 100).await, []);
}
