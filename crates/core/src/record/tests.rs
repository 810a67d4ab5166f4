//! Every record is read back as written, and a row that is not exactly ours is not read at all.

use super::*;
use crate::model::{NameKind, Region, TenantId};

fn mac() -> RowMac {
    RowMac { key: Secret32::new([7; 32]), generation: 1 }
}

fn row() -> Row {
    let tenant = TenantId::from_bytes([1; 16]);
    let region = Region::new("main").unwrap();
    let record =
        NameRow { key: name_key(tenant, &region, NameKind::Slug, "a-key"), target: [9; 16] };
    match mac().insert(&record) {
        Change::Insert(row) => row,
        _ => unreachable!(),
    }
}

#[test]
fn a_row_is_read_back() {
    let loaded: Loaded<NameRow> = mac().read(&row()).unwrap();
    assert_eq!(loaded.record.target, [9; 16]);
    assert_eq!(loaded.revision, 1);
}

type Alteration = (&'static str, fn(&mut Row));

#[test]
fn any_alteration_of_a_row_is_seen() {
    let alterations: [Alteration; 9] = [
        ("body", |row| *row.body.last_mut().unwrap() ^= 1),
        ("tenant", |row| row.key.tenant[0] ^= 1),
        ("scope", |row| row.key.scope.push('x')),
        ("id", |row| row.key.id = "b-key".into()),
        ("number", |row| row.key.number += 1),
        ("revision", |row| row.revision += 1),
        ("generation", |row| row.mac_generation += 1),
        ("mac", |row| row.mac[31] ^= 1),
        ("lookup", |row| row.lookup = Some("x".into())),
    ];
    for (what, alter) in alterations {
        let mut row = row();
        alter(&mut row);
        assert!(mac().read::<NameRow>(&row).is_none(), "{what}");
    }
    assert!(mac().read::<UseCounter>(&row()).is_none(), "another table");
    let other = RowMac { key: Secret32::new([8; 32]), generation: 1 };
    assert!(other.read::<NameRow>(&row()).is_none(), "another key");
}
