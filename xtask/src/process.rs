//! Running other programs: with inherited output, or line by line so that results can be counted.
//! What is run, and what its lines mean, is not here.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The longest that one test runner may take before it is stopped.
const RUNNER_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or(here.clone(), Path::to_path_buf)
}

/// A command that starts in `folder` and has no standard input.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// The program's file name, for messages.
fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Runs to the end with the output of this process.
///
/// # Errors
/// The program cannot be started, or ends with another status than zero.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = name_of(command);
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// Runs to the end and gives every line of standard output to `see`. True when the status was zero.
///
/// # Errors
/// The program cannot be started, or takes longer than the limit.
pub(crate) fn lines(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool> {
    let name = name_of(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {name}"))?;
    let output = child.stdout.take().context("no standard output")?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    let deadline = Instant::now() + RUNNER_LIMIT;
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => see(line.trim_end_matches('\r')),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill().ok();
                child.wait().ok();
                bail!("{name} took longer than {} s", RUNNER_LIMIT.as_secs());
            }
        }
    }
    Ok(child.wait()?.success())
}

/// Whether `program` answers with a version of at least `needed` (major, minor); else why not.
pub(crate) fn has_version(
    program: &str,
    argument: &str,
    needed: (u32, u32),
) -> std::result::Result<(), String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| format!("{program} is not installed"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match version(&text) {
        Some(found) if found >= needed => Ok(()),
        Some((major, minor)) => {
            Err(format!("{program} {major}.{minor} found, {}.{} needed", needed.0, needed.1))
        }
        None => Err(format!("{program} tells no version")),
    }
}

/// The first `major.minor` in a text such as `go version go1.26.8 linux/amd64`.
fn version(text: &str) -> Option<(u32, u32)> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("Python 3.11.7\n", Some((3, 11))),
            ("v20.20.2\n", Some((20, 20))),
            ("go version go1.26.8 linux/amd64\n", Some((1, 26))),
            ("10.8.2", Some((10, 8))),
            ("no numbers. here", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_arrive_in_order_and_the_status_counts() {
        let mut seen = Vec::new();
        let script = "printf 'a\\nb\\r\\nc'; exit 3";
        let healthy = lines(command("sh", &root()).args(["-c", script]), |line| {
            seen.push(line.to_owned());
        });
        assert!(!healthy.unwrap());
        assert_eq!(seen, ["a", "b", "c"]);
        assert!(lines(&mut command("/nonexistent", &root()), |_| ()).is_err());
    }
}
