//! Homes for the KMS's rows behind core's `Store`. They see encoded, sealed and authenticated bytes only.
//! What a row means, and whether its MAC is right, is core's.

mod sqlite;

pub use sqlite::SqliteStore;
