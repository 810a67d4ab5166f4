//! The steps that are cargo's own: format, lints, licences and advisories, tests, the release build.
//! The suites that drive the built server with the vendors' clients are in `suites`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::process::{command, lines, root, run};
use crate::report::{Counts, Outcome, Report};

/// Test cases that each property test draws in a full run; the library's own default otherwise.
const FULL_PROPERTY_CASES: &str = "4096";

/// `cargo` of the toolchain that runs this program.
fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = command(program, &root());
    cargo.args(arguments);
    cargo
}

fn done(arguments: &[&str]) -> Outcome {
    match run(&mut cargo(arguments)) {
        Ok(()) => Outcome::Done,
        Err(problem) => Outcome::Failed(format!("{problem:#}")),
    }
}

/// Every file is formatted.
pub(crate) fn format(report: &mut Report) {
    report.step("format", || done(&["fmt", "--all", "--check"]));
}

/// No lint warns.
pub(crate) fn clippy(report: &mut Report) {
    report.step("clippy", || {
        done(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
    });
}

/// Licences, advisories, banned crates and sources, where the tool for it is installed.
pub(crate) fn deny(report: &mut Report) {
    report.step("deny", || {
        let installed = cargo(&["deny", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if installed {
            done(&["deny", "check"])
        } else {
            Outcome::Skipped { why: "cargo-deny is not installed".to_owned(), allowed_in_ci: true }
        }
    });
}

/// Every Rust test of the workspace.
pub(crate) fn unit_tests(report: &mut Report, full: bool) {
    report.step("unit", || {
        let mut cargo = cargo(&["test", "--workspace", "--no-fail-fast"]);
        if full {
            cargo.env("PROPTEST_CASES", FULL_PROPERTY_CASES);
        }
        let mut counts = Counts::default();
        let ended = lines(&mut cargo, |line| {
            println!("{line}");
            counts.add(result_line(line));
        });
        match ended {
            Ok(healthy) => Outcome::Tests { counts, healthy },
            Err(problem) => Outcome::Failed(format!("{problem:#}")),
        }
    });
}

/// Builds the server as it ships. None when the build failed.
pub(crate) fn release_binary(report: &mut Report) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder));
    let binary = target.join("release/trent");
    let built = report.step("release build", || match done(&["build", "--release"]) {
        Outcome::Done if !binary.is_file() => {
            Outcome::Failed(format!("{} was not built", binary.display()))
        }
        outcome => outcome,
    });
    built.then_some(binary)
}

/// The numbers in a line such as `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
fn result_line(line: &str) -> Counts {
    let mut counts = Counts::default();
    let Some(rest) = line.trim().strip_prefix("test result: ") else {
        return counts;
    };
    let words: Vec<&str> = rest.split([' ', ';', '.']).collect();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else {
            continue;
        };
        match pair[1] {
            "passed" => counts.passed += number,
            "failed" => counts.failed += number,
            "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines() {
        let counts = |passed, failed, skipped| Counts { passed, failed, skipped };
        for (line, expected) in [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
                counts(5, 0, 1),
            ),
            (
                "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
                counts(12, 3, 0),
            ),
            ("test some::name ... ok", counts(0, 0, 0)),
            ("running 5 tests", counts(0, 0, 0)),
        ] {
            assert_eq!(result_line(line), expected, "{line}");
        }
    }
}
