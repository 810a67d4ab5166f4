//! The Python suites: a virtual environment from `requirements.txt`, then pytest.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Ended, is_current, scratch, sources, suite_command};
use crate::process::{command, has_version, lines, run as run_to_end};
use crate::report::Counts;

/// Why the suites cannot run here, if so.
pub(super) fn missing() -> Option<String> {
    has_version("python3", "--version", (3, 11)).err()
}

/// Installs the pins if they changed, and runs pytest on `folder` of the suite.
pub(super) fn run(binary: &Path, full: bool, folder: &str) -> Ended {
    let home = sources("python");
    let environment = scratch("python");
    provision(&home, &environment)?;
    let mut pytest = suite_command(environment.join("bin/python"), &home, binary);
    pytest
        .args(["-m", "pytest", folder])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TRENT_FULL", if full { "1" } else { "" });
    let mut counts = Counts::default();
    let healthy = lines(&mut pytest, |line| {
        println!("{line}");
        if let Some(found) = closing_line(line) {
            counts = found;
        }
    })?;
    Ok((counts, healthy))
}

fn provision(home: &Path, environment: &Path) -> Result<()> {
    let pins = std::fs::read_to_string(home.join("requirements.txt"))
        .context("tests/sdk/python/requirements.txt")?;
    let stamp = environment.join("installed.txt");
    if is_current(&stamp, &pins) {
        return Ok(());
    }
    println!("installing the Python packages of requirements.txt");
    run_to_end(command("python3", home).args(["-m", "venv", "--clear"]).arg(environment))?;
    // The pins name every package, so nothing may be resolved beside them; `check` proves it.
    let python = environment.join("bin/python");
    run_to_end(command(&python, home).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
        "requirements.txt",
    ]))?;
    run_to_end(command(&python, home).args(["-m", "pip", "check"]))?;
    std::fs::write(&stamp, pins).context("cannot write the stamp")
}

/// The numbers in pytest's last line, such as `===== 3 failed, 12 passed, 1 error in 4.2s =====`.
fn closing_line(line: &str) -> Option<Counts> {
    let text = line.trim_matches(['=', ' ']);
    let (numbers, _) = text.rsplit_once(" in ")?;
    let mut counts = Counts::default();
    for part in numbers.split(", ") {
        let (number, word) = part.split_once(' ')?;
        let number = number.parse::<u64>().ok()?;
        match word {
            "passed" => counts.passed += number,
            "failed" | "error" | "errors" => counts.failed += number,
            "skipped" => counts.skipped += number,
            _ => {}
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines() {
        let counts = |passed, failed, skipped| Some(Counts { passed, failed, skipped });
        for (line, expected) in [
            ("12 passed in 3.21s", counts(12, 0, 0)),
            (
                "==== 1 failed, 12 passed, 2 skipped, 1 error in 64.00s (0:01:04) ====",
                counts(12, 2, 2),
            ),
            ("=== 2 passed, 3 warnings, 2 errors in 0.1s ===", counts(2, 2, 0)),
            ("tests/test_keys.py ....", None),
            ("12 passed", None),
        ] {
            assert_eq!(closing_line(line), expected, "{line}");
        }
    }
}
