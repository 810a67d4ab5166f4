//! The Go suite: the module's own tests; the go command fetches what `go.sum` names.

use std::path::Path;

use serde_json::Value;

use super::{Ended, sources, suite_command};
use crate::process::{has_version, lines, run as run_to_end};
use crate::report::Counts;

/// Why the suite cannot run here, if so.
pub(super) fn missing() -> Option<String> {
    has_version("go", "version", (1, 26)).err()
}

/// Checks and runs the tests of the module.
pub(super) fn run(binary: &Path, full: bool) -> Ended {
    let home = sources("go");
    let go = |arguments: &[&str]| {
        let mut go = suite_command("go", &home, binary);
        // go.mod and go.sum are the pins: nothing may change them, no other toolchain is fetched.
        go.args(arguments)
            .env("GOFLAGS", "-mod=readonly -buildvcs=false")
            .env("GOTOOLCHAIN", "local")
            .env("TRENT_FULL", if full { "1" } else { "" });
        go
    };
    run_to_end(&mut go(&["vet", "./..."]))?;
    let mut counts = Counts::default();
    let healthy = lines(&mut go(&["test", "-json", "-count=1", "./..."]), |line| {
        counts.add(event(line));
    })?;
    Ok((counts, healthy))
}

/// Prints what a person wants to read of one event of `go test -json`, and counts it.
fn event(line: &str) -> Counts {
    let mut counts = Counts::default();
    let Ok(event) = serde_json::from_str::<Value>(line) else {
        println!("{line}");
        return counts;
    };
    let field = |name: &str| event.get(name).and_then(Value::as_str);
    match (field("Action"), field("Test")) {
        (Some("pass"), Some(_)) => counts.passed = 1,
        (Some("fail"), Some(_)) => counts.failed = 1,
        (Some("skip"), Some(_)) => counts.skipped = 1,
        (Some("output" | "build-output"), _) => {
            let text = field("Output").unwrap_or_default();
            let noise = ["=== RUN", "=== PAUSE", "=== CONT", "=== NAME"];
            if !noise.iter().any(|start| text.starts_with(start)) {
                print!("{text}");
            }
        }
        _ => {}
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events() {
        for (line, passed, failed, skipped) in [
            (r#"{"Action":"pass","Test":"TestA/one"}"#, 1, 0, 0),
            (r#"{"Action":"fail","Test":"TestA"}"#, 0, 1, 0),
            (r#"{"Action":"skip","Test":"TestA"}"#, 0, 0, 1),
            (r#"{"Action":"pass","Package":"x"}"#, 0, 0, 0),
            (r#"{"Action":"run","Test":"TestA"}"#, 0, 0, 0),
            (r#"{"Action":"output","Output":"=== RUN x\n"}"#, 0, 0, 0),
        ] {
            let expected = Counts { passed, failed, skipped };
            assert_eq!(event(line), expected, "{line}");
        }
    }
}
