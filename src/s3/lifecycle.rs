//! Lifecycle rules as documents, and the headers that announce what they will do.

use super::answer;
use super::cx::Cx;
use super::error::{Error, Result, invalid_argument, invalid_request};
use super::headers;
use crate::http::Response;
use crate::objects::bucket::Bucket;
use crate::objects::lifecycle::{
    Configuration, Expiration, Filter, MAX_ID, MAX_RULES, Noncurrent, NoncurrentTransition, Rule, Scope, Transition,
    When,
};
use crate::objects::tags::Tags;
use crate::wire::s3_xml::{Element, Writer};
use crate::wire::timestamp;
use crate::{clock, id};
use time::Time;

/// Read `<LifecycleConfiguration>`.
pub fn read(document: &[u8]) -> Result<Configuration> {
    let document = Element::parse("LifecycleConfiguration", document)?;
    let rules = document.all("Rule").map(rule).collect::<Result<Vec<Rule>>>()?;
    if rules.is_empty() || rules.len() > MAX_RULES {
        return Err(Error::MalformedXml);
    }
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].iter().any(|other| other.id == rule.id) {
            return Err(invalid_argument(
                "ID",
                rule.id.clone(),
                "Rule ID must be unique. Found same ID for more than one rule",
            ));
        }
    }
    Ok(Configuration { rules, ..Configuration::default() })
}

fn rule(element: &Element) -> Result<Rule> {
    let name = match element.get("ID").map(str::trim) {
        None | Some("") => id::hex(24),
        Some(name) if name.chars().count() > MAX_ID => {
            return Err(invalid_argument("ID", name, format!("ID length should not exceed allowed limit of {MAX_ID}")));
        }
        Some(name) => name.to_owned(),
    };
    let enabled = match element.get("Status").map(str::trim) {
        Some("Enabled") => true,
        Some("Disabled") => false,
        Some(_) | None => return Err(Error::MalformedXml),
    };
    let scope = match (element.child("Filter"), element.get("Prefix")) {
        (Some(filter), None) => scope(filter)?,
        (None, Some(prefix)) => Scope::Prefix(prefix.to_owned()),
        (Some(_), Some(_)) | (None, None) => return Err(Error::MalformedXml),
    };
    let expiration = element.child("Expiration").map(expiration).transpose()?;
    let noncurrent = |element: &Element, action| {
        let days = positive(element.get("NoncurrentDays").ok_or(Error::MalformedXml)?, "NoncurrentDays", action)?;
        let keep = element.get("NewerNoncurrentVersions");
        let keep = keep.map(|text| positive(text, "NewerNoncurrentVersions", action)).transpose()?;
        Ok::<_, Error>(Noncurrent { days, keep })
    };
    let action = "NoncurrentVersionExpiration";
    let noncurrent_expiration = element.child(action).map(|e| noncurrent(e, action)).transpose()?;
    let transitions = element.all("Transition").map(transition).collect::<Result<Vec<_>>>()?;
    let action = "NoncurrentVersionTransition";
    let noncurrent_transitions = element
        .all(action)
        .map(|e| Ok(NoncurrentTransition { after: noncurrent(e, action)?, class: class(e)? }))
        .collect::<Result<Vec<_>>>()?;
    let abort_days = match element.child("AbortIncompleteMultipartUpload") {
        None => None,
        Some(abort) => Some(positive(
            abort.get("DaysAfterInitiation").ok_or(Error::MalformedXml)?,
            "DaysAfterInitiation",
            "AbortIncompleteMultipartUpload",
        )?),
    };
    if scope.by_tags() && abort_days.is_some() {
        return Err(invalid_request("Tag based filter cannot be used with AbortIncompleteMultipartUpload."));
    }
    if scope.by_tags() && expiration == Some(Expiration::LoneMarkers) {
        return Err(invalid_request("Tag based filter cannot be used with ExpiredObjectDeleteMarker."));
    }
    let none = expiration.is_none() && noncurrent_expiration.is_none() && abort_days.is_none();
    if none && transitions.is_empty() && noncurrent_transitions.is_empty() {
        return Err(invalid_request("At least one action needs to be specified in a rule."));
    }
    Ok(Rule {
        id: name,
        enabled,
        scope,
        expiration,
        transitions,
        noncurrent_expiration,
        noncurrent_transitions,
        abort_days,
    })
}

fn scope(filter: &Element) -> Result<Scope> {
    match filter.child("And") {
        Some(and) if filter.children.len() == 1 => Ok(Scope::And(conditions(and)?)),
        Some(_) => Err(Error::MalformedXml),
        None if filter.children.len() <= 1 => Ok(Scope::Filter(conditions(filter)?)),
        None => Err(Error::MalformedXml),
    }
}

fn conditions(element: &Element) -> Result<Filter> {
    let size = |name: &str| match element.get(name) {
        None => Ok(None),
        Some(text) => text.trim().parse::<u64>().map(Some).map_err(|_| Error::MalformedXml),
    };
    let tag = |tag: &Element| {
        let (key, value) = (tag.get("Key").ok_or(Error::MalformedXml)?, tag.get("Value").unwrap_or_default());
        Ok((key.to_owned(), value.to_owned()))
    };
    let tags = element.all("Tag").map(tag).collect::<Result<Vec<_>>>()?;
    Tags::new(tags.clone(), usize::MAX)?;
    Ok(Filter {
        prefix: element.get("Prefix").map(str::to_owned),
        tags,
        greater: size("ObjectSizeGreaterThan")?,
        less: size("ObjectSizeLessThan")?,
    })
}

fn expiration(element: &Element) -> Result<Expiration> {
    let markers = element.get("ExpiredObjectDeleteMarker").map(str::trim);
    match (element.get("Days"), element.get("Date"), markers) {
        (Some(days), None, None) => Ok(Expiration::At(When::Days(positive(days, "Days", "Expiration")?))),
        (None, Some(text), None) => Ok(Expiration::At(When::Date(date(text)?))),
        (None, None, Some("true")) => Ok(Expiration::LoneMarkers),
        (_, _, _) => Err(Error::MalformedXml),
    }
}

fn transition(element: &Element) -> Result<Transition> {
    let when = match (element.get("Days"), element.get("Date")) {
        (Some(days), None) => When::Days(match days.trim().parse::<i64>() {
            Ok(n) => u32::try_from(n)
                .map_err(|_| invalid_argument("Days", days, "'Days' in Transition action must be nonnegative"))?,
            Err(_) => return Err(Error::MalformedXml),
        }),
        (None, Some(text)) => When::Date(date(text)?),
        (Some(_), Some(_)) | (None, None) => return Err(Error::MalformedXml),
    };
    Ok(Transition { when, class: class(element)? })
}

fn class(element: &Element) -> Result<String> {
    let class = element.get("StorageClass").map(str::trim).ok_or(Error::MalformedXml)?;
    if headers::is_storage_class(class) { Ok(class.to_owned()) } else { Err(Error::MalformedXml) }
}

fn positive(text: &str, name: &'static str, action: &str) -> Result<u32> {
    let n: i64 = text.trim().parse().map_err(|_| Error::MalformedXml)?;
    u32::try_from(n)
        .ok()
        .filter(|n| (1..=i32::MAX as u32).contains(n))
        .ok_or_else(|| invalid_argument(name, text, format!("'{name}' for {action} action must be a positive integer")))
}

/// A date, which must be a midnight; milliseconds.
fn date(text: &str) -> Result<i64> {
    let at = timestamp::parse(text.trim()).ok_or(Error::MalformedXml)?;
    if at.time() == Time::MIDNIGHT {
        Ok(clock::to_ms(at))
    } else {
        Err(invalid_argument("Date", text, "'Date' must be at midnight GMT"))
    }
}

/// Write `<LifecycleConfiguration>`.
pub fn document(configuration: &Configuration) -> Writer {
    let mut doc = Writer::new("LifecycleConfiguration");
    for rule in &configuration.rules {
        doc.open("Rule").text("ID", &rule.id);
        match &rule.scope {
            Scope::Prefix(prefix) => {
                doc.text("Prefix", prefix);
            }
            Scope::Filter(filter) => {
                doc.open("Filter");
                write_conditions(&mut doc, filter);
                doc.close();
            }
            Scope::And(filter) => {
                doc.open("Filter").open("And");
                write_conditions(&mut doc, filter);
                doc.close().close();
            }
        }
        doc.text("Status", if rule.enabled { "Enabled" } else { "Disabled" });
        match rule.expiration {
            Some(Expiration::At(when)) => {
                doc.open("Expiration");
                write_when(&mut doc, when);
                doc.close();
            }
            Some(Expiration::LoneMarkers) => {
                doc.open("Expiration").value("ExpiredObjectDeleteMarker", true).close();
            }
            None => {}
        }
        for to in &rule.transitions {
            doc.open("Transition");
            write_when(&mut doc, to.when);
            doc.text("StorageClass", &to.class).close();
        }
        if let Some(after) = &rule.noncurrent_expiration {
            doc.open("NoncurrentVersionExpiration");
            write_noncurrent(&mut doc, after);
            doc.close();
        }
        for to in &rule.noncurrent_transitions {
            doc.open("NoncurrentVersionTransition");
            write_noncurrent(&mut doc, &to.after);
            doc.text("StorageClass", &to.class).close();
        }
        if let Some(days) = rule.abort_days {
            doc.open("AbortIncompleteMultipartUpload").value("DaysAfterInitiation", days).close();
        }
        doc.close();
    }
    doc
}

fn write_conditions(doc: &mut Writer, filter: &Filter) {
    doc.maybe("Prefix", filter.prefix.as_deref());
    for (name, value) in &filter.tags {
        doc.open("Tag").text("Key", name).text("Value", value).close();
    }
    doc.maybe("ObjectSizeGreaterThan", filter.greater.map(|n| n.to_string()));
    doc.maybe("ObjectSizeLessThan", filter.less.map(|n| n.to_string()));
}

fn write_when(doc: &mut Writer, when: When) {
    match when {
        When::Days(days) => doc.value("Days", days),
        When::Date(at) => doc.text("Date", answer::xml_date(at)),
    };
}

fn write_noncurrent(doc: &mut Writer, after: &Noncurrent) {
    doc.value("NoncurrentDays", after.days);
    doc.maybe("NewerNoncurrentVersions", after.keep.map(|n| n.to_string()));
}

/// `x-amz-expiration` of a current version, if a rule will expire it.
pub fn announce(
    response: &mut Response,
    bucket: &Bucket,
    key: &str,
    size: u64,
    tags: &Tags,
    modified_at: i64,
) -> Result<()> {
    if let Some(rules) = Configuration::from_column(&bucket.lifecycle)?
        && let Some((at, rule)) = rules.expiry(key, size, tags, modified_at)
    {
        let text = format!("expiry-date=\"{}\", rule-id=\"{}\"", answer::http_date(at), percent(rule));
        answer::set(response, "x-amz-expiration", &text);
    }
    Ok(())
}

/// `x-amz-abort-date` and `x-amz-abort-rule-id` of an upload, if a rule will abort it.
pub fn announce_abort(cx: &Cx<'_>, response: &mut Response, bucket: &Bucket, initiated_at: i64) -> Result<()> {
    if let Some(rules) = Configuration::from_column(&bucket.lifecycle)?
        && let Some((at, rule)) = rules.abort(&cx.key, initiated_at)
    {
        answer::set(response, "x-amz-abort-date", &answer::http_date(at));
        answer::set(response, "x-amz-abort-rule-id", &percent(rule));
    }
    Ok(())
}

fn percent(text: &str) -> String {
    crate::wire::percent::encode(text.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(rule: &str) -> Result<Configuration, &'static str> {
        let text = format!("<LifecycleConfiguration>{rule}</LifecycleConfiguration>");
        read(text.as_bytes()).map_err(|e| e.wire().code)
    }

    fn one(inside: &str) -> Result<Configuration, &'static str> {
        with(&format!("<Rule><ID>r</ID><Status>Enabled</Status>{inside}</Rule>"))
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = "<Rule><ID>a</ID><Prefix>p/</Prefix><Status>Disabled</Status>\
             <Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration></Rule>\
             <Rule><ID>b</ID><Filter><And><Prefix>x</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>\
             <ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter><Status>Enabled</Status>\
             <Expiration><Days>3</Days></Expiration><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>\
             <NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions>\
             </NoncurrentVersionExpiration></Rule>\
             <Rule><ID>c</ID><Filter></Filter><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>7\
             </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>";
        let read_once = with(text).unwrap();
        let written = document(&read_once).finish();
        assert_eq!(read(written.as_bytes()).unwrap(), read_once);
        assert_eq!(Configuration::from_column(&read_once.to_column()).unwrap(), Some(read_once));
    }

    #[test]
    fn wrong_rules_are_refused_with_their_code() {
        let days = "<Expiration><Days>1</Days></Expiration>";
        for (inside, code) in [
            (format!("<Prefix/>{}", days.replace('1', "0")), "InvalidArgument"),
            (days.to_owned(), "MalformedXML"),
            ("<Prefix/>".to_owned(), "InvalidRequest"),
            (format!("<Prefix/><Filter/>{days}"), "MalformedXML"),
            (format!("<Filter><Prefix/><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter>{days}"), "MalformedXML"),
            ("<Prefix/><Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>".to_owned(), "InvalidArgument"),
            ("<Prefix/><Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>".to_owned(), "MalformedXML"),
            (
                "<Prefix/><Transition><Days>1</Days><StorageClass>GOLD</StorageClass></Transition>".to_owned(),
                "MalformedXML",
            ),
        ] {
            assert_eq!(one(&inside), Err(code), "{inside}");
        }
        let twice = format!("<Rule><ID>r</ID><Status>Enabled</Status><Prefix/>{days}</Rule>").repeat(2);
        assert_eq!(with(&twice), Err("InvalidArgument"));
        let named = |id: &str| with(&format!("<Rule><ID>{id}</ID><Status>Enabled</Status><Prefix/>{days}</Rule>"));
        assert_eq!(named(&"a".repeat(MAX_ID + 1)), Err("InvalidArgument"));
        assert!(!named("").unwrap().rules[0].id.is_empty());
        assert_eq!(with(""), Err("MalformedXML"));
    }
}
