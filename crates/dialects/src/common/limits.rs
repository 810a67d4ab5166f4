//! Limits that every dialect shares. A vendor's own limits stand in its dialect.

/// How deep JSON may nest: an object in an object is two.
pub const JSON_DEPTH: usize = 32;

/// How many values a JSON text may hold, the outermost and every nested one counted.
pub const JSON_NODES: usize = 10_000;
