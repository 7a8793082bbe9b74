//! Conditional requests: what must hold of the object for the request to go on.

/// The headers `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since`, or their copy-source forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    /// Seconds since the epoch.
    pub if_modified_since: Option<i64>,
    /// Seconds since the epoch.
    pub if_unmodified_since: Option<i64>,
    /// Of deletions: bytes.
    pub if_size: Option<u64>,
    /// Of deletions: the second in which the object was written, since the epoch.
    pub if_modified_at: Option<i64>,
}

/// Why the request does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// 304: the client has it already.
    NotModified,
    /// 412, with the header that did not hold.
    Precondition(&'static str),
}

impl Conditions {
    /// Nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Conditions::default()
    }

    /// Whether a read of an object with this ETag (no quotes) and time (milliseconds) goes on. ETags speak before times, and a
    /// time counts only when its ETag partner is absent.
    pub fn for_read(&self, etag: &str, modified_ms: i64) -> Result<(), Failed> {
        let modified = modified_ms.div_euclid(1000);
        match (&self.if_match, self.if_unmodified_since) {
            (Some(wanted), _) if !names(wanted, etag) => return Err(Failed::Precondition("If-Match")),
            (None, Some(since)) if modified > since => return Err(Failed::Precondition("If-Unmodified-Since")),
            (Some(_), _) | (None, _) => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(known), _) if names(known, etag) => Err(Failed::NotModified),
            (None, Some(since)) if modified <= since => Err(Failed::NotModified),
            (Some(_), _) | (None, _) => Ok(()),
        }
    }

    /// Whether the deletion of an object goes on, with this ETag, size and time (milliseconds).
    pub fn for_deletion(&self, etag: &str, size: i64, modified_ms: i64) -> Result<(), WriteFailed> {
        if self.if_size.is_some_and(|wanted| i64::try_from(wanted) != Ok(size)) {
            return Err(WriteFailed::Precondition("x-amz-if-match-size"));
        }
        if self.if_modified_at.is_some_and(|wanted| wanted != modified_ms.div_euclid(1000)) {
            return Err(WriteFailed::Precondition("x-amz-if-match-last-modified-time"));
        }
        self.for_write(Some(etag))
    }

    /// Whether a write over an object with this ETag goes on; `None` is a key without an object.
    pub fn for_write(&self, existing: Option<&str>) -> Result<(), WriteFailed> {
        match (&self.if_match, existing) {
            (Some(_), None) => return Err(WriteFailed::NoSuchKey),
            (Some(wanted), Some(etag)) if !names(wanted, etag) => {
                return Err(WriteFailed::Precondition("If-Match"));
            }
            (Some(_), Some(_)) | (None, _) => {}
        }
        match (&self.if_none_match, existing) {
            (Some(known), Some(etag)) if names(known, etag) => Err(WriteFailed::Precondition("If-None-Match")),
            (Some(_), _) | (None, _) => Ok(()),
        }
    }
}

/// Why a write does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFailed {
    /// `If-Match` on a key that has no object.
    NoSuchKey,
    /// 412, with the header that did not hold.
    Precondition(&'static str),
}

/// Whether a list of ETags (quoted or not, weak or not, `*`) names this one.
fn names(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| {
        let one = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || one.trim_matches('"') == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Option<String> {
        Some(s.to_owned())
    }

    #[test]
    fn etags_are_compared_with_and_without_quotes() {
        for list in ["abc", "\"abc\"", "\"x\", \"abc\"", "*", "W/\"abc\""] {
            assert!(names(list, "abc"), "{list}");
        }
        assert!(!names("\"abd\"", "abc"));
    }

    #[test]
    fn an_etag_that_matches_outweighs_the_time() {
        let stale = Conditions { if_match: text("abc"), if_unmodified_since: Some(1), ..Default::default() };
        assert_eq!(stale.for_read("abc", 5000), Ok(()));
        let fresh = Conditions { if_none_match: text("other"), if_modified_since: Some(9), ..Default::default() };
        assert_eq!(fresh.for_read("abc", 5000), Ok(()));
    }

    #[test]
    fn times_are_compared_in_whole_seconds() {
        let since = Conditions { if_modified_since: Some(5), ..Default::default() };
        assert_eq!(since.for_read("abc", 5999), Err(Failed::NotModified));
        assert_eq!(since.for_read("abc", 6000), Ok(()));
        let until = Conditions { if_unmodified_since: Some(5), ..Default::default() };
        assert_eq!(until.for_read("abc", 5999), Ok(()));
        assert_eq!(until.for_read("abc", 6000), Err(Failed::Precondition("If-Unmodified-Since")));
    }

    #[test]
    fn a_write_asks_for_a_free_key_or_for_what_is_there_or_not() {
        let free = Conditions { if_none_match: text("*"), ..Default::default() };
        assert_eq!(free.for_write(None), Ok(()));
        assert_eq!(free.for_write(Some("abc")), Err(WriteFailed::Precondition("If-None-Match")));
        let other = Conditions { if_none_match: text("\"abc\""), ..Default::default() };
        assert_eq!(other.for_write(Some("abd")), Ok(()));
        assert_eq!(other.for_write(Some("abc")), Err(WriteFailed::Precondition("If-None-Match")));
        let same = Conditions { if_match: text("\"abc\""), ..Default::default() };
        assert_eq!(same.for_write(Some("abc")), Ok(()));
        assert_eq!(same.for_write(Some("abd")), Err(WriteFailed::Precondition("If-Match")));
        assert_eq!(same.for_write(None), Err(WriteFailed::NoSuchKey));
    }

    #[test]
    fn a_deletion_may_name_size_and_second() {
        let asked = |if_size, if_modified_at| Conditions { if_size, if_modified_at, ..Default::default() };
        assert_eq!(asked(Some(3), Some(5)).for_deletion("abc", 3, 5999), Ok(()));
        let failed = |header| Err(WriteFailed::Precondition(header));
        assert_eq!(asked(Some(4), Some(5)).for_deletion("abc", 3, 5999), failed("x-amz-if-match-size"));
        assert_eq!(asked(None, Some(6)).for_deletion("abc", 3, 5999), failed("x-amz-if-match-last-modified-time"));
    }
}
