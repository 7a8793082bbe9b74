//! Attribute calls: one attribute of one thing, named by `Attribute`, or by a parameter of its own.

use super::Error;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// `<name><value>…</value></name>`; an attribute without a value is an empty element.
#[derive(Debug, Serialize)]
pub struct Value<T> {
    pub value: Option<T>,
}

impl<T> Value<T> {
    /// The attribute with its value, if it has one.
    pub fn of(value: impl Into<Option<T>>) -> Option<Value<T>> {
        Some(Value { value: value.into() })
    }
}

/// The new value of the attribute that a Modify call names: `Name.Value=…`, or `Attribute=name&Value=…` as boto 2 has it.
/// `names` are AWS's attributes that have one value. `None`: the call names none of them.
pub fn new_value<'a>(p: &Params<'a>, names: &[&'static str]) -> Result<Option<(&'static str, &'a str)>, Error> {
    let mut found = Vec::new();
    for name in names {
        let parameter = name[..1].to_ascii_uppercase() + &name[1..];
        let value = p.nested(&parameter).and_then(|nested| nested.opt("Value")).or_else(|| p.opt(&parameter));
        found.extend(value.map(|value| (*name, value)));
    }
    if let Some(attribute) = p.opt("Attribute").filter(|text| !text.is_empty())
        && let Some(name) = names.iter().find(|name| **name == attribute)
    {
        found.push((*name, p.opt("Value").unwrap_or_default()));
    }
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Error::ParameterCombination("Fields for multiple attribute types specified".into())),
    }
}

/// A boolean that an attribute call carries as text.
pub fn flag(p: &Params<'_>, name: &str, text: &str) -> Result<bool, query::Error> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(p.invalid(name, text, "Expecting a boolean (true or false).")),
    }
}

/// The error for an attribute that does not exist.
pub fn unknown(name: &str) -> Error {
    Error::ParameterValue(format!("Value ({name}) for parameter attribute is invalid. Unknown attribute."))
}
