//! The log's end when it is opened: what a crash left unfinished there is cut off, what someone altered is refused.
//! Power loss can lose any part of what was not synced, so a hole of zeros may stand before whole lines.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::queue::{BATCH_BYTES, MOST_BYTES};
use crate::{line, segment};

/// Only the last batch can be unfinished, and none is longer, in bytes.
const LAST: u64 = (MOST_BYTES + BATCH_BYTES) as u64;

/// Where the log's newest file ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Its length in bytes, all whole lines and durable.
    pub(crate) durable: u64,
    /// The number of the next event.
    pub(crate) next: u64,
}

/// Checks the end of the file whose first event is `first`, cuts off what is torn, and makes the rest durable.
pub(crate) fn recover(path: &Path, dir: &Path, first: u64) -> io::Result<End> {
    let mut file = segment::open(path, OpenOptions::new().read(true).write(true))?;
    let length = file.metadata()?.len();
    let end = find_end(&mut file, length, first)?;
    if end.durable < length {
        keep_torn(&mut file, &end, length, dir)?;
        file.set_len(end.durable)?;
    }
    // A killed process may have written lines that were not synced yet; from now on they count.
    file.sync_all()?;
    Ok(end)
}

fn find_end(file: &mut File, length: u64, first: u64) -> io::Result<End> {
    let from = length.saturating_sub(LAST);
    file.seek(SeekFrom::Start(from))?;
    let mut reader = BufReader::with_capacity(64 * 1_024, file);
    let mut place = from;
    let mut next = (from == 0).then_some(first);
    if from > 0 {
        place += reader.skip_until(b'\n')? as u64;
    }
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let most = line::MOST as u64;
        let count = reader.by_ref().take(most).read_until(b'\n', &mut bytes)? as u64;
        let (line, ended) = match bytes.split_last() {
            Some((b'\n', line)) => (line, true),
            _ => (&*bytes, false),
        };
        let torn = line.contains(&0) || (!ended && count < most);
        if count == 0 || torn {
            let next = next.ok_or_else(|| altered(place))?;
            return Ok(End { durable: place, next });
        }
        let read = line::read(line).filter(|_| ended).ok_or_else(|| altered(place))?;
        if next.is_some_and(|next| next != read.seq) {
            return Err(altered(place));
        }
        next = Some(read.seq.checked_add(1).ok_or_else(|| altered(place))?);
        place += count;
    }
}

/// Copies what will be cut off into a file beside the log's directory.
fn keep_torn(file: &mut File, end: &End, length: u64, dir: &Path) -> io::Result<()> {
    let beside = dir.parent().unwrap_or(dir);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut time = since.as_millis();
    let (mut copy, path) = loop {
        let path = beside.join(format!("torn-{time}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(copy) => break (copy, path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => time += 1,
            Err(error) => return Err(error),
        }
    };
    file.seek(SeekFrom::Start(end.durable))?;
    let bytes = io::copy(&mut file.take(length - end.durable), &mut copy)?;
    copy.sync_all()?;
    segment::sync_dir(beside)?;
    tracing::warn!(bytes, kept = %path.display(), "the audit log's end was unfinished and is cut off");
    Ok(())
}

fn altered(place: u64) -> io::Error {
    let text = format!("the newest file is not as it was written, at byte {place}");
    io::Error::new(io::ErrorKind::InvalidData, text)
}
