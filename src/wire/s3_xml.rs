//! S3's XML: a writer for answers, a reader for the few documents that clients send.
//!
//! The writer is a row of calls in the document's order; what XML cannot carry (control characters) goes out as
//! character references, as S3 does. The reader makes a small tree, refuses DTDs and deep nesting, and ignores namespaces.

use quick_xml::events::Event;

/// The namespace of S3's documents.
pub const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Writes one document.
pub struct Writer {
    text: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// Begin a document with this root, in S3's namespace.
    pub fn new(root: &'static str) -> Writer {
        Writer::with_attributes(root, &[("xmlns", NAMESPACE)])
    }

    /// Begin a document whose root has no namespace: errors.
    pub fn bare(root: &'static str) -> Writer {
        Writer::with_attributes(root, &[])
    }

    fn with_attributes(root: &'static str, attributes: &[(&str, &str)]) -> Writer {
        let mut w =
            Writer { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::with_capacity(8) };
        w.open_with(root, attributes);
        w
    }

    /// Begin an element that holds others.
    pub fn open(&mut self, name: &'static str) -> &mut Self {
        self.open_with(name, &[])
    }

    /// Begin an element with attributes.
    pub fn open_with(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> &mut Self {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push(' ');
            self.text.push_str(attribute);
            self.text.push_str("=\"");
            escape(&mut self.text, value);
            self.text.push('"');
        }
        self.text.push('>');
        self.open.push(name);
        self
    }

    /// End the element that was begun last.
    pub fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
        self
    }

    /// An element with text.
    pub fn text(&mut self, name: &'static str, text: impl AsRef<str>) -> &mut Self {
        self.open(name);
        escape(&mut self.text, text.as_ref());
        self.close()
    }

    /// Text of the element that was begun last.
    pub fn content(&mut self, text: &str) -> &mut Self {
        escape(&mut self.text, text);
        self
    }

    /// An element with text, if there is one.
    pub fn maybe(&mut self, name: &'static str, text: Option<impl AsRef<str>>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// An element with a number or a truth.
    pub fn value(&mut self, name: &'static str, value: impl std::fmt::Display) -> &mut Self {
        self.text(name, value.to_string())
    }

    /// An ETag, with its quotes.
    pub fn etag(&mut self, etag: &str) -> &mut Self {
        self.text("ETag", format!("\"{etag}\""))
    }

    /// An element that was read, with all that is in it.
    pub fn element(&mut self, read: &Element) {
        self.text.push('<');
        self.text.push_str(&read.name);
        self.text.push('>');
        if read.children.is_empty() {
            escape(&mut self.text, &read.text);
        }
        read.children.iter().for_each(|child| self.element(child));
        self.text.push_str("</");
        self.text.push_str(&read.name);
        self.text.push('>');
    }

    /// End every element; the document.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| matches!(c, '&' | '<' | '>' | '"' | '\u{FFFE}' | '\u{FFFF}') || c < ' ') {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            Some(other) => out.push_str(&format!("&#x{:X};", other as u32)),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// One element of a document that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Without a namespace prefix.
    pub name: String,
    pub children: Vec<Element>,
    /// The text directly inside.
    pub text: String,
}

/// The document is none that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed XML: {0}")]
pub struct Malformed(String);

const MAX_DEPTH: usize = 16;
/// The most elements of a document: ten thousand parts of an upload with all that may be said of each are fewer.
const MAX_ELEMENTS: usize = 100_000;

impl Element {
    /// Read a document whose root has this name.
    pub fn parse(root: &str, document: &[u8]) -> Result<Element, Malformed> {
        let bad = |what: &str| Malformed(what.to_owned());
        let document = std::str::from_utf8(document).map_err(|_| bad("not UTF-8"))?;
        let mut reader = quick_xml::Reader::from_str(document.trim_start_matches('\u{FEFF}').trim_start());
        let mut stack: Vec<Element> = Vec::new();
        let mut whole: Option<Element> = None;
        let mut count = 0;
        let end = |stack: &mut Vec<Element>, whole: &mut Option<Element>, done: Element| match stack.last_mut() {
            Some(parent) => {
                parent.children.push(done);
                Ok(())
            }
            None if whole.is_none() => {
                *whole = Some(done);
                Ok(())
            }
            None => Err(bad("more than one root")),
        };
        loop {
            let named = |name: &str| Element { name: name.to_owned(), ..Element::default() };
            let event = reader.read_event().map_err(|e| Malformed(e.to_string()))?;
            count += usize::from(matches!(event, Event::Start(_) | Event::Empty(_)));
            if count > MAX_ELEMENTS {
                return Err(bad("too many elements"));
            }
            match event {
                Event::Start(_) if stack.len() == MAX_DEPTH => return Err(bad("too deep")),
                Event::Start(start) => stack.push(named(start.local_name().as_ref())),
                Event::Empty(empty) => end(&mut stack, &mut whole, named(empty.local_name().as_ref()))?,
                Event::End(_) => {
                    let done = stack.pop().ok_or_else(|| bad("an end without a start"))?;
                    end(&mut stack, &mut whole, done)?;
                }
                Event::Text(text) => match stack.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return Err(bad("text outside the root")),
                },
                Event::CData(data) => {
                    stack.last_mut().ok_or_else(|| bad("text outside the root"))?.text.push_str(&data);
                }
                Event::GeneralRef(reference) => {
                    let element = stack.last_mut().ok_or_else(|| bad("text outside the root"))?;
                    match reference.resolve_char_ref().map_err(|e| Malformed(e.to_string()))? {
                        Some(c) => element.text.push(c),
                        None => element.text.push_str(
                            quick_xml::escape::resolve_xml_entity(&reference)
                                .ok_or_else(|| bad("an unknown entity"))?,
                        ),
                    }
                }
                Event::DocType(_) => return Err(bad("a document type")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        match whole {
            Some(element) if stack.is_empty() && element.name == root => Ok(element),
            Some(_) | None => Err(bad("not the document that was expected")),
        }
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// Every child of this name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The text of the first child of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_written_document_reads_back() {
        let mut w = Writer::new("A");
        w.text("B", "<&>\"\u{1}\r\n é").open("C").value("D", 5).close().maybe("E", None::<&str>);
        let text = w.finish();
        assert!(text.contains("<A xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
        let a = Element::parse("A", text.as_bytes()).unwrap();
        assert_eq!(a.get("B"), Some("<&>\"\u{1}\r\n é"));
        assert_eq!(a.child("C").unwrap().get("D"), Some("5"));
        assert_eq!(a.get("E"), None);
    }

    #[test]
    fn what_was_read_can_be_written() {
        let text = "<A><B>1 &amp; 2</B><C><D></D></C></A>";
        let mut w = Writer::bare("X");
        w.element(&Element::parse("A", text.as_bytes()).unwrap());
        assert!(w.finish().contains(text));
    }

    #[test]
    fn what_is_no_plain_document_is_refused() {
        let deep = format!("{}{}", "<A>".repeat(40), "</A>".repeat(40));
        let bomb = "<!DOCTYPE A [<!ENTITY x \"xxxx\">]><A>&x;</A>";
        for bad in ["", "text", "<A>", "<A></B>", "<A/><A/>", "<B/>", "<A>&x;</A>", &deep, bomb, "<A/>text"] {
            assert!(Element::parse("A", bad.as_bytes()).is_err(), "{bad}");
        }
        let of = |count: usize| Element::parse("A", format!("<A>{}</A>", "<b/>".repeat(count)).as_bytes());
        assert!(of(MAX_ELEMENTS - 1).is_ok() && of(MAX_ELEMENTS).is_err());
    }

    #[test]
    fn prefixes_comments_and_declarations_are_no_matter() {
        let text = "\u{FEFF}<?xml version='1.0'?><!-- c --><x:A xmlns:x='y'><x:B><![CDATA[<b>]]></x:B></x:A>\n";
        assert_eq!(Element::parse("A", text.as_bytes()).unwrap().get("B"), Some("<b>"));
    }

    proptest! {
        #[test]
        fn any_text_survives(text in "\\PC{0,40}") {
            let mut w = Writer::bare("A");
            w.text("B", &text);
            let read = Element::parse("A", w.finish().as_bytes()).unwrap();
            prop_assert_eq!(read.get("B"), Some(text.as_str()));
        }

        #[test]
        fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Element::parse("A", &bytes);
        }
    }
}
