//! `trent dev` and `trent env`: from an empty folder to a server that clients can use, and back again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use support::{Server, fails, json, run};

fn modes(folder: &Path, found: &mut BTreeMap<String, u32>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        found
            .insert(entry.path().to_string_lossy().into_owned(), meta.permissions().mode() & 0o777);
        if meta.is_dir() {
            modes(&entry.path(), found);
        }
    }
}

fn environment(data: &str) -> Value {
    json(&["env", "--data", data])
}

#[test]
fn a_server_from_nothing_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it's new");
    let data = path.to_str().unwrap();
    assert!(fails(&["env", "--data", data], 1).contains("trent dev"));

    let server = Server::dev(&path);
    assert_eq!(server.get("/livez", "").0, 200);
    assert_eq!(server.get("/readyz", "").0, 200);
    assert_eq!(server.get("/nothing", "").0, 404);
    let (status, metrics) = server.get("/metrics", "");
    assert_eq!(status, 200);
    assert!(metrics.contains("trent_in_flight 0\n"), "{metrics}");

    let mut found = BTreeMap::new();
    modes(&path, &mut found);
    for name in [
        "LOCK",
        "dev",
        "root.key",
        "store.db",
        "credentials.json",
        "alibaba-client-key.json",
        "tls/ca.pem",
        "tls/server.pem",
        "tls/server.key",
    ] {
        assert!(found.contains_key(&format!("{data}/{name}")), "{name} in {found:?}");
    }
    for (name, mode) in found {
        let expected = if Path::new(&name).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{name}: {mode:o}");
    }

    let first = environment(data);
    assert_eq!(first["endpoint"], format!("http://{}", server.address()));
    assert_eq!(first["thalassa"]["api"], first["endpoint"]);
    assert_eq!(first["ca_file"], format!("{data}/tls/ca.pem"));
    assert!(first["thalassa"]["token"].as_str().unwrap().starts_with("tc_pat_"));
    assert_ne!(first["aws"]["account_id"], first["qkms"]["account_id"]);
    assert_eq!(first["alibaba"]["client_key_file"], format!("{data}/alibaba-client-key.json"));
    for dialect in ["alibaba", "tencent"] {
        assert_eq!(first[dialect]["endpoint"], server.address(), "host and port alone");
    }
    assert_eq!(server.keys(&first["thalassa"]["token"]), 200);
    assert_eq!(server.keys(&"tc_pat_0123456789".into()), 401);

    let second = fails(&["dev", "--data", data, "--listen", "127.0.0.1:0"], 1);
    assert!(second.contains("is using"), "{second}");

    assert_eq!(server.stop(Signal::TERM), (Some(0), String::new()));
    let again = Server::dev(&path);
    let mut later = environment(data);
    assert_eq!(again.keys(&first["thalassa"]["token"]), 200);
    for name in ["endpoint", "endpoint_tls"] {
        later[name] = first[name].clone();
    }
    later["thalassa"]["api"] = first["endpoint"].clone();
    for dialect in ["alibaba", "tencent"] {
        later[dialect]["endpoint"] = first[dialect]["endpoint"].clone();
    }
    assert_eq!(later, first, "only the port differs");
    assert_eq!(again.stop(Signal::INT).0, Some(0));

    // Without the root key there is nothing to open, and no new key is made in its place.
    fs::remove_file(path.join("root.key")).unwrap();
    assert!(fails(&["dev", "--data", data, "--listen", "127.0.0.1:0"], 1).contains("is missing"));
    assert!(!path.join("root.key").exists());
}

#[test]
fn a_directory_that_a_server_without_all_kinds_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    assert_eq!(Server::dev(folder.path()).stop(Signal::TERM).0, Some(0));
    let file = folder.path().join("credentials.json");
    let mut old: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    old.as_object_mut().unwrap().retain(|name, _| ["aws", "qkms", "thalassa"].contains(&&**name));
    fs::write(&file, old.to_string()).unwrap();
    let before = environment(data);
    assert!(before.get("alibaba").is_none() && before.get("tencent").is_none());
    let lines = String::from_utf8(run(&["env", "--data", data]).stdout).unwrap();
    assert!(!lines.contains("ALIBABA") && !lines.contains("TENCENT"), "{lines}");

    assert_eq!(Server::dev(folder.path()).stop(Signal::TERM).0, Some(0));
    let after = environment(data);
    for name in ["aws", "qkms"] {
        assert_eq!(after[name], before[name], "what was there stays");
    }
    assert_eq!(after["thalassa"]["token"], before["thalassa"]["token"]);
    for pointer in ["/alibaba/access_key_id", "/alibaba/instance_id", "/tencent/secret_id"] {
        assert!(after.pointer(pointer).unwrap().is_string(), "{pointer}");
    }
}

#[test]
fn the_shell_lines_are_the_contracts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a 'b' $c");
    let data = path.to_str().unwrap();
    let server = Server::dev(&path);
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
    let object = environment(data);
    let lines = String::from_utf8(run(&["env", "--data", data]).stdout).unwrap();
    assert!(lines.lines().all(|line| line.starts_with("export ")), "{lines}");

    for (name, pointer) in [
        ("TRENT_ENDPOINT", "/endpoint"),
        ("TRENT_ENDPOINT_TLS", "/endpoint_tls"),
        ("AWS_CA_BUNDLE", "/ca_file"),
        ("NODE_EXTRA_CA_CERTS", "/ca_file"),
        ("TRENT_CA_FILE", "/ca_file"),
        ("AWS_ACCESS_KEY_ID", "/aws/access_key_id"),
        ("AWS_SECRET_ACCESS_KEY", "/aws/secret_access_key"),
        ("AWS_REGION", "/aws/region"),
        ("AWS_DEFAULT_REGION", "/aws/region"),
        ("AWS_ENDPOINT_URL_KMS", "/endpoint"),
        ("TRENT_QKMS_ACCESS_KEY_ID", "/qkms/access_key_id"),
        ("TRENT_QKMS_SECRET_ACCESS_KEY", "/qkms/secret_access_key"),
        ("TRENT_QKMS_REGION", "/qkms/region"),
        ("TRENT_QKMS_ACCOUNT_ID", "/qkms/account_id"),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "/alibaba/access_key_id"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "/alibaba/access_key_secret"),
        ("ALIBABA_CLOUD_KMS_ENDPOINT", "/alibaba/endpoint"),
        ("ALIBABA_CLOUD_CLIENT_KEY_FILE", "/alibaba/client_key_file"),
        ("ALIBABA_CLOUD_CLIENT_KEY_PASSWORD", "/alibaba/client_key_password"),
        ("TENCENTCLOUD_SECRET_ID", "/tencent/secret_id"),
        ("TENCENTCLOUD_SECRET_KEY", "/tencent/secret_key"),
        ("TENCENTCLOUD_REGION", "/tencent/region"),
        ("THALASSA_TOKEN", "/thalassa/token"),
        ("THALASSA_API", "/thalassa/api"),
        ("THALASSA_ORGANISATION", "/thalassa/organisation"),
    ] {
        let script = format!("{lines}\nprintf %s \"${name}\"");
        let output = Command::new("sh").args(["-c", &script]).env_clear().output().unwrap();
        let value = String::from_utf8(output.stdout).unwrap();
        assert_eq!(Some(value.as_str()), object.pointer(pointer).unwrap().as_str(), "{name}");
    }
}

#[test]
fn a_directory_of_production_is_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("trent.toml");
    fs::write(&config, "data = \"data\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n").unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(Server::start(&["serve", "--config", config]).stop(Signal::TERM).0, Some(0));
    let data = data.to_str().unwrap();
    let development = ["dev", "--data", data, "--listen", "127.0.0.1:0"];
    for _ in 0..2 {
        let refusal = fails(&development, 1);
        assert!(refusal.contains("was not made by `trent dev`"), "{refusal}");
    }
    assert_eq!(json(&["access", "tenant", "list", "--config", config]), Value::Array(vec![]));
    assert!(!Path::new(data).join("dev").exists());
}

#[test]
fn rights_that_were_taken_stay_taken() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let start = || Server::dev(folder.path()).stop(Signal::TERM).0;
    assert_eq!(start(), Some(0));
    let access = |words: &str| {
        let words = ["access"].into_iter().chain(words.split(' ')).chain(["--data", data]);
        json(&words.collect::<Vec<_>>())
    };
    let check = |complaint: &str| {
        let refusal = fails(&["dev", "--data", data, "--listen", "127.0.0.1:0"], 1);
        assert!(refusal.contains(complaint), "{refusal}");
    };
    let admin = "--tenant dev --principal admin";
    access(&format!("principal disable {admin}"));
    check("principal admin is disabled");
    access(&format!("principal enable {admin}"));
    access("tenant disable --tenant dev");
    check("tenant dev is disabled");
    access("tenant enable --tenant dev");
    assert_eq!(start(), Some(0));
    access(&format!("principal delete {admin}"));
    access("principal create --tenant dev --name admin --preset reader");
    check("principal admin is no administrator");
}

#[test]
fn a_body_that_is_too_long_is_refused_in_the_vendors_words() {
    let server = Server::start(&["dev", "--ephemeral", "--listen", "127.0.0.1:0"]);
    let length = "Content-Length: 9999999\r\n";
    for (headers, json) in
        [("X-Amz-Target: TrentService.ListKeys\r\n", true), ("Authorization: none\r\n", false)]
    {
        let (status, body) = server.get("/", &format!("{length}{headers}"));
        assert!((400..500).contains(&status), "{status} {body}");
        assert_eq!(body.contains("\"__type\""), json, "{body}");
    }
}

#[test]
fn an_ephemeral_server_leaves_nothing() {
    let server = Server::start(&["dev", "--ephemeral", "--listen", "127.0.0.1:0"]);
    let data = server.said["data"].as_str().unwrap().to_owned();
    assert_eq!(server.keys(&environment(&data)["thalassa"]["token"]), 200);
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
    assert!(!Path::new(&data).exists());
}

#[test]
fn what_is_asked_wrongly_ends_with_two() {
    for arguments in [
        &["dev", "--listen", "0.0.0.0:7600"][..],
        &["dev", "--listen", "10.0.0.1:7600"],
        &["dev", "--data", "x", "--ephemeral"],
        &["env", "--format", "xml"],
        &["serve"],
        &["access", "tenant", "create"],
        &["nonsense"],
        &[],
    ] {
        fails(arguments, 2);
    }
}
