//! The log's files: their names, how they are made and opened, and what may be done to one that failed.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, OFlags};
use rustix::io::Errno;

/// Space that a new file must be able to get, in bytes.
const RESERVE: u64 = 1_024 * 1_024;

/// An open file of the log.
pub(crate) trait Sink: Send {
    /// Makes a new file's name durable, and fails when the disk has no space for what comes.
    fn establish(&mut self, dir: &Path) -> io::Result<()>;
    /// Writes bytes at the end, answering how many; to be called once for a batch.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes everything written durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Turns an open file into a sink. Tests put faults in between.
pub(crate) type Wrap = Box<dyn Fn(File) -> Box<dyn Sink> + Send>;

impl Sink for File {
    fn establish(&mut self, dir: &Path) -> io::Result<()> {
        match rustix::fs::fallocate(&*self, FallocateFlags::KEEP_SIZE, 0, RESERVE) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        self.sync_all()?;
        sync_dir(dir)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match Write::write(self, bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()?;
        if self.metadata()?.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file was removed"));
        }
        Ok(())
    }
}

/// The file whose first event has this number.
pub(crate) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.jsonl"))
}

/// The numbers of the first events of all files, lowest first. Other files are left alone.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        let ours = |digits: &&str| digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
        let first = digits.filter(ours).and_then(|digits| digits.parse::<u64>().ok());
        firsts.extend(first);
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Makes the directory, or closes an existing one to others.
pub(crate) fn make_private(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => return dir.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    if fs::metadata(dir)?.mode() & 0o077 != 0 {
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Makes a new file for the owner alone. Its name and space are sure only after [`Sink::establish`].
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

/// Opens an existing file of the log, and closes it to others. What is no plain file is refused.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = options.custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a file of the log is no plain file",
        ));
    }
    if meta.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Takes a failed file back to the bytes that were durable: nothing after them was answered as done.
pub(crate) fn cut(path: &Path, durable: u64) -> io::Result<()> {
    if durable == 0 {
        return match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        };
    }
    // A descriptor of its own: the failed one must never be synced again, for the kernel may have dropped its data.
    match open(path, OpenOptions::new().write(true)) {
        Ok(file) => {
            if file.metadata()?.len() > durable {
                file.set_len(durable)?;
            }
            file.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::error!(path = %path.display(), "a file of the audit log is gone");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Puts a durable file with these bytes in the place of the one at `path` in `dir`, or makes it.
pub(crate) fn replace(path: &Path, dir: &Path, bytes: &[u8]) -> io::Result<()> {
    let made = path.with_extension("part");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&made)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&made, path)?;
    sync_dir(dir)
}

pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
