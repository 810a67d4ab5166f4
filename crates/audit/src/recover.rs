//! The log's end when it is opened: what a crash left unfinished there is cut off, on record; what someone altered is
//! refused. Power loss can lose any part of what was not synced, so a hole of zeros may stand before whole lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use serde::Serialize;
use trent_core::audit::Entry;
use trent_core::model::{EventId, NodeId};

use crate::queue::BATCH_BYTES;
use crate::{line, segment};

/// What is unfinished begins within the last bytes of the file, as many as are written before a sync.
const TORN: u64 = BATCH_BYTES as u64;
/// What is read of the file: that, and the last whole line before it with the end of the line before that one.
const READ: u64 = TORN + line::MOST as u64 + 1;

/// Where the log's newest file ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Its length in bytes, all whole lines and durable.
    pub(crate) durable: u64,
    /// The number of the next event.
    pub(crate) next: u64,
}

/// That bytes were cut off, as the log's own event.
#[derive(Serialize)]
struct TailDropped {
    v: u8,
    id: String,
    time: u64,
    dialect: &'static str,
    operation: &'static str,
    action: &'static str,
    outcome: &'static str,
    dropped_bytes: usize,
    dropped_sha256: String,
}

/// Checks the end of the file whose first event is `first`, cuts off what is torn, and makes the rest durable.
/// A cut is told by an event in a file of its own, at the returned path: the log's next file, if there is one.
pub(crate) fn recover(
    path: &Path,
    dir: &Path,
    first: u64,
    node: NodeId,
) -> io::Result<(End, Option<PathBuf>)> {
    let mut file = segment::open(path, OpenOptions::new().read(true).write(true))?;
    let length = file.metadata()?.len();
    let end = find_end(&mut file, length, first)?;
    // The event is durable before the cut and gets its place after it, so that a crash in between loses neither.
    let told = dir.join("tail-dropped.new");
    if end.durable < length {
        let torn = keep_torn(&mut file, &end, length, dir)?;
        let mut line = Vec::new();
        line::write(&mut line, end.next, node, &tail_dropped(&torn)?)?;
        segment::replace(&told, dir, &line)?;
        file.set_len(end.durable)?;
    }
    // A killed process may have written lines that were not synced yet; from now on they count.
    file.sync_all()?;
    let next = segment::path(dir, end.next);
    match fs::rename(&told, &next) {
        Ok(()) => {
            segment::sync_dir(dir)?;
            Ok((end, Some(next)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((end, None)),
        Err(error) => Err(error),
    }
}

fn find_end(file: &mut File, length: u64, first: u64) -> io::Result<End> {
    let from = length.saturating_sub(READ);
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
        if count == 0 || (torn && length - place <= TORN) {
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

/// Copies what will be cut off into a file beside the log's directory, and answers it: at most [`TORN`] bytes.
fn keep_torn(file: &mut File, end: &End, length: u64, dir: &Path) -> io::Result<Vec<u8>> {
    let mut torn = Vec::new();
    file.seek(SeekFrom::Start(end.durable))?;
    file.take(length - end.durable).read_to_end(&mut torn)?;
    let beside = dir.parent().unwrap_or(dir);
    let mut time = now_ms();
    let (mut copy, path) = loop {
        let path = beside.join(format!("torn-{time}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(copy) => break (copy, path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => time += 1,
            Err(error) => return Err(error),
        }
    };
    copy.write_all(&torn)?;
    copy.sync_all()?;
    segment::sync_dir(beside)?;
    let (bytes, kept) = (torn.len(), path.display());
    tracing::warn!(bytes, %kept, "the audit log's end was unfinished and is cut off");
    Ok(torn)
}

fn tail_dropped(torn: &[u8]) -> io::Result<Entry> {
    let id = EventId::random().map_err(io::Error::other)?;
    let bytes = serde_json::to_vec(&TailDropped {
        v: 1,
        id: id.to_string(),
        time: now_ms(),
        dialect: "admin",
        operation: "TailDropped",
        action: "TailDropped",
        outcome: "success",
        dropped_bytes: torn.len(),
        dropped_sha256: HEXLOWER.encode(digest::digest(&digest::SHA256, torn).as_ref()),
    })?;
    Ok(Entry { id, bytes, generation: None })
}

/// Milliseconds since the Unix epoch.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn altered(place: u64) -> io::Error {
    let text = format!("the newest file is not as it was written, at byte {place}");
    io::Error::new(io::ErrorKind::InvalidData, text)
}
