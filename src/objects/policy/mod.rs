//! Bucket policies: JSON statements that allow or deny actions to principals under conditions.
//!
//! [`Policy::parse`] refuses what S3 refuses, with S3's words; [`Policy::judge`] is pure and knows the request only by a
//! [`Question`]. An explicit Deny wins; no statement that fits is no answer at all.

mod condition;
mod variable;
pub mod wildcard;

use condition::Condition;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// The largest policy, in bytes.
pub const MAX_SIZE: usize = 20 * 1024;

/// Gives the values of a condition key (in lower case but for what follows a `/`); none when the request has no such.
pub type Lookup<'q> = &'q dyn Fn(&str) -> Vec<String>;

/// What a request would do, as policies see it.
pub struct Question<'q> {
    /// 12 digits; `None`: anonymous.
    pub account: Option<&'q str>,
    /// A service of the cloud itself, such as `logging.s3.amazonaws.com`.
    pub service: Option<&'q str>,
    /// The account's canonical user id, if it is known.
    pub canonical_id: Option<&'q str>,
    /// Such as `s3:GetObject`.
    pub action: &'q str,
    /// `bucket` or `bucket/key`.
    pub resource: &'q str,
    pub conditions: Lookup<'q>,
}

/// What the statements of a policy say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Deny,
    /// No statement fits.
    Silent,
}

/// Why a policy cannot be used, in S3's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// One policy.
#[derive(Debug, Clone)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    allow: bool,
    principals: Named<Principal>,
    actions: Named<String>,
    resources: Named<String>,
    conditions: Vec<Condition>,
    /// `${…}` means a variable in it.
    variables: bool,
}

/// A list of an element, or of its `Not…` twin.
#[derive(Debug, Clone)]
struct Named<T> {
    not: bool,
    list: Vec<T>,
}

impl<T> Named<T> {
    fn fits(&self, one: impl Fn(&T) -> bool) -> bool {
        self.list.iter().any(one) != self.not
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Principal {
    Everybody,
    /// An account, by its 12 digits.
    Account(String),
    Canonical(String),
    Service(String),
    /// A federated user, an account that is not ours: nobody who calls here.
    Other,
}

fn malformed<T>(why: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(why.into()))
}

/// Policies that were read, by their bucket. A bucket's row is read by every request, and its policy changes rarely.
static READ: LazyLock<Mutex<HashMap<String, Read>>> = LazyLock::new(Mutex::default);
/// The most that are kept.
const KEPT: usize = 256;

/// A policy with the text that it was read from.
struct Read {
    text: String,
    policy: Arc<Policy>,
}

impl Policy {
    /// Read the policy of this bucket, unless that was done before.
    pub fn known(bucket: &str, text: &str) -> Result<Arc<Policy>, Malformed> {
        let read = || READ.lock().expect("no panic while held");
        if let Some(known) = read().get(bucket).filter(|known| known.text == text) {
            return Ok(known.policy.clone());
        }
        let policy = Arc::new(Policy::parse(bucket, text)?);
        let mut all = read();
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(bucket.to_owned(), Read { text: text.to_owned(), policy: policy.clone() });
        Ok(policy)
    }

    /// Read the policy of this bucket.
    pub fn parse(bucket: &str, text: &str) -> Result<Policy, Malformed> {
        if text.len() > MAX_SIZE {
            return malformed("Normalized policy document exceeds the maximum allowed size of 20480 bytes.");
        }
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            return malformed("This policy contains invalid Json");
        };
        known(&document, &["Version", "Id", "Statement"])?;
        let variables = match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => true,
            None | Some(Some("2008-10-17")) => false,
            Some(_) => return malformed("The policy must contain a valid version string"),
        };
        let statements = match document.get("Statement") {
            Some(Value::Array(all)) if !all.is_empty() => all.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            Some(_) | None => return malformed("Could not parse the policy: Statement is empty!"),
        };
        let statements =
            statements.into_iter().map(|s| Statement::parse(bucket, s, variables)).collect::<Result<_, _>>()?;
        Ok(Policy { statements })
    }

    /// What the policy says of a request.
    pub fn judge(&self, question: &Question<'_>) -> Verdict {
        let mut verdict = Verdict::Silent;
        for statement in self.statements.iter().filter(|s| s.fits(question)) {
            if !statement.allow {
                return Verdict::Deny;
            }
            verdict = Verdict::Allow;
        }
        verdict
    }

    /// Whether it allows anything to everybody, under no condition that ties them to something fixed.
    pub fn is_public(&self) -> bool {
        let open = |s: &Statement| s.principals.not || s.principals.list.contains(&Principal::Everybody);
        self.statements.iter().any(|s| s.allow && open(s) && !s.conditions.iter().any(Condition::ties))
    }
}

impl Statement {
    fn parse(bucket: &str, value: &Value, variables: bool) -> Result<Statement, Malformed> {
        let Value::Object(map) = value else { return malformed("This policy contains invalid Json") };
        known(
            map,
            &[
                "Sid",
                "Effect",
                "Principal",
                "NotPrincipal",
                "Action",
                "NotAction",
                "Resource",
                "NotResource",
                "Condition",
            ],
        )?;
        let allow = match map.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            Some(other) => return malformed(format!("Invalid effect: {other}")),
            None => return malformed("Missing required field Effect"),
        };
        let principals = either(map, "Principal", "NotPrincipal", principals)?;
        if allow && principals.not {
            return malformed("Allow with NotPrincipal is not allowed.");
        }
        let actions = either(map, "Action", "NotAction", |v| texts(v, "action"))?;
        let action = |a: &str| a == "*" || a.get(..3).is_some_and(|p| p.eq_ignore_ascii_case("s3:")) && a.len() > 3;
        if !actions.list.iter().all(|a| action(a)) {
            return malformed("Policy has invalid action");
        }
        let mut resources = either(map, "Resource", "NotResource", |v| texts(v, "resource"))?;
        for resource in &mut resources.list {
            let name = match resource.as_str() {
                "*" => "*",
                arn => match arn.split(':').collect::<Vec<_>>()[..] {
                    ["arn", partition, "s3", "", "", ..] if partition.starts_with("aws") => {
                        arn.splitn(6, ':').nth(5).unwrap_or_default()
                    }
                    _ => return malformed("Policy has invalid resource"),
                },
            };
            let of_bucket = name.split('/').next().unwrap_or_default();
            if !wildcard::matches(of_bucket, bucket) && !wildcard::matches(name, bucket) {
                return malformed("Policy has invalid resource");
            }
            *resource = name.to_owned();
        }
        let conditions = match map.get("Condition") {
            None => vec![],
            Some(Value::Object(operators)) => condition::parse(operators)?,
            Some(_) => return malformed("Policy has an invalid condition"),
        };
        Ok(Statement { allow, principals, actions, resources, conditions, variables })
    }

    fn fits(&self, question: &Question<'_>) -> bool {
        let action = question.action.to_ascii_lowercase();
        self.principals.fits(|p| p.is(question))
            && self.actions.fits(|pattern| wildcard::matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.fits(|pattern| self.covers(pattern, question))
            && self.conditions.iter().all(|c| c.holds(question.conditions, self.variables))
    }

    /// Whether a resource of it is the one that is asked for.
    fn covers(&self, pattern: &str, question: &Question<'_>) -> bool {
        if self.variables && pattern.contains("${") {
            let filled = variable::fill(pattern, question.conditions);
            return filled.is_some_and(|pattern| wildcard::fits(&pattern, question.resource));
        }
        wildcard::matches(pattern, question.resource)
    }
}

impl Principal {
    fn is(&self, question: &Question<'_>) -> bool {
        match self {
            Principal::Everybody => true,
            Principal::Account(account) => question.account == Some(account),
            Principal::Canonical(id) => question.account.is_some() && question.canonical_id == Some(id),
            Principal::Service(name) => question.service == Some(name),
            Principal::Other => false,
        }
    }

    /// An `AWS` principal: `*`, an account's digits, or an ARN. Users and roles count as their account's.
    fn aws(text: &str) -> Result<Principal, Malformed> {
        let account = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
        if text == "*" {
            return Ok(Principal::Everybody);
        }
        if account(text) {
            return Ok(Principal::Account(text.to_owned()));
        }
        match text.split(':').collect::<Vec<_>>()[..] {
            ["arn", partition, "iam" | "sts", "", id, rest] if partition.starts_with("aws") && !rest.is_empty() => {
                if account(id) && rest == "root" {
                    Ok(Principal::Account(id.to_owned()))
                } else {
                    Ok(Principal::Other)
                }
            }
            _ => malformed("Invalid principal in policy"),
        }
    }
}

fn principals(value: &Value) -> Result<Vec<Principal>, Malformed> {
    let map = match value {
        Value::String(star) if star == "*" => return Ok(vec![Principal::Everybody]),
        Value::Object(map) if !map.is_empty() => map,
        _ => return malformed("Invalid principal in policy"),
    };
    let mut all = Vec::new();
    for (kind, names) in map {
        for name in texts(names, "principal")? {
            all.push(match kind.as_str() {
                "AWS" => Principal::aws(&name)?,
                "CanonicalUser" => Principal::Canonical(name),
                "Service" => Principal::Service(name),
                "Federated" => Principal::Other,
                _ => return malformed("Invalid principal in policy"),
            });
        }
    }
    Ok(all)
}

/// One string or a list of them.
fn texts(value: &Value, what: &str) -> Result<Vec<String>, Malformed> {
    let one = |v: &Value| match v {
        Value::String(text) => Ok(text.clone()),
        _ => malformed(format!("Policy has invalid {what}")),
    };
    match value {
        Value::Array(all) if !all.is_empty() => all.iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

/// The element of one of two names, exactly one of which must be there.
fn either<T>(
    map: &Map<String, Value>,
    name: &str,
    not: &str,
    read: impl Fn(&Value) -> Result<Vec<T>, Malformed>,
) -> Result<Named<T>, Malformed> {
    match (map.get(name), map.get(not)) {
        (Some(value), None) => Ok(Named { not: false, list: read(value)? }),
        (None, Some(value)) => Ok(Named { not: true, list: read(value)? }),
        (None, None) => malformed(format!("Missing required field {name}")),
        (Some(_), Some(_)) => malformed(format!("{name} and {not} cannot both be specified")),
    }
}

fn known(map: &Map<String, Value>, names: &[&str]) -> Result<(), Malformed> {
    match map.keys().find(|key| !names.contains(&key.as_str())) {
        Some(unknown) => malformed(format!("Unknown field {unknown}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(statements: &str) -> Result<Policy, Malformed> {
        Policy::parse("b", &format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#))
    }

    fn judge(policy: &Policy, account: Option<&str>, action: &str, resource: &str) -> Verdict {
        let conditions = &|name: &str| match name {
            "aws:referer" => vec!["http://here/x".to_owned()],
            _ => vec![],
        };
        policy.judge(&Question { account, service: None, canonical_id: Some("c1"), action, resource, conditions })
    }

    const READ: &str = r#"{"Effect":"Allow","Principal":"*","Action":["s3:Get*","s3:listbucket"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/pub/*"]}"#;

    #[test]
    fn actions_and_resources_match_by_wildcards() {
        let p = policy(READ).unwrap();
        assert_eq!(judge(&p, None, "s3:GetObject", "b/pub/x/y"), Verdict::Allow);
        assert_eq!(judge(&p, None, "s3:ListBucket", "b"), Verdict::Allow);
        assert_eq!(judge(&p, None, "s3:GetObject", "b/priv"), Verdict::Silent);
        assert_eq!(judge(&p, None, "s3:PutObject", "b/pub/x"), Verdict::Silent);
        assert!(p.is_public());
    }

    #[test]
    fn an_explicit_deny_wins_whatever_the_order() {
        let deny = r#"{"Effect":"Deny","NotPrincipal":{"AWS":"111111111111"},"NotAction":"s3:ListBucket","NotResource":"arn:aws:s3:::b/pub/open"}"#;
        for statements in [format!("{READ},{deny}"), format!("{deny},{READ}")] {
            let p = policy(&statements).unwrap();
            assert_eq!(judge(&p, Some("222222222222"), "s3:GetObject", "b/pub/x"), Verdict::Deny);
            assert_eq!(judge(&p, Some("222222222222"), "s3:GetObject", "b/pub/open"), Verdict::Allow);
            assert_eq!(judge(&p, Some("222222222222"), "s3:ListBucket", "b"), Verdict::Allow);
            assert_eq!(judge(&p, Some("111111111111"), "s3:GetObject", "b/pub/x"), Verdict::Allow);
        }
    }

    #[test]
    fn principals_come_in_all_forms() {
        let of = |principal: &str| {
            policy(&format!(
                r#"{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"arn:aws:s3:::b/*"}}"#
            ))
        };
        let may = |principal: &str, account| judge(&of(principal).unwrap(), account, "s3:GetObject", "b/k");
        for mine in [
            r#"{"AWS":"111111111111"}"#,
            r#"{"AWS":["arn:aws:iam::111111111111:root"]}"#,
            r#"{"CanonicalUser":"c1"}"#,
            r#"{"AWS":"*"}"#,
        ] {
            assert_eq!(may(mine, Some("111111111111")), Verdict::Allow, "{mine}");
        }
        assert_eq!(may(r#"{"AWS":"111111111111"}"#, None), Verdict::Silent);
        assert_eq!(may(r#"{"CanonicalUser":"c1"}"#, None), Verdict::Silent);
        assert_eq!(may(r#"{"Service":"logging.s3.amazonaws.com"}"#, Some("111111111111")), Verdict::Silent);
        for bad in [r#""me""#, r#"{"AWS":"me"}"#, r#"{"Group":"x"}"#, "{}"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn malformed_policies_are_refused() {
        for bad in [
            r#"{"Effect":"Maybe","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"}"#,
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b"}"#,
            r#"{"Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::b"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ec2:RunInstances","Resource":"arn:aws:s3:::b"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"b/*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b","Extra":1}"#,
            r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"arn:aws:s3:::b"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b","Condition":{"Like":{"a":"b"}}}"#,
        ] {
            assert!(policy(bad).is_err(), "{bad}");
        }
        assert!(Policy::parse("b", "not json").is_err());
        assert!(Policy::parse("b", r#"{"Version":"2012-10-17","Statement":[]}"#).is_err());
        assert!(Policy::parse("b", &format!(r#"{{"Statement":{READ}}}"#)).is_ok());
    }

    #[test]
    fn a_condition_that_ties_callers_down_makes_a_policy_private() {
        let with = |condition: &str| {
            let text = READ.replace("\"Effect\"", &format!("\"Condition\":{condition},\"Effect\""));
            policy(&text).unwrap().is_public()
        };
        assert!(!with(r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/24"}}"#));
        assert!(with(r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#));
        assert!(with(r#"{"StringLike":{"aws:Referer":"http://here/*"}}"#));
        assert!(!with(r#"{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}"#));
        assert!(with(r#"{"StringLike":{"aws:SourceVpc":"vpc-*"}}"#));
    }

    #[test]
    fn variables_count_in_policies_of_2012_only() {
        let statement = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:Referer}/*","Condition":{"StringEquals":{"aws:Referer":"${aws:referer}"}}}"#;
        let new = policy(statement).unwrap();
        assert_eq!(judge(&new, None, "s3:GetObject", "b/http://here/x/k"), Verdict::Allow);
        assert_eq!(judge(&new, None, "s3:GetObject", "b/${aws:Referer}/k"), Verdict::Silent);
        assert!(new.is_public(), "a variable is no fixed value");
        let old = Policy::parse("b", &format!(r#"{{"Statement":{statement}}}"#)).unwrap();
        assert_eq!(judge(&old, None, "s3:GetObject", "b/http://here/x/k"), Verdict::Silent);
    }
}
