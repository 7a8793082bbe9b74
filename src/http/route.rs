//! Which service a request is for, told from its head alone.
//!
//! One port speaks EC2, STS, S3 and a little of Systems Manager. In order: websites, by their host name; our own paths; the paths that old clients put before a service; the
//! service in a SigV4 credential scope; the form of an older signature; an `Action` parameter; a form posted to `/`. What is
//! left is S3, whose paths can be anything.

use ::http::{HeaderMap, Method, Uri, header};

/// Who answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// EC2 or STS: the action decides.
    Query,
    S3,
    /// Systems Manager.
    Ssm,
    /// `/_novella/…`
    Own,
    /// A bucket's website: [`website`] says whose.
    Website,
}

/// The bucket of a website's host name: `BUCKET.s3-website-REGION.…` or `BUCKET.s3-website.…`, as AWS's regions have it.
pub fn website(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).or_else(|| uri.host())?;
    let at = host.find(".s3-website")?;
    let rest = &host[at + ".s3-website".len()..];
    (at > 0 && rest.starts_with(['.', '-'])).then(|| host[..at].to_ascii_lowercase())
}

/// Decide.
pub fn target(method: &Method, uri: &Uri, headers: &HeaderMap) -> Target {
    let path = uri.path();
    if website(uri, headers).is_some() {
        return Target::Website;
    }
    if path.starts_with("/_novella/") {
        return Target::Own;
    }
    if path == "/services/objectstorage" || path.starts_with("/services/objectstorage/") {
        return Target::S3;
    }
    if path.starts_with("/services/") {
        return Target::Query;
    }
    let query = uri.query().unwrap_or("");
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or("");
    match scope_service(authorization).or_else(|| presigned_service(query)) {
        Some("s3") => return Target::S3,
        Some("ssm") => return Target::Ssm,
        Some("ec2" | "sts" | "iam") => return Target::Query,
        // boto 2 derives the scope's service from a host's labels: `127` for an address.
        Some(_) | None => {}
    }
    if authorization.starts_with("AWS ") {
        return Target::S3;
    }
    if parameter(query, "Action").is_some() {
        return Target::Query;
    }
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    if method == Method::POST && path == "/" && form {
        return Target::Query;
    }
    Target::S3
}

/// The service in `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn scope_service(authorization: &str) -> Option<&str> {
    let rest = authorization.strip_prefix("AWS4-HMAC-SHA256")?;
    let credential = &rest[rest.find("Credential=")? + "Credential=".len()..];
    let credential = credential.split([',', ' ']).next()?;
    credential.rsplit('/').nth(1)
}

/// The service in a presigned URL's `X-Amz-Credential`, whose slashes may be percent-encoded.
fn presigned_service(query: &str) -> Option<&str> {
    let credential = parameter(query, "X-Amz-Credential")?;
    let credential = credential.strip_suffix("aws4_request")?;
    let credential = credential
        .strip_suffix('/')
        .or_else(|| credential.strip_suffix("%2F"))
        .or_else(|| credential.strip_suffix("%2f"))?;
    credential.rsplit(['/', 'F', 'f']).next()
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, uri: &str, headers: &[(&'static str, &str)]) -> Target {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        target(&method.parse().unwrap(), &uri.parse().unwrap(), &map)
    }

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");

    #[test]
    fn the_scope_names_the_service() {
        let v4 = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            )
        };
        assert_eq!(of("POST", "/", &[("authorization", &v4("ec2")), FORM]), Target::Query);
        assert_eq!(of("POST", "/", &[("authorization", &v4("sts"))]), Target::Query);
        assert_eq!(of("POST", "/", &[("authorization", &v4("ssm"))]), Target::Ssm);
        assert_eq!(of("POST", "/bucket?delete", &[("authorization", &v4("s3"))]), Target::S3);
        assert_eq!(of("POST", "/", &[("authorization", &v4("127")), FORM]), Target::Query);
    }

    #[test]
    fn old_clients_say_it_by_path_and_signature() {
        assert_eq!(of("POST", "/services/Cloud", &[]), Target::Query);
        assert_eq!(of("POST", "/services/Cloud/", &[FORM]), Target::Query);
        assert_eq!(of("GET", "/services/objectstorage/b/k", &[("authorization", "AWS AK:sig")]), Target::S3);
        assert_eq!(of("GET", "/services/objectstorage", &[]), Target::S3);
        assert_eq!(of("GET", "/", &[("authorization", "AWS AK:sig")]), Target::S3);
        assert_eq!(of("GET", "/?Action=DescribeRegions&Version=2009-11-30", &[]), Target::Query);
    }

    #[test]
    fn presigned_urls_name_it_in_their_credential() {
        let s3 = "/b/k?X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0";
        let sts = "/?Action=GetCallerIdentity&X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fsts%2Faws4_request";
        assert_eq!(of("GET", s3, &[]), Target::S3);
        assert_eq!(of("GET", sts, &[]), Target::Query);
        assert_eq!(of("GET", "/b/k?Action=1&X-Amz-Credential=AK/20260101/r/s3/aws4_request", &[]), Target::S3);
    }

    #[test]
    fn a_host_name_may_be_a_websites() {
        for (host, bucket) in [
            ("b.s3-website-us-east-1.localhost:8773", Some("b")),
            ("www.Example.com.s3-website.eu-central-1.aws.example", Some("www.example.com")),
            ("s3-website-us-east-1.localhost", None),
            ("b.s3-websites.localhost", None),
            ("b.s3.localhost", None),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(website(&Uri::from_static("/"), &headers).as_deref(), bucket, "{host}");
            let expected = if bucket.is_some() { Target::Website } else { Target::Own };
            assert_eq!(of("GET", "/_novella/health", &[("host", host)]), expected);
        }
    }

    #[test]
    fn everything_else_is_s3_but_our_own_paths() {
        assert_eq!(of("GET", "/bucket/services/Cloud", &[]), Target::S3);
        assert_eq!(of("POST", "/bucket", &[FORM]), Target::S3);
        assert_eq!(of("GET", "/_novella/health", &[]), Target::Own);
    }
}
