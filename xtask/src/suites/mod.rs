//! The suites that drive a freshly started release binary with the vendors' own clients, one file
//! a language. Each makes what it needs under `target/sdk` from exact pins in the repository.

mod go;
mod node;
mod python;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{command, root};
use crate::report::{Counts, Outcome, Report};

/// A suite of `tests/sdk`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    /// boto3, and plain HTTP for what a client library would not send.
    Python,
    /// The server is killed while clients write to it.
    Crash,
    /// Alibaba Cloud's client of the instance API, which needs old packages, hence its own environment.
    Dkms,
    /// The AWS, Alibaba Cloud and Tencent Cloud SDKs for JavaScript.
    Node,
    /// Thalassa's Go client.
    Go,
}

/// Every suite, in the order they run.
pub(crate) const ALL: [Suite; 5] =
    [Suite::Python, Suite::Crash, Suite::Dkms, Suite::Node, Suite::Go];

impl Suite {
    /// The name on the command line and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Crash => "crash",
            Self::Dkms => "dkms",
            Self::Node => "node",
            Self::Go => "go",
        }
    }
}

/// Provisions and runs one suite against `binary`.
pub(crate) fn run(report: &mut Report, suite: Suite, binary: &Path, full: bool) {
    report.step(suite.name(), || {
        let missing = match suite {
            Suite::Python | Suite::Crash | Suite::Dkms => python::missing(),
            Suite::Node => node::missing(),
            Suite::Go => go::missing(),
        };
        if let Some(why) = missing {
            return Outcome::Skipped { why, allowed_in_ci: false };
        }
        let ended = match suite {
            Suite::Python => python::run(binary, full, &python::MODERN, "tests"),
            Suite::Crash => python::run(binary, full, &python::MODERN, "crash"),
            Suite::Dkms => python::run(binary, full, &python::DKMS, "tests"),
            Suite::Node => node::run(binary, full),
            Suite::Go => go::run(binary, full),
        };
        match ended {
            Ok((counts, healthy)) => Outcome::Tests { counts, healthy },
            Err(problem) => Outcome::Failed(format!("{problem:#}")),
        }
    });
}

/// What a suite's runner told: the numbers of tests, and whether it ended with status zero.
type Ended = Result<(Counts, bool)>;

/// The folder of a suite's sources.
fn sources(language: &str) -> PathBuf {
    root().join("tests/sdk").join(language)
}

/// The folder for what a suite installs; kept between runs.
fn scratch(language: &str) -> PathBuf {
    root().join("target/sdk").join(language)
}

/// A command in the suite's folder that knows the binary under test.
fn suite_command(program: impl AsRef<std::ffi::OsStr>, folder: &Path, binary: &Path) -> Command {
    let mut command = command(program, folder);
    command.env("TRENT_BIN", binary);
    command
}

/// Whether `stamp` holds `wanted`: what is installed was made from the same pins.
fn is_current(stamp: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}
