//! What ran, for how long, and how it ended: one entry a step, a summary, a closing line.
//! How a step is carried out is not here.

use std::time::{Duration, Instant};

/// Numbers of tests, as a test runner told them.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// How a step ended.
pub(crate) enum Outcome {
    /// A step without tests of its own, such as a build.
    Done,
    /// A test runner ended; `healthy` is its exit status being zero.
    Tests { counts: Counts, healthy: bool },
    /// The step did not work.
    Failed(String),
    /// The step cannot run on this machine.
    Skipped { why: String, allowed_in_ci: bool },
}

struct Entry {
    name: &'static str,
    wall: Duration,
    counts: Counts,
    text: String,
}

/// Collects the steps of one run.
pub(crate) struct Report {
    ci: bool,
    started: Instant,
    entries: Vec<Entry>,
}

impl Report {
    /// In CI a step skipped for a missing tool is a failure, unless the step says otherwise.
    pub(crate) fn new(ci: bool) -> Self {
        Self { ci, started: Instant::now(), entries: Vec::new() }
    }

    /// Runs one step, prints how it ended and remembers it. True when nothing failed.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Outcome) -> bool {
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = work();
        let wall = start.elapsed();
        let (counts, text) = judge(outcome, self.ci);
        println!("<== {name}: {text} ({:.1} s)", wall.as_secs_f64());
        self.entries.push(Entry { name, wall, counts, text });
        counts.failed == 0
    }

    /// Prints the summary and the closing line. True when nothing failed and something passed.
    pub(crate) fn finish(&self) -> bool {
        println!("\n==> summary");
        let mut total = Counts::default();
        for entry in &self.entries {
            println!("{:<16} {:>8.1} s  {}", entry.name, entry.wall.as_secs_f64(), entry.text);
            total.add(entry.counts);
        }
        let wall = self.started.elapsed().as_secs_f64();
        println!("{:<16} {wall:>8.1} s", "all");
        println!("{} passed, {} failed", total.passed, total.failed);
        total.failed == 0 && total.passed > 0
    }
}

/// The numbers that an outcome adds to the total, and the words for it. A step that failed without
/// a failing test counts as one failure, so that the closing line never looks better than the run.
fn judge(outcome: Outcome, ci: bool) -> (Counts, String) {
    let one_failure = Counts { failed: 1, ..Counts::default() };
    match outcome {
        Outcome::Done => (Counts::default(), "ok".to_owned()),
        Outcome::Failed(why) => (one_failure, format!("FAILED: {why}")),
        Outcome::Skipped { why, allowed_in_ci } if ci && !allowed_in_ci => {
            (one_failure, format!("FAILED: skipped in CI: {why}"))
        }
        Outcome::Skipped { why, .. } => (Counts::default(), format!("skipped: {why}")),
        Outcome::Tests { counts, healthy } => judge_tests(counts, healthy),
    }
}

fn judge_tests(mut counts: Counts, healthy: bool) -> (Counts, String) {
    let mut text = format!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.skipped > 0 {
        text.push_str(&format!(", {} skipped", counts.skipped));
    }
    if counts.failed > 0 {
        text.insert_str(0, "FAILED: ");
    } else if !healthy {
        counts.failed = 1;
        text.insert_str(0, "FAILED: the runner ended with an error; ");
    } else if counts.passed == 0 {
        counts.failed = 1;
        text.insert_str(0, "FAILED: no test ran; ");
    }
    (counts, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: Outcome, ci: bool, passed: u64, failed: u64, word: &str) {
        let (counts, text) = judge(outcome, ci);
        assert_eq!((counts.passed, counts.failed), (passed, failed), "{text}");
        assert!(text.contains(word), "{text}");
    }

    fn tests(passed: u64, failed: u64, healthy: bool) -> Outcome {
        Outcome::Tests { counts: Counts { passed, failed, skipped: 0 }, healthy }
    }

    fn skipped(allowed_in_ci: bool) -> Outcome {
        Outcome::Skipped { why: "no such tool".to_owned(), allowed_in_ci }
    }

    #[test]
    fn outcomes() {
        check(Outcome::Done, true, 0, 0, "ok");
        check(Outcome::Failed("x".to_owned()), false, 0, 1, "FAILED");
        check(tests(3, 0, true), true, 3, 0, "3 passed");
        check(tests(3, 2, false), true, 3, 2, "FAILED");
        check(tests(3, 0, false), true, 3, 1, "ended with an error");
        check(tests(0, 0, true), true, 0, 1, "no test ran");
        check(skipped(false), false, 0, 0, "skipped: no such tool");
        check(skipped(true), true, 0, 0, "skipped: no such tool");
        check(skipped(false), true, 0, 1, "FAILED");
    }
}
