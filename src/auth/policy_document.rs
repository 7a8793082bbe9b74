//! The policy document of a form upload: when it expires, and what each field must be.

use crate::wire::timestamp;
use base64::Engine;
use serde_json::Value;
use std::ops::RangeInclusive;
use time::OffsetDateTime;

/// Fields that need no condition, besides `x-ignore-…` and checksums, which say nothing that is not in the file.
const FREE: [&str; 5] = ["awsaccesskeyid", "signature", "x-amz-signature", "policy", "file"];

#[derive(Debug)]
struct Condition {
    /// In lower case, without `$`.
    field: String,
    value: String,
    /// The value is only the beginning.
    prefix: bool,
}

/// Why an upload is not what a policy lets be uploaded, in S3's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// `InvalidPolicyDocument`
    #[error("Invalid Policy: {0}")]
    Invalid(String),
    /// `AccessDenied`
    #[error("Invalid according to Policy: {0}")]
    Against(String),
}

type Result<T> = std::result::Result<T, PolicyError>;

/// A policy that was read.
#[derive(Debug)]
pub struct PostPolicy {
    expires: OffsetDateTime,
    conditions: Vec<Condition>,
    /// How many bytes the file may have.
    pub sizes: RangeInclusive<u64>,
}

fn invalid<T>(why: impl Into<String>) -> Result<T> {
    Err(PolicyError::Invalid(why.into()))
}

fn denied<T>(why: impl Into<String>) -> Result<T> {
    Err(PolicyError::Against(why.into()))
}

impl PostPolicy {
    /// Read a policy as it is sent: JSON in base64.
    pub fn parse(encoded: &str) -> Result<PostPolicy> {
        let json = base64::prelude::BASE64_STANDARD.decode(encoded.trim()).ok();
        let Some(Value::Object(document)) = json.and_then(|json| serde_json::from_slice(&json).ok()) else {
            return invalid("Invalid JSON.");
        };
        let expires = match document.get("expiration").map(Value::as_str) {
            None => return invalid("Policy missing expiration."),
            Some(text) => text.and_then(timestamp::parse),
        };
        let Some(expires) = expires else { return invalid("Invalid 'expiration' value.") };
        let conditions = match document.get("conditions") {
            None => return invalid("Policy missing conditions."),
            Some(Value::Array(all)) if !all.is_empty() => all,
            Some(_) => return invalid("Invalid 'conditions' value: must be a List."),
        };
        let mut policy = PostPolicy { expires, conditions: Vec::new(), sizes: 0..=u64::MAX };
        for condition in conditions {
            policy.read(condition)?;
        }
        Ok(policy)
    }

    fn read(&mut self, condition: &Value) -> Result<()> {
        let wrong = || invalid(format!("Invalid Condition: {condition}"));
        match condition {
            Value::Object(pairs) if pairs.len() == 1 => {
                for (field, value) in pairs {
                    let Some(value) = value.as_str() else { return wrong() };
                    let field = field.to_ascii_lowercase();
                    self.conditions.push(Condition { field, value: value.to_owned(), prefix: false });
                }
                Ok(())
            }
            Value::Array(words) => {
                let [Value::String(kind), first, second] = &words[..] else { return wrong() };
                let kind = kind.to_ascii_lowercase();
                if kind == "content-length-range" {
                    let number = |v: &Value| v.as_u64().or_else(|| v.as_str()?.parse().ok());
                    let (Some(least), Some(most)) = (number(first), number(second)) else { return wrong() };
                    self.sizes = least..=most;
                    return Ok(());
                }
                let (Some(field), Some(value)) = (first.as_str().and_then(|f| f.strip_prefix('$')), second.as_str())
                else {
                    return wrong();
                };
                let prefix = match kind.as_str() {
                    "eq" => false,
                    "starts-with" => true,
                    _ => return wrong(),
                };
                let field = field.to_ascii_lowercase();
                self.conditions.push(Condition { field, value: value.to_owned(), prefix });
                Ok(())
            }
            _ => wrong(),
        }
    }

    /// Whether the form keeps to the policy: every condition holds, and every field (names in lower case) has one.
    pub fn check(&self, bucket: &str, fields: &[(&str, &str)], now: OffsetDateTime) -> Result<()> {
        if self.expires <= now {
            return denied("Policy expired.");
        }
        let sent = |field: &str| fields.iter().find(|(name, _)| *name == field).map(|(_, value)| *value);
        let value = |field: &str| if field == "bucket" { Some(bucket) } else { sent(field) };
        for Condition { field, value: wanted, prefix } in &self.conditions {
            let have = value(field).unwrap_or_default();
            // A list of content types must begin so throughout.
            let holds = match (prefix, field.as_str()) {
                (false, _) => have == wanted,
                (true, "content-type") => have.split(',').all(|one| one.trim_start().starts_with(wanted.as_str())),
                (true, _) => have.starts_with(wanted.as_str()),
            };
            if !holds {
                let kind = if *prefix { "starts-with" } else { "eq" };
                return denied(format!("Policy Condition failed: [\"{kind}\", \"${field}\", \"{wanted}\"]"));
            }
        }
        let covered = |field: &str| self.conditions.iter().any(|c| c.field == field);
        let free = |field: &str| {
            FREE.contains(&field) || field.starts_with("x-ignore-") || field.starts_with("x-amz-checksum-")
        };
        let names = fields.iter().map(|(name, _)| *name);
        match ["bucket"].into_iter().chain(names).find(|name| !free(name) && !covered(name)) {
            Some(extra) => denied(format!("Extra input fields: {extra}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(json: &str) -> Result<PostPolicy> {
        PostPolicy::parse(&base64::prelude::BASE64_STANDARD.encode(json))
    }

    fn checked(conditions: &str, fields: &[(&str, &str)]) -> Result<()> {
        let json = format!(r#"{{"expiration":"2026-12-01T12:00:00.000Z","conditions":[{conditions}]}}"#);
        let now = timestamp::parse("2026-11-22T00:00:00Z").unwrap();
        policy(&json)?.check("b", fields, now)
    }

    #[test]
    fn every_field_needs_a_condition_that_holds() {
        let conditions = r#"{"bUcket":"b"},["starts-with","$KEY","user/"],["eq","$acl","private"],["starts-with","$x-amz-meta-a",""]"#;
        let good =
            [("key", "user/x"), ("acl", "private"), ("x-amz-meta-a", "1"), ("policy", "…"), ("x-ignore-me", "1")];
        checked(conditions, &good).unwrap();
        for bad in [
            &[("key", "other/x"), ("acl", "private")][..],
            &[("key", "user/x"), ("acl", "public-read")],
            &[("key", "user/x")],
            &[("key", "user/x"), ("acl", "private"), ("cache-control", "no")],
        ] {
            assert!(matches!(checked(conditions, bad), Err(PolicyError::Against(_))), "{bad:?}");
        }
        assert!(matches!(checked(r#"["starts-with","$key",""]"#, &[("key", "k")]), Err(PolicyError::Against(_))));
        let types = r#"{"bucket":"b"},["starts-with","$content-type","image/"]"#;
        assert!(checked(types, &[("content-type", "image/png,image/gif")]).is_ok());
        assert!(checked(types, &[("content-type", "image/png,text/html")]).is_err());
    }

    #[test]
    fn what_is_no_policy_is_invalid() {
        for bad in [
            "nothing",
            r#"{"conditions":[{"bucket":"b"}]}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z"}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[]}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z","CONDITIONS":[{"bucket":"b"}]}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[{}]}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[["content-length-range",0]]}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[["content-length-range",-1,0]]}"#,
            r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[["like","$key","x"]]}"#,
            r#"{"expiration":"soon","conditions":[{"bucket":"b"}]}"#,
        ] {
            assert!(matches!(policy(bad), Err(PolicyError::Invalid(_))), "{bad}");
        }
        let p = policy(
            r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[["content-length-range","1",9],{"bucket":"b"}]}"#,
        );
        assert_eq!(p.as_ref().unwrap().sizes, 1..=9);
        let late = timestamp::parse("2026-12-02T00:00:00Z").unwrap();
        let expired = p.unwrap().check("b", &[], late);
        assert!(matches!(expired, Err(PolicyError::Against(_))));
    }
}
