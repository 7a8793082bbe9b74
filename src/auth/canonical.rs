//! SigV4's canonical request: the one spelling of a request that client and server both hash.
//!
//! ```text
//! PUT                                    method
//! /bucket/a%20key                        path
//! acl=&prefix=a%2Fb                      query: decoded, strictly encoded, sorted
//! host:127.0.0.1:8773                    the signed headers, in the order of the list below
//! x-amz-date:20261121T223608Z
//!                                        (an empty line)
//! host;x-amz-date                        their names
//! e3b0c442…                              the payload's hash, or a word such as UNSIGNED-PAYLOAD
//! ```

use super::Service;
use crate::wire::percent;
use http::request;

/// Write the canonical request. `signed_headers` is the list as sent (`a;b;c`).
pub(super) fn request(parts: &request::Parts, service: Service, signed_headers: &str, payload: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(768);
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(path(parts.uri.path(), service).as_bytes());
    out.push(b'\n');
    query(parts.uri.query().unwrap_or_default().as_bytes(), &mut out);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        for (n, value) in parts.headers.get_all(name).iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            header_value(value.as_bytes(), &mut out);
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload.as_bytes());
    out
}

/// S3 signs the path's characters as they are, encoded once. The others resolve `.`, `..` and double slashes first
/// and encode what is already encoded once more.
fn path(sent: &str, service: Service) -> String {
    match service {
        Service::S3 => percent::encode_path(&percent::decode(sent.as_bytes())).into_owned(),
        Service::Ec2 | Service::Sts => {
            let mut steps: Vec<&str> = Vec::new();
            for step in sent.split('/') {
                match step {
                    "" | "." => {}
                    ".." => drop(steps.pop()),
                    _ => steps.push(step),
                }
            }
            let last = sent.rsplit('/').next().unwrap_or_default();
            let slash = if !steps.is_empty() && matches!(last, "" | "." | "..") { "/" } else { "" };
            let once = format!("/{}{slash}", steps.join("/"));
            percent::encode_path(once.as_bytes()).into_owned()
        }
    }
}

/// Everything in the query but the signature itself.
fn query(sent: &[u8], out: &mut Vec<u8>) {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = percent::pairs(sent)
        .filter(|(name, _)| *name != b"X-Amz-Signature")
        .map(|(name, value)| (recode(name), recode(value.unwrap_or_default())))
        .collect();
    pairs.sort_unstable();
    for (n, (name, value)) in pairs.iter().enumerate() {
        if n > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// The strict encoding of a name or value as it was sent.
pub(super) fn recode(sent: &[u8]) -> Vec<u8> {
    percent::encode(&percent::decode_form(sent)).into_owned().into_bytes()
}

/// Trimmed, and with runs of spaces inside become one.
fn header_value(value: &[u8], out: &mut Vec<u8>) {
    let mut after_space = false;
    for b in value.trim_ascii() {
        let space = matches!(b, b' ' | b'\t');
        if !(space && after_space) {
            out.push(if space { b' ' } else { *b });
        }
        after_space = space;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_signs_the_path_as_it_is_and_others_its_normal_form() {
        for (sent, s3, ec2) in [
            ("/", "/", "/"),
            ("/services/Cloud", "/services/Cloud", "/services/Cloud"),
            ("/services/Cloud/", "/services/Cloud/", "/services/Cloud/"),
            ("/b//k/../x", "/b//k/../x", "/b/x"),
            ("/b/a%20b", "/b/a%20b", "/b/a%2520b"),
            ("/b/a(b)+c", "/b/a%28b%29%2Bc", "/b/a%28b%29%2Bc"),
            ("/b/%2f%7e", "/b//~", "/b/%252f%257e"),
            ("/..", "/..", "/"),
            ("/a/.", "/a/.", "/a/"),
        ] {
            assert_eq!(path(sent, Service::S3), s3);
            assert_eq!(path(sent, Service::Ec2), ec2);
        }
    }

    #[test]
    fn the_query_is_sorted_after_encoding_and_without_its_signature() {
        let mut out = Vec::new();
        query(b"uploads&b=%7e+x&a=2&X-Amz-Signature=1&a=10&A=", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "A=&a=10&a=2&b=~%20x&uploads=");
    }

    #[test]
    fn inner_spaces_of_a_header_collapse() {
        let mut out = Vec::new();
        header_value(b"  a   b\t c ", &mut out);
        assert_eq!(out, b"a b c");
    }
}
