//! The engine over a store and a log in memory: rules that every dialect relies on.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Lab, kind};
use trent_core::ErrorKind;
use trent_core::access::{Caller, Preset};
use trent_core::crypto::SecretBytes;
use trent_core::error::{Field, What};
use trent_core::model::{
    DataKeySpec, EncryptAlgorithm, KeyRef, KeySpec, KeyState, Usage, VersionSelector,
};
use trent_core::ops::{
    Decrypt, Encrypt, ExportMaterial, GenerateDataKey, GenerateKeyPair, PublicKeys, RotateKey,
    WhichVersions,
};
use trent_core::seal::{Ciphertext, Context};

fn context(pairs: &[(&str, &str)]) -> Context {
    Context::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

fn encrypt(key: &KeyRef, context: Context) -> Encrypt {
    Encrypt {
        key: key.clone(),
        version: VersionSelector::Primary,
        algorithm: None,
        context,
        plaintext: SecretBytes::from_slice(b"attack at dawn"),
        plain_if_exportable: false,
    }
}

fn decrypt(key: Option<&KeyRef>, ciphertext: &Ciphertext, context: Context) -> Decrypt {
    Decrypt {
        key: key.cloned(),
        algorithm: None,
        contexts: vec![context],
        ciphertext: Some(ciphertext.clone()),
        block: None,
    }
}

#[tokio::test]
async fn what_was_sealed_opens_with_its_context_only_and_after_rotation() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    for spec in [KeySpec::Aes128, KeySpec::Aes256, KeySpec::ChaCha20Poly1305] {
        for exportable in [false, true] {
            let key = lab.key(&admin, spec, Usage::EncryptDecrypt, exportable).await;
            let bound = context(&[("a", "1"), ("b", "2")]);
            let sealed = lab.engine.encrypt(&admin, encrypt(&key, bound.clone())).await.unwrap();
            lab.rotate(&admin, &key).await;
            let opened = lab
                .engine
                .decrypt(&admin, decrypt(None, &sealed.ciphertext, bound.clone()))
                .await
                .unwrap();
            assert!(opened.plaintext.ct_eq(b"attack at dawn"), "{spec:?}");
            assert_eq!(opened.version, 1);
            for other in [Context::None, context(&[("a", "1")]), context(&[("A", "1"), ("b", "2")])]
            {
                let refused = lab.engine.decrypt(&admin, decrypt(None, &sealed.ciphertext, other));
                assert_eq!(kind(refused.await), ErrorKind::CiphertextInvalid);
            }
            let newer = lab.engine.encrypt(&admin, encrypt(&key, bound)).await.unwrap();
            assert_eq!(newer.version, 2);
        }
    }
}

#[tokio::test]
async fn tenants_and_regions_see_nothing_of_each_other() {
    let lab = Lab::new().await;
    let one = lab.caller("one", Preset::Administrator).await;
    let two = lab.caller("two", Preset::Administrator).await;
    let elsewhere = lab.in_region(&one, "elsewhere");
    let key = lab.key(&one, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    let sealed = lab.engine.encrypt(&one, encrypt(&key, Context::None)).await.unwrap();
    for stranger in [&two, &elsewhere] {
        assert_eq!(kind(lab.engine.describe_key(stranger, &key).await), ErrorKind::KeyNotFound);
        assert_eq!(kind(lab.engine.disable_key(stranger, &key).await), ErrorKind::KeyNotFound);
        let named = decrypt(Some(&key), &sealed.ciphertext, Context::None);
        assert_eq!(kind(lab.engine.decrypt(stranger, named).await), ErrorKind::KeyNotFound);
        let unnamed = decrypt(None, &sealed.ciphertext, Context::None);
        assert_eq!(
            kind(lab.engine.decrypt(stranger, unnamed).await),
            ErrorKind::CiphertextKeyUnknown
        );
        assert!(lab.engine.list_keys(stranger, None, 10).await.unwrap().items.is_empty());
    }
    assert_eq!(lab.engine.list_keys(&one, None, 10).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn checks_come_in_one_order() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let nobody = lab.principal(&admin, "nobody", Preset::None).await;
    let mac = lab.key(&admin, KeySpec::Hmac256, Usage::GenerateVerifyMac, false).await;
    lab.engine.disable_key(&admin, &mac).await.unwrap();
    let cases = [
        (&nobody, &mac, ErrorKind::AccessDenied, "authorization before usage"),
        (&admin, &mac, ErrorKind::WrongUsage, "usage before state"),
    ];
    for (caller, key, expected, why) in cases {
        let refused = lab.engine.encrypt(caller, encrypt(key, Context::None)).await;
        assert_eq!(kind(refused), expected, "{why}");
    }
    let aes = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    lab.engine.disable_key(&admin, &aes).await.unwrap();
    let mut wrong = encrypt(&aes, Context::None);
    wrong.algorithm = Some(EncryptAlgorithm::RsaOaepSha256);
    assert_eq!(kind(lab.engine.encrypt(&admin, wrong).await), ErrorKind::KeyDisabled);
    lab.engine.enable_key(&admin, &aes).await.unwrap();
    let mut wrong = encrypt(&aes, Context::None);
    wrong.algorithm = Some(EncryptAlgorithm::RsaOaepSha256);
    assert_eq!(kind(lab.engine.encrypt(&admin, wrong).await), ErrorKind::AlgorithmUnsupported);
}

#[tokio::test]
async fn a_reader_reads_and_does_nothing_else() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let reader = lab.principal(&admin, "reader", Preset::Reader).await;
    let key = lab.key(&admin, KeySpec::EcP256, Usage::SignVerify, true).await;
    lab.engine.describe_key(&reader, &key).await.unwrap();
    let all = PublicKeys { key: key.clone(), versions: WhichVersions::All, enabled_only: false };
    assert_eq!(lab.engine.public_keys(&reader, all).await.unwrap().keys.len(), 1);
    let export = ExportMaterial { key: key.clone(), version: VersionSelector::Primary };
    assert_eq!(kind(lab.engine.export_material(&reader, export).await), ErrorKind::AccessDenied);
    assert_eq!(kind(lab.engine.disable_key(&reader, &key).await), ErrorKind::AccessDenied);
    let made = lab.try_key(&reader, KeySpec::Aes256, Usage::EncryptDecrypt, false, None).await;
    assert_eq!(kind(made), ErrorKind::AccessDenied);
    assert!(lab.audit.lines().iter().any(|line| line.contains("\"outcome\":\"denied\"")));
}

#[tokio::test]
async fn export_obeys_its_rules_and_is_on_record_before_it_answers() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let export = |key: &KeyRef, version| ExportMaterial { key: key.clone(), version };
    let closed = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    let refused = lab.engine.export_material(&admin, export(&closed, VersionSelector::Primary));
    assert_eq!(kind(refused.await), ErrorKind::NotExportable);
    let mac = lab.try_key(&admin, KeySpec::Hmac, Usage::GenerateVerifyMac, true, None).await;
    assert_eq!(kind(mac), ErrorKind::BadInput(Field::Exportable));

    let open = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, true).await;
    lab.rotate(&admin, &open).await;
    let first = lab
        .engine
        .export_material(&admin, export(&open, VersionSelector::Number(1)))
        .await
        .unwrap();
    let second =
        lab.engine.export_material(&admin, export(&open, VersionSelector::Primary)).await.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert!(!first.material.ct_eq(second.material.expose()));
    let missing = lab.engine.export_material(&admin, export(&open, VersionSelector::Number(3)));
    assert_eq!(kind(missing.await), ErrorKind::VersionNotFound);
    let exports = |lab: &Lab| {
        let lines = lab.audit.lines();
        lines.iter().filter(|l| l.contains("ExportMaterial") && l.contains("success")).count()
    };
    assert_eq!(exports(&lab), 2);

    lab.audit.fail(true);
    let unrecorded = lab.engine.export_material(&admin, export(&open, VersionSelector::Primary));
    assert_eq!(kind(unrecorded.await), ErrorKind::Unavailable, "nothing leaves unrecorded");
    lab.audit.fail(false);
    assert_eq!(exports(&lab), 2);
}

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
async fn names_are_unique_and_slugs_make_way() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let make =
        |name| lab.try_key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false, Some(name));
    assert_eq!(make("a key").await.unwrap().key.slug.as_deref(), Some("a-key"));
    assert_eq!(make("a-key").await.unwrap().key.slug.as_deref(), Some("a-key-2"));
    assert_eq!(kind(make("a key").await), ErrorKind::AlreadyExists(What::Name));
}

#[tokio::test]
async fn rsa_and_data_keys() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let rsa = lab.key(&admin, KeySpec::Rsa2048, Usage::EncryptSign, false).await;
    let block = lab.engine.encrypt(&admin, encrypt(&rsa, Context::None)).await.unwrap();
    lab.rotate(&admin, &rsa).await;
    let Ciphertext::Rsa { block, .. } = block.ciphertext else { panic!("not RSA") };
    let bare = Ciphertext::Rsa { version: None, block };
    let opened =
        lab.engine.decrypt(&admin, decrypt(Some(&rsa), &bare, Context::None)).await.unwrap();
    assert!(opened.plaintext.ct_eq(b"attack at dawn"));
    let mut long = encrypt(&rsa, Context::None);
    long.plaintext = SecretBytes::from_slice(&[0; 191]);
    let refused = lab.engine.encrypt(&admin, long).await;
    assert_eq!(kind(refused), ErrorKind::PlaintextTooLong { max: 190 });

    let aes = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    for reveal in [true, false] {
        let made = lab
            .engine
            .generate_data_key(
                &admin,
                GenerateDataKey {
                    key: aes.clone(),
                    length: DataKeySpec::new(32).unwrap(),
                    context: Context::None,
                    reveal,
                },
            )
            .await
            .unwrap();
        let sealed = Ciphertext::Sealed(made.sealed);
        let opened =
            lab.engine.decrypt(&admin, decrypt(Some(&aes), &sealed, Context::None)).await.unwrap();
        assert_eq!(made.plaintext.is_some(), reveal);
        assert!(made.plaintext.is_none_or(|plain| opened.plaintext.ct_eq(plain.expose())));
        let wrong = lab.engine.decrypt(&admin, decrypt(Some(&rsa), &sealed, Context::None)).await;
        assert_eq!(kind(wrong), ErrorKind::WrongKey);
    }
    let pair = |key: &KeyRef| GenerateKeyPair {
        key: key.clone(),
        wrap_with: VersionSelector::Primary,
        spec: KeySpec::EcP256k1,
        context: context(&[("p", "t")]),
        reveal: false,
    };
    let made = lab.engine.generate_key_pair(&admin, pair(&aes)).await.unwrap();
    assert!(made.private.is_none());
    let refused = lab.engine.generate_key_pair(&admin, pair(&rsa)).await;
    assert_eq!(kind(refused), ErrorKind::AlgorithmUnsupported);
}

#[tokio::test]
async fn rotation_rules() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let rotate = |key: &KeyRef, symmetric_only, on_demand_limit| RotateKey {
        key: key.clone(),
        symmetric_only,
        on_demand_limit,
    };
    let ec = lab.key(&admin, KeySpec::EcP256, Usage::SignVerify, false).await;
    let refused = lab.engine.rotate_key(&admin, rotate(&ec, true, None)).await;
    assert_eq!(kind(refused), ErrorKind::Unsupported);
    assert_eq!(
        lab.engine.rotate_key(&admin, rotate(&ec, false, None)).await.unwrap().versions.len(),
        2
    );
    let aes = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    lab.engine.rotate_key(&admin, rotate(&aes, true, Some(1))).await.unwrap();
    let refused = lab.engine.rotate_key(&admin, rotate(&aes, true, Some(1))).await;
    assert_eq!(kind(refused), ErrorKind::LimitExceeded(What::OnDemandRotations));
    lab.engine.disable_key(&admin, &aes).await.unwrap();
    let refused = lab.engine.rotate_key(&admin, rotate(&aes, true, None)).await;
    assert_eq!(kind(refused), ErrorKind::KeyDisabled);
    let view = lab.engine.describe_key(&admin, &aes).await.unwrap();
    assert_eq!((view.key.state, view.key.primary_version), (KeyState::Disabled, 2));
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
    assert_eq!(view.versions.len(), done + 1);
    let numbers: Vec<u32> = view.versions.iter().map(|version| version.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(done + 1).unwrap()).collect::<Vec<_>>());
}

#[tokio::test]
async fn markers_are_bound_to_their_list_and_expire() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let other = lab.principal(&admin, "other", Preset::Reader).await;
    let marker = lab.engine.seal_marker(&admin, "ListKeys", b"position").unwrap();
    assert_eq!(lab.engine.open_marker(&admin, "ListKeys", &marker).unwrap(), b"position");
    let refused = |result: trent_core::Result<Vec<u8>>| kind(result) == ErrorKind::MarkerInvalid;
    assert!(refused(lab.engine.open_marker(&admin, "ListAliases", &marker)));
    assert!(refused(lab.engine.open_marker(&other, "ListKeys", &marker)));
    assert!(refused(lab.engine.open_marker(&admin, "ListKeys", &marker[1..])));
    lab.clock.advance(3_600_001);
    assert!(refused(lab.engine.open_marker(&admin, "ListKeys", &marker)));
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
async fn a_key_without_words_is_not_listed_and_nothing_is_done_with_it() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let odd = lab.key(&admin, KeySpec::Aes128, Usage::EncryptDecrypt, false).await;
    let sealed = lab.engine.encrypt(&admin, encrypt(&odd, Context::None)).await.unwrap();
    for _ in 0..3 {
        lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    }
    let narrow = Caller { expresses: |key| key.spec == KeySpec::Aes256, ..admin.clone() };
    let refused = lab.engine.encrypt(&narrow, encrypt(&odd, Context::None)).await;
    assert_eq!(kind(refused), ErrorKind::Inexpressible);
    let refused = decrypt(None, &sealed.ciphertext, Context::None);
    assert_eq!(kind(lab.engine.decrypt(&narrow, refused).await), ErrorKind::Inexpressible);
    assert_eq!(kind(lab.engine.disable_key(&narrow, &odd).await), ErrorKind::Inexpressible);
    let (mut seen, mut after) = (0, None);
    loop {
        let page = lab.engine.list_keys(&narrow, after, 1).await.unwrap();
        seen += page.items.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 3, "pages go on over what is left out");
    assert_eq!(lab.engine.list_keys(&admin, None, 9).await.unwrap().items.len(), 4);
}

#[tokio::test]
async fn a_dry_run_checks_everything_does_nothing_and_says_so() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    let trial = Caller { dry_run: true, ..admin.clone() };
    let tried = lab.engine.encrypt(&trial, encrypt(&key, Context::None)).await;
    assert_eq!(kind(tried), ErrorKind::DryRun);
    assert!(lab.audit.lines().last().unwrap().contains("\"reason\":\"DryRun\""));
    lab.engine.disable_key(&admin, &key).await.unwrap();
    let tried = lab.engine.encrypt(&trial, encrypt(&key, Context::None)).await;
    assert_eq!(kind(tried), ErrorKind::KeyDisabled);
}
