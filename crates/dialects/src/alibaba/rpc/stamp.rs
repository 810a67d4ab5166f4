//! Times as this API writes them: ISO 8601 in its extended form, in UTC.

use jiff::Timestamp;

/// A time in milliseconds since the Unix epoch, told in whole seconds: `2024-01-02T03:04:05Z`.
pub(super) fn write(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1_000).ok();
    seconds.and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(Timestamp::MAX).to_string()
}

/// The seconds since the Unix epoch of [`write`]'s text, which may have a fraction of a second too.
pub(super) fn parse(text: &str) -> Option<i64> {
    const FORM: &[u8; 19] = b"0000-00-00T00:00:00";
    let (whole, rest) = text.split_at_checked(FORM.len())?;
    let fits = whole.bytes().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte == *form,
    });
    let fraction = rest.strip_suffix('Z')?;
    let fraction = fraction.is_empty()
        || fraction.strip_prefix('.').is_some_and(|digits| {
            (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
    let time: Timestamp = if fits && fraction { text.parse().ok()? } else { return None };
    Some(time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_form() {
        assert_eq!(write(1_704_164_645_999), "2024-01-02T03:04:05Z");
        for text in ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.678Z"] {
            assert_eq!(parse(text), Some(1_704_164_645), "{text}");
        }
        for text in [
            "",
            "2024-01-02T03:04:05",
            "2024-01-02T03:04:05z",
            "2024-01-02 03:04:05Z",
            "2024-01-02T03:04:05.Z",
            "2024-01-02T03:04:05,5Z",
            "2024-01-02T03:04:05.1234567890Z",
            "2024-01-02T03:04:05+00:00",
            "2024-13-02T03:04:05Z",
            "2024-01-02T03:04:05ZZ",
            "20240102T030405Z",
            "Tue, 02 Jan 2024 03:04:05 GMT",
            "2024-01-02T03:04:0éZ",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_second_comes_back(at in 0_u32..) {
            prop_assert_eq!(parse(&write(u64::from(at) * 1_000)), Some(i64::from(at)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:.+-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
