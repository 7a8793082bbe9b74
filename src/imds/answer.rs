//! One metadata request to its response (pure).

use super::token;
use super::tree::{self, Metadata};
use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode, request::Parts};
use http_body_util::Full;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const TOKEN: &str = "x-aws-ec2-metadata-token";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// What to say to a request of `instance` (`None`: nobody we know has that address) at `now`, in Unix seconds.
pub fn answer(head: &Parts, instance: Option<&Metadata>, key: &token::Key, now: i64) -> Response<Full<Bytes>> {
    let Some(instance) = instance else { return failure(StatusCode::NOT_FOUND) };
    let mut response = if !instance.enabled {
        failure(StatusCode::FORBIDDEN)
    } else if head.method == Method::PUT {
        new_token(head, instance, key, now)
    } else if head.method == Method::GET || head.method == Method::HEAD {
        read(head, instance, key, now)
    } else {
        failure(StatusCode::METHOD_NOT_ALLOWED)
    };
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("EC2ws"));
    response
}

/// `PUT /latest/api/token`.
fn new_token(head: &Parts, instance: &Metadata, key: &token::Key, now: i64) -> Response<Full<Bytes>> {
    if head.uri.path().trim_end_matches('/') != "/latest/api/token" {
        return failure(StatusCode::METHOD_NOT_ALLOWED);
    }
    // The request came through some proxy inside the guest, maybe for an outsider.
    if head.headers.contains_key("x-forwarded-for") {
        return failure(StatusCode::FORBIDDEN);
    }
    let ttl = head.headers.get(TTL).and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse::<u32>().ok());
    match ttl.filter(|ttl| (1..=token::MAX_TTL).contains(ttl)) {
        Some(ttl) => {
            let mut response = text(key.issue(&instance.instance_id, ttl, now).into(), "text/plain");
            response.headers_mut().insert(TTL, ttl.into());
            response
        }
        None => failure(StatusCode::BAD_REQUEST),
    }
}

fn read(head: &Parts, instance: &Metadata, key: &token::Key, now: i64) -> Response<Full<Bytes>> {
    let left = match head.headers.get(TOKEN) {
        None if instance.tokens_required => return failure(StatusCode::UNAUTHORIZED),
        None => None,
        Some(token) => {
            let left = token.to_str().ok().and_then(|token| key.check(token, &instance.instance_id, now));
            if left.is_none() {
                return failure(StatusCode::UNAUTHORIZED);
            }
            left
        }
    };
    let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8_lossy();
    let Some(document) = tree::document(instance, &path) else { return failure(StatusCode::NOT_FOUND) };
    let kind = if document.is_text { "text/plain" } else { "application/octet-stream" };
    let mut response = text(document.body, kind);
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    let changed = instance.pending_at.to_offset(time::UtcOffset::UTC).format(HTTP_DATE).ok();
    if let Some(value) = changed.and_then(|date| HeaderValue::try_from(date).ok()) {
        headers.insert(header::LAST_MODIFIED, value);
    }
    if let Some(left) = left {
        headers.insert(TTL, left.into());
    }
    response
}

fn text(body: Bytes, kind: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A failure in the XHTML page that clients of the real service see.
fn failure(status: StatusCode) -> Response<Full<Bytes>> {
    let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\">\n \
         <head><title>{title}</title></head>\n <body><h1>{title}</h1></body>\n</html>\n"
    );
    let mut response = text(page.into(), "text/html");
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imds::tree::tests::sample;
    use http_body_util::BodyExt;

    fn key() -> token::Key {
        let dir = tempfile::tempdir().unwrap();
        let db = crate::db::Db::open(&dir.path().join("novella.db")).unwrap();
        db.write_blocking(token::Key::load).unwrap()
    }

    fn ask(
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        instance: Option<&Metadata>,
        key: &token::Key,
    ) -> (u16, http::HeaderMap, String) {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let (head, body) = answer(&head, instance, key, 1000).into_parts();
        let body = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(body.collect()).unwrap();
        (head.status.as_u16(), head.headers, String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }

    #[test]
    fn a_plain_get_is_answered_unless_tokens_are_required() {
        let (key, mut m) = (key(), sample());
        let (status, headers, body) = ask("GET", "/latest/meta-data/instance-id", &[], Some(&m), &key);
        assert_eq!((status, body.as_str()), (200, "i-0123456789abcdef0"));
        assert_eq!(headers["server"], "EC2ws");
        assert_eq!(headers["content-type"], "text/plain");
        assert_eq!(headers["last-modified"], "Fri, 02 Jan 2026 03:04:05 GMT");
        m.tokens_required = true;
        assert_eq!(ask("GET", "/latest/meta-data/instance-id", &[], Some(&m), &key).0, 401);
        assert_eq!(ask("GET", "/", &[], Some(&m), &key).0, 401);
    }

    #[test]
    fn a_guest_whose_service_is_off_is_refused_everything() {
        let (key, m) = (key(), Metadata { enabled: false, ..sample() });
        for method in ["GET", "PUT"] {
            assert_eq!(ask(method, "/latest/api/token", &[(TTL, "60")], Some(&m), &key).0, 403);
        }
    }

    #[test]
    fn a_token_opens_its_own_instance_only() {
        let (key, m) = (key(), Metadata { tokens_required: true, ..sample() });
        let (status, headers, token) = ask("PUT", "/latest/api/token", &[(TTL, "60")], Some(&m), &key);
        assert_eq!((status, headers[TTL].to_str().unwrap()), (200, "60"));
        let with =
            |token: &str, m: &Metadata| ask("GET", "/latest/meta-data/instance-id", &[(TOKEN, token)], Some(m), &key);
        let (status, headers, _) = with(&token, &m);
        assert_eq!((status, headers[TTL].to_str().unwrap()), (200, "60"));
        let other = Metadata { instance_id: "i-2".into(), tokens_required: false, ..m };
        assert_eq!(with(&token, &other).0, 401, "a bad token is refused even where none is needed");
    }

    #[test]
    fn a_token_needs_a_sound_lifetime_and_no_proxy() {
        let (key, m) = (key(), sample());
        for bad in ["0", "21601", "-1", "soon", ""] {
            assert_eq!(ask("PUT", "/latest/api/token", &[(TTL, bad)], Some(&m), &key).0, 400, "{bad:?}");
        }
        assert_eq!(ask("PUT", "/latest/api/token", &[], Some(&m), &key).0, 400);
        let forwarded = [(TTL, "60"), ("X-Forwarded-For", "198.51.100.1")];
        assert_eq!(ask("PUT", "/latest/api/token", &forwarded, Some(&m), &key).0, 403);
        assert_eq!(ask("PUT", "/latest/meta-data/", &[(TTL, "60")], Some(&m), &key).0, 405);
    }

    #[test]
    fn strangers_and_unknown_paths_get_a_page_with_404() {
        let (key, m) = (key(), sample());
        assert_eq!(ask("GET", "/", &[], None, &key).0, 404);
        let (status, headers, body) = ask("GET", "/latest/meta-data/spot", &[], Some(&m), &key);
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (404, "text/html"));
        assert!(body.contains("404 - Not Found"));
        assert_eq!(ask("POST", "/latest/meta-data/", &[], Some(&m), &key).0, 405);
    }
}
