//! The engine over a store and a log in memory: rules that every dialect relies on.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Lab, context, decrypt, encrypt, kind};
use trent_core::ErrorKind;
use trent_core::access::{Caller, Preset};
use trent_core::crypto::SecretBytes;
use trent_core::engine::{AuthFailure, NewCredential, NewSecret, NewTenant};
use trent_core::error::{Field, What};
use trent_core::model::{
    DataKeySpec, EncryptAlgorithm, KeyRef, KeySpec, KeyState, Usage, VersionSelector,
};
use trent_core::ops::{
    ExportMaterial, GenerateDataKey, GenerateKeyPair, PairFormat, PublicKeys, RotateKey,
    WhichVersions,
};
use trent_core::seal::{Ciphertext, Context};

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
        assert!(lab.engine.list_keys(stranger, None, 10, Some).await.unwrap().items.is_empty());
    }
    assert_eq!(lab.engine.list_keys(&one, None, 10, Some).await.unwrap().items.len(), 1);
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
async fn names_are_unique_and_slugs_make_way() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let make =
        |name| lab.try_key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false, Some(name));
    assert_eq!(make("a key").await.unwrap().key.slug.as_deref(), Some("a-key"));
    assert_eq!(make("a-key").await.unwrap().key.slug.as_deref(), Some("a-key-2"));
    for taken in ["a key", "A Key"] {
        assert_eq!(kind(make(taken).await), ErrorKind::AlreadyExists(What::Name));
    }
    assert_eq!(kind(make("a\u{202e}key").await), ErrorKind::BadInput(Field::Name));
    let tenant = |name: &str| NewTenant { name: name.to_owned(), accounts: Vec::new() };
    let taken = lab.engine.create_tenant(tenant("One")).await;
    assert_eq!(kind(taken), ErrorKind::AlreadyExists(What::Tenant));
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
                    wrap_with: VersionSelector::Primary,
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
        format: PairFormat::Der,
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
        let page = lab.engine.list_keys(&narrow, after, 1, Some).await.unwrap();
        seen += page.items.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 3, "pages go on over what is left out");
    assert_eq!(lab.engine.list_keys(&admin, None, 9, Some).await.unwrap().items.len(), 4);
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

#[tokio::test]
async fn a_list_of_many_pages_shows_each_key_once() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let mut made = std::collections::BTreeSet::new();
    for _ in 0..120 {
        made.insert(match lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await {
            KeyRef::Id(id) => id,
            KeyRef::Name(..) => unreachable!(),
        });
    }
    for limit in [1, 49, 50, 51, 119, 120, 121, 1_000] {
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page =
                lab.engine.list_keys(&admin, after, limit, |view| Some(view.key.id)).await.unwrap();
            assert!(page.items.len() <= limit);
            seen.extend(page.items);
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(pages, 120_usize.div_ceil(limit), "limit {limit}");
        assert!(seen.iter().eq(made.iter()), "limit {limit}");
    }
}

#[tokio::test]
async fn only_the_right_proof_of_a_working_credential_in_its_dialect_is_let_in() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let bearer = admin.identity.access_id();
    let sealed = NewCredential {
        tenant: admin.tenant(),
        principal: admin.identity.principal(),
        dialect: "door",
        account: admin.identity.account().clone(),
        access_id: "SIGNER".to_owned(),
        secret: NewSecret::Recoverable(SecretBytes::from_slice(b"key")),
    };
    lab.engine.create_credential(sealed).await.unwrap();
    let engine = &lab.engine;
    let right = |secret: &[u8]| secret == b"key";
    assert!(engine.verify_secret("door", "SIGNER", right).await.is_ok());
    assert!(engine.verify_bearer("door", bearer, b"secret").await.is_ok());

    let unknown = |result| matches!(result, Err(AuthFailure::Unknown));
    let mismatch =
        |result| matches!(result, Err(AuthFailure::Mismatch { style }) if style == "plain");
    assert!(mismatch(engine.verify_secret("door", "SIGNER", |_| false).await));
    assert!(mismatch(engine.verify_bearer("door", bearer, b"Secret").await));
    // Even a check that always agrees lets nobody in.
    assert!(unknown(engine.verify_secret("door", "NOBODY", |_| true).await));
    assert!(unknown(engine.verify_secret("gate", "SIGNER", |_| true).await));
    assert!(unknown(engine.verify_secret("door", bearer, |_| true).await));
    assert!(unknown(engine.verify_bearer("door", "SIGNER", b"key").await));
    assert!(unknown(engine.verify_bearer("door", &"0".repeat(20), b"").await));
    engine.set_credential_enabled(admin.tenant(), "SIGNER", false).await.unwrap();
    assert!(unknown(engine.verify_secret("door", "SIGNER", right).await));
    engine.set_principal_enabled(admin.tenant(), admin.identity.principal(), false).await.unwrap();
    assert!(unknown(engine.verify_bearer("door", bearer, b"secret").await));
}
