//! Chores of the project. `cargo xtask test` is everything that must hold before a change lands.
//! This file reads the arguments and picks the steps; how a step works is in the other files.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool reports on the terminal"
)]

mod cargo;
mod process;
mod report;
mod suites;

use std::process::ExitCode;

use report::Report;

const USAGE: &str = "\
usage: cargo xtask test [--full] [--only NAME]

  --full       longer runs of the randomised tests (nightly and before a release)
  --only NAME  one part: unit, python, crash, dkms, node or go. The client parts build
               the release binary first, unless TRENT_BIN names one";

/// What the caller asked for.
struct Options {
    full: bool,
    only: Option<Part>,
}

/// A part that can be run alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Unit,
    Suite(suites::Suite),
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut report = Report::new(std::env::var("CI").is_ok_and(|value| value == "true"));
    run(&options, &mut report);
    if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(options: &Options, report: &mut Report) {
    match options.only {
        None => {
            cargo::format(report);
            cargo::clippy(report);
            cargo::deny(report);
            cargo::unit_tests(report, options.full);
            if let Some(binary) = cargo::release_binary(report) {
                for suite in suites::ALL {
                    suites::run(report, suite, &binary, options.full);
                }
            }
        }
        Some(Part::Unit) => cargo::unit_tests(report, options.full),
        Some(Part::Suite(suite)) => {
            let given = std::env::var_os("TRENT_BIN").map(std::path::PathBuf::from);
            if let Some(binary) = given.or_else(|| cargo::release_binary(report)) {
                suites::run(report, suite, &binary, options.full);
            }
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    match arguments.next().as_deref() {
        Some("test") => {}
        Some(other) => return Err(format!("unknown chore `{other}`")),
        None => return Err("which chore?".to_owned()),
    }
    let mut options = Options { full: false, only: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--full" => options.full = true,
            "--only" => {
                let name = arguments.next().ok_or("--only needs a name")?;
                options.only = Some(part(&name).ok_or(format!("unknown part `{name}`"))?);
            }
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(options)
}

fn part(name: &str) -> Option<Part> {
    if name == "unit" {
        return Some(Part::Unit);
    }
    suites::ALL.into_iter().find(|suite| suite.name() == name).map(Part::Suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<(bool, Option<Part>), String> {
        parse(arguments.iter().map(|argument| (*argument).to_owned()))
            .map(|options| (options.full, options.only))
    }

    #[test]
    fn arguments() {
        let crash = Some(Part::Suite(suites::Suite::Crash));
        assert!(parsed(&["test"]) == Ok((false, None)));
        assert!(parsed(&["test", "--full"]) == Ok((true, None)));
        assert!(parsed(&["test", "--only", "unit"]) == Ok((false, Some(Part::Unit))));
        let dkms = Some(Part::Suite(suites::Suite::Dkms));
        assert!(parsed(&["test", "--only", "dkms"]) == Ok((false, dkms)));
        assert!(parsed(&["test", "--only", "crash", "--full"]) == Ok((true, crash)));
        for wrong in
            [&[][..], &["build"], &["test", "--only"], &["test", "--only", "java"], &["test", "-q"]]
        {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
