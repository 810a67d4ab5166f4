//! What commands print: JSON for machines, short lines for people. Nothing else writes to standard output.

use std::io::{self, Write};

use anyhow::Result;
use serde::Serialize;
use zeroize::Zeroizing;

/// Room for the text of an answer with secrets in it, so that it need not move and leave a copy behind.
const ROOM: usize = 16_384;

/// Where answers go, and in which form.
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the value as JSON, or as `human` puts it (whole lines).
    pub(super) fn answer(
        self,
        value: &impl Serialize,
        human: impl FnOnce() -> Zeroizing<String>,
    ) -> Result<()> {
        if self.json {
            let mut line = Zeroizing::new(Vec::with_capacity(ROOM));
            serde_json::to_writer(&mut *line, value)?;
            line.push(b'\n');
            self.bytes(&line)
        } else {
            self.bytes(human().as_bytes())
        }
    }

    /// Prints text as it is.
    pub(super) fn bytes(self, text: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text).and_then(|()| out.flush()) {
            // Whoever was reading has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        }
    }

    /// Tells on standard error why the command failed.
    pub(super) fn failure(self, error: &anyhow::Error) {
        let line = if self.json {
            serde_json::json!({ "error": format!("{error:#}") }).to_string()
        } else {
            format!("trent: {error:#}")
        };
        // There is nowhere else to tell it.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Names and values, one pair a line, aligned.
pub(super) fn pairs(rows: &[(&str, &str)]) -> Zeroizing<String> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    for (name, value) in rows {
        text.push_str(&format!("{name:width$}  "));
        text.push_str(value);
        text.push('\n');
    }
    text
}

/// A table with a head, columns aligned.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Zeroizing<String> {
    let mut widths = head.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let head = head.map(str::to_ascii_uppercase);
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    Zeroizing::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a".to_owned(), "bbbb".to_owned()], ["ccc".to_owned(), String::new()]];
        assert_eq!(*table(["x", "yy"], &rows), "X    YY\na    bbbb\nccc\n");
        assert_eq!(*pairs(&[("a", "1"), ("bcd", "22")]), "a    1\nbcd  22\n");
    }
}
