//! The other side: signing a request, for tests and for what Novella itself sends.
//!
//! Nothing here is used to verify; both sides share the canonical forms, which the recorded requests of real clients
//! hold to the truth.

use super::chunks::ChunkVerifier;
use super::signing_key::{self, Scope};
use super::{Service, canonical, v2, v4};
use crate::iam::Secret;
use crate::wire::aws_chunked::Signatures;
use crate::wire::{percent, timestamp};
use http::{HeaderName, HeaderValue, Uri, header, request};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Who signs, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    pub access_key_id: &'a str,
    pub secret: &'a Secret,
    pub region: &'a str,
    pub service: Service,
}

/// The SHA-256 of a body as SigV4 wants it.
pub fn payload_hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

impl Signer<'_> {
    /// SigV4 in the `Authorization` header. `payload` is [`payload_hash`] or a word such as `UNSIGNED-PAYLOAD`. The
    /// request must have its Host; all its headers but `Authorization` are signed. Returns what signs the body's chunks,
    /// should it be `aws-chunked`.
    pub fn v4(&self, parts: &mut request::Parts, payload: &str, at: OffsetDateTime) -> ChunkSigner {
        let stamp = timestamp::basic(at);
        parts.headers.remove(header::AUTHORIZATION);
        parts.headers.insert("x-amz-date", text(&stamp));
        if self.service == Service::S3 {
            parts.headers.insert("x-amz-content-sha256", text(payload));
        }
        let mut names: Vec<&str> = parts.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let names = names.join(";");
        let (signature, chunks) = self.v4_signature(parts, &names, payload, &stamp);
        let value = format!(
            "{} Credential={}/{}, SignedHeaders={names}, Signature={signature}",
            v4::ALGORITHM,
            self.access_key_id,
            self.scope(&stamp)
        );
        parts.headers.insert(header::AUTHORIZATION, text(&value));
        chunks
    }

    /// SigV4 in the query: a URL that works for `seconds`. Only the Host is signed.
    pub fn v4_presign(&self, parts: &mut request::Parts, payload: &str, seconds: i64, at: OffsetDateTime) {
        let stamp = timestamp::basic(at);
        let credential = format!("{}/{}", self.access_key_id, self.scope(&stamp));
        extend_query(
            parts,
            &[
                ("X-Amz-Algorithm", v4::ALGORITHM),
                ("X-Amz-Credential", &credential),
                ("X-Amz-Date", &stamp),
                ("X-Amz-Expires", &seconds.to_string()),
                ("X-Amz-SignedHeaders", "host"),
            ],
        );
        let (signature, _) = self.v4_signature(parts, "host", payload, &stamp);
        extend_query(parts, &[("X-Amz-Signature", &signature)]);
    }

    /// SigV2 of an EC2 form: the form with `AWSAccessKeyId`, …, `Signature` appended.
    pub fn v2_form(&self, method: &str, host: &str, path: &str, form: &str, at: OffsetDateTime) -> String {
        let mut form = form.to_string();
        let mut add = |name: &str, value: &str| {
            form.push_str(if form.is_empty() { "" } else { "&" });
            form.push_str(&format!("{name}={}", percent::encode(value.as_bytes())));
            form.clone()
        };
        add("AWSAccessKeyId", self.access_key_id);
        add("SignatureMethod", "HmacSHA256");
        add("SignatureVersion", "2");
        let signed = add("Timestamp", &timestamp::iso8601(at));
        let rest = v2::resource_and_parameters(path, b"", signed.as_bytes());
        let string_to_sign = format!("{method}\n{}\n{rest}", host.to_ascii_lowercase());
        add("Signature", &v2::sha256(self.secret.expose().as_bytes(), &string_to_sign))
    }

    /// SigV2 of an S3 request in the `Authorization` header; sets the Date where there is none.
    pub fn v2_s3(&self, parts: &mut request::Parts, virtual_bucket: Option<&str>, at: OffsetDateTime) {
        let date = timestamp::rfc1123(at);
        parts.headers.insert(header::DATE, text(&date));
        let date = if parts.headers.contains_key("x-amz-date") { "" } else { &date };
        let string_to_sign = v2::s3_string_to_sign(parts, &v2::resource(parts.uri.path(), virtual_bucket), date, false);
        let signature = v2::sha1(self.secret.expose().as_bytes(), &string_to_sign);
        parts.headers.insert(header::AUTHORIZATION, text(&format!("AWS {}:{signature}", self.access_key_id)));
    }

    /// SigV2 of an S3 request in the query: a URL that works until `expires`.
    pub fn v2_s3_presign(&self, parts: &mut request::Parts, virtual_bucket: Option<&str>, expires: OffsetDateTime) {
        let expires = expires.unix_timestamp().to_string();
        let string_to_sign =
            v2::s3_string_to_sign(parts, &v2::resource(parts.uri.path(), virtual_bucket), &expires, true);
        let signature = v2::sha1(self.secret.expose().as_bytes(), &string_to_sign);
        let query = [("AWSAccessKeyId", self.access_key_id), ("Expires", &expires), ("Signature", &signature)];
        extend_query(parts, &query);
    }

    fn scope(&self, stamp: &str) -> String {
        format!("{}/{}/{}/aws4_request", &stamp[..8], self.region, self.service_name())
    }

    fn service_name(&self) -> &'static str {
        match self.service {
            Service::Ec2 => "ec2",
            Service::Sts => "sts",
            Service::S3 => "s3",
        }
    }

    fn v4_signature(
        &self,
        parts: &request::Parts,
        signed_headers: &str,
        payload: &str,
        stamp: &str,
    ) -> (String, ChunkSigner) {
        let canonical = canonical::request(parts, self.service, signed_headers, payload);
        let head = format!("{stamp}\n{}\n", self.scope(stamp));
        let scope = Scope { date: &stamp[..8], region: self.region, service: self.service_name() };
        let key = signing_key::signing_key(self.secret, scope);
        let signature =
            signing_key::sign(&key, format!("{}\n{head}{}", v4::ALGORITHM, payload_hash(&canonical)).as_bytes());
        (signature.clone(), ChunkSigner(ChunkVerifier::new(key, head, signature)))
    }
}

/// Signs the chunks and trailers of an `aws-chunked` body, in order.
pub struct ChunkSigner(ChunkVerifier);

impl ChunkSigner {
    /// The next chunk, framed and signed; an empty one is the last.
    pub fn chunk(&mut self, data: &[u8]) -> Vec<u8> {
        self.0.data(data);
        let mut out = format!("{:x};chunk-signature={}\r\n", data.len(), self.0.next_chunk()).into_bytes();
        if !data.is_empty() {
            out.extend_from_slice(data);
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    /// What follows the last chunk: the trailers (names in lower case) with their signature.
    pub fn trailers(&mut self, trailers: &[(&str, &str)]) -> Vec<u8> {
        let lines = |end: &str| trailers.iter().map(|(n, v)| format!("{n}:{v}{end}")).collect::<String>();
        let signature = self.0.next_trailers(lines("\n").as_bytes());
        format!("{}x-amz-trailer-signature:{signature}\r\n\r\n", lines("\r\n")).into_bytes()
    }
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("ids, dates and digests are visible ASCII")
}

fn extend_query(parts: &mut request::Parts, pairs: &[(&str, &str)]) {
    let mut uri = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_string();
    for (name, value) in pairs {
        uri.push(if uri.contains('?') { '&' } else { '?' });
        uri.push_str(&format!("{name}={}", percent::encode(value.as_bytes())));
    }
    parts.uri = Uri::try_from(uri).expect("a path with an encoded query");
}
