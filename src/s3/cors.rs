//! Cross-origin requests: a bucket's rules, preflight answers, and the headers on answers that browsers may read.

use super::answer;
use super::error::{Error, Result, invalid_request};
use super::request::header_text;
use crate::http::Response;
use crate::objects::Store;
use crate::wire::s3_xml::Element;
use http::request::Parts;
use http::{Method, StatusCode};

/// The name of the configuration.
pub const NAME: &str = "cors";
/// The most rules of a bucket.
const MAX_RULES: usize = 100;
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    pub id: Option<String>,
    pub methods: Vec<String>,
    pub origins: Vec<String>,
    pub headers: Vec<String>,
    pub exposed: Vec<String>,
    /// Seconds.
    pub max_age: Option<u32>,
}

/// Read the rules of a document.
pub fn parse(document: &[u8]) -> Result<Vec<Rule>> {
    let configuration = Element::parse("CORSConfiguration", document)?;
    let rules = configuration.all("CORSRule").map(|rule| {
        let texts = |name: &str| rule.all(name).map(|e| e.text.trim().to_owned()).collect::<Vec<_>>();
        let max_age = match rule.get("MaxAgeSeconds") {
            None => None,
            Some(text) => Some(text.trim().parse().map_err(|_| Error::MalformedXml)?),
        };
        let rule = Rule {
            id: rule.get("ID").map(str::to_owned),
            methods: texts("AllowedMethod"),
            origins: texts("AllowedOrigin"),
            headers: texts("AllowedHeader"),
            exposed: texts("ExposeHeader"),
            max_age,
        };
        if rule.methods.is_empty() || rule.origins.is_empty() {
            return Err(Error::MalformedXml);
        }
        if let Some(method) = rule.methods.iter().find(|m| !METHODS.contains(&m.as_str())) {
            return Err(invalid_request(format!(
                "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )));
        }
        for (what, patterns) in [("AllowedOrigin", &rule.origins), ("AllowedHeader", &rule.headers)] {
            if let Some(pattern) = patterns.iter().find(|p| p.matches('*').count() > 1) {
                return Err(invalid_request(format!("{what} \"{pattern}\" can not have more than one wildcard.")));
            }
        }
        Ok(rule)
    });
    let rules = rules.collect::<Result<Vec<_>>>()?;
    if rules.is_empty() || rules.len() > MAX_RULES { Err(Error::MalformedXml) } else { Ok(rules) }
}

/// Whether a pattern with one `*` at most matches the whole text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail),
    }
}

/// What a browser says of a cross-origin request.
#[derive(Debug)]
pub struct Asked {
    origin: Option<String>,
    method: String,
    /// Of `Access-Control-Request-Method`.
    requested: Option<String>,
    /// Of `Access-Control-Request-Headers`, in lower case.
    headers: Vec<String>,
}

impl Asked {
    /// Of this request; `None` when it is nothing of a browser's.
    pub fn of(parts: &Parts) -> Option<Asked> {
        let header = |name: &str| header_text(&parts.headers, name);
        let origin = header("origin");
        if origin.is_none() && parts.method != Method::OPTIONS {
            return None;
        }
        let names = header("access-control-request-headers").unwrap_or_default();
        let names = names.split(',').map(|n| n.trim().to_ascii_lowercase()).filter(|n| !n.is_empty());
        Some(Asked {
            origin,
            method: parts.method.to_string(),
            requested: header("access-control-request-method"),
            headers: names.collect(),
        })
    }

    /// The first rule that fits, and the origin pattern of it.
    fn fits<'r>(&self, rules: &'r [Rule]) -> Option<(&'r Rule, &'r str)> {
        let origin = self.origin.as_deref()?;
        let method = self.requested.as_ref().unwrap_or(&self.method);
        rules.iter().find_map(|rule| {
            let pattern = rule.origins.iter().find(|pattern| matches(pattern, origin))?;
            let allowed = |name: &String| rule.headers.iter().any(|p| matches(&p.to_ascii_lowercase(), name));
            (rule.methods.contains(method) && self.headers.iter().all(allowed)).then_some((rule, pattern.as_str()))
        })
    }

    /// The answer to a preflight request, if that is what it is.
    pub fn preflight(&self, store: &Store, bucket: &str) -> Result<Response> {
        if self.origin.is_none() {
            return Err(Error::BadRequest("Insufficient information. Origin request header needed.".into()));
        }
        let method = self.requested.clone().unwrap_or_else(|| "null".into());
        if !METHODS.contains(&method.as_str()) {
            return Err(Error::BadRequest(format!("Invalid Access-Control-Request-Method: {method}")));
        }
        let forbidden = |message| Error::CorsForbidden { method: method.clone(), message };
        let rules =
            rules(store, bucket)?.ok_or_else(|| forbidden("CORSResponse: CORS is not enabled for this bucket."))?;
        let fitting = self.fits(&rules).ok_or_else(|| {
            forbidden(
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
                 request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
                 by the resource's CORS spec.",
            )
        })?;
        let mut response = answer::empty(StatusCode::OK);
        self.allow(&mut response, fitting);
        if !self.headers.is_empty() {
            answer::set(&mut response, "access-control-allow-headers", &self.headers.join(", "));
        }
        Ok(response)
    }

    /// Tell the browser that it may read this answer, if the bucket's rules say so.
    pub fn decorate(&self, store: &Store, bucket: &str, response: &mut Response) {
        match rules(store, bucket) {
            Ok(Some(rules)) => {
                if let Some(fitting) = self.fits(&rules) {
                    self.allow(response, fitting);
                }
            }
            Ok(None) => {}
            Err(e) => tracing::debug!(bucket, error = %e, "no CORS rules to look at"),
        }
    }

    fn allow(&self, response: &mut Response, (rule, pattern): (&Rule, &str)) {
        let anybody = pattern == "*";
        let origin = if anybody { "*" } else { self.origin.as_deref().unwrap_or_default() };
        answer::set(response, "access-control-allow-origin", origin);
        answer::set(response, "access-control-allow-methods", &rule.methods.join(", "));
        if !anybody {
            answer::set(response, "access-control-allow-credentials", "true");
        }
        if !rule.exposed.is_empty() {
            answer::set(response, "access-control-expose-headers", &rule.exposed.join(", "));
        }
        if let Some(seconds) = rule.max_age {
            answer::set(response, "access-control-max-age", &seconds.to_string());
        }
        answer::set(response, "vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    }
}

fn rules(store: &Store, bucket: &str) -> Result<Option<Vec<Rule>>> {
    match store.config(bucket, NAME)? {
        Some(document) => Ok(Some(parse(document.as_bytes())?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: &str, method: &str, headers: &[&str]) -> Asked {
        Asked {
            origin: Some(origin.into()),
            method: "OPTIONS".into(),
            requested: Some(method.into()),
            headers: headers.iter().map(|h| (*h).to_owned()).collect(),
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let document = "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>http://*.example.com</AllowedOrigin>\
             <AllowedHeader>X-Amz-*</AllowedHeader><MaxAgeSeconds>5</MaxAgeSeconds></CORSRule>\
             <CORSRule><AllowedMethod>PUT</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>";
        let rules = parse(document.as_bytes()).unwrap();
        let fits = |a: Asked| a.fits(&rules).map(|(rule, pattern)| (rule.max_age, pattern.to_owned()));
        let first = Some((Some(5), "http://*.example.com".to_owned()));
        assert_eq!(fits(asked("http://a.example.com", "GET", &["x-amz-date"])), first);
        assert_eq!(fits(asked("http://a.example.com", "GET", &["content-md5"])), None);
        assert_eq!(fits(asked("http://other", "GET", &[])), None);
        assert_eq!(fits(asked("http://other", "PUT", &[])), Some((None, "*".to_owned())));
        assert!(matches("a*a", "aa") && !matches("a*a", "a"), "head and tail do not share a character");
    }

    #[test]
    fn rules_are_checked() {
        let rule = |inside: &str| {
            parse(format!("<CORSConfiguration><CORSRule>{inside}</CORSRule></CORSConfiguration>").as_bytes())
        };
        assert!(rule("<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>").is_ok());
        assert!(rule("<AllowedMethod>PATCH</AllowedMethod><AllowedOrigin>*</AllowedOrigin>").is_err());
        assert!(rule("<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*.*</AllowedOrigin>").is_err());
        assert!(rule("<AllowedMethod>GET</AllowedMethod>").is_err());
        assert!(parse(b"<CORSConfiguration/>").is_err());
    }
}
