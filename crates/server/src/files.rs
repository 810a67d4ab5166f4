//! Private files and directories: made 0600 and 0700, written whole or not at all, refused when others could touch them.
//! What stands in the files is not known here.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{CWD, OFlags, RenameFlags};
use zeroize::Zeroizing;

/// Bits of a mode by which someone other than the owner gets in.
const OTHERS: u32 = 0o077;

/// How the names of files end that are still being written.
const UNFINISHED: &str = ".new";

/// Makes `path` a directory that only this user enters, with parents as needed.
/// An existing empty directory of this user is tightened; a filled one that others may enter is refused.
pub(crate) fn private_directory(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
    let meta = fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    ensure!(meta.is_dir(), "{} is not a directory", path.display());
    check_owner(path, &meta)?;
    if meta.mode() & OTHERS != 0 {
        let empty = fs::read_dir(path)?.next().is_none();
        ensure!(
            empty,
            "{} can be entered by others (mode {:o}); run: chmod 700 {}",
            path.display(),
            meta.mode() & 0o777,
            path.display()
        );
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a new file, durably. Fails when `path` exists; a crash leaves either the whole file or none.
pub(crate) fn create(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, RenameFlags::NOREPLACE)
}

/// Writes a file, durably, in place of what stood there. A crash leaves the old one or the new one, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, RenameFlags::empty())
}

fn write(path: &Path, content: &[u8], flags: RenameFlags) -> Result<()> {
    let doing = || format!("cannot write {}", path.display());
    let beside = beside(path)?;
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        rustix::fs::renameat_with(CWD, &beside, CWD, path, flags)?;
        io::Result::Ok(())
    })();
    if written.is_err() {
        fs::remove_file(&beside).ok();
    }
    written.with_context(doing)?;
    sync_parent(path).with_context(doing)
}

/// A name in the same directory that nothing else uses.
fn beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().context("a path without a file name")?;
    let tag: [u8; 8] = trent_core::crypto::random::array()?;
    let tag = data_encoding::HEXLOWER.encode(&tag);
    Ok(path.with_file_name(format!(".{}.{tag}{UNFINISHED}", name.to_string_lossy())))
}

/// Removes what a crash left half-written in a directory. Nobody else may be writing there.
pub(crate) fn sweep(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot list {}", folder.display()))?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn sync_parent(path: &Path) -> Result<()> {
    File::open(parent_of(path))?.sync_all()?;
    Ok(())
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Reads a file that holds a secret, at most `limit` bytes of UTF-8. Refused: a link, a file that others may touch
/// or that belongs to someone else.
pub(crate) fn read_private(path: &Path, limit: usize) -> Result<Zeroizing<String>> {
    let reading = || format!("cannot read {}", path.display());
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .with_context(reading)?;
    let meta = file.metadata().with_context(reading)?;
    ensure!(meta.is_file(), "{} is not a file", path.display());
    check_owner(path, &meta)?;
    ensure!(
        meta.mode() & OTHERS == 0,
        "{} can be reached by others (mode {:o}); run: chmod 600 {}",
        path.display(),
        meta.mode() & 0o777,
        path.display()
    );
    // One byte more than the limit, and no more allocation, so that no copy of a secret is left behind.
    let mut content = Zeroizing::new(vec![0; limit + 1]);
    let mut length = 0;
    loop {
        match file.read(&mut content[length..]).with_context(reading)? {
            0 => break,
            some => length += some,
        }
        ensure!(length <= limit, "{} is too long", path.display());
    }
    let text = std::str::from_utf8(&content[..length]);
    let text = text.with_context(|| format!("{} is not text", path.display()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Refuses a place where a directory above could be changed by anyone: world-writable without the sticky bit.
pub(crate) fn check_parents(path: &Path) -> Result<()> {
    let start = parent_of(path);
    let start =
        start.canonicalize().with_context(|| format!("cannot look at {}", start.display()))?;
    for folder in start.ancestors() {
        let mode = fs::metadata(folder)?.mode();
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            bail!(
                "{} can be changed by anyone, so {} is not safe there",
                folder.display(),
                path.display()
            );
        }
    }
    Ok(())
}

fn check_owner(path: &Path, meta: &fs::Metadata) -> Result<()> {
    let user = rustix::process::geteuid().as_raw();
    ensure!(
        meta.uid() == user,
        "{} belongs to user {}, and this is user {user}",
        path.display(),
        meta.uid()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn directories_are_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("a/b");
        private_directory(&new).unwrap();
        private_directory(&new).unwrap();
        assert_eq!(mode(&new), 0o700);

        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        set_mode(&open, 0o755);
        private_directory(&open).unwrap();
        assert_eq!(mode(&open), 0o700);

        set_mode(&open, 0o750);
        create(&open.join("file"), b"x").unwrap();
        assert!(private_directory(&open).is_err());
        assert!(private_directory(&open.join("file")).is_err());
    }

    #[test]
    fn a_new_file_is_private_and_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, b"one").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(create(&path, b"two").is_err());
        assert_eq!(*read_private(&path, 3).unwrap(), "one");
        replace(&path, b"three").unwrap();
        assert_eq!((&**read_private(&path, 5).unwrap(), mode(&path)), ("three", 0o600));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file stayed");
    }

    #[test]
    fn what_a_crash_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        sweep(&folder.path().join("none")).unwrap();
        let kept = [".hidden", "root.key", "root.key.new"];
        for name in kept {
            create(&folder.path().join(name), b"x").unwrap();
        }
        fs::write(beside(&folder.path().join("root.key")).unwrap(), b"half").unwrap();
        sweep(folder.path()).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, kept);
    }

    #[test]
    fn a_secret_that_others_can_reach_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, b"12345").unwrap();
        assert!(read_private(&path, 5).is_ok());
        assert!(read_private(&path, 4).is_err(), "too long");
        for open in [0o640, 0o604, 0o620, 0o660, 0o610] {
            set_mode(&path, open);
            assert!(read_private(&path, 5).is_err(), "{open:o}");
        }
        set_mode(&path, 0o400);
        assert!(read_private(&path, 5).is_ok());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(read_private(&link, 5).is_err(), "a link");
        assert!(read_private(folder.path(), 5).is_err(), "a directory");
        assert!(read_private(&folder.path().join("none"), 5).is_err());
    }

    #[test]
    fn parents_that_anyone_can_change_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for (mode, safe) in
            [(0o700, true), (0o755, true), (0o1777, true), (0o777, false), (0o702, false)]
        {
            set_mode(folder.path(), mode);
            assert_eq!(check_parents(&inner.join("key")).is_ok(), safe, "{mode:o}");
        }
        set_mode(folder.path(), 0o700);
    }
}
