//! A page of a list. The marker that continues it is the dialects' to spell.

/// Some items and whether more follow.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Whether the list goes on after the last item.
    pub more: bool,
}
