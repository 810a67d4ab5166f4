//! The log as its one thread sees it: the newest file, the next number, and what to do when the file fails.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::PathBuf;

use trent_core::audit::Entry;
use trent_core::model::{EventId, NodeId};

use crate::line;
use crate::recover::recover;
use crate::search::search;
use crate::segment::{self, Sink, Wrap};

pub(crate) struct Log {
    dir: PathBuf,
    node: NodeId,
    wrap: Wrap,
    /// The number of the next event.
    next: u64,
    newest: Segment,
}

/// The newest file.
struct Segment {
    path: PathBuf,
    /// How many of its bytes are durable; all of them were answered as done.
    durable: u64,
    /// `None` after a failure: that descriptor is given up for good.
    sink: Option<Box<dyn Sink>>,
}

impl Log {
    /// Opens the log in this directory, and makes both as needed.
    pub(crate) fn open(dir: PathBuf, node: NodeId, wrap: Wrap) -> io::Result<Self> {
        segment::make_private(&dir)?;
        let (newest, next) = match segment::list(&dir)?.last() {
            Some(&first) => {
                let path = segment::path(&dir, first);
                let end = recover(&path, &dir, first)?;
                let file = segment::open(&path, OpenOptions::new().append(true))?;
                (Segment { path, durable: end.durable, sink: Some(wrap(file)) }, end.next)
            }
            None => {
                let path = segment::path(&dir, 0);
                let mut sink = wrap(segment::create(&path)?);
                sink.establish(&dir)?;
                (Segment { path, durable: 0, sink: Some(sink) }, 0)
            }
        };
        Ok(Self { dir, node, wrap, next, newest })
    }

    /// Writes the entries, syncs, and answers how many there were. After an error none of them is in the log.
    /// Without entries it answers whether the log can be written.
    pub(crate) fn append<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
    ) -> io::Result<u64> {
        self.recover()?;
        let mut lines = Vec::new();
        let mut next = self.next;
        for entry in entries {
            line::write(&mut lines, next, self.node, entry)?;
            next = next.checked_add(1).ok_or_else(|| io::Error::other("no numbers are left"))?;
        }
        let count = next - self.next;
        if count > 0 {
            self.newest.append(&lines)?;
            self.next = next;
        }
        Ok(count)
    }

    /// Which of the events the log holds durably.
    pub(crate) fn holding(&mut self, events: &[EventId]) -> io::Result<HashSet<EventId>> {
        self.recover()?;
        let mut wanted: HashSet<EventId> = events.iter().copied().collect();
        let mut found = HashSet::new();
        for first in segment::list(&self.dir)?.into_iter().rev() {
            if wanted.is_empty() {
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
    /// Writes and syncs. Any failure, and a short write is one, gives the descriptor up.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
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
        self.durable += lines.len() as u64;
        self.sink = Some(sink);
        Ok(())
    }
}
