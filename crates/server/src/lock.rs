//! The lock that keeps a second server off a data directory. The kernel drops it when the process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, OFlags};

/// The lock, held for as long as this value lives.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or answers `None` when another process holds it.
    pub(crate) fn try_take(path: &Path) -> Result<Option<Self>> {
        let taking = || format!("cannot lock {}", path.display());
        let mut file = open(path).with_context(taking)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error).with_context(taking),
        }
        // The number is a hint for people; nothing relies on it.
        file.set_len(0).with_context(taking)?;
        file.rewind().with_context(taking)?;
        writeln!(file, "{}", std::process::id()).with_context(taking)?;
        Ok(Some(Self { _file: file }))
    }

    /// Takes the lock, or fails with a text that names the holder.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        match Self::try_take(path)? {
            Some(lock) => Ok(lock),
            None => {
                let holder = match holder(path) {
                    Some(process) => format!("process {process}"),
                    None => "another process".to_owned(),
                };
                let folder = path.parent().unwrap_or(path);
                bail!("{holder} is using {} already", folder.display());
            }
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

fn holder(path: &Path) -> Option<u32> {
    let mut text = String::new();
    File::open(path).ok()?.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("LOCK");
        let first = Lock::take(&path).unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        let refusal = Lock::take(&path).err().unwrap().to_string();
        let named =
            format!("process {} is using {} already", std::process::id(), folder.path().display());
        assert_eq!(refusal, named);
        drop(first);
        Lock::take(&path).unwrap();
    }
}
