//! The house rules of ARCHITECTURE.md, held by reading the sources: dependency direction, forbidden words, file sizes.
//! What the compiler and clippy hold already is not repeated here.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

struct Source {
    /// Relative to the repository's root, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    /// The lines outside the bodies of `#[cfg(test)]` modules and outside comments, numbered from 1.
    /// A module's body is taken to end with a brace at the line's beginning, as rustfmt puts it.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut code = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            if lines[at] == "#[cfg(test)]" {
                let item = (at + 1..lines.len()).find(|next| !lines[*next].starts_with("#["));
                match item.map(|item| (item, lines[item])) {
                    Some((item, line)) if line.starts_with("mod ") => {
                        let end = if line.ends_with('{') {
                            (item..lines.len()).find(|end| lines[*end] == "}")
                        } else {
                            Some(item)
                        };
                        at = end.unwrap_or(lines.len());
                    }
                    _ => {}
                }
            }
            if at < lines.len() && !lines[at].trim_start().starts_with("//") {
                code.push((at + 1, lines[at]));
            }
            at += 1;
        }
        code.into_iter()
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.contains("tests.rs")
            || self.path.contains("testkit")
    }
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let skipped = name.starts_with('.') && name != ".ci";
        if skipped || matches!(name, "target" | "node_modules" | "__pycache__") {
            continue;
        }
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push(path);
        }
    }
}

fn files(under: &str, endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    collect(&root.join(under), &mut paths);
    let mut found = Vec::new();
    for path in paths {
        let relative =
            path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if endings.iter().any(|ending| relative.ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            found.push(Source { path: relative, text });
        }
    }
    assert!(!found.is_empty(), "nothing found under {under}");
    found
}

/// Lines of code in `under` (without tests) that `breaks` a rule, as `path:line: text`.
fn offences(under: &str, breaks: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in files(under, &[".rs"]).iter().filter(|source| !source.is_test()) {
        let mut before = "";
        for (at, line) in source.code() {
            // A chain that goes on in the next line is one.
            let chained = line.trim_start().starts_with('.');
            let whole = if chained { format!("{before}{}", line.trim()) } else { line.to_owned() };
            before = line.trim_end();
            if breaks(&source.path, &whole) {
                found.push(format!("{}:{at}: {}", source.path, line.trim()));
            }
        }
    }
    found
}

fn check(rule: &str, offences: Vec<String>) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

fn manifest(krate: &str) -> String {
    fs::read_to_string(root().join(format!("crates/{krate}/Cargo.toml"))).unwrap_or_default()
}

/// The names under `[dependencies]`.
fn dependencies(krate: &str) -> Vec<String> {
    let text = manifest(krate);
    let names: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    assert!(!names.is_empty(), "{krate} has no dependencies");
    names
}

#[test]
fn dependencies_point_towards_core() {
    let allowed: [(&str, &[&str]); 5] = [
        ("core", &[]),
        ("store", &["trent-core"]),
        ("audit", &["trent-core"]),
        ("dialects", &["trent-core"]),
        ("server", &["trent-core", "trent-store", "trent-audit", "trent-dialects"]),
    ];
    for (krate, ours) in allowed {
        for name in dependencies(krate) {
            let stranger = name.starts_with("trent") && !ours.contains(&name.as_str());
            assert!(!stranger, "{krate} depends on {name}");
        }
    }
}

#[test]
fn core_knows_no_wire_no_database_and_no_vendor() {
    for name in dependencies("core") {
        assert!(
            !matches!(name.as_str(), "http" | "hyper" | "axum" | "rusqlite" | "tokio-postgres"),
            "{name}"
        );
    }
    const VENDORS: &[&str] = &[
        "aws",
        "arn",
        "qkms",
        "verenc",
        "tencent",
        "alibaba",
        "aliyun",
        "thalassa",
        "cmk",
        "quilibrium",
    ];
    check(
        "core names a vendor",
        offences("crates/core/src", |_, line| {
            words(line).any(|word| {
                word.to_ascii_lowercase().split('_').any(|part| VENDORS.contains(&part))
                    && word != "aws_lc_rs"
                    && word != "aws_lc_sys"
            })
        }),
    );
    check(
        "serde_json in core's public API",
        offences("crates/core/src", |_, line| {
            let line = line.trim_start();
            line.contains("serde_json") && line.starts_with("pub ")
        }),
    );
}

#[test]
fn dialects_reach_the_engine_only_and_never_each_other() {
    check(
        "a dialect touches the store",
        offences("crates/dialects/src", |_, line| {
            line.contains("core::store")
                || line.contains("trent_store")
                || line.contains("core::audit")
        }),
    );
    const FOLDERS: &[&str] = &["aws", "alibaba", "tencent", "thalassa"];
    check(
        "a dialect uses another's folder",
        offences("crates/dialects/src", |path, line| {
            let own =
                path.trim_start_matches("crates/dialects/src/").split('/').next().unwrap_or("");
            let inside = FOLDERS.contains(&own) || own == "common";
            inside
                && FOLDERS.iter().filter(|folder| **folder != own).any(|folder| {
                    line.contains(&format!("crate::{folder}"))
                        || line.contains(&format!("super::super::{folder}"))
                })
        }),
    );
}

#[test]
fn stores_and_logs_see_no_key_material() {
    for under in ["crates/store/src", "crates/audit/src"] {
        check(
            "a store or log reaches for keys",
            offences(under, |_, line| {
                ["core::crypto", "core::seal", "core::root", "core::access", "core::engine"]
                    .iter()
                    .any(|module| line.contains(module))
            }),
        );
    }
}

#[test]
fn every_state_change_goes_through_the_engine() {
    check(
        "a write to the store, or an event for its outbox, outside core's engine",
        offences("crates", |path, line| {
            let home =
                path.starts_with("crates/core/src/engine/") || path.starts_with("crates/store/");
            // Rows are authenticated in `record`, and so is the outbox's event.
            let event = line.contains("OutboxEvent {")
                && !line.starts_with("pub struct ")
                && path != "crates/core/src/record/mod.rs";
            !home && (line.contains("store.commit(") || event)
        }),
    );
}

#[test]
fn authorizations_are_built_in_one_place() {
    check(
        "an authorization built outside access",
        offences("crates", |path, line| {
            path != "crates/core/src/access/authorized.rs" && line.contains("Authorized {")
        }),
    );
}

#[test]
fn secrets_have_no_convenient_traits() {
    const TRAITS: &[&str] = &["Debug", "Display", "Clone", "Serialize"];
    let mut found = Vec::new();
    for source in files("crates/core/src/crypto", &[".rs"]) {
        let lines: Vec<(usize, &str)> = source.code().collect();
        for (place, (at, line)) in lines.iter().enumerate() {
            let implements = TRAITS.iter().any(|name| line.contains(&format!("{name} for ")));
            // The derived-for type, from here to the end of its definition.
            let item = || lines[place..].iter().map(|(_, line)| *line);
            let end = item().position(|line| line.ends_with(';') || line == "}");
            let mut item = item().take(end.unwrap_or(0) + 1);
            let derives = line.starts_with("#[derive(")
                && (source.path.ends_with("/secret.rs")
                    || words(line).any(|word| TRAITS.contains(&word))
                        && item.any(|line| {
                            ["Secret", "Zeroiz", "KeyPair", "private"]
                                .iter()
                                .any(|kept| line.contains(kept))
                        }));
            if implements || derives {
                found.push(format!("{}:{at}: {line}", source.path));
            }
        }
    }
    check("a secret can be shown or copied", found);
}

#[test]
fn only_the_bodies_of_test_modules_are_left_out() {
    let cases = [
        ("a\n// b\nc", vec![1, 3]),
        ("#[cfg(test)]\n#[allow(x)]\nmod tests;\nuse a;", vec![3, 4]),
        ("#[cfg(test)]\nfn f() {\n}", vec![1, 2, 3]),
        ("a\n#[cfg(test)]\nmod tests {\n    b\n}\nc", vec![1, 5, 6]),
        ("a\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    b\n}", vec![1, 6]),
        ("a\n#[cfg(test)]", vec![1, 2]),
    ];
    for (text, expected) in cases {
        let source = Source { path: String::new(), text: text.to_owned() };
        assert_eq!(source.code().map(|(at, _)| at).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn the_impossible_is_argued_for() {
    let mut found = Vec::new();
    for source in files("crates", &[".rs"]).iter().filter(|source| !source.is_test()) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in source.code() {
            let allows = line.contains("allow(clippy::unwrap_used")
                || line.contains("allow(clippy::expect_used");
            let argued =
                lines[..at - 1].iter().rev().take(4).any(|line| line.contains("// invariant:"));
            if allows && !argued {
                found.push(format!("{}:{at}", source.path));
            }
        }
    }
    check("unwrap or expect without an `// invariant:` line above", found);
}

#[test]
fn unsafe_stands_in_two_files_at_most() {
    check(
        "unsafe code",
        offences("crates", |path, line| {
            let home = matches!(path, "crates/core/src/crypto/ffi.rs" | "crates/server/src/sys.rs");
            !home && words(line).any(|word| word == "unsafe")
        }),
    );
}

#[test]
fn files_are_small_and_say_what_they_hold() {
    for source in files("crates", &[".rs"]).iter().chain(&files("xtask", &[".rs"])) {
        let lines = source.text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines", source.path);
        assert!(source.text.starts_with("//!"), "{} does not open with its purpose", source.path);
    }
}

#[test]
fn nothing_is_left_to_do_or_ignored() {
    check(
        "unfinished code",
        offences("crates", |_, line| {
            line.contains("todo!(") || line.contains("unimplemented!(") || line.contains("dbg!(")
        }),
    );
    for source in files("crates", &[".rs"]) {
        assert!(!source.text.contains(concat!("#[", "ignore")), "{}", source.path);
    }
}

#[test]
fn the_documents_and_sources_speak_of_the_product() {
    // Split, so that this file does not offend against itself.
    let hosts = [
        concat!("pypi", ".org"),
        concat!("crates", ".io"),
        concat!("npmjs", ".org"),
        concat!("proxy.golang", ".org"),
    ];
    let mut found = Vec::new();
    let endings =
        [".rs", ".md", ".toml", ".py", ".mjs", ".js", ".go", ".json", ".mod", ".txt", "/run"];
    for under in ["crates", "tests", "xtask", "docs", ".ci"] {
        for source in files(under, &endings) {
            for (at, line) in source.text.lines().enumerate() {
                if hosts.iter().any(|host| line.contains(host)) {
                    found.push(format!("{}:{}: {line}", source.path, at + 1));
                }
            }
        }
    }
    check("a package registry's host name", found);
}
