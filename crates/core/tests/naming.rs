//! Aliases, lists by age, ciphertexts without a header, and credentials that are a public key.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Lab, context, decrypt, encrypt, kind};
use trent_core::ErrorKind;
use trent_core::access::Preset;
use trent_core::clock::Clock;
use trent_core::engine::{AuthFailure, NewCredential, NewSecret};
use trent_core::error::What;
use trent_core::model::{Account, EncryptAlgorithm, KeyRef, KeySpec, NameKind, Usage};
use trent_core::ops::{ByAge, CreateAlias};
use trent_core::seal::{Ciphertext, Context, Detached};

fn named(name: &str) -> KeyRef {
    KeyRef::Name(NameKind::Alias, name.to_owned())
}

#[tokio::test]
async fn an_alias_names_one_key_of_its_tenant_and_region() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let stranger = lab.caller("two", Preset::Administrator).await;
    let reader = lab.principal(&admin, "reader", Preset::Reader).await;
    let elsewhere = lab.in_region(&admin, "elsewhere");
    let key = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    let alias = |name: &str, key: &KeyRef| CreateAlias { name: name.into(), key: key.clone() };
    let made = lab.engine.create_alias(&admin, alias("a/b", &key)).await.unwrap();
    assert_eq!(KeyRef::Id(made.id), key);
    assert!(lab.audit.lines().last().unwrap().contains("\"action\":\"CreateAlias\""));

    let found = lab.engine.describe_key(&reader, &named("a/b")).await.unwrap();
    assert_eq!(found.key.id, made.id);
    let opened = lab.engine.encrypt(&admin, encrypt(&named("a/b"), Context::None)).await;
    assert_eq!(opened.unwrap().key.id, made.id);
    for (who, name) in [(&admin, "A/b"), (&stranger, "a/b"), (&elsewhere, "a/b")] {
        let missing = lab.engine.describe_key(who, &named(name)).await;
        assert_eq!(kind(missing), ErrorKind::NameNotFound, "{name}");
    }

    let other = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    for key in [&key, &other] {
        let taken = lab.engine.create_alias(&admin, alias("a/b", key)).await;
        assert_eq!(kind(taken), ErrorKind::AlreadyExists(What::Alias));
    }
    let foreign = lab.engine.create_alias(&stranger, alias("c", &key)).await;
    assert_eq!(kind(foreign), ErrorKind::KeyNotFound);
    let denied = lab.engine.create_alias(&reader, alias("c", &key)).await;
    assert_eq!(kind(denied), ErrorKind::AccessDenied);
    let hidden = lab.engine.create_alias(&admin, alias("c\u{200b}", &key)).await;
    assert!(matches!(kind(hidden), ErrorKind::BadInput(_)));
    // A second alias, by way of the first.
    lab.engine.create_alias(&admin, alias("c", &named("a/b"))).await.unwrap();
    assert_eq!(lab.engine.describe_key(&admin, &named("c")).await.unwrap().key.id, made.id);
}

#[tokio::test]
async fn a_list_by_age_has_pages_and_a_total() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let mut made = Vec::new();
    for number in 0..55 {
        lab.clock.advance(1);
        let spec = if number % 5 == 0 { KeySpec::Aes128 } else { KeySpec::Aes256 };
        made.push(lab.key(&admin, spec, Usage::EncryptDecrypt, false).await);
    }
    let wanted: Vec<KeyRef> =
        made.iter().enumerate().filter(|(n, _)| n % 5 != 0).map(|(_, key)| key.clone()).collect();
    for newest_first in [true, false] {
        for (offset, limit) in [(0, 10), (40, 10), (44, 10), (9_999, 10), (0, 1_000), (3, 0)] {
            let part = ByAge { newest_first, offset, limit };
            let keep = |key: &trent_core::model::Key| key.spec == KeySpec::Aes256;
            let show = |view: trent_core::model::KeyView| KeyRef::Id(view.key.id);
            let list = lab.engine.list_keys_by_age(&admin, part, keep, show).await.unwrap();
            let mut all = wanted.clone();
            if newest_first {
                all.reverse();
            }
            let expected: Vec<KeyRef> = all.into_iter().skip(offset).take(limit).collect();
            assert_eq!((list.total, list.items), (44, expected));
        }
    }
    let part = ByAge { newest_first: true, offset: 0, limit: 100 };
    let mut narrow = admin.clone();
    narrow.expresses = |key| key.spec == KeySpec::Aes128;
    let list = lab.engine.list_keys_by_age(&narrow, part, |_| true, |_| ()).await.unwrap();
    assert_eq!((list.total, list.items.len()), (11, 11));
    let stranger = lab.caller("two", Preset::Administrator).await;
    let list = lab.engine.list_keys_by_age(&stranger, part, |_| true, |_| ()).await.unwrap();
    assert_eq!(list.total, 0);
    let nobody = lab.principal(&admin, "nobody", Preset::None).await;
    let denied = lab.engine.list_keys_by_age(&nobody, part, |_| true, |_| ()).await;
    assert_eq!(kind(denied), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_ciphertext_without_its_header_opens_under_the_key_it_was_made_with() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    for spec in [KeySpec::Aes128, KeySpec::Aes256, KeySpec::ChaCha20Poly1305] {
        let key = lab.key(&admin, spec, Usage::EncryptDecrypt, false).await;
        lab.rotate(&admin, &key).await;
        let bound = context(&[("a", "1")]);
        let iv = [7; 12];
        let wanted = trent_core::ops::Encrypt { iv: Some(iv), ..encrypt(&key, bound.clone()) };
        let sealed = lab.engine.encrypt(&admin, wanted).await.unwrap().ciphertext;
        let Ciphertext::Sealed(sealed) = sealed else { panic!("not sealed") };
        assert_eq!(sealed.iv, iv, "a nonce of the caller's choice");
        let detached = |key, version| {
            let (salt, commitment) = (sealed.salt, sealed.commitment);
            let ciphertext = sealed.ciphertext.clone();
            Ciphertext::Detached(Detached { key, version, salt, iv, commitment, ciphertext })
        };
        let own = Some(sealed.key());
        for (named, inside) in [(None, own), (Some(&key), own), (Some(&key), None)] {
            let cmd = decrypt(named, &detached(inside, 2), bound.clone());
            let opened = lab.engine.decrypt(&admin, cmd).await.unwrap();
            assert!(opened.plaintext.ct_eq(b"attack at dawn") && opened.version == 2);
        }
        let other = lab.key(&admin, spec, Usage::EncryptDecrypt, false).await;
        let mac = lab.key(&admin, KeySpec::Hmac256, Usage::GenerateVerifyMac, false).await;
        for (named, inside, version, expected) in [
            (None, None, 2, ErrorKind::CiphertextInvalid),
            (Some(&key), None, 1, ErrorKind::CiphertextInvalid),
            (Some(&key), None, 3, ErrorKind::CiphertextInvalid),
            (Some(&key), None, 0, ErrorKind::CiphertextInvalid),
            (Some(&other), own, 2, ErrorKind::WrongKey),
            (Some(&other), None, 1, ErrorKind::CiphertextInvalid),
            (Some(&mac), None, 1, ErrorKind::WrongUsage),
        ] {
            let cmd = decrypt(named, &detached(inside, version), bound.clone());
            assert_eq!(kind(lab.engine.decrypt(&admin, cmd).await), expected);
        }
    }
}

/// Every key makes something of every block, so only one version may be asked: the first.
#[tokio::test]
async fn pkcs1_never_tells_a_wrong_block() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let key = lab.key(&admin, KeySpec::Rsa2048, Usage::EncryptDecrypt, false).await;
    let ask = |block: Vec<u8>| {
        let block = Ciphertext::Rsa { version: None, block };
        let mut cmd = decrypt(Some(&key), &block, Context::None);
        cmd.algorithm = Some(EncryptAlgorithm::RsaPkcs1);
        lab.engine.decrypt(&admin, cmd)
    };
    let first = ask(vec![1; 256]).await.unwrap();
    lab.rotate(&admin, &key).await;
    let again = ask(vec![1; 256]).await.unwrap();
    assert!(again.plaintext.ct_eq(first.plaintext.expose()) && again.version == 1);
    assert_eq!(again.algorithm, EncryptAlgorithm::RsaPkcs1);
    assert_eq!(kind(ask(vec![1; 255]).await), ErrorKind::CiphertextInvalid);
    let signer = lab.key(&admin, KeySpec::Rsa2048, Usage::SignVerify, false).await;
    let block = Ciphertext::Rsa { version: None, block: vec![1; 256] };
    let mut cmd = decrypt(Some(&signer), &block, Context::None);
    cmd.algorithm = Some(EncryptAlgorithm::RsaPkcs1);
    assert_eq!(kind(lab.engine.decrypt(&admin, cmd).await), ErrorKind::WrongUsage);
    let aes = lab.key(&admin, KeySpec::Aes256, Usage::EncryptDecrypt, false).await;
    let mut cmd = decrypt(Some(&aes), &block, Context::None);
    cmd.algorithm = Some(EncryptAlgorithm::RsaPkcs1);
    assert_eq!(kind(lab.engine.decrypt(&admin, cmd).await), ErrorKind::AlgorithmUnsupported);
    // It is for decryption only.
    let mut cmd = encrypt(&key, Context::None);
    cmd.algorithm = Some(EncryptAlgorithm::RsaPkcs1);
    assert_eq!(kind(lab.engine.encrypt(&admin, cmd).await), ErrorKind::AlgorithmUnsupported);
}

#[tokio::test]
async fn whoever_signs_with_a_private_key_is_known_by_the_public_one_until_it_expires() {
    let lab = Lab::new().await;
    let admin = lab.caller("one", Preset::Administrator).await;
    let account = Account { namespace: "gate".into(), id: "g1".into(), style: String::new() };
    let tenant = lab.engine.add_account(admin.tenant(), account.clone()).await.unwrap();
    assert!(tenant.accounts.contains(&account));
    let other = lab.caller("two", Preset::Administrator).await;
    let taken = lab.engine.add_account(other.tenant(), account.clone()).await;
    assert_eq!(kind(taken), ErrorKind::AlreadyExists(What::Tenant));
    let not_after_ms = lab.clock.now_ms() + 1_000;
    let new = NewCredential {
        tenant: admin.tenant(),
        principal: admin.identity.principal(),
        dialect: "gate",
        account,
        access_id: "HOLDER".to_owned(),
        secret: NewSecret::PublicKey { spki: vec![1, 2, 3], not_after_ms },
    };
    lab.engine.create_credential(new).await.unwrap();
    let engine = &lab.engine;
    let unknown = |result| matches!(result, Err(AuthFailure::Unknown));
    let known = engine.verify_public_key("gate", "HOLDER", |spki| spki == [1, 2, 3]).await;
    assert_eq!(known.unwrap().account().id, "g1");
    let wrong = engine.verify_public_key("gate", "HOLDER", |_| false).await;
    assert!(matches!(wrong, Err(AuthFailure::Mismatch { .. })));
    let mut asked = 0;
    for (dialect, id) in
        [("gate", "NOBODY"), ("door", "HOLDER"), ("door", admin.identity.access_id())]
    {
        // The check is made in any case, with a real key, and agrees in vain.
        let check = |spki: &[u8]| {
            asked += usize::from(spki.len() >= 3);
            true
        };
        assert!(unknown(engine.verify_public_key(dialect, id, check).await), "{id}");
    }
    assert_eq!(asked, 3);
    assert!(unknown(engine.verify_secret("gate", "HOLDER", |_| true).await));
    assert!(unknown(engine.verify_bearer("gate", "HOLDER", b"").await));
    lab.clock.advance(1_000);
    assert!(unknown(engine.verify_public_key("gate", "HOLDER", |_| true).await));
}
