//! Object lock on the wire: headers and documents.

use super::answer;
use super::error::{Error, Result, invalid_argument};
use super::request::header_text;
use crate::clock;
use crate::http::Response;
use crate::objects::lock::{Lock, Mode, Retention};
use crate::wire::{s3_xml::Element, timestamp};
use http::HeaderMap;

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const HOLD: &str = "x-amz-object-lock-legal-hold";

/// What the headers of a write ask for.
pub fn asked(headers: &HeaderMap) -> Result<Lock> {
    let retention = match (header_text(headers, MODE), header_text(headers, UNTIL)) {
        (None, None) => None,
        (Some(mode), Some(until)) => Some(Retention {
            mode: Mode::parse(&mode).ok_or_else(|| invalid_argument(MODE, mode, "Unknown wormMode directive."))?,
            until: date(&until)?,
        }),
        (mode, until) => {
            return Err(invalid_argument(
                if mode.is_some() { MODE } else { UNTIL },
                mode.or(until).unwrap_or_default(),
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            ));
        }
    };
    let hold = match header_text(headers, HOLD).as_deref() {
        None => None,
        Some("ON") => Some(true),
        Some("OFF") => Some(false),
        Some(other) => return Err(invalid_argument(HOLD, other, "Legal Hold must be either of 'ON' or 'OFF'")),
    };
    Ok(Lock { retention, hold })
}

/// A retention's date, which must be in the future; milliseconds.
fn date(text: &str) -> Result<i64> {
    let at = timestamp::parse(text)
        .ok_or_else(|| invalid_argument(UNTIL, text, "The retain until date must be provided in ISO 8601 format"))?;
    if at <= clock::now() {
        return Err(invalid_argument(UNTIL, text, "The retain until date must be in the future!"));
    }
    Ok(clock::to_ms(at))
}

/// `<Retention>`; an empty one takes the retention off.
pub fn retention(document: &[u8]) -> Result<Option<Retention>> {
    let document = Element::parse("Retention", document)?;
    match (document.get("Mode"), document.get("RetainUntilDate")) {
        (None, None) => Ok(None),
        (Some(mode), Some(until)) => {
            let mode = Mode::parse(mode.trim()).ok_or(Error::MalformedXml)?;
            Ok(Some(Retention { mode, until: date(until.trim())? }))
        }
        (Some(_), None) | (None, Some(_)) => Err(Error::MalformedXml),
    }
}

/// What GET and HEAD say of an object's lock.
pub fn headers(response: &mut Response, lock: &Lock) {
    if let Some(retention) = lock.retention {
        answer::set(response, MODE, retention.mode.name());
        answer::set(response, UNTIL, &timestamp::iso8601_ms(clock::from_ms(retention.until)));
    }
    if let Some(hold) = lock.hold {
        answer::set(response, HOLD, on_off(hold));
    }
}

/// As documents and headers say a legal hold.
pub fn on_off(hold: bool) -> &'static str {
    if hold { "ON" } else { "OFF" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> Result<Lock> {
        let pairs = pairs.iter().map(|(n, v)| (http::HeaderName::from_static(n), http::HeaderValue::from_static(v)));
        asked(&pairs.collect())
    }

    #[test]
    fn mode_and_date_come_together() {
        assert!(of(&[]).unwrap().is_empty());
        let lock = of(&[(MODE, "GOVERNANCE"), (UNTIL, "2140-01-01T00:00:00Z"), (HOLD, "OFF")]).unwrap();
        assert_eq!((lock.retention.unwrap().mode, lock.hold), (Mode::Governance, Some(false)));
        assert!(of(&[(MODE, "GOVERNANCE")]).is_err());
        assert!(of(&[(UNTIL, "2140-01-01T00:00:00Z")]).is_err());
        assert!(of(&[(MODE, "governance"), (UNTIL, "2140-01-01T00:00:00Z")]).is_err());
        assert!(of(&[(MODE, "GOVERNANCE"), (UNTIL, "2014-01-01T00:00:00Z")]).is_err());
        assert!(of(&[(HOLD, "on")]).is_err());
    }

    #[test]
    fn a_retention_has_both_or_neither() {
        assert_eq!(retention(b"<Retention/>").unwrap(), None);
        assert!(retention(b"<Retention><Mode>COMPLIANCE</Mode></Retention>").is_err());
        let both = b"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2140-01-01T00:00:00.000Z</RetainUntilDate></Retention>";
        assert_eq!(retention(both).unwrap().unwrap().mode, Mode::Compliance);
    }
}
