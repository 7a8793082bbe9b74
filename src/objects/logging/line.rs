//! The text of a record: AWS's 26 fields.
//!
//! Source: S3 User Guide, "Amazon S3 server access log format".

use crate::clock;
use crate::wire::{percent, timestamp};

/// What a record says. What is `None`, empty or 0 is `-`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line<'a> {
    /// Canonical user id of the bucket's owner.
    pub owner: &'a str,
    pub bucket: &'a str,
    /// Milliseconds.
    pub at: i64,
    pub remote: Option<&'a str>,
    /// Canonical user id; `None`: anonymous.
    pub requester: Option<&'a str>,
    pub request_id: &'a str,
    /// Such as `REST.GET.OBJECT`.
    pub operation: &'a str,
    pub key: &'a str,
    /// As sent: `GET /b/k?x HTTP/1.1`.
    pub request: Option<&'a str>,
    pub status: Option<u16>,
    pub error: Option<&'a str>,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// Bytes of the object.
    pub size: Option<&'a str>,
    /// Milliseconds until the answer's end, and until its beginning.
    pub times: Option<(u128, u128)>,
    pub referer: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub version_id: Option<&'a str>,
    pub host_id: Option<&'a str>,
    pub signature: Option<&'a str>,
    /// Where the signature is.
    pub authentication: Option<&'a str>,
    pub host: Option<&'a str>,
    /// Only an ACL allowed it.
    pub needed_acl: bool,
}

impl Line<'_> {
    /// The fields in their order, without the line's end. Those of TLS and access points are always `-`.
    pub fn text(&self) -> String {
        let Line { owner, bucket, request_id, operation, .. } = self;
        let time = timestamp::common_log(clock::from_ms(self.at));
        let (remote, requester) = (plain(self.remote), plain(self.requester));
        let key = match self.key {
            "" => "-".into(),
            key => percent::encode_path(key.as_bytes()),
        };
        let number = |n: Option<u128>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let status = number(self.status.map(u128::from));
        let sent = number((self.sent > 0).then_some(u128::from(self.sent)));
        let (total, turn_around) = (number(self.times.map(|t| t.0)), number(self.times.map(|t| t.1)));
        let (error, size) = (plain(self.error), plain(self.size));
        let (request, referer, agent) = (quoted(self.request), quoted(self.referer), quoted(self.user_agent));
        let (version, host_id) = (plain(self.version_id), plain(self.host_id));
        let (signature, way, host) = (plain(self.signature), plain(self.authentication), plain(self.host));
        let acl = if self.needed_acl { "Yes" } else { "-" };
        format!(
            "{owner} {bucket} [{time}] {remote} {requester} {request_id} {operation} {key} {request} {status} {error} {sent} \
             {size} {total} {turn_around} {referer} {agent} {version} {host_id} {signature} - {way} {host} - - {acl}"
        )
    }
}

/// A field; one that is not there is `-`.
fn plain(text: Option<&str>) -> &str {
    text.filter(|t| !t.is_empty() && !t.contains(|c: char| c.is_whitespace() || c.is_control())).unwrap_or("-")
}

/// A quoted field.
fn quoted(text: Option<&str>) -> String {
    let text = text.unwrap_or("-").replace('"', "%22");
    format!("\"{}\"", text.replace(|c: char| c.is_control(), " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_client_breaks_a_record() {
        assert_eq!(quoted(Some("a \"b\"\n1")), "\"a %22b%22 1\"");
        assert_eq!(quoted(None), "\"-\"");
        assert_eq!((plain(Some("")), plain(Some("a b")), plain(Some("a"))), ("-", "-", "a"));
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
        let line = Line {
            owner: "o",
            bucket: "b",
            request_id: "r",
            operation: "S3.EXPIRE.OBJECT",
            key: "a b",
            ..Line::default()
        };
        assert_eq!(
            line.text(),
            "o b [01/Jan/1970:00:00:00 +0000] - - r S3.EXPIRE.OBJECT a%20b \"-\" - - - - - - \"-\" \"-\" - - - - - - - - -"
        );
    }
}
