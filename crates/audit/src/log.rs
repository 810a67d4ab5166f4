//! The log as its one thread sees it: the newest file, the next number, and what to do when the file fails.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::PathBuf;

use trent_core::audit::Entry;
use trent_core::model::{EventId, NodeId};

use crate::line;
use crate::queue::BATCH_BYTES;
use crate::recover::recover;
use crate::search::search;
use crate::segment::{self, Sink, Wrap};

/// The file beside the segments that names the first number of the newest completed start's segment.
const START: &str = "start";

/// Each start begins a segment of its own. A start is completed when a request's event comes, for core answers no
/// request before the outbox is empty. So what the outbox holds now was committed after the newest completed start,
/// and its lines, if they were written, are in that start's segment or in later ones: only these are searched.
pub(crate) struct Log {
    dir: PathBuf,
    node: NodeId,
    wrap: Wrap,
    /// The number of the next event.
    next: u64,
    newest: Segment,
    /// The first number of the oldest segment to search.
    search_from: u64,
    /// The first number of this start's segment, until the start is completed.
    starting: Option<u64>,
}

/// The newest file.
struct Segment {
    path: PathBuf,
    /// How many of its bytes are durable and answered as done.
    durable: u64,
    /// `None` after a failure: that descriptor is given up for good.
    sink: Option<Box<dyn Sink>>,
}

impl Log {
    /// Opens the log in this directory, and makes both as needed.
    pub(crate) fn open(dir: PathBuf, node: NodeId, wrap: Wrap) -> io::Result<Self> {
        segment::make_private(&dir)?;
        let (next, made) = match segment::list(&dir)?.last() {
            Some(&first) => {
                let path = segment::path(&dir, first);
                let (end, told) = recover(&path, &dir, first, node)?;
                // An empty file is used again.
                (end.next, told.or((end.durable == 0).then_some(path)))
            }
            None => (0, None),
        };
        let path = segment::path(&dir, next);
        let file = match made {
            Some(_) => segment::open(&path, OpenOptions::new().append(true))?,
            None => segment::create(&path)?,
        };
        let durable = file.metadata()?.len();
        let mut sink = wrap(file);
        sink.establish(&dir)?;
        let newest = Segment { path, durable, sink: Some(sink) };
        // Without it all is searched.
        let search_from = fs::read_to_string(dir.join(START)).ok();
        let search_from = search_from.and_then(|text| text.trim_end().parse().ok()).unwrap_or(0);
        // A new segment that begins with the line of a cut has that one line.
        let starting = Some(next);
        let next = next.checked_add(u64::from(durable > 0)).ok_or_else(no_numbers)?;
        Ok(Self { dir, node, wrap, next, newest, search_from, starting })
    }

    /// Writes the entries, syncs, and answers how many there were. After an error none of them is in the log.
    /// Without entries it answers whether the log can be written.
    pub(crate) fn append<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
    ) -> io::Result<u64> {
        self.recover()?;
        let mut served = false;
        let written = self.write(entries.inspect(|entry| served |= entry.generation.is_none()));
        if written.is_err() {
            // What was written of them is cut off before anything follows.
            self.newest.sink = None;
        } else if served {
            self.complete_start();
        }
        written
    }

    fn write<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>) -> io::Result<u64> {
        let mut lines = Vec::new();
        let mut next = self.next;
        let mut durable = self.newest.durable;
        for entry in entries {
            let begin = lines.len();
            line::write(&mut lines, next, self.node, entry)?;
            next = next.checked_add(1).ok_or_else(no_numbers)?;
            // A crash must not leave more than this unfinished: recovery takes nothing that is longer for torn.
            if lines.len() > BATCH_BYTES {
                durable += self.newest.append(&lines[..begin])?;
                lines.drain(..begin);
            }
        }
        if !lines.is_empty() {
            durable += self.newest.append(&lines)?;
        }
        let count = next - self.next;
        (self.newest.durable, self.next) = (durable, next);
        Ok(count)
    }

    /// Notes that the outbox of this start is empty. Failing to is no harm: more will be searched.
    fn complete_start(&mut self) {
        if let Some(first) = self.starting.take()
            && let Err(error) =
                segment::replace(&self.dir.join(START), &self.dir, format!("{first}\n").as_bytes())
        {
            tracing::warn!(%error, "the audit log's start is not noted");
        }
    }

    /// Which of the outbox's events the log holds durably.
    pub(crate) fn holding(&mut self, events: &[EventId]) -> io::Result<HashSet<EventId>> {
        self.recover()?;
        let mut wanted: HashSet<EventId> = events.iter().copied().collect();
        let mut found = HashSet::new();
        for first in segment::list(&self.dir)?.into_iter().rev() {
            if wanted.is_empty() || first < self.search_from {
                break;
            }
            let path = segment::path(&self.dir, first);
            let length = if path == self.newest.path {
                self.newest.durable
            } else {
                fs::metadata(&path)?.len()
            };
            search(&path, length, &mut wanted, &mut found)?;
        }
        Ok(found)
    }

    /// Puts a new file in the place of one that failed, if it did. Numbers go on where durable ones end.
    fn recover(&mut self) -> io::Result<()> {
        if self.newest.sink.is_some() {
            return Ok(());
        }
        segment::cut(&self.newest.path, self.newest.durable)?;
        let path = segment::path(&self.dir, self.next);
        let mut sink = (self.wrap)(segment::create(&path)?);
        // If what follows fails, this is the file to take back.
        self.newest = Segment { path, durable: 0, sink: None };
        sink.establish(&self.dir)?;
        tracing::warn!(path = %self.newest.path.display(), "the audit log goes on in a new file");
        self.newest.sink = Some(sink);
        Ok(())
    }
}

impl Segment {
    /// Writes, syncs and answers how many bytes. Any failure, and a short write is one, gives the descriptor up.
    fn append(&mut self, lines: &[u8]) -> io::Result<u64> {
        let Some(mut sink) = self.sink.take() else {
            return Err(io::Error::other("the file has failed before"));
        };
        let written = sink.write(lines).and_then(|count| {
            let short = || io::Error::new(io::ErrorKind::WriteZero, "the write was short");
            if count == lines.len() { sink.sync() } else { Err(short()) }
        });
        if let Err(error) = written {
            tracing::error!(path = %self.path.display(), %error, "the audit log cannot be written");
            return Err(error);
        }
        self.sink = Some(sink);
        Ok(lines.len() as u64)
    }
}

fn no_numbers() -> io::Error {
    io::Error::other("no numbers are left")
}
