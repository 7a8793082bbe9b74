//! What a request addresses: a bucket and a key, told by the path or by the host name, and its query.

use super::error::{Error, Result};
use crate::objects;
use crate::wire::percent;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The path below which nova's clients expect S3.
const BASE_PATH: &str = "/services/objectstorage";

/// What a path addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Empty: the service itself.
    pub bucket: String,
    /// Empty: the bucket itself.
    pub key: String,
    /// The bucket came from the host name.
    pub virtual_host: bool,
}

impl Address {
    /// Of this request; `domains` are the names below which buckets are served.
    pub fn of(parts: &Parts, domains: &[String]) -> Result<Address> {
        let path = parts.uri.path();
        let path = match path.strip_prefix(BASE_PATH) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            Some(_) | None => path,
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        let invalid = || Error::InvalidUri(parts.uri.path().to_owned());
        let text = |raw: &str| String::from_utf8(percent::decode(raw.as_bytes()).into_owned()).map_err(|_| invalid());
        if !percent::is_well_formed(path.as_bytes()) {
            return Err(invalid());
        }
        let address = match virtual_bucket(parts, domains) {
            Some(bucket) => Address { bucket, key: text(path)?, virtual_host: true },
            None => {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                Address { bucket: text(bucket)?, key: text(key)?, virtual_host: false }
            }
        };
        match address.key.len() {
            size if size > objects::MAX_KEY => Err(objects::Error::KeyTooLong { size }.into()),
            _ => Ok(address),
        }
    }
}

/// The name of the host that is asked, in small letters and without a port.
pub fn host(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(header::HOST).and_then(|v| v.to_str().ok()).or_else(|| parts.uri.host())?;
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    Some(host.to_ascii_lowercase())
}

/// The bucket that the host name gives.
fn virtual_bucket(parts: &Parts, domains: &[String]) -> Option<String> {
    let host = host(parts)?;
    let built_in = ["s3.localhost", "localhost"];
    let mut known: Vec<&str> = built_in.into_iter().chain(domains.iter().map(String::as_str)).collect();
    if known.contains(&host.as_str()) {
        return None;
    }
    known.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let bucket = known.into_iter().find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'))?;
    (!bucket.is_empty()).then(|| bucket.to_owned())
}

/// The query's pairs, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Read it; what is not UTF-8 is refused.
    pub fn parse(raw: &str) -> Result<Query> {
        let text = |bytes: &[u8]| {
            String::from_utf8(percent::decode_form(bytes).into_owned())
                .map_err(|_| Error::InvalidUri(format!("?{raw}")))
        };
        let pairs = percent::pairs(raw.as_bytes());
        Ok(Query(pairs.map(|(n, v)| Ok((text(n)?, text(v.unwrap_or_default())?))).collect::<Result<_>>()?))
    }

    /// The first value of this name; empty when it has none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The names that have no value.
    pub fn valueless(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(name, value)| !name.is_empty() && value.is_empty()).map(|(name, _)| name.as_str())
    }

    /// Whether the name is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// Headers that a presigned request may carry in its query instead, where several SDKs put them; `-` at the end takes any
/// name that begins so. S3 ignores others there, tags among them.
const IN_QUERY: [&str; 6] = [
    "x-amz-acl",
    "x-amz-meta-",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-server-side-encryption-context",
];

/// Take the headers that a presigned request has in its query. Real ones come first.
pub fn take_from_query(query: &Query, headers: &mut HeaderMap) -> Result<()> {
    for (name, value) in &query.0 {
        let name = name.to_ascii_lowercase();
        if !IN_QUERY.iter().any(|known| *known == name || (known.ends_with('-') && name.starts_with(known))) {
            continue;
        }
        let bad = || super::error::invalid_argument("query", &name, "A header in the query that no request can have.");
        let header = HeaderName::try_from(&name).map_err(|_| bad())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?;
        headers.entry(header).or_insert(value);
    }
    Ok(())
}

/// A header's text; what is not UTF-8 is read as Latin-1, as HTTP once meant it.
pub fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8(value.as_bytes().to_vec()).unwrap_or_else(|_| latin1(value)))
}

/// A header's bytes, one character each: what `answer::set_latin1` sends back the same, whatever its encoding.
pub fn latin1(value: &HeaderValue) -> String {
    value.as_bytes().iter().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(uri: &str, host: &str) -> (String, String) {
        let (parts, ()) = http::Request::get(uri).header("host", host).body(()).unwrap().into_parts();
        let address = Address::of(&parts, &["s3.example.com".to_owned()]).unwrap();
        (address.bucket, address.key)
    }

    fn pair(bucket: &str, key: &str) -> (String, String) {
        (bucket.into(), key.into())
    }

    #[test]
    fn a_path_names_bucket_and_key() {
        let here = "127.0.0.1:8773";
        assert_eq!(address("/", here), pair("", ""));
        assert_eq!(address("/b", here), pair("b", ""));
        assert_eq!(address("/b/", here), pair("b", ""));
        assert_eq!(address("/b//x/../y/", here), pair("b", "/x/../y/"));
        assert_eq!(address("/b/a%20b+c%2Fd%C3%A9", here), pair("b", "a b+c/dé"));
        assert_eq!(address("/services/objectstorage", here), pair("", ""));
        assert_eq!(address("/services/objectstorage/b/k", here), pair("b", "k"));
        assert_eq!(address("/services/objectstoragex", here), pair("services", "objectstoragex"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for path in ["/b/%zz", "/b/%", "/b/%4", "/b/%ff", &format!("/b/{}", "k".repeat(1025))] {
            let (parts, ()) = http::Request::get(path).body(()).unwrap().into_parts();
            assert!(Address::of(&parts, &[]).is_err(), "{path}");
        }
    }

    #[test]
    fn a_host_name_may_name_the_bucket() {
        assert_eq!(address("/k", "b.localhost:8773"), pair("b", "k"));
        assert_eq!(address("/", "b.c.s3.localhost"), pair("b.c", ""));
        assert_eq!(address("/b/k", "localhost:8773"), pair("b", "k"));
        assert_eq!(address("/b/k", "s3.localhost:8773"), pair("b", "k"));
        assert_eq!(address("/k", "B.s3.example.com"), pair("b", "k"));
        assert_eq!(address("/b/k", "s3.example.com"), pair("b", "k"));
        assert_eq!(address("/b/k", "other.example.com"), pair("b", "k"));
    }

    #[test]
    fn a_presigned_query_may_carry_some_headers() {
        let query = Query::parse("x-amz-meta-A=1&X-Amz-Acl=private&x-amz-tagging=a%3Db&x-amz-meta-b=2&x=1").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-meta-b", HeaderValue::from_static("real"));
        take_from_query(&query, &mut headers).unwrap();
        let text = |name| header_text(&headers, name).unwrap_or_default();
        assert_eq!(
            (text("x-amz-meta-a"), text("x-amz-acl"), text("x-amz-meta-b")),
            ("1".into(), "private".into(), "real".into())
        );
        assert_eq!(headers.len(), 3);
        assert!(take_from_query(&Query::parse("x-amz-meta-a=%0A").unwrap(), &mut headers).is_err());
    }

    #[test]
    fn queries_are_decoded() {
        let q = Query::parse("uploads&prefix=a+b%2Bc&x=").unwrap();
        assert!(q.has("uploads") && q.has("x") && !q.has("y"));
        assert_eq!(q.get("prefix"), Some("a b+c"));
        assert!(Query::parse("prefix=%FF").is_err());
    }
}
