//! Looking for events in the log's files, newest lines first, in bounded memory.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use trent_core::model::EventId;

use crate::line;

/// How much is read at once, in bytes.
const CHUNK: u64 = 1_024 * 1_024;

/// Moves those of `wanted` that the first `length` bytes of a file hold into `found`. Stops when none is left.
pub(crate) fn search(
    path: &Path,
    length: u64,
    wanted: &mut HashSet<EventId>,
    found: &mut HashSet<EventId>,
) -> io::Result<()> {
    backwards(path, length, CHUNK, |line| {
        // What cannot be read holds nothing; that it cannot is for a check of the log to say.
        let id = line::read(line).and_then(|line| EventId::parse(&line.id));
        if let Some(id) = id.and_then(|id| wanted.take(&id)) {
            found.insert(id);
        }
        !wanted.is_empty()
    })
}

/// Gives each line to `each`, without its end, chunk by chunk from the last, until that answers false.
fn backwards(
    path: &Path,
    length: u64,
    chunk: u64,
    mut each: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let file = File::open(path)?;
    let mut end = length;
    // The beginning of a line whose end was read with the chunk after it.
    let mut rest: Vec<u8> = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(chunk);
        let mut bytes = vec![0; usize::try_from(end - start).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, start)?;
        bytes.append(&mut rest);
        let whole = match bytes.iter().position(|byte| *byte == b'\n') {
            _ if start == 0 => 0,
            Some(place) => place + 1,
            None => bytes.len(),
        };
        for line in bytes[whole..].split(|byte| *byte == b'\n') {
            if !line.is_empty() && !each(line) {
                return Ok(());
            }
        }
        bytes.truncate(whole);
        if bytes.len() > line::MOST {
            // No line of ours.
            bytes.clear();
        }
        rest = bytes;
        end = start;
    }
    Ok(())
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_line_is_seen_once_whatever_the_chunks() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = ["a", "bb", "ccc", "", "dddddddddddd", "e", "ffff"];
        for ended in [true, false] {
            let text = lines.join("\n") + if ended { "\n" } else { "" };
            std::fs::write(file.path(), &text).unwrap();
            for chunk in 1..=text.len() as u64 + 1 {
                let mut seen = HashSet::new();
                backwards(file.path(), text.len() as u64, chunk, |line| {
                    assert!(seen.insert(String::from_utf8(line.to_vec()).unwrap()));
                    true
                })
                .unwrap();
                let all = lines.iter().filter(|line| !line.is_empty()).map(|&line| line.to_owned());
                assert_eq!(seen, all.collect(), "in chunks of {chunk}");
            }
        }
    }
}
