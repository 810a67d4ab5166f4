//! The forms of a time that headers carry. Times are milliseconds or seconds since the Unix epoch.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use jiff::tz::{Offset, TimeZone};

const BASIC: &str = "%Y%m%dT%H%M%SZ";

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Whole seconds of a time in milliseconds.
pub fn seconds(ms: u64) -> i64 {
    i64::try_from(ms / 1_000).unwrap_or(i64::MAX)
}

/// The value of a `Date` header (RFC 9110, section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(seconds: i64) -> String {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp(seconds))
        .unwrap_or_else(|_| "Thu, 01 Jan 1970 00:00:00 GMT".to_owned())
}

/// Reads [`http_date`]'s text.
pub fn parse_http_date(text: &str) -> Option<i64> {
    let zoned = DateTimeParser::new().parse_zoned(text).ok()?;
    Some(zoned.timestamp().as_second())
}

/// ISO 8601 in its basic form, such as `19941106T084937Z`.
pub fn basic(seconds: i64) -> String {
    let zoned = timestamp(seconds).to_zoned(TimeZone::UTC);
    jiff::fmt::strtime::format(BASIC, &zoned).unwrap_or_else(|_| "19700101T000000Z".to_owned())
}

/// Reads [`basic`]'s text, exactly 16 characters.
pub fn parse_basic(text: &str) -> Option<i64> {
    let fits = text.len() == 16
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    if !fits {
        return None;
    }
    let civil = DateTime::strptime(BASIC, text).ok()?;
    Some(Offset::UTC.to_timestamp(civil).ok()?.as_second())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_forms() {
        // The example of RFC 9110, section 5.6.7.
        let at = 784_111_777;
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(at));
        assert_eq!(basic(at), "19941106T084937Z");
        assert_eq!(parse_basic("19941106T084937Z"), Some(at));
        assert_eq!(seconds(784_111_777_999), at);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "19941106T084937",
            "19941106T084937z",
            "1994-11-06T08:49:37Z",
            "19941306T084937Z",
            "19940230T084937Z",
            "19941106T244937Z",
            "+9941106T084937Z",
            "19941106 084937Z",
            "19941106T084937Zx",
            "１９９４1106",
        ] {
            assert_eq!(parse_basic(text), None, "{text:?}");
        }
        for text in ["", "yesterday", "19941106T084937Z"] {
            assert_eq!(parse_http_date(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_second_of_ten_thousand_years_comes_back(at in 0_i64..=253_402_207_200) {
            prop_assert_eq!(parse_basic(&basic(at)), Some(at));
            prop_assert_eq!(parse_http_date(&http_date(at)), Some(at));
        }
    }
}
