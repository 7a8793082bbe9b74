//! `NotificationConfiguration`: which events of a bucket go where.

use super::error::{Error, Result, invalid_argument};
use crate::id;
use crate::objects::notification::{Configuration, EVENT_BRIDGE, Kind, MAX_FILTER, NAMES, Rule};
use crate::wire::s3_xml::{Element, Writer};

/// Each kind with its element, the element of its ARN, and the service that the ARN names.
const KINDS: [(Kind, &str, &str, &str); 3] = [
    (Kind::Topic, "TopicConfiguration", "Topic", "sns"),
    (Kind::Queue, "QueueConfiguration", "Queue", "sqs"),
    (Kind::Lambda, "CloudFunctionConfiguration", "CloudFunction", "lambda"),
];
const BRIDGE: &str = "EventBridgeConfiguration";
/// The longest id of a rule.
const MAX_ID: usize = 255;

/// Read it. Each destination must be one of `known`.
pub fn read(document: &[u8], known: &dyn Fn(&str) -> bool) -> Result<Configuration> {
    let whole = Element::parse("NotificationConfiguration", document)?;
    let mut rules = Vec::new();
    for (kind, element, destination, service) in KINDS {
        for said in whole.all(element) {
            rules.push(rule(said, kind, destination, service)?);
        }
    }
    if whole.child(BRIDGE).is_some() {
        rules.push(Rule {
            id: BRIDGE.into(),
            kind: Kind::EventBridge,
            arn: EVENT_BRIDGE.into(),
            events: Vec::new(),
            prefix: None,
            suffix: None,
        });
    }
    let rules = Configuration { rules };
    rules.check().map_err(|overlap| invalid_argument("Event", "", overlap.to_string()))?;
    if let Some(rule) = rules.rules.iter().find(|rule| !known(&rule.arn)) {
        return Err(invalid_argument("arn", &rule.arn, "Unable to validate the following destination configurations"));
    }
    Ok(rules)
}

fn rule(said: &Element, kind: Kind, destination: &str, service: &str) -> Result<Rule> {
    let arn = said.get(destination).map(str::trim).ok_or(Error::MalformedXml)?;
    match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", partition, named, _, _, resource]
            if partition.starts_with("aws") && named == service && !resource.is_empty() => {}
        _ => return Err(invalid_argument("arn", arn, "The ARN is not well formed")),
    }
    let events: Vec<String> = said.all("Event").map(|event| event.text.trim().to_owned()).collect();
    if events.is_empty() {
        return Err(Error::MalformedXml);
    }
    if let Some(unknown) = events.iter().find(|event| !NAMES.contains(&event.as_str())) {
        return Err(invalid_argument("Event", unknown, "The event is not supported for notifications"));
    }
    let id = match said.get("Id").map(str::trim).filter(|id| !id.is_empty()) {
        None => id::uuid(),
        Some(id) if id.len() <= MAX_ID => id.to_owned(),
        Some(id) => {
            return Err(invalid_argument(
                "Id",
                id,
                "The ID of a notification configuration must not exceed 255 characters",
            ));
        }
    };
    let mut rule = Rule { id, kind, arn: arn.to_owned(), events, prefix: None, suffix: None };
    let filter = said.child("Filter").and_then(|filter| filter.child("S3Key"));
    for one in filter.into_iter().flat_map(|key| key.all("FilterRule")) {
        let (name, value) = (one.get("Name").map(str::trim), one.get("Value"));
        let (name, value) = (name.ok_or(Error::MalformedXml)?, value.unwrap_or_default());
        if value.len() > MAX_FILTER {
            return Err(invalid_argument(
                "FilterRule.Value",
                value,
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
            ));
        }
        let (place, twice) = match name.to_ascii_lowercase().as_str() {
            "prefix" => (&mut rule.prefix, "Cannot specify more than one prefix rule in a filter."),
            "suffix" => (&mut rule.suffix, "Cannot specify more than one suffix rule in a filter."),
            _ => {
                return Err(invalid_argument(
                    "FilterRule.Name",
                    name,
                    "filter rule name must be either prefix or suffix",
                ));
            }
        };
        if place.replace(value.to_owned()).is_some() {
            return Err(invalid_argument("FilterRule.Name", name, twice));
        }
    }
    Ok(rule)
}

/// Write it.
pub fn document(rules: &Configuration) -> Writer {
    let mut doc = Writer::new("NotificationConfiguration");
    for (kind, element, destination, _) in KINDS {
        for rule in rules.rules.iter().filter(|rule| rule.kind == kind) {
            doc.open(element).text("Id", &rule.id).text(destination, &rule.arn);
            for event in &rule.events {
                doc.text("Event", event);
            }
            let filters = [("Prefix", &rule.prefix), ("Suffix", &rule.suffix)];
            if filters.iter().any(|(_, value)| value.is_some()) {
                doc.open("Filter").open("S3Key");
                for (name, value) in filters {
                    if let Some(value) = value {
                        doc.open("FilterRule").text("Name", name).text("Value", value).close();
                    }
                }
                doc.close().close();
            }
            doc.close();
        }
    }
    if rules.rules.iter().any(|rule| rule.kind == Kind::EventBridge) {
        doc.open(BRIDGE).close();
    }
    doc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(inside: &str) -> Result<Configuration, &'static str> {
        let text = format!("<NotificationConfiguration>{inside}</NotificationConfiguration>");
        read(text.as_bytes(), &|arn| arn.ends_with(":q") || arn == EVENT_BRIDGE).map_err(|e| e.wire().code)
    }

    #[test]
    fn what_is_read_is_written() {
        let text = "<QueueConfiguration><Id>i</Id><Queue>arn:aws:sqs:us-east-1:1:q</Queue><Event>s3:ObjectCreated:*</Event><Filter>\
                    <S3Key><FilterRule><Name>Prefix</Name><Value>a&amp;/</Value></FilterRule></S3Key></Filter></QueueConfiguration>\
                    <EventBridgeConfiguration></EventBridgeConfiguration>";
        let rules = queue(text).unwrap();
        assert_eq!(rules.rules[0].prefix.as_deref(), Some("a&/"));
        assert!(document(&rules).finish().contains(text));
        assert_eq!(queue("").unwrap(), Configuration::default());
    }

    #[test]
    fn bad_rules_are_refused() {
        let of = |arn: &str, event: &str, filter: &str| {
            queue(&format!(
                "<QueueConfiguration><Queue>{arn}</Queue><Event>{event}</Event><Filter><S3Key>{filter}</S3Key></Filter>\
                 </QueueConfiguration>"
            ))
        };
        const ARN: &str = "arn:aws:sqs:us-east-1:1:q";
        const PUT: &str = "s3:ObjectCreated:Put";
        let filter = |name: &str| format!("<FilterRule><Name>{name}</Name><Value>x</Value></FilterRule>");
        assert!(of(ARN, PUT, &filter("SUFFIX")).is_ok());
        for (arn, event, filter) in [
            ("arn:aws:sqs:us-east-1:1:other", PUT, String::new()),
            ("arn:aws:sns:us-east-1:1:q", PUT, String::new()),
            ("q", PUT, String::new()),
            (ARN, "s3:ObjectCreated", String::new()),
            (ARN, PUT, filter("infix")),
            (ARN, PUT, filter("prefix").repeat(2)),
        ] {
            assert_eq!(of(arn, event, &filter), Err("InvalidArgument"), "{arn} {event} {filter}");
        }
        assert_eq!(
            queue("<QueueConfiguration><Queue>arn:aws:sqs:us-east-1:1:q</Queue></QueueConfiguration>"),
            Err("MalformedXML")
        );
    }
}
