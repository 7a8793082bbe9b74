//! `WebsiteConfiguration`.

use crate::objects::website::{MAX_RULES, Protocol, Redirect, Replace, Rule, Site, Website};
use crate::s3::error::{Error, Result, invalid_argument, invalid_request};
use crate::wire::s3_xml::{Element, Writer};

/// Read it.
pub fn read(document: &[u8]) -> Result<Website> {
    let whole = Element::parse("WebsiteConfiguration", document)?;
    let (index, error, rules) =
        (whole.child("IndexDocument"), whole.child("ErrorDocument"), whole.child("RoutingRules"));
    if let Some(all) = whole.child("RedirectAllRequestsTo") {
        if index.is_some() || error.is_some() || rules.is_some() {
            return Err(invalid_argument(
                "RedirectAllRequestsTo",
                "not null",
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
            ));
        }
        let host = text(all, "HostName").ok_or(Error::MalformedXml)?;
        return Ok(Website::RedirectAll { host: host.to_owned(), protocol: protocol(all)? });
    }
    let index = index.ok_or_else(|| {
        invalid_argument(
            "IndexDocument",
            "null",
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        )
    })?;
    let index = index.get("Suffix").unwrap_or_default();
    if index.is_empty() || index.contains('/') {
        return Err(invalid_argument("IndexDocument", index, "The IndexDocument Suffix is not well formed"));
    }
    let error = match error.map(|document| document.get("Key").unwrap_or_default()) {
        Some("") => return Err(invalid_argument("ErrorDocument", "", "The ErrorDocument Key is not well formed")),
        key => key.map(str::to_owned),
    };
    let rules: Vec<&Element> = rules.into_iter().flat_map(|list| list.all("RoutingRule")).collect();
    if rules.len() > MAX_RULES {
        return Err(invalid_request(format!(
            "{} routing rules provided, the number of routing rules in a website configuration is limited to {MAX_RULES}.",
            rules.len()
        )));
    }
    let rules = rules.into_iter().map(rule).collect::<Result<_>>()?;
    Ok(Website::Site(Site { index: index.to_owned(), error, rules }))
}

fn rule(said: &Element) -> Result<Rule> {
    let mut rule = Rule::default();
    if let Some(condition) = said.child("Condition") {
        rule.prefix = condition.get("KeyPrefixEquals").map(str::to_owned);
        if let Some(code) = text(condition, "HttpErrorCodeReturnedEquals") {
            let valid = code.parse().ok().filter(|code| (400..600).contains(code));
            rule.error = Some(valid.ok_or_else(|| {
                invalid_request(format!(
                    "The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX."
                ))
            })?);
        }
        if rule.prefix.is_none() && rule.error.is_none() {
            return Err(invalid_request(
                "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
            ));
        }
    }
    let redirect = said.child("Redirect").ok_or(Error::MalformedXml)?;
    let (prefix, key) = (redirect.get("ReplaceKeyPrefixWith"), redirect.get("ReplaceKeyWith"));
    let replace = match (prefix, key) {
        (Some(_), Some(_)) => {
            return Err(invalid_request("You can only define ReplaceKeyPrefix or ReplaceKey but not both."));
        }
        (Some(prefix), None) => Some(Replace::Prefix(prefix.to_owned())),
        (None, Some(key)) => Some(Replace::Key(key.to_owned())),
        (None, None) => None,
    };
    let code = match text(redirect, "HttpRedirectCode") {
        None => None,
        Some(code) => Some(code.parse().ok().filter(|code| (301..400).contains(code)).ok_or_else(|| {
            invalid_request(format!(
                "The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
            ))
        })?),
    };
    let host = text(redirect, "HostName").map(str::to_owned);
    rule.redirect = Redirect { protocol: protocol(redirect)?, host, code, replace };
    if rule.redirect == Redirect::default() {
        return Err(Error::MalformedXml);
    }
    Ok(rule)
}

fn protocol(element: &Element) -> Result<Option<Protocol>> {
    match text(element, "Protocol") {
        None => Ok(None),
        Some("http") => Ok(Some(Protocol::Http)),
        Some("https") => Ok(Some(Protocol::Https)),
        Some(_) => Err(invalid_request(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
        )),
    }
}

fn text<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    element.get(name).map(str::trim).filter(|text| !text.is_empty())
}

/// Write it.
pub fn document(website: &Website) -> Writer {
    let mut doc = Writer::new("WebsiteConfiguration");
    match website {
        Website::RedirectAll { host, protocol } => {
            doc.open("RedirectAllRequestsTo").text("HostName", host);
            doc.maybe("Protocol", protocol.map(Protocol::name)).close();
        }
        Website::Site(Site { index, error, rules }) => {
            doc.open("IndexDocument").text("Suffix", index).close();
            if let Some(key) = error {
                doc.open("ErrorDocument").text("Key", key).close();
            }
            if !rules.is_empty() {
                doc.open("RoutingRules");
                rules.iter().for_each(|rule| write_rule(&mut doc, rule));
                doc.close();
            }
        }
    }
    doc
}

fn write_rule(doc: &mut Writer, Rule { prefix, error, redirect }: &Rule) {
    doc.open("RoutingRule");
    if prefix.is_some() || error.is_some() {
        doc.open("Condition");
        doc.maybe("HttpErrorCodeReturnedEquals", error.map(|code| code.to_string()));
        doc.maybe("KeyPrefixEquals", prefix.as_deref()).close();
    }
    doc.open("Redirect").maybe("HostName", redirect.host.as_deref());
    doc.maybe("HttpRedirectCode", redirect.code.map(|code| code.to_string()));
    doc.maybe("Protocol", redirect.protocol.map(Protocol::name));
    match &redirect.replace {
        None => {}
        Some(Replace::Prefix(prefix)) => {
            doc.text("ReplaceKeyPrefixWith", prefix);
        }
        Some(Replace::Key(key)) => {
            doc.text("ReplaceKeyWith", key);
        }
    }
    doc.close().close();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &str) -> Result<Website, &'static str> {
        read(format!("<WebsiteConfiguration>{inside}</WebsiteConfiguration>").as_bytes()).map_err(|e| e.wire().code)
    }

    const INDEX: &str = "<IndexDocument><Suffix>i</Suffix></IndexDocument>";

    #[test]
    fn what_is_read_is_written() {
        for text in [
            INDEX.to_owned(),
            "<RedirectAllRequestsTo><HostName>h</HostName><Protocol>https</Protocol></RedirectAllRequestsTo>"
                .to_owned(),
            format!(
                "{INDEX}<ErrorDocument><Key>e</Key></ErrorDocument><RoutingRules><RoutingRule><Condition>\
                 <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals><KeyPrefixEquals>a/</KeyPrefixEquals></Condition>\
                 <Redirect><HostName>h</HostName><HttpRedirectCode>302</HttpRedirectCode><Protocol>http</Protocol>\
                 <ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith></Redirect></RoutingRule><RoutingRule><Redirect>\
                 <ReplaceKeyWith>k</ReplaceKeyWith></Redirect></RoutingRule></RoutingRules>"
            ),
        ] {
            let written = document(&of(&text).unwrap()).finish();
            assert!(written.contains(&text), "{written}");
        }
    }

    #[test]
    fn bad_ones_are_refused() {
        let rule = |condition: &str, redirect: &str| {
            of(&format!(
                "{INDEX}<RoutingRules><RoutingRule>{condition}<Redirect>{redirect}</Redirect></RoutingRule></RoutingRules>"
            ))
        };
        assert_eq!(of(""), Err("InvalidArgument"));
        assert_eq!(of("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"), Err("InvalidArgument"));
        assert_eq!(of(&format!("{INDEX}<ErrorDocument><Key></Key></ErrorDocument>")), Err("InvalidArgument"));
        let both = format!("{INDEX}<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>");
        assert_eq!(of(&both), Err("InvalidArgument"));
        assert_eq!(of("<RedirectAllRequestsTo></RedirectAllRequestsTo>"), Err("MalformedXML"));
        let key = "<ReplaceKeyWith>k</ReplaceKeyWith>";
        assert!(rule("", key).is_ok());
        assert_eq!(rule("", ""), Err("MalformedXML"));
        assert_eq!(rule("<Condition></Condition>", key), Err("InvalidRequest"));
        let code =
            |n: u16| format!("<Condition><HttpErrorCodeReturnedEquals>{n}</HttpErrorCodeReturnedEquals></Condition>");
        assert_eq!(rule(&code(200), key), Err("InvalidRequest"));
        assert!(rule(&code(503), key).is_ok());
        assert_eq!(rule("", "<HttpRedirectCode>300</HttpRedirectCode>"), Err("InvalidRequest"));
        assert_eq!(rule("", "<Protocol>ftp</Protocol>"), Err("InvalidRequest"));
        assert_eq!(rule("", &format!("{key}<ReplaceKeyPrefixWith>p</ReplaceKeyPrefixWith>")), Err("InvalidRequest"));
        let many = "<RoutingRule><Redirect><ReplaceKeyWith>k</ReplaceKeyWith></Redirect></RoutingRule>".repeat(51);
        assert_eq!(of(&format!("{INDEX}<RoutingRules>{many}</RoutingRules>")), Err("InvalidRequest"));
    }
}
