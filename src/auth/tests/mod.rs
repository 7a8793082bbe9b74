//! The rules of authentication, over both sides: what [`super::sign`] signs, [`super::verify`] reads. `documented` and
//! `recorded` hold both to what AWS and real clients sign.

mod documented;
mod recorded;

use super::sign::{Signer, payload_hash};
use super::{BodyView, Error, Payload, Rules, Service, Verified, verify};
use crate::iam::{Credential, Identity, Keys, Secret};
use crate::wire::aws_chunked::{self, Trailers};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, request};
use std::sync::Arc;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// The SHA-256 of nothing.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const NOW: OffsetDateTime = datetime!(2026-11-21 22:36:08 UTC);

/// Some keys with one secret.
struct OneSecret(&'static [&'static str], &'static str);

impl Keys for OneSecret {
    fn credential(&self, access_key_id: &str) -> Option<Credential> {
        self.0.contains(&access_key_id).then(|| Credential {
            secret: Secret::new(self.1),
            identity: Arc::new(Identity {
                account: "123456789012".into(),
                name: "test".into(),
                canonical_id: "0".repeat(64),
                email: String::new(),
                access_key_id: access_key_id.into(),
            }),
        })
    }
}

fn example() -> OneSecret {
    OneSecret(&[KEY, "AKIDEXAMPLE"], SECRET)
}

fn rules(service: Service) -> Rules {
    Rules { service, virtual_bucket: None }
}

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> request::Parts {
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap().into_parts().0
}

/// Feed `body` in pieces of `step` bytes.
fn decode(payload: Payload, body: &[u8], step: usize) -> Result<(Vec<u8>, Trailers), aws_chunked::Error> {
    let Payload::Chunked(mut decoder) = payload else { panic!("{payload:?}") };
    let mut out = Vec::new();
    for piece in body.chunks(step) {
        decoder.feed(Bytes::copy_from_slice(piece), &mut out)?;
    }
    Ok((out.concat(), decoder.finish()?))
}

fn signer<'a>(secret: &'a Secret, service: Service) -> Signer<'a> {
    Signer { access_key_id: KEY, secret, region: "nova", service }
}

/// Verify at [`NOW`].
fn check(request: &request::Parts, body: BodyView<'_>, service: Service) -> Result<Option<Verified>, Error> {
    verify(request, body, &rules(service), &example(), NOW)
}

/// The code and status of a refusal.
fn wire(refused: Result<Option<Verified>, Error>, service: Service) -> (&'static str, StatusCode) {
    let wire = refused.unwrap_err().wire(service);
    (wire.code, wire.status)
}

const HOST: (&str, &str) = ("host", "cloud:8773");

#[test]
fn a_request_without_any_signature_is_anonymous() {
    for service in [Service::S3, Service::Ec2, Service::Sts] {
        let request = parts("GET", "/b/k?Action=x&Expires=1", &[HOST]);
        assert!(check(&request, BodyView::Whole(b"A=1"), service).unwrap().is_none());
        let request = parts("GET", "/", &[HOST, ("authorization", "")]);
        assert!(check(&request, BodyView::Whole(b""), service).unwrap().is_none());
    }
}

#[test]
fn every_way_of_signing_is_read_back() {
    let secret = Secret::new(SECRET);
    let body = BodyView::Streaming;

    let s3 = signer(&secret, Service::S3);
    let mut request =
        parts("PUT", "/b/a%20key?acl&x=%2F", &[HOST, ("content-type", "text/plain"), ("x-amz-acl", "private")]);
    s3.v4(&mut request, "UNSIGNED-PAYLOAD", NOW);
    assert!(matches!(check(&request, body, Service::S3).unwrap().unwrap().payload, Payload::Unsigned));

    let mut request = parts("GET", "/b/k?versionId=1", &[HOST]);
    s3.v4_presign(&mut request, "UNSIGNED-PAYLOAD", 60, NOW);
    assert!(check(&request, body, Service::S3).unwrap().unwrap().presigned);

    let mut request =
        parts("PUT", "/b/k?uploadId=a%2Bb&partNumber=1", &[HOST, ("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")]);
    s3.v2_s3(&mut request, None, NOW);
    assert!(!check(&request, body, Service::S3).unwrap().unwrap().presigned);

    let mut request = parts("PUT", "/b/k?x-amz-acl=private&content-type=text%2Fplain", &[HOST]);
    s3.v2_s3_presign(&mut request, None, NOW + Duration::seconds(1));
    assert!(check(&request, body, Service::S3).unwrap().unwrap().presigned);
    let mut other = request.clone();
    other.uri = other.uri.to_string().replace("private", "public-read").parse().unwrap();
    assert!(matches!(check(&other, body, Service::S3), Err(Error::Mismatch(_))));
    let late = verify(&request, body, &rules(Service::S3), &example(), NOW + Duration::seconds(1));
    assert_eq!(wire(late, Service::S3), ("AccessDenied", StatusCode::FORBIDDEN));

    let ec2 = signer(&secret, Service::Ec2);
    let form = b"Action=DescribeInstances&Version=2016-11-15";
    let mut request = parts("POST", "/", &[HOST]);
    ec2.v4(&mut request, &payload_hash(form), NOW);
    check(&request, BodyView::Whole(form), Service::Ec2).unwrap().unwrap();
    assert!(check(&request, BodyView::Whole(b"Action=TerminateInstances"), Service::Ec2).is_err());

    let mut request = parts("GET", "/?Action=GetCallerIdentity", &[HOST]);
    signer(&secret, Service::Sts).v4_presign(&mut request, EMPTY, 60, NOW);
    check(&request, BodyView::Whole(b""), Service::Sts).unwrap().unwrap();

    let request = parts("POST", "/services/Cloud/", &[HOST]);
    let form = ec2.v2_form("POST", "cloud:8773", "/services/Cloud/", "Action=X&Name=a+b%20c", NOW);
    check(&request, BodyView::Whole(form.as_bytes()), Service::Ec2).unwrap().unwrap();
}

#[test]
fn a_key_may_be_written_with_a_project_behind_it() {
    let secret = Secret::new(SECRET);
    let signer = Signer { access_key_id: "AKIDEXAMPLE:demo", ..signer(&secret, Service::Ec2) };
    let form = signer.v2_form("POST", "cloud", "/", "Action=X", NOW);
    let request = parts("POST", "/", &[("host", "cloud")]);
    let verified = check(&request, BodyView::Whole(form.as_bytes()), Service::Ec2).unwrap().unwrap();
    assert_eq!(verified.identity.access_key_id, "AKIDEXAMPLE");
    let mut request = parts("GET", "/b", &[HOST]);
    Signer { service: Service::S3, ..signer }.v2_s3(&mut request, None, NOW);
    assert_eq!(
        check(&request, BodyView::Streaming, Service::S3).unwrap().unwrap().identity.access_key_id,
        "AKIDEXAMPLE"
    );
}

#[test]
fn every_refusal_has_awss_code_of_its_service() {
    let secret = Secret::new(SECRET);
    let wrong = Secret::new("wrong");
    let signed = |signer: Signer<'_>, at| {
        let mut request = parts("GET", "/", &[HOST]);
        signer.v4(&mut request, EMPTY, at);
        check(&request, BodyView::Whole(b""), signer.service)
    };
    for (service, unknown, mismatch, skewed) in [
        (
            Service::S3,
            ("InvalidAccessKeyId", StatusCode::FORBIDDEN),
            ("SignatureDoesNotMatch", StatusCode::FORBIDDEN),
            ("RequestTimeTooSkewed", StatusCode::FORBIDDEN),
        ),
        (
            Service::Ec2,
            ("AuthFailure", StatusCode::UNAUTHORIZED),
            ("AuthFailure", StatusCode::UNAUTHORIZED),
            ("RequestExpired", StatusCode::BAD_REQUEST),
        ),
        (
            Service::Sts,
            ("InvalidClientTokenId", StatusCode::FORBIDDEN),
            ("SignatureDoesNotMatch", StatusCode::FORBIDDEN),
            ("SignatureDoesNotMatch", StatusCode::FORBIDDEN),
        ),
    ] {
        let good = signer(&secret, service);
        signed(good, NOW).unwrap().unwrap();
        assert_eq!(wire(signed(Signer { access_key_id: "AKIANOBODY", ..good }, NOW), service), unknown);
        assert_eq!(wire(signed(Signer { secret: &wrong, ..good }, NOW), service), mismatch);
        for minutes in [-16, 16] {
            assert_eq!(wire(signed(good, NOW + Duration::minutes(minutes)), service), skewed);
            signed(good, NOW + Duration::minutes(minutes.signum() * 15)).unwrap();
        }
    }
    let form = signer(&wrong, Service::Ec2).v2_form("POST", "cloud:8773", "/", "Action=X", NOW);
    let refused = check(&parts("POST", "/", &[HOST]), BodyView::Whole(form.as_bytes()), Service::Ec2);
    assert_eq!(wire(refused, Service::Ec2), ("SignatureDoesNotMatch", StatusCode::FORBIDDEN));
}

#[test]
fn a_mismatch_tells_s3_clients_what_was_signed_and_never_the_secret() {
    let wrong = Secret::new("wrong");
    let mut request = parts("GET", "/b", &[HOST]);
    signer(&wrong, Service::S3).v4(&mut request, EMPTY, NOW);
    let refused = check(&request, BodyView::Streaming, Service::S3).unwrap_err();
    let fields = refused.fields();
    let field = |name| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str()).unwrap();
    assert_eq!(field("AWSAccessKeyId"), KEY);
    assert!(field("StringToSign").starts_with("AWS4-HMAC-SHA256\n20261121T223608Z\n20261121/nova/s3/aws4_request\n"));
    assert!(field("StringToSignBytes").starts_with("41 57 53 34 2d"));
    assert!(field("CanonicalRequest").starts_with("GET\n/b\n\nhost:cloud:8773\n"));
    assert_eq!(field("SignatureProvided").len(), 64);
    assert!(!format!("{refused:?}").contains(SECRET));
}

#[test]
fn malformed_s3_signatures_are_named() {
    let header = |value: &str| {
        let request = parts(
            "GET",
            "/",
            &[HOST, ("x-amz-date", "20261121T223608Z"), ("x-amz-content-sha256", EMPTY), ("authorization", value)],
        );
        wire(check(&request, BodyView::Streaming, Service::S3), Service::S3).0
    };
    let scope = "Credential=AKIDEXAMPLE/20261121/r/s3/aws4_request";
    let names = "SignedHeaders=host;x-amz-content-sha256;x-amz-date";
    for (value, code) in [
        ("Basic dXNlcg==".to_string(), "InvalidArgument"),
        ("AWS HAHAHA".to_string(), "InvalidArgument"),
        ("AWS4-HMAC-SHA256".to_string(), "AuthorizationHeaderMalformed"),
        (format!("AWS4-HMAC-SHA256 {scope}, {names}"), "AuthorizationHeaderMalformed"),
        (format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE, {names}, Signature=0"), "AuthorizationHeaderMalformed"),
        (
            format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/r/s3/aws4_request, {names}, Signature=0"),
            "AuthorizationHeaderMalformed",
        ),
        (format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, Signature=0"), "AccessDenied"),
        (format!("AWS4-HMAC-SHA256 {scope}, {names}, Signature=0"), "SignatureDoesNotMatch"),
    ] {
        assert_eq!(header(&value), code, "{value}");
    }
}

#[test]
fn a_presigned_url_must_be_whole_and_live_for_a_week_at_most() {
    let secret = Secret::new(SECRET);
    let presigned = |service, seconds| {
        let mut request = parts("GET", "/b/k", &[HOST]);
        let payload = if service == Service::S3 { "UNSIGNED-PAYLOAD" } else { EMPTY };
        signer(&secret, service).v4_presign(&mut request, payload, seconds, NOW);
        request
    };
    let whole = BodyView::Whole(b"");
    let week = 7 * 24 * 3600;
    check(&presigned(Service::S3, week), whole, Service::S3).unwrap().unwrap();
    for seconds in [-1, week + 1] {
        let refused = check(&presigned(Service::S3, seconds), whole, Service::S3);
        assert_eq!(wire(refused, Service::S3), ("AuthorizationQueryParametersError", StatusCode::BAD_REQUEST));
        let refused = check(&presigned(Service::Ec2, seconds), whole, Service::Ec2);
        assert_eq!(wire(refused, Service::Ec2), ("IncompleteSignature", StatusCode::BAD_REQUEST));
    }
    for missing in
        ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"]
    {
        let mut request = presigned(Service::S3, 60);
        request.uri = request.uri.to_string().replace(missing, "X").parse().unwrap();
        let refused = check(&request, whole, Service::S3);
        assert_eq!(wire(refused, Service::S3).0, "AuthorizationQueryParametersError", "{missing}");
    }
    let mut twice = presigned(Service::S3, 60);
    signer(&secret, Service::S3).v4(&mut twice, EMPTY, NOW);
    assert_eq!(wire(check(&twice, whole, Service::S3), Service::S3).0, "InvalidArgument");
    let mut more = presigned(Service::S3, 60);
    more.headers.insert("x-amz-acl", HeaderValue::from_static("public-read"));
    assert_eq!(check(&more, whole, Service::S3).unwrap_err(), Error::UnsignedHeaders("x-amz-acl".into()));
}

#[test]
fn the_payload_says_what_is_left_to_check() {
    let secret = Secret::new(SECRET);
    let signed = |payload: &str, length: Option<&'static str>| {
        let mut request = parts("PUT", "/b/k", &[HOST]);
        if let Some(length) = length {
            request.headers.insert("x-amz-decoded-content-length", HeaderValue::from_static(length));
        }
        let chunks = signer(&secret, Service::S3).v4(&mut request, payload, NOW);
        (request, chunks)
    };
    let payload = |name, length| {
        Ok::<_, Error>(check(&signed(name, length).0, BodyView::Streaming, Service::S3)?.unwrap().payload)
    };
    assert!(matches!(payload("UNSIGNED-PAYLOAD", None), Ok(Payload::Unsigned)));
    assert!(matches!(payload(EMPTY, None), Ok(Payload::Sha256(_))));
    assert!(matches!(payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", Some("3")), Ok(Payload::Chunked(_))));
    assert_eq!(payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", None).unwrap_err(), Error::NoDecodedLength);
    assert_eq!(payload("nonsense", None).unwrap_err(), Error::BadContentSha256("nonsense".into()));

    let name = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    let (request, mut chunks) = signed(name, Some("5"));
    let mut body = [chunks.chunk(b"hel"), chunks.chunk(b"lo"), chunks.chunk(b"")].concat();
    body.extend(chunks.trailers(&[("x-amz-checksum-crc32", "NhCmhg==")]));
    let payload = || check(&request, BodyView::Streaming, Service::S3).unwrap().unwrap().payload;
    let (data, trailers) = decode(payload(), &body, 7).unwrap();
    assert_eq!((&data[..], trailers.get("x-amz-checksum-crc32")), (&b"hello"[..], Some("NhCmhg==")));
    // The empty line at the end adds nothing to what is signed: without it the body is whole still.
    for end in 0..body.len() - b"\r\n".len() {
        assert!(decode(payload(), &body[..end], 7).is_err(), "cut at {end} of {}", body.len());
    }
    for at in 0..body.len() - b"\r\n".len() {
        let mut changed = body.clone();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        assert!(decode(payload(), &changed, 7).is_err(), "byte {at}: {:?}", body[at] as char);
    }
}

#[test]
fn unsigned_bodies_may_be_framed_and_say_so_in_two_ways() {
    for (name, value) in
        [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("content-encoding", "gzip, aws-chunked")]
    {
        let request = parts("PUT", "/b/k", &[HOST, (name, value), ("x-amz-decoded-content-length", "2")]);
        let payload = Payload::unsigned(&request.headers).unwrap();
        assert_eq!(decode(payload, b"2\r\nhi\r\n0\r\n\r\n", 3).unwrap().0, b"hi");
    }
    let plain = parts("PUT", "/b/k", &[HOST, ("content-encoding", "gzip")]);
    assert!(matches!(Payload::unsigned(&plain.headers), Ok(Payload::Unsigned)));
}

#[test]
fn a_body_that_is_there_is_held_to_its_signed_hash_at_once() {
    let secret = Secret::new(SECRET);
    let mut request = parts("POST", "/b?delete", &[HOST]);
    signer(&secret, Service::S3).v4(&mut request, &payload_hash(b"<Delete/>"), NOW);
    let good = check(&request, BodyView::Whole(b"<Delete/>"), Service::S3).unwrap().unwrap();
    assert!(matches!(good.payload, Payload::Unsigned));
    let bad = check(&request, BodyView::Whole(b"<delete/>"), Service::S3);
    assert_eq!(wire(bad, Service::S3), ("XAmzContentSHA256Mismatch", StatusCode::BAD_REQUEST));
}

proptest::proptest! {
    #[test]
    fn nothing_a_client_sends_panics(
        way in "(AWS|AWS4-HMAC-SHA256)?( |,|/|:|=|;|Credential=|SignedHeaders=host|Signature=|AKIDEXAMPLE|20261121|aws4_request|[ -~]){0,14}",
        date in "[0-9]{8}T[0-9]{6}Z|.{0,20}|[0-9:TZ.+-]{0,30}",
        query in "(&|=|%|X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=|AWSAccessKeyId|Signature|Expires|AKIDEXAMPLE|[0-9A-Za-z%+/-]){0,20}",
        service in proptest::sample::select(vec![Service::S3, Service::Ec2, Service::Sts]),
    ) {
        let mut request = parts("GET", &format!("/b/k?{query}"), &[HOST]);
        for (name, value) in [("authorization", way), ("x-amz-date", date)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                request.headers.insert(name, value);
            }
        }
        let _ = check(&request, BodyView::Whole(query.as_bytes()), service);
        request.headers.remove("authorization");
        let _ = check(&request, BodyView::Whole(query.as_bytes()), service);
    }
}
