//! `trent access`, beside a running server and without one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json as object};

use support::{Server, fails, json, run, soon};

/// `trent access … --data FOLDER --json`.
struct Access<'a>(&'a str);

impl Access<'_> {
    fn arguments<'a>(&'a self, words: &'a str) -> Vec<&'a str> {
        ["access"].into_iter().chain(words.split(' ')).chain(["--data", self.0]).collect()
    }

    fn ok(&self, words: &str) -> Value {
        json(&self.arguments(words))
    }

    fn fails(&self, words: &str) -> String {
        fails(&self.arguments(words), 1)
    }
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// How many events of this operation the audit log of a data directory holds.
fn logged(data: &Path, operation: &str) -> usize {
    let mut events = 0;
    for entry in fs::read_dir(data.join("audit")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        events += text.matches(&format!("\"operation\":\"{operation}\"")).count();
    }
    events
}

/// The client key goes to a file; what opens it is printed.
fn client_key(access: &Access<'_>, folder: &Path) {
    let out = folder.join("client-key.json");
    let out = out.to_str().unwrap();
    let create = "credential create --tenant dev --principal admin --dialect";
    let asked_wrongly = format!("{create} alibaba-instance");
    fails(&access.arguments(&asked_wrongly), 2);
    assert!(access.fails(&format!("{create} aws --out {out}")).contains("alibaba-instance"));
    let number = || access.ok("credential list --tenant dev").as_array().unwrap().len();
    let before = number();
    let nowhere = format!("{create} alibaba-instance --out {out}/none/key.json");
    assert!(access.fails(&nowhere).contains("cannot write"));
    assert_eq!(number(), before, "a credential whose file was not written is gone");

    let made = access.ok(&format!("{create} alibaba-instance --out {out}"));
    let names =
        ["client_key_file", "client_key_id", "client_key_password", "dialect", "instance_id"];
    assert_eq!(members(&made), names);
    assert_eq!(made["client_key_file"], out);
    assert!(made["instance_id"].as_str().unwrap().starts_with("kst-"));
    assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(out).unwrap();
    assert!(!text.contains(made["client_key_password"].as_str().unwrap()));
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(members(&file), ["KeyId", "PrivateKeyData"]);
    assert_eq!(file["KeyId"], made["client_key_id"]);
    let listed = access.ok("credential list --tenant dev");
    let id = &made["client_key_id"];
    let ours = listed.as_array().unwrap().iter().find(|row| row["access_id"] == *id).unwrap();
    assert_eq!((&ours["dialect"], &ours["account"]), (&made["dialect"], &made["instance_id"]));

    let again = format!("{create} alibaba-instance --out {out}");
    assert!(access.fails(&again).contains("is there already"));
    assert_eq!(fs::read_to_string(out).unwrap(), text);
    access.ok(&format!("credential delete --tenant dev --id {}", id.as_str().unwrap()));
}

/// Goes through every command. With or without a server the answers are the same.
fn everything(access: &Access<'_>, tenant: &str, server: Option<&Server>) {
    let made = access.ok(&format!("tenant create --name {tenant}"));
    assert_eq!(
        members(&made),
        [
            "alibaba_account_id",
            "alibaba_instance_id",
            "aws_account_id",
            "name",
            "qkms_account_id",
            "tenant",
            "tencent_account_id",
            "thalassa_organisation"
        ]
    );
    let id = made["tenant"].as_str().unwrap();
    let listed = access.ok("tenant list");
    let mut expected = made.clone();
    expected["enabled"] = true.into();
    assert!(listed.as_array().unwrap().contains(&expected), "{listed}");
    assert!(access.fails(&format!("tenant create --name {tenant}")).contains("taken"));

    let reader = access.ok(&format!("principal create --tenant {id} --name bob --preset reader"));
    assert_eq!(members(&reader), ["name", "preset", "principal", "tenant"]);
    let listed = access.ok(&format!("principal list --tenant {tenant}"));
    let mut expected = reader.clone();
    expected["enabled"] = true.into();
    assert_eq!(listed, object!([expected]));
    access.fails(&format!("principal create --tenant {id} --name bob --preset none"));

    let mut ids = Vec::new();
    for dialect in ["aws", "qkms"] {
        let key = access.ok(&format!(
            "credential create --tenant {tenant} --principal bob --dialect {dialect}"
        ));
        assert_eq!(members(&key), ["access_key_id", "account_id", "dialect", "secret_access_key"]);
        assert_eq!(key["account_id"], made[format!("{dialect}_account_id")]);
        assert_eq!(key["dialect"], dialect);
        ids.push(key["access_key_id"].as_str().unwrap().to_owned());
    }
    for (dialect, names) in [
        ("alibaba", ["access_key_id", "access_key_secret", "account_id", "dialect"]),
        ("tencent", ["account_id", "dialect", "secret_id", "secret_key"]),
    ] {
        let key = access.ok(&format!(
            "credential create --tenant {tenant} --principal bob --dialect {dialect}"
        ));
        assert_eq!(members(&key), names);
        assert_eq!(key["account_id"], made[format!("{dialect}_account_id")]);
        assert_eq!(key["dialect"], dialect);
    }
    let principal = reader["principal"].as_str().unwrap();
    let token = access
        .ok(&format!("credential create --tenant {id} --principal {principal} --dialect thalassa"));
    assert_eq!(members(&token), ["access_id", "dialect", "organisation", "token"]);
    assert_eq!(token["organisation"], made["thalassa_organisation"]);
    ids.push(token["access_id"].as_str().unwrap().to_owned());

    let listed = access.ok(&format!("credential list --tenant {tenant}"));
    let text = listed.to_string();
    assert!(ids.iter().all(|id| text.contains(id)), "{text}");
    assert!(!text.contains(token["token"].as_str().unwrap()), "no secret is ever listed");

    let answers = |status| server.is_none_or(|server| server.keys(&token["token"]) == status);
    assert!(answers(200));
    let token_id = &ids[2];
    let done = access.ok(&format!("credential disable --tenant {id} --id {token_id}"));
    assert_eq!(done, object!({"access_id": token_id, "status": "disabled"}));
    assert!(soon(|| answers(401)));
    access.ok(&format!("credential enable --tenant {id} --id {token_id}"));
    assert!(soon(|| answers(200)));
    access.ok(&format!("principal disable --tenant {id} --principal bob"));
    assert!(soon(|| answers(401)));
    access.ok(&format!("principal enable --tenant {id} --principal bob"));
    access.ok(&format!("tenant disable --tenant {tenant}"));
    assert!(soon(|| answers(401)));
    access.ok(&format!("tenant enable --tenant {tenant}"));
    assert!(soon(|| answers(200)));
    access.ok(&format!("credential delete --tenant {id} --id {token_id}"));
    assert!(soon(|| answers(401)));
    access.fails(&format!("credential delete --tenant {id} --id {token_id}"));
    access.fails(&format!("credential delete --tenant dev --id {}", ids[0]));
    access.ok(&format!("principal delete --tenant {id} --principal bob"));
    assert_eq!(access.ok(&format!("credential list --tenant {id}")), object!([]));
    assert_eq!(access.ok(&format!("principal list --tenant {id}")), object!([]));
    access.fails(&format!("tenant delete --tenant {tenant} --shred-keys"));
    access.ok(&format!("tenant disable --tenant {tenant}"));
    access.ok(&format!("tenant delete --tenant {tenant} --shred-keys"));
    access.fails(&format!("tenant delete --tenant {tenant} --shred-keys"));
}

#[test]
fn beside_a_server_and_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let data = path.to_str().unwrap();
    let access = Access(data);
    access.fails("tenant list");

    let server = Server::dev(&path);
    everything(&access, "beside", Some(&server));
    client_key(&access, folder.path());
    // The server logs what the commands did.
    let deleted = || logged(&path, "DeletePrincipal");
    assert!(soon(|| deleted() == 1));
    assert_eq!(server.stop(Signal::TERM).0, Some(0));

    everything(&access, "without", None);
    assert_eq!(deleted(), 2);

    // Nothing is logged twice, even after another start.
    let server = Server::dev(&path);
    for (operation, times) in [
        ("CreateTenant", 3),
        ("CreatePrincipal", 3),
        ("CreateCredential", 18),
        ("DisableTenant", 4),
        ("ShredTenant", 2),
        ("DeletePrincipal", 2),
    ] {
        assert_eq!(logged(&path, operation), times, "{operation}");
    }
    drop(server);
}

#[test]
fn people_get_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    assert_eq!(Server::dev(&path).stop(Signal::TERM).0, Some(0));
    let output = run(&["access", "tenant", "list", "--data", path.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("TENANT ") && text.lines().count() == 2, "{text}");
}
