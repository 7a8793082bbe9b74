//! Timestamps as AWS and its clients write them.
//!
//! | form | example | who |
//! |---|---|---|
//! | ISO 8601, milliseconds | `2026-11-21T22:36:08.000Z` | EC2 and S3 answers |
//! | ISO 8601, basic | `20261121T223608Z` | `X-Amz-Date` |
//! | RFC 1123 | `Sat, 21 Nov 2026 22:36:08 GMT` | HTTP headers; clients also end it in `-0000`, `+0000` or `UTC` |
//! | RFC 850, asctime | `Saturday, 21-Nov-26 22:36:08 GMT` | old HTTP clients |
//!
//! [`parse`] reads all of them, with or without a fraction or a zone (UTC is meant then).

use time::format_description::well_known::Rfc2822;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// `2026-11-21T22:36:08.000Z`.
pub fn iso8601_ms(at: OffsetDateTime) -> String {
    Iso8601::new(at).as_str().to_owned()
}

/// A time as [`iso8601_ms`] writes it, without an allocation: answers are full of them.
pub struct Iso8601([u8; 24]);

impl Iso8601 {
    pub fn new(at: OffsetDateTime) -> Iso8601 {
        let at = at.to_offset(UtcOffset::UTC);
        // Formatting machinery is slow.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |from: usize, width: usize, value: u32| {
            let mut rest = value;
            for place in (from..from + width).rev() {
                text[place] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        };
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, millisecond) = at.to_hms_milli();
        put(0, 4, year.unsigned_abs());
        put(5, 2, u8::from(month).into());
        put(8, 2, day.into());
        put(11, 2, hour.into());
        put(14, 2, minute.into());
        put(17, 2, second.into());
        put(20, 3, millisecond.into());
        Iso8601(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and dashes")
    }
}

/// `2026-11-21T22:36:08Z`.
pub fn iso8601(at: OffsetDateTime) -> String {
    let mut text = iso8601_ms(at);
    text.replace_range(19..23, "");
    text
}

/// `20261121T223608Z`.
pub fn basic(at: OffsetDateTime) -> String {
    iso8601(at).chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// `Sat, 21 Nov 2026 22:36:08 GMT`.
pub fn rfc1123(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        &weekday[..3],
        at.day(),
        &month[..3],
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// `21/Nov/2026:22:36:08 +0000`, as logs have it.
pub fn common_log(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let month = at.month().to_string();
    let (hour, minute, second) = at.to_hms();
    format!("{:02}/{}/{:04}:{hour:02}:{minute:02}:{second:02} +0000", at.day(), &month[..3], at.year())
}

/// Read any of the forms that clients send, into UTC; `None` for what is none of them.
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    let at = if text.starts_with(|c: char| c.is_ascii_digit())
        && text.as_bytes().get(8..11).is_some_and(|t| t.contains(&b'T'))
    {
        iso(text)
    } else {
        http(text)
    };
    // The zone may carry it over the end of the calendar.
    at?.checked_to_offset(UtcOffset::UTC)
}

/// ISO 8601, basic or extended.
fn iso(text: &str) -> Option<OffsetDateTime> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    skip(&mut rest, b'-');
    let month = digits(&mut rest, 2)?;
    skip(&mut rest, b'-');
    let day = digits(&mut rest, 2)?;
    if !skip(&mut rest, b'T') {
        return None;
    }
    let hour = digits(&mut rest, 2)?;
    skip(&mut rest, b':');
    let minute = digits(&mut rest, 2)?;
    skip(&mut rest, b':');
    let second = digits(&mut rest, 2)?;
    let mut nanos = 0;
    if skip(&mut rest, b'.') {
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let mut unit = 100_000_000;
        for digit in &rest[..len] {
            nanos += u32::from(digit - b'0') * unit;
            unit /= 10;
        }
        rest = &rest[len..];
    }
    let offset = match rest {
        b"" | b"Z" => UtcOffset::UTC,
        [sign @ (b'+' | b'-'), ..] => {
            let sign = if *sign == b'-' { -1 } else { 1 };
            rest = &rest[1..];
            let hours = digits(&mut rest, 2)? as i8;
            skip(&mut rest, b':');
            let minutes = digits(&mut rest, 2)? as i8;
            if !rest.is_empty() {
                return None;
            }
            UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?
        }
        _ => return None,
    };
    let date = Date::from_calendar_date(year as i32, Month::try_from(month as u8).ok()?, day as u8).ok()?;
    let time = Time::from_hms_nano(hour as u8, minute as u8, second as u8, nanos).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_offset(offset))
}

/// The three HTTP forms.
fn http(text: &str) -> Option<OffsetDateTime> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc2822) {
        return Some(at);
    }
    // The rest as a row of words: RFC 850 has dashes in the date, asctime ends in the year, some write "UTC".
    let words: Vec<&str> = text.split([' ', ',', '-']).filter(|w| !w.is_empty()).collect();
    let (day, month, year, clock) = match words[..] {
        [_, day, month, year, clock, "GMT" | "UTC" | "Z"] => (day, month, year, clock),
        [_, month, day, clock, year] if clock.contains(':') => (day, month, year, clock),
        _ => return None,
    };
    let mut year: i32 = year.parse().ok()?;
    if year < 100 {
        year += if year < 70 { 2000 } else { 1900 };
    }
    let month = (1..=12).filter_map(|n| Month::try_from(n).ok()).find(|m| m.to_string().get(..3) == Some(month))?;
    let mut clock = clock.split(':').map(|part| part.parse::<u8>().ok());
    let time = Time::from_hms(clock.next()??, clock.next()??, clock.next()??).ok()?;
    let date = Date::from_calendar_date(year, month, day.parse().ok()?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

/// Take `n` digits off the front.
fn digits(rest: &mut &[u8], n: usize) -> Option<u32> {
    let head = rest.get(..n)?;
    let mut value = 0;
    for b in head {
        value = value * 10 + u32::from(b.is_ascii_digit().then(|| b - b'0')?);
    }
    *rest = &rest[n..];
    Some(value)
}

/// Take `byte` off the front if it is there.
fn skip(rest: &mut &[u8], byte: u8) -> bool {
    let there = rest.first() == Some(&byte);
    if there {
        *rest = &rest[1..];
    }
    there
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const AT: OffsetDateTime = datetime!(2026-11-21 22:36:08 UTC);

    #[test]
    fn every_form_that_clients_send_is_read() {
        for text in [
            "20261121T223608Z",
            "2026-11-21T22:36:08Z",
            "2026-11-21T22:36:08",
            "2026-11-21T22:36:08.000Z",
            "2026-11-21T22:36:08.000000Z",
            "2026-11-21T23:36:08+01:00",
            "2026-11-21T17:36:08.000-0500",
            "Sat, 21 Nov 2026 22:36:08 GMT",
            "Sat, 21 Nov 2026 22:36:08 -0000",
            "Sat, 21 Nov 2026 22:36:08 +0000",
            "Sat, 21 Nov 2026 22:36:08 UTC",
            "Sat, 21 Nov 2026 23:36:08 +0100",
            "Saturday, 21-Nov-26 22:36:08 GMT",
            "Sat Nov 21 22:36:08 2026",
        ] {
            assert_eq!(parse(text), Some(AT), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "20261321T223608Z",
            "20261121T223608X",
            "2026-11-21",
            "20261121T2236",
            "1",
            "é",
            "9999-12-31T23:59:59-12:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_written_time_reads_back() {
        for text in [iso8601_ms(AT), iso8601(AT), basic(AT), rfc1123(AT)] {
            assert_eq!(parse(&text), Some(AT), "{text}");
        }
        assert_eq!(iso8601_ms(AT), "2026-11-21T22:36:08.000Z");
        assert_eq!(iso8601(AT), "2026-11-21T22:36:08Z");
        assert_eq!(basic(AT), "20261121T223608Z");
        assert_eq!(rfc1123(AT), "Sat, 21 Nov 2026 22:36:08 GMT");
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
