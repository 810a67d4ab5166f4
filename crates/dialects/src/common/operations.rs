//! How the name of an operation finds its row in a dialect's table. The tables are the dialects'.

/// A table's row.
pub trait Named {
    /// The operation's name on the wire.
    fn name(&self) -> &'static str;
}

/// What a request names.
#[derive(Debug)]
pub enum Found<R: 'static> {
    /// An operation that is built.
    Row(&'static R),
    /// One that the vendor has, and that is not built yet.
    Later(&'static str),
}

impl<R: Named> Found<R> {
    /// The operation of this name among those that are built, and those that are not. Case matters.
    pub fn find(name: &str, rows: &'static [R], later: &[&'static str]) -> Option<Self> {
        let row = rows.iter().find(|row| row.name() == name).map(Self::Row);
        row.or_else(|| later.iter().copied().find(|later| *later == name).map(Self::Later))
    }

    /// The operation's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Row(row) => row.name(),
            Self::Later(name) => name,
        }
    }
}
