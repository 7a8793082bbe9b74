//! The pages of a website that are not its own: errors and redirects, in HTML as AWS's website endpoint has them.

use crate::http::{Body, Meta, Response};
use crate::s3::{answer, error::Error, host_id};
use http::{Method, StatusCode};

/// What a page says: a code, a message, and names with values.
pub struct Facts {
    pub code: &'static str,
    pub message: String,
    pub fields: Vec<(&'static str, String)>,
}

impl Facts {
    /// Of an error.
    pub fn of(error: &Error) -> (StatusCode, Facts) {
        let wire = error.wire();
        (wire.status, Facts { code: wire.code, message: wire.message.into_owned(), fields: wire.fields })
    }

    fn list(&self, html: &mut String, more: &[(&str, &str)]) {
        html.push_str("<ul>\n");
        let fields = self.fields.iter().map(|(name, value)| (*name, value.as_str()));
        let all = [("Code", self.code), ("Message", self.message.as_str())].into_iter().chain(fields);
        for (name, value) in all.chain(more.iter().copied()) {
            html.push_str(&format!("<li>{}: {}</li>\n", escaped(name), escaped(value)));
        }
        html.push_str("</ul>\n");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page of a status. `second` is why there is no better page.
pub fn page(status: StatusCode, facts: &Facts, second: Option<&Facts>, method: &Method, meta: &Meta) -> Response {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let mut html = format!("<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n");
    facts.list(&mut html, &[("RequestId", &meta.request_id), ("HostId", &host_id(meta))]);
    if let Some(second) = second {
        html.push_str("<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n");
        second.list(&mut html, &[]);
    }
    html.push_str("<hr/>\n</body>\n</html>\n");
    let length = html.len();
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(html) };
    let mut response = answer::with_body(status, body);
    answer::set(&mut response, "content-type", "text/html; charset=utf-8");
    answer::set(&mut response, "content-length", &length.to_string());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_of_a_request_becomes_markup() {
        let facts = Facts { code: "NoSuchKey", message: "No.".into(), fields: vec![("Key", "<b>&\"".into())] };
        let meta = Meta { request_id: "r".into(), remote: "127.0.0.1:1".parse().unwrap() };
        let response = page(StatusCode::NOT_FOUND, &facts, Some(&facts), &Method::GET, &meta);
        let html = response.into_body().read_all(10_000).await.unwrap();
        let html = std::str::from_utf8(&html).unwrap();
        assert!(html.starts_with("<html>\n<head><title>404 Not Found</title>"));
        assert_eq!(html.matches("<li>Key: &lt;b&gt;&amp;&quot;</li>").count(), 2);
        assert!(html.contains("<li>RequestId: r</li>"));
    }
}
