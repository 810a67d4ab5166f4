//! The `file` root provider: where the root key's file stands, how it is made and when it is refused.
//! The text in the file is `trent_core::root`'s.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use trent_core::crypto::Secret32;
use trent_core::root::{LocalRoot, encode_file, parse_file};

use crate::files;

/// Longest root file in bytes, a line's end included. The encoded key is 63 long.
const MAX_FILE: usize = 256;

/// Makes a new root key and writes it to a file that must not exist.
///
/// # Errors
/// The place is unsafe, taken, or cannot be written.
pub(crate) fn create(path: &Path) -> Result<LocalRoot> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        files::private_directory(folder)?;
    }
    files::check_parents(path)?;
    let key = Secret32::random()?;
    files::create(path, encode_file(&key).as_bytes())?;
    Ok(LocalRoot::new(key))
}

/// Reads the root key.
///
/// # Errors
/// The file is missing, damaged, readable by others, another user's, or in a place that others can change.
pub(crate) fn read(path: &Path) -> Result<LocalRoot> {
    files::check_parents(path)?;
    let text = files::read_private(path, MAX_FILE)?;
    let key = parse_file(&text)
        .with_context(|| format!("{} is damaged: it holds no root key", path.display()))?;
    Ok(LocalRoot::new(key))
}

/// Reads the root key, or makes one where nothing was ever protected by another: `store` must not exist then.
///
/// # Errors
/// As [`read`] and [`create`]; or the file is gone while the store exists.
pub(crate) fn read_or_create(path: &Path, store: &Path) -> Result<LocalRoot> {
    if path.symlink_metadata().is_ok() {
        return read(path);
    }
    ensure!(
        !store.exists(),
        "the root key {} is missing, and without it {} cannot be opened",
        path.display(),
        store.display()
    );
    create(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/root.key");
        let store = folder.path().join("store.db");
        read_or_create(&path, &store).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("TRENTROOT1:"));
        assert!(create(&path).is_err(), "an existing key is never replaced");
        read_or_create(&path, &store).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::write(&path, format!("{text}\n")).unwrap();
        read(&path).unwrap();
    }

    #[test]
    fn what_is_unsafe_or_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let store = folder.path().join("store.db");
        create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&path).is_err(), "readable by others");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        read(&path).unwrap();

        for damaged in [String::new(), text[1..].to_owned(), text.replace(':', ";"), text.repeat(9)]
        {
            fs::write(&path, damaged).unwrap();
            assert!(read(&path).is_err());
        }

        fs::remove_file(&path).unwrap();
        fs::write(&store, "").unwrap();
        let refusal = read_or_create(&path, &store).err().unwrap().to_string();
        assert!(refusal.contains("is missing"), "{refusal}");
        assert!(!path.exists(), "no second root key for a store that has one");

        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(create(&path).is_err(), "anyone can change the place");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
}
