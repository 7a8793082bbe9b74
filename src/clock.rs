//! Time, as the rest of the program asks for it.
//!
//! Rows keep integer milliseconds since the Unix epoch (`i64`); the wire keeps `OffsetDateTime`.

use time::OffsetDateTime;

/// Now, in UTC.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Now, in milliseconds since the Unix epoch: the unit of every time column.
pub fn now_ms() -> i64 {
    to_ms(now())
}

/// Milliseconds since the Unix epoch of `at`.
pub fn to_ms(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

/// The time that a column's milliseconds stand for; out-of-range values become the epoch.
pub fn from_ms(ms: i64) -> OffsetDateTime {
    let whole = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000));
    whole.and_then(|at| at.replace_millisecond(ms.rem_euclid(1000) as u16)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
