//! Answers in EC2's dialect of XML, and in that of STS (the plain Query protocol), from any `Serialize` value.
//!
//! | value | element |
//! |---|---|
//! | struct field | an element of the field's name |
//! | `Vec` | one element with an `<item>` for each; present though empty |
//! | `None` | nothing |
//! | `bool`, number, text, unit variant | text |
//! | bytes | base64 |
//!
//! Names are the structs' own business (`#[serde(rename_all = "camelCase")]`). What XML cannot carry as one element
//! (a list of lists, a bare value as an answer) is an error of the programmer, reported as such.

use super::timestamp::Iso8601;
use serde::Serialize;
use serde::ser;
use std::fmt::{self, Write};

/// A value that has no form in this dialect.
#[derive(Debug, thiserror::Error)]
#[error("an answer cannot be written: {0}")]
pub struct Error(String);

impl ser::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Error(text.to_string())
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// `<{action}Response xmlns=…><requestId/>…fields…</{action}Response>`, in the namespace of the request's version.
pub fn response(action: &str, version: &str, request_id: &str, output: &impl Serialize) -> Result<String, Error> {
    let mut out = String::with_capacity(1024);
    out.push_str(DECLARATION);
    let _ = write!(out, "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/");
    escape(&mut out, version);
    let _ = write!(out, "/\"><requestId>{request_id}</requestId>");
    output.serialize(Element { out: &mut out, name: None })?;
    let _ = write!(out, "</{action}Response>");
    Ok(out)
}

/// EC2's error document.
pub fn error(code: &str, message: &str, request_id: &str) -> String {
    let mut out = String::from(DECLARATION);
    let _ = write!(out, "<Response><Errors><Error><Code>{code}</Code><Message>");
    escape(&mut out, message);
    let _ = write!(out, "</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>");
    out
}

/// The namespace of STS.
const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An STS answer: `<{action}Response><{action}Result>…</…><ResponseMetadata><RequestId/>…`.
pub fn sts_response(action: &str, request_id: &str, output: &impl Serialize) -> Result<String, Error> {
    let mut out = String::from(DECLARATION);
    let _ = write!(out, "<{action}Response xmlns=\"{STS}\"><{action}Result>");
    output.serialize(Element { out: &mut out, name: None })?;
    let _ = write!(
        out,
        "</{action}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    );
    Ok(out)
}

/// An STS error document; `sender` says whether the caller is at fault.
pub fn sts_error(code: &str, message: &str, sender: bool, request_id: &str) -> String {
    let mut out = String::from(DECLARATION);
    let kind = if sender { "Sender" } else { "Receiver" };
    let _ = write!(out, "<ErrorResponse xmlns=\"{STS}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>");
    escape(&mut out, message);
    let _ = write!(out, "</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>");
    out
}

/// A time, written as `2026-01-31T23:59:59.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub time::OffsetDateTime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Iso8601::new(self.0).as_str())
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(Iso8601::new(self.0).as_str())
    }
}

/// A value whose text is made where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

/// An empty text where there is nothing: the element is there all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrNothing<T>(pub Option<T>);

impl<T: fmt::Display> fmt::Display for OrNothing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|value| value.fmt(f))
    }
}

/// A list whose items are made where they are written.
#[derive(Debug, Clone, Copy)]
pub struct Each<'a, T, U> {
    pub of: &'a [T],
    pub item: fn(&'a T) -> U,
}

impl<T, U: Serialize> Serialize for Each<'_, T, U> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.of.iter().map(self.item))
    }
}

/// Append `text` with XML's own characters escaped; those that XML 1.0 forbids become U+FFFD.
fn escape(out: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        return out.push_str(text);
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let (instead, length) = match byte {
            b'&' => ("&amp;", 1),
            b'<' => ("&lt;", 1),
            b'>' => ("&gt;", 1),
            b'"' => ("&quot;", 1),
            b'\r' => ("&#13;", 1),
            b'\t' | b'\n' => continue,
            0..b' ' => ("\u{FFFD}", 1),
            0xEF if text[at..].starts_with(['\u{FFFE}', '\u{FFFF}']) => ("\u{FFFD}", 3),
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(instead);
        from = at + length;
    }
    out.push_str(&text[from..]);
}

/// Appends what is written to it, escaped.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

/// Whether no byte may have to be written otherwise. Without a branch for each of them: answers are millions of bytes.
fn is_plain(text: &[u8]) -> bool {
    let mut lanes = text.chunks_exact(16);
    let plain = |lane: &[u8]| !lane.iter().fold(false, |any, byte| any | unusual(*byte));
    lanes.by_ref().all(plain) && !lanes.remainder().iter().fold(false, |any, byte| any | UNUSUAL[usize::from(*byte)])
}

const fn unusual(byte: u8) -> bool {
    (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == b'"') | (byte == 0xEF)
}

/// Bytes that may have to be written otherwise: most texts have none.
const UNUSUAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = unusual(byte as u8);
        byte += 1;
    }
    table
};

/// Append an element with what `content` appends; room for the tags and for so many `bytes` is made at once.
fn element(out: &mut String, name: &str, bytes: usize, content: impl FnOnce(&mut String)) {
    out.reserve(2 * name.len() + bytes + 5);
    out.push('<');
    out.push_str(name);
    out.push('>');
    content(out);
    end(out, name);
}

/// Append an end tag.
fn end(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Writes one value as one element; without a name only a structure will do, and its fields are written bare.
struct Element<'a> {
    out: &'a mut String,
    name: Option<&'a str>,
}

impl Element<'_> {
    fn text(self, text: &str) -> Result<(), Error> {
        if text.is_empty() && self.name.is_some() {
            return self.open().close();
        }
        let name = self.name.ok_or_else(|| Error(format!("{text:?} has no element")))?;
        element(self.out, name, text.len(), |out| escape(out, text));
        Ok(())
    }

    /// A text that needs no escapes.
    fn word(self, text: &str) -> Result<(), Error> {
        let name = self.name.ok_or_else(|| Error(format!("{text} has no element")))?;
        element(self.out, name, text.len(), |out| out.push_str(text));
        Ok(())
    }

    fn plain(self, value: impl fmt::Display) -> Result<(), Error> {
        let name = self.name.ok_or_else(|| Error(format!("{value} has no element")))?;
        element(self.out, name, 20, |out| {
            let _ = write!(out, "{value}");
        });
        Ok(())
    }
}

impl<'a> Element<'a> {
    fn open(self) -> Parts<'a> {
        if let Some(name) = self.name {
            self.out.reserve(name.len() + 3);
            self.out.push('<');
            self.out.push_str(name);
            self.out.push('>');
        }
        let start = self.out.len();
        Parts { out: self.out, name: self.name, start, key: String::new() }
    }
}

/// An element that has been opened: list items, fields or map entries go inside.
struct Parts<'a> {
    out: &'a mut String,
    name: Option<&'a str>,
    /// Where its content begins.
    start: usize,
    /// The map's key whose value comes next.
    key: String,
}

impl Parts<'_> {
    fn write(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Element { out: self.out, name: Some(name) })
    }

    fn close(self) -> Result<(), Error> {
        let Some(name) = self.name else { return Ok(()) };
        if self.out.len() == self.start {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            end(self.out, name);
        }
        Ok(())
    }
}

impl<'a> serde::Serializer for Element<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = ser::Impossible<(), Error>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = ser::Impossible<(), Error>;

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.word(if v { "true" } else { "false" })
    }
    fn serialize_i8(self, v: i8) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_i16(self, v: i16) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_i32(self, v: i32) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_i64(self, v: i64) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_u8(self, v: u8) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_u16(self, v: u16) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_u32(self, v: u32) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_u64(self, v: u64) -> Result<(), Error> {
        self.plain(v)
    }
    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        self.serialize_f64(f64::from(v))
    }
    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        if v.is_infinite() {
            return self.plain(if v > 0.0 { "Infinity" } else { "-Infinity" });
        }
        // `{:?}` keeps the fraction of whole numbers (`2.0`), as AWS does.
        self.plain(format_args!("{v:?}"))
    }
    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.text(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.text(v)
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, v: &T) -> Result<(), Error> {
        let name = self.name.ok_or_else(|| Error(format!("{v} has no element")))?;
        let parts = Element { name: Some(name), ..self }.open();
        write!(Escaped(parts.out), "{v}").map_err(|e| Error(e.to_string()))?;
        parts.close()
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        use base64::Engine;
        self.plain(base64::engine::general_purpose::STANDARD.encode(v))
    }
    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, v: &T) -> Result<(), Error> {
        v.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.open().close()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.open().close()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.text(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, v: &T) -> Result<(), Error> {
        v.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        v: &T,
    ) -> Result<(), Error> {
        let mut parts = self.open();
        parts.write(variant, v)?;
        parts.close()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Error> {
        match self.name {
            Some(_) => Ok(self.open()),
            None => Err(Error("a list has no element".into())),
        }
    }
    fn serialize_tuple(self, len: usize) -> Result<Parts<'a>, Error> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Parts<'a>, Error> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(Error(format!("the variant {variant} has no form")))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Error> {
        Ok(self.open())
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Error> {
        Ok(self.open())
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(Error(format!("the variant {variant} has no form")))
    }
}

macro_rules! items {
    ($($of:ident :: $method:ident),*) => {$(
        impl ser::$of for Parts<'_> {
            type Ok = ();
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
                self.write("item", v)
            }
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}
items!(SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field);

impl ser::SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, v: &T) -> Result<(), Error> {
        self.write(name, v)
    }
    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// A map is a structure whose names are known at run time; `#[serde(flatten)]` makes maps, too.
impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let mut written = String::new();
        key.serialize(Element { out: &mut written, name: Some("k") })?;
        self.key = written.trim_start_matches("<k>").trim_end_matches("</k>").to_owned();
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        let name = std::mem::take(&mut self.key);
        self.write(&name, v)
    }
    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Output {
        item_set: Vec<Inner>,
        empty: Vec<String>,
        absent: Option<String>,
        #[serde(rename = "return")]
        ok: bool,
        clock: f64,
        at: Time,
        unit: (),
        #[serde(flatten)]
        more: Inner,
    }

    #[derive(Serialize)]
    struct Inner {
        name: &'static str,
        n: Option<i32>,
    }

    #[test]
    fn an_answer_is_written_in_ec2s_dialect() {
        let output = Output {
            item_set: vec![Inner { name: "<a & \"b\"\r\u{1}>", n: Some(-1) }, Inner { name: "", n: None }],
            empty: vec![],
            absent: None,
            ok: true,
            clock: 2.0,
            at: Time(time::macros::datetime!(2026-01-02 03:04:05.678 UTC)),
            unit: (),
            more: Inner { name: "flat", n: None },
        };
        assert_eq!(
            response("Do", "2016-11-15", "rid", &output).unwrap().strip_prefix(DECLARATION).unwrap(),
            "<DoResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>rid</requestId>\
             <itemSet><item><name>&lt;a &amp; &quot;b&quot;&#13;\u{FFFD}&gt;</name><n>-1</n></item>\
             <item><name/></item></itemSet><empty/><return>true</return><clock>2.0</clock>\
             <at>2026-01-02T03:04:05.678Z</at><unit/><name>flat</name></DoResponse>"
        );
    }

    #[test]
    fn a_bare_value_is_no_answer() {
        assert!(response("Do", "v", "rid", &"text").is_err());
        assert!(response("Do", "v", "rid", &vec![1]).is_err());
        assert!(response("Do", "v", "rid", &()).is_ok());
    }

    #[test]
    fn a_hostile_version_stays_inside_its_attribute() {
        assert!(response("Do", "\"><x", "rid", &()).unwrap().contains("doc/&quot;&gt;&lt;x/\""));
    }

    #[test]
    fn errors_have_each_services_own_form() {
        assert!(error("C", "a<b", "rid").ends_with(
            "<Response><Errors><Error><Code>C</Code><Message>a&lt;b</Message></Error></Errors>\
             <RequestID>rid</RequestID></Response>"
        ));
        assert!(sts_error("C", "m", true, "rid").contains("<Error><Type>Sender</Type><Code>C</Code>"));
        let answer = sts_response("Ask", "rid", &Inner { name: "x", n: None }).unwrap();
        assert!(answer.contains("<AskResult><name>x</name></AskResult><ResponseMetadata><RequestId>rid<"));
    }
}
