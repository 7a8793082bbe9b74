//! The AWS Query form: flat `A.1.B=x` pairs in, a tree that an action reads by name out.
//!
//! ```text
//! Filter.1.Name=tag:os&Filter.1.Value.2=b&Filter.1.Value.1=a     Filter ─ 1 ┬ Name  "tag:os"
//!                                                                          └ Value ┬ 1 "a"
//!                                                                                  └ 2 "b"
//! ```
//!
//! Lists are in the numeric order of their indexes, with gaps allowed. Every value remembers whether it was read:
//! [`Form::finish`] names the first that nobody wanted, so a parameter is never ignored by accident.

pub use super::query_tree::Tree;
use crate::id;
use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What is wrong with a form, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("The request must contain the parameter {0}")]
    Missing(String),
    #[error("Value ({value}) for parameter {name} is invalid. {expected}")]
    Invalid { name: String, value: String, expected: String },
    /// The text has not the form of an id of this kind.
    #[error("Invalid id: \"{text}\"{}", expecting(*kind))]
    Malformed { kind: id::Kind, text: String },
    #[error("The parameter {0} is not recognized")]
    Unknown(String),
    #[error("The query string contains too many or too deeply nested parameters")]
    TooLarge,
}

/// AWS says what it expects for images only.
fn expecting(kind: id::Kind) -> &'static str {
    if kind == id::Kind::Image { " (expecting \"ami-...\")" } else { "" }
}

/// Most pairs in one form, and most dots in one name.
const MOST_PAIRS: usize = 10_000;
const MOST_DOTS: usize = 12;

/// A parsed form.
#[derive(Debug, Default)]
pub struct Form(Node);

#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    read: Cell<bool>,
    children: BTreeMap<String, Node>,
}

/// Split `a=1&b=2` into decoded pairs: percent escapes and `+`. Escapes that are none stay as they are.
pub fn pairs(form: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    form.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let cut = pair.iter().position(|b| *b == b'=');
        let (name, value) = cut.map_or((pair, &pair[pair.len()..]), |at| (&pair[..at], &pair[at + 1..]));
        (decode(name), decode(value))
    })
}

fn decode(text: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect::<Vec<_>>().into()
    } else {
        text.into()
    };
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

impl Form {
    /// Parse the parts of a request that carry parameters: the URL's query, the body. A name given twice has its
    /// last value.
    pub fn parse(parts: &[&[u8]]) -> Result<Form, Error> {
        let mut form = Form::default();
        for (n, (name, value)) in parts.iter().flat_map(|part| pairs(part)).enumerate() {
            if n == MOST_PAIRS || name.bytes().filter(|b| *b == b'.').count() > MOST_DOTS {
                return Err(Error::TooLarge);
            }
            let node =
                name.split('.').fold(&mut form.0, |node, step| node.children.entry(step.to_owned()).or_default());
            node.value = Some(value);
        }
        Ok(form)
    }

    /// Give a parameter its value; `path` are the parts of its name.
    pub fn set(&mut self, path: &[String], value: String) {
        let node = path.iter().fold(&mut self.0, |node, step| node.children.entry(step.clone()).or_default());
        node.value = Some(value);
    }

    /// The cursor over the whole form.
    pub fn params(&self) -> Params<'_> {
        Params { node: &self.0, path: String::new() }
    }

    /// [`Params::asks`] of a parameter of the request.
    pub fn asks(&self, name: &str) -> bool {
        self.params().asks(name)
    }

    /// [`Params::ignore`] of a parameter of the request.
    pub fn ignore(&self, name: &str) {
        self.params().ignore(name);
    }

    /// An error for the first parameter that was never read.
    pub fn finish(&self) -> Result<(), Error> {
        fn unread(node: &Node, path: String) -> Option<String> {
            if node.value.is_some() && !node.read.get() {
                return Some(path);
            }
            node.children.iter().find_map(|(name, child)| unread(child, join(&path, name)))
        }
        unread(&self.0, String::new()).map_or(Ok(()), |name| Err(Error::Unknown(name)))
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A place in the form from which an action reads by name.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> Params<'a> {
    /// The full name of a parameter here, for error messages.
    pub fn name(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// Whether the parameter, or anything below it, was sent and asks for something: nothing, `false` and 0 ask for what is without
    /// the parameter. (Terraform and fog send those.)
    pub fn asks(&self, name: &str) -> bool {
        fn asking(node: &Node) -> bool {
            !matches!(node.value.as_deref(), None | Some("" | "false" | "False" | "0"))
                || node.children.values().any(asking)
        }
        self.node.children.get(name).is_some_and(asking)
    }

    /// Count a parameter, and everything below it, as read.
    pub fn ignore(&self, name: &str) {
        fn mark(node: &Node) {
            node.read.set(true);
            node.children.values().for_each(mark);
        }
        if let Some(node) = self.node.children.get(name) {
            mark(node);
        }
    }

    /// A value that may be absent. A list of one stands for its only value: boto sends `InstanceId.1` to actions
    /// that take one instance.
    pub fn opt(&self, name: &str) -> Option<&'a str> {
        let node = self.node.children.get(name)?;
        node.take().or_else(|| node.children.get("1")?.take())
    }

    /// A value that must be there and not be empty.
    pub fn req(&self, name: &str) -> Result<&'a str, Error> {
        self.opt(name).filter(|v| !v.is_empty()).ok_or_else(|| Error::Missing(self.name(name)))
    }

    /// `true` or `false`, in any case; also `1` and `0`.
    pub fn opt_bool(&self, name: &str) -> Result<Option<bool>, Error> {
        self.opt(name)
            .map(|text| match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(self.invalid(name, text, "Expecting a boolean (true or false).")),
            })
            .transpose()
    }

    /// A whole number within `range`.
    pub fn opt_int(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, Error> {
        let Some(text) = self.opt(name) else { return Ok(None) };
        let Ok(n) = text.trim().parse::<i64>() else {
            return Err(self.invalid(name, text, "Expecting an integer."));
        };
        let (bound, limit) = match n {
            _ if n < *range.start() => ("greater", range.start()),
            _ if n > *range.end() => ("less", range.end()),
            _ => return Ok(Some(n)),
        };
        // AWS's own words, which are wrong about the limit itself.
        let (value, expected) = (format!(" {n} "), format!("Expecting a value {bound} than {limit}."));
        Err(Error::Invalid { name: lower_first(&self.name(name)), value, expected })
    }

    /// [`Params::opt_int`] that must be there.
    pub fn int(&self, name: &str, range: RangeInclusive<i64>) -> Result<i64, Error> {
        self.opt_int(name, range)?.ok_or_else(|| Error::Missing(self.name(name)))
    }

    /// An id of a kind that may be absent.
    pub fn opt_id(&self, name: &str, kind: id::Kind) -> Result<Option<&'a str>, Error> {
        self.opt(name).filter(|text| !text.is_empty()).map(|text| well_formed(text, kind)).transpose()
    }

    /// An id of a kind.
    pub fn id(&self, name: &str, kind: id::Kind) -> Result<&'a str, Error> {
        well_formed(self.req(name)?, kind)
    }

    /// The values of `name.1`, `name.2`, …; a bare `name` counts as a list of one.
    pub fn list(&self, name: &str) -> Vec<&'a str> {
        let Some(node) = self.node.children.get(name) else { return Vec::new() };
        node.take().into_iter().chain(node.items().into_iter().filter_map(|(_, item)| item.take())).collect()
    }

    /// [`Params::list`] of ids of a kind.
    pub fn ids(&self, name: &str, kind: id::Kind) -> Result<Vec<&'a str>, Error> {
        self.list(name).into_iter().map(|text| well_formed(text, kind)).collect()
    }

    /// The structures `name.1.…`, `name.2.…`, in order.
    pub fn structs(&self, name: &str) -> Vec<Params<'a>> {
        let Some(node) = self.node.children.get(name) else { return Vec::new() };
        let path = self.name(name);
        node.items().into_iter().map(|(index, item)| Params { node: item, path: format!("{path}.{index}") }).collect()
    }

    /// The structure `name.…`, if anything of it was sent.
    pub fn nested(&self, name: &str) -> Option<Params<'a>> {
        let node = self.node.children.get(name).filter(|node| !node.children.is_empty())?;
        Some(Params { node, path: self.name(name) })
    }

    /// Whether the parameter, or anything below it, was sent.
    pub fn has(&self, name: &str) -> bool {
        self.node.children.contains_key(name)
    }

    /// Every name below here with its value, by name, whether anybody read it or not.
    pub fn values(&self) -> Vec<(String, &'a str)> {
        fn walk<'a>(node: &'a Node, path: &str, all: &mut Vec<(String, &'a str)>) {
            all.extend(node.value.as_deref().map(|value| (path.to_owned(), value)));
            node.children.iter().for_each(|(name, child)| walk(child, &join(path, name), all));
        }
        let mut all = Vec::new();
        walk(self.node, &self.path, &mut all);
        all
    }

    /// Everything below here as it was sent, and read.
    pub fn tree(&self) -> Tree {
        fn walk(node: &Node) -> Tree {
            node.read.set(true);
            if node.children.is_empty() {
                return Tree::Value(node.value.clone().unwrap_or_default());
            }
            if node.children.keys().all(|name| name.parse::<u32>().is_ok()) {
                return Tree::List(node.items().into_iter().map(|(_, item)| walk(item)).collect());
            }
            Tree::Members(node.children.iter().map(|(name, child)| (name.clone(), walk(child))).collect())
        }
        walk(self.node)
    }

    /// The error for a value that is of the right type and still will not do. `expected` is a sentence.
    pub fn invalid(&self, name: &str, value: &str, expected: impl Into<String>) -> Error {
        Error::Invalid { name: self.name(name), value: value.to_owned(), expected: expected.into() }
    }
}

impl Node {
    fn take(&self) -> Option<&str> {
        self.read.set(true);
        self.value.as_deref()
    }

    /// The children that are list items, in numeric order.
    fn items(&self) -> Vec<(u32, &Node)> {
        let mut items: Vec<_> =
            self.children.iter().filter_map(|(name, node)| Some((name.parse().ok()?, node))).collect();
        items.sort_by_key(|(index, _)| *index);
        items
    }
}

fn lower_first(name: &str) -> String {
    name[..1].to_ascii_lowercase() + &name[1..]
}

fn well_formed(text: &str, kind: id::Kind) -> Result<&str, Error> {
    if kind.accepts(text) { Ok(text) } else { Err(Error::Malformed { kind, text: text.to_owned() }) }
}

impl Tree {
    /// The form that would have sent this.
    pub fn to_form(&self) -> Form {
        fn walk(tree: &Tree, path: &mut Vec<String>, form: &mut Form) {
            match tree {
                Tree::Value(text) => form.set(path, text.clone()),
                Tree::List(items) => {
                    for (n, item) in items.iter().enumerate() {
                        path.push((n + 1).to_string());
                        walk(item, path, form);
                        path.pop();
                    }
                }
                Tree::Members(members) => {
                    for (name, member) in members {
                        path.push(name.clone());
                        walk(member, path, form);
                        path.pop();
                    }
                }
            }
        }
        let mut form = Form::default();
        walk(self, &mut Vec::new(), &mut form);
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(text: &str) -> Form {
        Form::parse(&[text.as_bytes()]).unwrap()
    }

    #[test]
    fn escapes_and_plus_are_decoded() {
        let f = form("A%2eB=x%20y+z%2B&C&D==&E=%zz");
        assert_eq!(f.params().nested("A").unwrap().opt("B"), Some("x y z+"));
        assert_eq!(f.params().opt("C"), Some(""));
        assert_eq!(f.params().opt("D"), Some("="));
        assert_eq!(f.params().opt("E"), Some("%zz"));
    }

    #[test]
    fn lists_are_in_numeric_order_with_gaps() {
        let f = form("X.10=c&X.2=b&X.1=a&Y=alone&Z.1=only");
        assert_eq!(f.params().list("X"), ["a", "b", "c"]);
        assert_eq!(f.params().list("Y"), ["alone"]);
        assert_eq!(f.params().opt("Z"), Some("only"));
        assert!(f.params().list("None").is_empty());
        f.finish().unwrap();
    }

    #[test]
    fn some_parameters_ask_for_nothing() {
        let f = form("A=&B=false&C=0&D=true&E.1=false&E.2=x&F.Enabled=true&G=10&I.Value=false");
        let asking: Vec<&str> =
            ["A", "B", "C", "D", "E", "F", "G", "H", "I"].into_iter().filter(|n| f.asks(n)).collect();
        assert_eq!(asking, ["D", "E", "F", "G"]);
    }

    #[test]
    fn structures_carry_their_names_into_errors() {
        let f = form("Filter.2.Name=b&Filter.1.Name=a&Filter.1.Value.1=v&Placement.Tenancy=default");
        let filters = f.params().structs("Filter");
        assert_eq!(filters.iter().map(|p| p.req("Name").unwrap()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(filters[1].req("Value").unwrap_err(), Error::Missing("Filter.2.Value".into()));
        assert_eq!(f.params().nested("Placement").unwrap().opt("Tenancy"), Some("default"));
        assert_eq!(f.finish().unwrap_err(), Error::Unknown("Filter.1.Value.1".into()));
    }

    #[test]
    fn what_nobody_read_is_an_error_unless_it_is_ignored() {
        let f = form("A=1&Monitoring.Enabled=true");
        f.params().opt("A");
        assert_eq!(f.finish().unwrap_err().to_string(), "The parameter Monitoring.Enabled is not recognized");
        f.ignore("Monitoring");
        f.finish().unwrap();
    }

    #[test]
    fn values_of_the_wrong_type_are_named() {
        let f = form("Max=4&Word=x&Flag=TRUE&Id=i-zz&Empty=");
        let p = f.params();
        assert_eq!(p.opt_bool("Flag"), Ok(Some(true)));
        assert!(p.opt_bool("Word").unwrap_err().to_string().starts_with("Value (x) for parameter Word is invalid."));
        assert_eq!(
            p.opt_int("Max", 5..=1000).unwrap_err().to_string(),
            "Value ( 4 ) for parameter max is invalid. Expecting a value greater than 5."
        );
        assert!(p.opt_int("Word", 0..=9).is_err());
        assert_eq!(p.id("Id", id::Kind::Instance).unwrap_err().to_string(), "Invalid id: \"i-zz\"");
        assert_eq!(p.req("Empty").unwrap_err().to_string(), "The request must contain the parameter Empty");
    }

    /// What the protocol's definition has a client write for each type, as Smithy's and botocore's conformance cases show it.
    #[test]
    fn every_type_of_the_protocol_is_read() {
        let f = form(
            "Action=A&Version=2020-01-08&Text=&Yes=true&No=false&Whole=10&Fraction=10.8&Time=2015-01-25T08%3A00%3A00Z\
             &Epoch=1422172800&Blob=dmFsdWU%3D&List.1=a&List.2=b&Deep.List.1=c&Structs.1.Hi=x&Structs.2.Hi=y&Deep.Deep.Text=z",
        );
        let p = f.params();
        for (name, text) in [
            ("Action", "A"),
            ("Version", "2020-01-08"),
            ("Text", ""),
            ("Fraction", "10.8"),
            ("Time", "2015-01-25T08:00:00Z"),
            ("Epoch", "1422172800"),
            ("Blob", "dmFsdWU="),
        ] {
            assert_eq!(p.opt(name), Some(text), "{name}");
        }
        assert_eq!((p.opt_bool("Yes"), p.opt_bool("No")), (Ok(Some(true)), Ok(Some(false))));
        assert_eq!(p.opt_int("Whole", 0..=99), Ok(Some(10)));
        assert_eq!(p.list("List"), ["a", "b"]);
        let structs: Vec<_> = p.structs("Structs").iter().map(|one| one.opt("Hi")).collect();
        assert_eq!(structs, [Some("x"), Some("y")]);
        let deep = p.nested("Deep").unwrap();
        assert_eq!((deep.list("List"), deep.nested("Deep").unwrap().opt("Text")), (vec!["c"], Some("z")));
        // An empty list and an absent structure are not written at all.
        assert!(p.list("None").is_empty() && p.structs("None").is_empty() && p.nested("None").is_none());
        f.finish().unwrap();
    }

    #[test]
    fn a_form_cannot_be_nested_without_end() {
        let deep = format!("A{}=1", ".1".repeat(100));
        assert_eq!(Form::parse(&[deep.as_bytes()]).unwrap_err(), Error::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_parse_and_every_value_is_either_read_or_reported(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(f) = Form::parse(&[&bytes]) {
                let names: Vec<String> = f.0.children.keys().cloned().collect();
                let reported = f.finish().is_err();
                prop_assert_eq!(reported, !names.is_empty());
                names.iter().for_each(|n| f.ignore(n));
                prop_assert!(f.finish().is_ok());
            }
        }
    }
}
