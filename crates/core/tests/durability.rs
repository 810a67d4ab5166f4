//! What was acknowledged stays, is on record exactly once, and survives faults of store and log.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Empty, Lab, encrypt, kind};
use trent_core::ErrorKind;
use trent_core::access::Preset;
use trent_core::engine::NewTenant;
use trent_core::error::What;
use trent_core::model::{KeyRef, KeySpec, Usage, VersionSelector};
use trent_core::ops::{Encrypt, PublicKeys, RotateKey, WhichVersions};
use trent_core::seal::{Ciphertext, Context};
use trent_core::store::Table;

#[tokio::test]
async fn a_change_whose_line_failed_is_logged_later_exactly_once() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    lab.audit.fail(true);
    let made =
        lab.try_key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false, Some("late")).await;
    assert_eq!(kind(made), ErrorKind::Unavailable);
    lab.audit.fail(false);
    let creations = |lab: &Lab| {
        lab.audit.lines().iter().filter(|line| line.contains("\"action\":\"CreateKey\"")).count()
    };
    assert_eq!(creations(&lab), 0);
    assert_eq!(lab.engine.drain_outbox().await.unwrap(), 1);
    assert_eq!(lab.engine.drain_outbox().await.unwrap(), 0);
    assert_eq!(creations(&lab), 1);
    let again =
        lab.try_key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false, Some("late")).await;
    assert_eq!(kind(again), ErrorKind::AlreadyExists(What::Name), "the change itself was durable");
}

#[tokio::test]
async fn events_left_by_another_process_are_logged_once_even_over_a_restart() {
    let lab = Lab::new().await;
    let other = lab.without_log().await;
    let admin = lab.caller_of(&other, "left", Preset::Administrator).await;
    let left =
        |lab: &Lab| lab.audit.lines().iter().filter(|line| line.contains("CreateTenant")).count();
    assert_eq!(left(&lab), 0);
    assert!(lab.engine.drain_outbox().await.unwrap() >= 3);
    assert_eq!(lab.engine.drain_outbox().await.unwrap(), 0);
    assert_eq!(left(&lab), 1);
    let more = lab.without_log().await;
    more.create_principal(admin.tenant(), "more", Preset::None).await.unwrap();
    let lab = lab.restart().await;
    let lines = lab.audit.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("CreatePrincipal")).count(), 2);
    assert_eq!(lab.engine.drain_outbox().await.unwrap(), 0);
}

#[tokio::test]
async fn the_plain_suite_counts_its_uses_rotates_by_itself_and_stops() {
    let lab = Lab::with_plain_limits(6, 8, 2).await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, true).await;
    let plain =
        |version| Encrypt { version, plain_if_exportable: true, ..encrypt(&key, Context::None) };
    let mut versions = Vec::new();
    for _ in 0..8 {
        let made = lab.engine.encrypt(&admin, plain(VersionSelector::Primary)).await.unwrap();
        assert!(matches!(made.ciphertext, Ciphertext::Plain { .. }));
        versions.push(made.version);
    }
    assert_eq!(versions, [1, 1, 1, 1, 1, 1, 2, 2]);
    lab.engine.encrypt(&admin, plain(VersionSelector::Number(1))).await.unwrap();
    let stopped = lab.engine.encrypt(&admin, plain(VersionSelector::Number(1))).await;
    assert_eq!(kind(stopped), ErrorKind::LimitExceeded(What::VersionUses));

    // After a stop the reserved uses count as used: version 2 had 2 of 2, then one more step is taken.
    let lab = lab.restart().await;
    let admin = lab.again(&admin).await;
    for expected in [2, 2, 2, 2, 3] {
        let made = lab.engine.encrypt(&admin, plain(VersionSelector::Primary)).await.unwrap();
        assert_eq!(made.version, expected);
    }
}

#[tokio::test]
async fn an_altered_row_is_quarantined_and_others_go_on() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let (bad, good) = (
        lab.key(&admin, KeySpec::EcP256, Usage::SignVerify, false).await,
        lab.key(&admin, KeySpec::EcP256, Usage::SignVerify, false).await,
    );
    lab.corrupt_version(&admin, &bad).await;
    let public = |key: &KeyRef| PublicKeys {
        key: key.clone(),
        versions: WhichVersions::One(VersionSelector::Primary),
        enabled_only: true,
    };
    let refused = lab.engine.public_keys(&admin, public(&bad)).await;
    assert_eq!(kind(refused), ErrorKind::KeyUnavailable);
    lab.engine.public_keys(&admin, public(&good)).await.unwrap();
    assert_eq!(lab.engine.quarantined(), 1);
}

#[tokio::test]
async fn concurrent_rotations_each_make_one_version() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    let cmd = || RotateKey { key: key.clone(), symmetric_only: true, on_demand_limit: None };
    let (a, b, c) = tokio::join!(
        lab.engine.rotate_key(&admin, cmd()),
        lab.engine.rotate_key(&admin, cmd()),
        lab.engine.rotate_key(&admin, cmd()),
    );
    let done = [a.is_ok(), b.is_ok(), c.is_ok()].iter().filter(|ok| **ok).count();
    let view = lab.engine.describe_key(&admin, &key).await.unwrap();
    assert_eq!(done, 3);
    assert_eq!(view.versions.len(), done + 1);
    let numbers: Vec<u32> = view.versions.iter().map(|version| version.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(done + 1).unwrap()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_shredded_tenant_is_gone_and_its_names_are_free() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    assert_eq!(kind(lab.engine.shred_tenant(admin.tenant()).await), ErrorKind::Unsupported);
    lab.engine.set_tenant_enabled(admin.tenant(), false).await.unwrap();
    lab.engine.shred_tenant(admin.tenant()).await.unwrap();
    let access_id = admin.identity.access_id();
    assert!(lab.engine.verify_bearer("door", access_id, b"secret").await.is_err());
    assert_eq!(kind(lab.engine.find_tenant("one").await), ErrorKind::NameNotFound);
    // Even someone who was let in before finds no key that opens.
    assert!(lab.engine.encrypt(&admin, encrypt(&key, Context::None)).await.is_err());
    lab.caller("one", Preset::Administrator).await;
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_is_on_record_as_done_if_it_was() {
    // The story: the sync of a commit failed after its frame was written. It was answered as failed and logged so; the
    // next start found the change in the store, found the event's id in the log, and never logged it as done.
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    lab.store.fail_after_commits(true);
    let made = lab.try_key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false, Some("k")).await;
    assert_eq!(kind(made), ErrorKind::Internal);
    lab.store.fail_after_commits(false);
    let lines = |lab: &Lab, outcome: &str| {
        let outcome = format!("\"outcome\":\"{outcome}\"");
        let lines = lab.audit.lines();
        let creates = lines.iter().filter(|line| line.contains("\"action\":\"CreateKey\""));
        creates.filter(|line| line.contains(&outcome)).count()
    };
    assert_eq!((lines(&lab, "failure"), lines(&lab, "success")), (1, 0));
    let lab = lab.restart().await;
    assert_eq!((lines(&lab, "failure"), lines(&lab, "success")), (1, 1));
    assert_eq!(lab.engine.drain_outbox().await.unwrap(), 0);
}

#[tokio::test]
async fn a_rotation_that_cannot_be_shown_is_not_done() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    lab.rotate(&admin, &key).await;
    lab.corrupt_version(&admin, &key).await;
    let cmd = RotateKey { key: key.clone(), symmetric_only: true, on_demand_limit: None };
    assert_eq!(kind(lab.engine.rotate_key(&admin, cmd).await), ErrorKind::KeyUnavailable);
    assert_eq!(kind(lab.engine.disable_key(&admin, &key).await), ErrorKind::KeyUnavailable);
    let sealed = lab.engine.encrypt(&admin, encrypt(&key, Context::None)).await.unwrap();
    assert_eq!(sealed.version, 2, "neither rotated nor disabled");
}

#[tokio::test]
async fn a_version_that_was_taken_away_is_missed() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::EcP256, Usage::SignVerify, false).await;
    lab.rotate(&admin, &key).await;
    lab.rotate(&admin, &key).await;
    lab.lose_version(&admin, &key, 2).await;
    for versions in [WhichVersions::All, WhichVersions::One(VersionSelector::Number(2))] {
        let cmd = PublicKeys { key: key.clone(), versions, enabled_only: false };
        assert_eq!(kind(lab.engine.public_keys(&admin, cmd).await), ErrorKind::KeyUnavailable);
    }
}

#[tokio::test]
async fn a_forged_outbox_row_is_not_logged_and_stops_nothing() {
    let lab = Lab::new().await;
    let other = lab.without_log().await;
    lab.caller_of(&other, "left", Preset::None).await;
    lab.forge_outbox(b"{\"forged\":true}").await;
    lab.forge_outbox(b"no line at all").await;
    assert!(lab.engine.drain_outbox().await.unwrap() >= 3);
    assert_eq!(lab.engine.quarantined(), 2);
    let lab = lab.restart().await;
    assert_eq!(lab.engine.quarantined(), 2);
    assert!(lab.audit.lines().iter().all(|line| !line.contains("forged")));
}

#[tokio::test]
async fn a_store_without_its_root_slot_is_damaged_not_new() {
    let lab = Lab::new().await;
    lab.caller("one", Preset::Administrator).await;
    lab.lose_rows(Table::RootSlots);
    assert_eq!(kind(lab.try_restart().await), ErrorKind::RootKeyWrong);
}

#[tokio::test]
async fn one_store_holds_one_installation() {
    // The story: a server and a command line that met an empty store at the same moment made a master key each.
    let empty = Empty::default();
    assert_eq!(kind(empty.process(true).await), ErrorKind::Unavailable);
    let (one, two) = tokio::join!(empty.process(false), empty.process(false));
    let (one, two) = (one.unwrap(), two.unwrap());
    let tenant = NewTenant { name: "one".into(), accounts: Vec::new() };
    one.create_tenant(tenant).await.unwrap();
    assert_eq!(two.tenants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_tenant_shredded_by_another_process_is_closed_here_too() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    lab.engine.encrypt(&admin, encrypt(&key, Context::None)).await.unwrap();
    let other = lab.without_log().await;
    other.set_tenant_enabled(admin.tenant(), false).await.unwrap();
    other.shred_tenant(admin.tenant()).await.unwrap();
    lab.engine.drain_outbox().await.unwrap();
    assert!(lab.engine.encrypt(&admin, encrypt(&key, Context::None)).await.is_err());
}

#[tokio::test]
async fn a_drain_that_is_given_up_logs_nothing_twice() {
    let lab = Lab::new().await;
    let other = lab.without_log().await;
    lab.caller_of(&other, "left", Preset::None).await;
    lab.audit.delay(std::time::Duration::from_millis(40));
    let given_up = lab.engine.drain_outbox();
    let soon = std::time::Duration::from_millis(5);
    assert!(tokio::time::timeout(soon, given_up).await.is_err());
    lab.engine.drain_outbox().await.unwrap();
    let lines = lab.audit.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("CreateTenant")).count(), 1);
}

#[tokio::test]
async fn of_many_creations_with_one_name_one_succeeds() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let make = || lab.try_key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false, Some("k"));
    let made = tokio::join!(make(), make(), make(), make());
    let made = [made.0.is_ok(), made.1.is_ok(), made.2.is_ok(), made.3.is_ok()];
    assert_eq!(made.iter().filter(|ok| **ok).count(), 1);
}
