//! The house rules live in `tests/tidy.rs`.
