//! Which bytes of an object a request wants.

/// What a `Range` header asks for, before the object's size is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// From the first to the last byte, both included.
    Closed(u64, u64),
    /// From this byte to the end.
    From(u64),
    /// The last so many bytes.
    Last(u64),
}

/// The range lies outside the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsatisfiable;

impl Range {
    /// Read a `Range` header. What S3 does not understand (another unit, several ranges, nonsense) is `None`: the whole
    /// object is meant.
    pub fn parse(header: &str) -> Option<Range> {
        let (unit, spec) = header.trim().split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = spec.split_once('-')?;
        let number = |text: &str| -> Option<u64> {
            let text = text.trim();
            text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
        };
        match (first.trim(), last.trim()) {
            ("", "") => None,
            ("", last) => Some(Range::Last(number(last)?)),
            (first, "") => Some(Range::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Range::Closed(first, last))
            }
        }
    }

    /// The offset and length that it means in an object of `size` bytes.
    pub fn within(self, size: u64) -> Result<(u64, u64), Unsatisfiable> {
        match self {
            Range::Closed(first, _) | Range::From(first) if first >= size => Err(Unsatisfiable),
            Range::Closed(first, last) => Ok((first, last.min(size - 1) - first + 1)),
            Range::From(first) => Ok((first, size - first)),
            Range::Last(0) => Err(Unsatisfiable),
            Range::Last(_) if size == 0 => Err(Unsatisfiable),
            Range::Last(n) => Ok((size - n.min(size), n.min(size))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_object() {
        let within = |text: &str, size| Range::parse(text).map(|r| r.within(size));
        assert_eq!(within("bytes=0-4", 10), Some(Ok((0, 5))));
        assert_eq!(within("bytes=4-100", 10), Some(Ok((4, 6))));
        assert_eq!(within("bytes=4-", 10), Some(Ok((4, 6))));
        assert_eq!(within("bytes=-3", 10), Some(Ok((7, 3))));
        assert_eq!(within("bytes=-30", 10), Some(Ok((0, 10))));
        assert_eq!(within("bytes=10-", 10), Some(Err(Unsatisfiable)));
        assert_eq!(within("bytes=-0", 10), Some(Err(Unsatisfiable)));
        assert_eq!(within("bytes=0-0", 0), Some(Err(Unsatisfiable)));
    }

    #[test]
    fn what_is_not_understood_means_the_whole_object() {
        for text in ["bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes", "bytes=+1-2", ""] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
