//! A page of a list. The marker that continues it is the dialects' to spell.

use super::KeyId;

/// Some items and where the list goes on.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The last key that was looked at, if the list goes on after it. It need not be among the items.
    pub next: Option<KeyId>,
}
