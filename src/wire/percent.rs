//! Percent-encoding, the two ways AWS needs it.
//!
//! AWS encodes strictly: everything but the letters, digits and `-_.~` becomes `%XX` with capital digits. Signatures
//! and S3's `encoding-type=url` both want exactly that.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use std::borrow::Cow;

/// All but RFC 3986's unreserved characters.
const STRICT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same, with the slash left alone.
const PATH: AsciiSet = STRICT.remove(b'/');

/// Encode a name or a value of a query.
pub fn encode(bytes: &[u8]) -> Cow<'_, str> {
    percent_encode(bytes, &STRICT).into()
}

/// Encode a path; slashes stay.
pub fn encode_path(bytes: &[u8]) -> Cow<'_, str> {
    percent_encode(bytes, &PATH).into()
}

/// Undo percent-encoding; `+` stays a plus, a broken escape stays as it is.
pub fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(text).into()
}

/// Whether every `%` begins an escape.
pub fn is_well_formed(text: &[u8]) -> bool {
    let hex = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
    text.iter().enumerate().all(|(at, byte)| *byte != b'%' || hex(at + 1) && hex(at + 2))
}

/// Undo the encoding of forms and queries: as [`decode`], and `+` is a space.
pub fn decode_form(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'+') {
        let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
        Cow::Owned(decode(&spaced).into_owned())
    } else {
        decode(text)
    }
}

/// The `name=value` pairs of a query or form, still encoded. A name without `=` has no value; empty pairs (`&&`) are
/// left out.
pub fn pairs(query: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    query.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| match pair.iter().position(|b| *b == b'=') {
        Some(at) => (&pair[..at], Some(&pair[at + 1..])),
        None => (pair, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unreserved_stay_as_they_are() {
        assert_eq!(encode(b"aZ09-_.~"), "aZ09-_.~");
        assert_eq!(encode("a b+c/é*".as_bytes()), "a%20b%2Bc%2F%C3%A9%2A");
        assert_eq!(encode_path(b"/a b/c"), "/a%20b/c");
    }

    #[test]
    fn a_plus_is_a_space_in_forms_only() {
        assert_eq!(&*decode(b"a+b%20c"), b"a+b c");
        assert_eq!(&*decode_form(b"a+b%2Bc"), b"a b+c");
        assert_eq!(&*decode(b"100%"), b"100%");
    }

    #[test]
    fn pairs_without_a_value_are_kept_and_empty_ones_are_not() {
        let all: Vec<_> = pairs(b"&uploads&a=1&b=x=y&&").collect();
        assert_eq!(all, [(&b"uploads"[..], None), (b"a", Some(&b"1"[..])), (b"b", Some(b"x=y"))]);
    }
}
