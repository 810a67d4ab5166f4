//! Words for a POSIX shell.

use zeroize::Zeroizing;

/// The text as one word: between single quotes, in which nothing has a meaning but the quote itself.
pub(super) fn quote(text: &str) -> Zeroizing<String> {
    // The worst case is all quotes, each of which takes four characters.
    let mut word = Zeroizing::new(String::with_capacity(2 + text.len() * 4));
    word.push('\'');
    for character in text.chars() {
        match character {
            '\'' => word.push_str("'\\''"),
            other => word.push(other),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_shell_gives_every_text_back() {
        for text in
            ["", "plain", "a b", "it's", "''", "$HOME `id` $(id) \\ \" * ~ # !", "line\nline", "é"]
        {
            let script = format!("printf %s {}", *quote(text));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
