//! The conditions of a statement: operators over condition keys.

use super::wildcard::{self, Token};
use super::{Lookup, Malformed, variable};
use crate::wire::timestamp;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// One key under one operator.
#[derive(Debug, Clone)]
pub struct Condition {
    operator: Operator,
    /// The condition holds for values that do NOT compare so.
    negated: bool,
    quantifier: Quantifier,
    if_exists: bool,
    /// In lower case, but for a tag's name behind the `/`.
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// The request's values are taken one by one, any may fit.
    Plain,
    Any,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    EqualsIgnoreCase,
    Like,
    Numeric(Comparison),
    Date(Comparison),
    Bool,
    Ip,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    Less,
    LessEquals,
    Greater,
    GreaterEquals,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, value: T, bound: T) -> bool {
        match self {
            Comparison::Equals => value == bound,
            Comparison::Less => value < bound,
            Comparison::LessEquals => value <= bound,
            Comparison::Greater => value > bound,
            Comparison::GreaterEquals => value >= bound,
        }
    }

    fn parse(name: &str) -> Option<(Comparison, bool)> {
        Some(match name {
            "Equals" => (Comparison::Equals, false),
            "NotEquals" => (Comparison::Equals, true),
            "LessThan" => (Comparison::Less, false),
            "LessThanEquals" => (Comparison::LessEquals, false),
            "GreaterThan" => (Comparison::Greater, false),
            "GreaterThanEquals" => (Comparison::GreaterEquals, false),
            _ => return None,
        })
    }
}

/// An operator's name without prefix and suffix.
fn operator(name: &str) -> Option<(Operator, bool)> {
    if let Some(rest) = name.strip_prefix("Numeric") {
        return Comparison::parse(rest).map(|(c, not)| (Operator::Numeric(c), not));
    }
    if let Some(rest) = name.strip_prefix("Date") {
        return Comparison::parse(rest).map(|(c, not)| (Operator::Date(c), not));
    }
    Some(match name {
        "StringEquals" | "BinaryEquals" => (Operator::Equals, false),
        "StringNotEquals" => (Operator::Equals, true),
        "StringEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, true),
        // ArnEquals and ArnLike are the same thing.
        "StringLike" | "ArnEquals" | "ArnLike" => (Operator::Like, false),
        "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => (Operator::Like, true),
        "Bool" => (Operator::Bool, false),
        "IpAddress" => (Operator::Ip, false),
        "NotIpAddress" => (Operator::Ip, true),
        "Null" => (Operator::Null, false),
        _ => return None,
    })
}

/// Read `"Condition": {operator: {key: value or values}}`.
pub fn parse(operators: &Map<String, Value>) -> Result<Vec<Condition>, Malformed> {
    let mut all = Vec::new();
    for (name, keys) in operators {
        let (quantifier, rest) = match name.split_once(':') {
            Some(("ForAnyValue", rest)) => (Quantifier::Any, rest),
            Some(("ForAllValues", rest)) => (Quantifier::All, rest),
            Some(_) | None => (Quantifier::Plain, name.as_str()),
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (operator, negated) = operator(base)
            .filter(|(o, _)| !(if_exists && *o == Operator::Null))
            .ok_or_else(|| Malformed(format!("Invalid Condition type : {name}")))?;
        let Value::Object(keys) = keys else { return Err(Malformed("Policy has an invalid condition".into())) };
        for (key, values) in keys {
            let values = match values {
                Value::Array(values) => values.iter().map(text).collect::<Option<Vec<_>>>(),
                one => text(one).map(|v| vec![v]),
            };
            let values = values.ok_or_else(|| Malformed("Policy has an invalid condition value".into()))?;
            if !values.iter().all(|v| operator.takes(v)) {
                return Err(Malformed(format!("Invalid value in policy: {}", values.join(", "))));
            }
            all.push(Condition { operator, negated, quantifier, if_exists, key: known_key(key)?, values });
        }
    }
    Ok(all)
}

/// The key in the form in which it is looked up.
fn known_key(key: &str) -> Result<String, Malformed> {
    let name = variable::looked_up(key);
    if !["s3:", "aws:"].iter().any(|service| name.len() > service.len() && name.starts_with(service)) {
        return Err(Malformed(format!("Policy has an invalid condition key: {key}")));
    }
    Ok(name)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A date of a policy or a request: ISO 8601, or seconds since the epoch.
fn date(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| timestamp::parse(text).map(|t| t.unix_timestamp()))
}

/// An address, or a block of them with its length.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        Some(length) => length.parse().ok().filter(|n| *n <= most)?,
        None => most,
    };
    Some((address, length))
}

fn within(address: IpAddr, (block, length): (IpAddr, u32)) -> bool {
    let same = |a: u128, b: u128, width: u32| length == 0 || (a ^ b) >> (width - length) == 0;
    match (address.to_canonical(), block) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

impl Operator {
    /// Whether a policy may have this value for it.
    fn takes(self, value: &str) -> bool {
        match self {
            Operator::Equals | Operator::EqualsIgnoreCase | Operator::Like => true,
            Operator::Numeric(_) => value.parse::<f64>().is_ok(),
            Operator::Date(_) => date(value).is_some(),
            Operator::Bool | Operator::Null => {
                value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
            }
            Operator::Ip => network(value).is_some(),
        }
    }

    /// Whether its values may have variables in them.
    fn takes_variables(self) -> bool {
        match self {
            Operator::Equals | Operator::EqualsIgnoreCase | Operator::Like => true,
            Operator::Numeric(_) | Operator::Date(_) | Operator::Bool | Operator::Ip | Operator::Null => false,
        }
    }

    /// Whether a value of the request compares so with one of the policy.
    fn compares(self, value: &str, wanted: &str) -> bool {
        match self {
            Operator::Equals => value == wanted,
            Operator::EqualsIgnoreCase => value.to_lowercase() == wanted.to_lowercase(),
            Operator::Like => wildcard::matches(wanted, value),
            Operator::Numeric(comparison) => match (value.parse::<f64>(), wanted.parse::<f64>()) {
                (Ok(value), Ok(wanted)) => comparison.holds(value, wanted),
                (Err(_), _) | (_, Err(_)) => false,
            },
            Operator::Date(comparison) => match (date(value), date(wanted)) {
                (Some(value), Some(wanted)) => comparison.holds(value, wanted),
                (None, _) | (_, None) => false,
            },
            Operator::Bool => value.eq_ignore_ascii_case(wanted),
            Operator::Ip => match (value.parse(), network(wanted)) {
                (Ok(address), Some(block)) => within(address, block),
                (Err(_), _) | (_, None) => false,
            },
            Operator::Null => false,
        }
    }

    /// The same, for a value with variables in it.
    fn compares_filled(self, value: &str, wanted: &[Token]) -> bool {
        let plain = || wanted.iter().map(|token| token.char()).collect::<String>();
        if self == Operator::Like { wildcard::fits(wanted, value) } else { self.compares(value, &plain()) }
    }
}

/// Keys whose fixed values tie a caller to something that not everybody has.
const TYING: [&str; 13] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

impl Condition {
    /// Whether it holds for a request; `variables`: `${…}` means something in it.
    pub fn holds(&self, lookup: Lookup<'_>, variables: bool) -> bool {
        let have = lookup(&self.key);
        if self.operator == Operator::Null {
            return self.values.iter().any(|absent| absent.eq_ignore_ascii_case("true") == have.is_empty());
        }
        let compares = |value: &str, wanted: &str| {
            if variables && wanted.contains("${") && self.operator.takes_variables() {
                let filled = variable::fill(wanted, lookup);
                return filled.is_some_and(|wanted| self.operator.compares_filled(value, &wanted));
            }
            self.operator.compares(value, wanted)
        };
        let fits = |value: &String| self.values.iter().any(|wanted| compares(value, wanted)) != self.negated;
        match self.quantifier {
            Quantifier::All => have.iter().all(fits),
            Quantifier::Plain | Quantifier::Any if have.is_empty() => {
                self.if_exists || (self.negated && self.quantifier == Quantifier::Plain)
            }
            Quantifier::Any => have.iter().any(fits),
            Quantifier::Plain if self.negated => have.iter().all(fits),
            Quantifier::Plain => have.iter().any(fits),
        }
    }

    /// Whether it keeps the public out: a fixed value of a key that not everybody has.
    pub fn ties(&self) -> bool {
        let narrow = |value: &String| match self.operator {
            Operator::Ip => network(value).is_some_and(|(_, length)| length >= 8),
            Operator::Equals | Operator::EqualsIgnoreCase | Operator::Like => !value.contains(['*', '?', '$']),
            Operator::Numeric(_) | Operator::Date(_) | Operator::Bool | Operator::Null => false,
        };
        !self.negated && !self.if_exists && TYING.contains(&self.key.as_str()) && self.values.iter().all(narrow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a condition holds for a request whose key `aws:x` has these values.
    fn holds(operator: &str, wanted: &str, have: &[&str]) -> bool {
        let text = format!(r#"{{"{operator}":{{"aws:X":{wanted}}}}}"#);
        let Ok(Value::Object(map)) = serde_json::from_str(&text) else { panic!("{text}") };
        let conditions = parse(&map).unwrap();
        let lookup = |key: &str| {
            assert_eq!(key, "aws:x");
            have.iter().map(|v| (*v).to_owned()).collect()
        };
        conditions.iter().all(|c| c.holds(&lookup, false))
    }

    #[test]
    fn operators_compare_as_they_are_called() {
        for (operator, wanted, have, expected) in [
            ("StringEquals", r#"["a","b"]"#, "b", true),
            ("StringEquals", r#""a*""#, "ab", false),
            ("StringEqualsIgnoreCase", r#""ABC""#, "abc", true),
            ("StringNotEquals", r#"["a","b"]"#, "b", false),
            ("StringNotEquals", r#"["a","b"]"#, "c", true),
            ("StringLike", r#""a*c""#, "abbc", true),
            ("StringNotLike", r#""a*""#, "abc", false),
            ("ArnLike", r#""arn:aws:iam::1:*""#, "arn:aws:iam::1:root", true),
            ("NumericLessThanEquals", "10", "10", true),
            ("NumericGreaterThan", r#""10""#, "9.5", false),
            ("NumericNotEquals", "10", "11", true),
            ("DateLessThan", r#""2026-01-01T00:00:00Z""#, "2025-12-31T23:59:59Z", true),
            ("DateGreaterThan", "1767225600", "2025-12-31T23:59:59Z", false),
            ("Bool", r#""false""#, "false", true),
            ("Bool", "true", "false", false),
            ("IpAddress", r#"["10.0.0.0/8","192.168.1.7"]"#, "192.168.1.7", true),
            ("IpAddress", r#""10.0.0.0/8""#, "11.0.0.1", false),
            ("IpAddress", r#""2001:db8::/32""#, "2001:db8:1::1", true),
            ("IpAddress", r#""10.0.0.0/8""#, "::ffff:10.1.2.3", true),
            ("NotIpAddress", r#""0.0.0.0/0""#, "10.1.2.3", false),
        ] {
            assert_eq!(holds(operator, wanted, &[have]), expected, "{operator} {wanted} {have}");
        }
    }

    #[test]
    fn a_missing_key_fits_only_negated_and_if_exists() {
        assert!(!holds("StringEquals", r#""a""#, &[]));
        assert!(holds("StringNotEquals", r#""a""#, &[]));
        assert!(holds("StringEqualsIfExists", r#""a""#, &[]));
        assert!(!holds("StringEqualsIfExists", r#""a""#, &["b"]));
        assert!(holds("ForAllValues:StringEquals", r#""a""#, &[]));
        assert!(!holds("ForAnyValue:StringEquals", r#""a""#, &[]));
        assert!(holds("Null", r#""true""#, &[]) && !holds("Null", "false", &[]));
        assert!(holds("Null", "false", &["x"]) && !holds("Null", "true", &["x"]));
    }

    #[test]
    fn quantifiers_take_all_values_together() {
        assert!(holds("ForAllValues:StringEquals", r#"["a","b"]"#, &["a", "b"]));
        assert!(!holds("ForAllValues:StringEquals", r#"["a","b"]"#, &["a", "c"]));
        assert!(holds("ForAnyValue:StringLike", r#""a*""#, &["c", "ab"]));
        assert!(!holds("ForAllValues:StringNotEquals", r#""a""#, &["a", "c"]));
        assert!(holds("ForAnyValue:StringNotEquals", r#""a""#, &["a", "c"]));
        assert!(!holds("StringNotEquals", r#""a""#, &["a", "c"]), "no value may be the forbidden one");
    }

    #[test]
    fn what_an_operator_cannot_take_is_malformed() {
        for bad in [
            r#"{"NumericEquals":{"s3:max-keys":"ten"}}"#,
            r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}"#,
            r#"{"Bool":{"aws:SecureTransport":"maybe"}}"#,
            r#"{"DateLessThan":{"aws:CurrentTime":"soon"}}"#,
            r#"{"StringEquals":{"referer":"x"}}"#,
            r#"{"StringEquals":{"aws:Referer":{"a":1}}}"#,
            r#"{"NullIfExists":{"aws:Referer":"true"}}"#,
            r#"{"StringEquals":"x"}"#,
        ] {
            let Ok(Value::Object(map)) = serde_json::from_str(bad) else { panic!("{bad}") };
            assert!(parse(&map).is_err(), "{bad}");
        }
    }
}
