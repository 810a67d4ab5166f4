//! The Node suite: `npm ci` in the suite's folder, then Node's own test runner.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Ended, is_current, sources, suite_command};
use crate::process::{command, has_version, lines, run as run_to_end};
use crate::report::Counts;

/// Why the suite cannot run here, if so.
pub(super) fn missing() -> Option<String> {
    has_version("node", "--version", (20, 0))
        .and_then(|()| has_version("npm", "--version", (9, 0)))
        .err()
}

/// Installs the locked packages if the lock file changed, and runs the tests.
pub(super) fn run(binary: &Path, full: bool) -> Ended {
    let home = sources("node");
    provision(&home)?;
    let mut node = suite_command("node", &home, binary);
    node.arg("run.mjs").env("TRENT_FULL", if full { "1" } else { "" });
    let mut counts = Counts::default();
    let healthy = lines(&mut node, |line| {
        println!("{line}");
        counts.add(total_line(line));
    })?;
    Ok((counts, healthy))
}

fn provision(home: &Path) -> Result<()> {
    let lock = std::fs::read_to_string(home.join("package-lock.json"))
        .context("tests/sdk/node/package-lock.json")?;
    let stamp = home.join("node_modules/installed.json");
    if is_current(&stamp, &lock) {
        return Ok(());
    }
    println!("installing the Node packages of package-lock.json");
    run_to_end(command("npm", home).arg("ci"))?;
    std::fs::write(&stamp, lock).context("cannot write the stamp")
}

/// The numbers in the lines with which Node's test runner closes, such as `ℹ pass 12`.
fn total_line(line: &str) -> Counts {
    let mut counts = Counts::default();
    let words: Vec<&str> = line.split(' ').collect();
    let [mark, word, number] = words[..] else {
        return counts;
    };
    let (true, Ok(number)) = (matches!(mark, "ℹ" | "#"), number.parse::<u64>()) else {
        return counts;
    };
    match word {
        "pass" => counts.passed = number,
        "fail" | "cancelled" => counts.failed = number,
        "skipped" => counts.skipped = number,
        _ => {}
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_lines() {
        for (line, passed, failed, skipped) in [
            ("ℹ pass 12", 12, 0, 0),
            ("# pass 7", 7, 0, 0),
            ("ℹ fail 3", 0, 3, 0),
            ("ℹ cancelled 1", 0, 1, 0),
            ("ℹ skipped 2", 0, 0, 2),
            ("ℹ tests 12", 0, 0, 0),
            ("ℹ duration_ms 12", 0, 0, 0),
            ("✔ pass 12", 0, 0, 0),
            ("", 0, 0, 0),
        ] {
            let expected = Counts { passed, failed, skipped };
            assert_eq!(total_line(line), expected, "{line}");
        }
    }
}
