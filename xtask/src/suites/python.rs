//! The Python suites: a virtual environment from each folder's `requirements.txt`, then pytest.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Ended, is_current, scratch, sources, suite_command};
use crate::process::{command, has_version, lines, root, run as run_to_end};
use crate::report::Counts;

/// A folder of suites with pins of their own.
pub(super) struct Home {
    /// Its name in `tests/sdk`.
    folder: &'static str,
    /// The name of its virtual environment in `target/sdk`.
    environment: &'static str,
}

/// What works with current packages.
pub(super) const MODERN: Home = Home { folder: "python", environment: "python" };

/// The client of Alibaba Cloud's instance API, which works with old packages alone.
pub(super) const DKMS: Home = Home { folder: "python_dkms", environment: "dkms" };

/// The pins of what builds a package that comes as source, below the root.
const BUILD_PINS: &str = "xtask/python-build.txt";

/// Why the suites cannot run here, if so.
pub(super) fn missing() -> Option<String> {
    has_version("python3", "--version", (3, 11)).err()
}

/// Installs the pins if they changed, and runs pytest on `folder` of the suite.
pub(super) fn run(binary: &Path, full: bool, home: &Home, folder: &str) -> Ended {
    let environment = scratch(home.environment);
    let home = sources(home.folder);
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
    let read =
        |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let (path, builders) = (home.join("requirements.txt"), root().join(BUILD_PINS));
    let pins = read(&path)? + &read(&builders)?;
    let stamp = environment.join("installed.txt");
    if is_current(&stamp, &pins) {
        return Ok(());
    }
    println!("installing the Python packages of {}", path.display());
    run_to_end(command("python3", home).args(["-m", "venv", "--clear"]).arg(environment))?;
    // The pins name every package, so nothing may be resolved beside them; `check` proves it.
    let python = environment.join("bin/python");
    let mut install = command(&python, home);
    install.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    install.args(["--no-deps", "--requirement", "requirements.txt"]);
    // Older releases of pip hold builds to the one, newer ones to the other.
    install.env("PIP_CONSTRAINT", &builders).env("PIP_BUILD_CONSTRAINT", &builders);
    run_to_end(&mut install)?;
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
