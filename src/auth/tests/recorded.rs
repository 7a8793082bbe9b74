//! Requests that real clients sent verify, and no longer do once any byte that is signed has changed.

use super::{OneSecret, decode, example, parts, rules};
use crate::auth::{self, BodyView, Error, Payload, Rules, Service, Verified, verify};
use crate::wire::timestamp;
use http::{HeaderName, HeaderValue, Method, Request, Uri, request};
use time::OffsetDateTime;

/// A request as a client sent it.
#[derive(Clone)]
struct Recorded {
    method: Vec<u8>,
    path: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    /// Unknown where it was too long to record.
    body: Option<Vec<u8>>,
}

impl Recorded {
    fn all() -> Vec<Recorded> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clients/requests.json");
        let list: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let bytes = |v: &serde_json::Value| v.as_str().unwrap().as_bytes().to_vec();
        list.iter()
            .map(|r| Recorded {
                method: bytes(&r["method"]),
                path: bytes(&r["path"]),
                headers: serde_json::from_value::<Vec<(String, String)>>(r["headers"].clone())
                    .unwrap()
                    .into_iter()
                    .map(|(n, v)| (n, v.into_bytes()))
                    .collect(),
                body: r["body"].is_string().then(|| bytes(&r["body"])),
            })
            .collect()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| std::str::from_utf8(v).unwrap())
    }

    /// What was recorded at the EC2 endpoint went to port 8773, S3 was at 3333.
    fn service(&self) -> Service {
        if self.header("host") == Some("127.0.0.1:3333") { Service::S3 } else { Service::Ec2 }
    }

    /// When it was signed, by its own word.
    fn signed(&self) -> OffsetDateTime {
        let query = self.path.split(|b| *b == b'?').nth(1).unwrap_or_default();
        let date = self
            .header("x-amz-date")
            .or_else(|| self.header("date"))
            .map(str::to_string)
            .or_else(|| auth::first(query, "Timestamp").map(|t| t.to_string()))
            .or_else(|| auth::first(self.body.as_ref()?, "Timestamp").map(|t| t.to_string()));
        timestamp::parse(&date.unwrap()).unwrap()
    }

    /// `None` where it is no HTTP request.
    fn parts(&self) -> Option<request::Parts> {
        let mut builder =
            Request::builder().method(Method::from_bytes(&self.method).ok()?).uri(Uri::try_from(&self.path[..]).ok()?);
        for (name, value) in &self.headers {
            builder =
                builder.header(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?);
        }
        Some(builder.body(()).ok()?.into_parts().0)
    }

    fn verify(&self, service: Service, now: OffsetDateTime) -> Option<Result<Option<Verified>, Error>> {
        let body = match (&self.body, service) {
            (Some(body), Service::Ec2 | Service::Sts) => BodyView::Whole(body),
            (Some(_), Service::S3) | (None, _) => BodyView::Streaming,
        };
        let keys = OneSecret(&["AKIDEXAMPLE0000000001", "AKBOB"], "secret");
        Some(verify(&self.parts()?, body, &rules(service), &keys, now))
    }

    /// Every byte that the signature covers, the signature and the key id themselves included.
    fn signed_bytes(&self) -> Vec<Place> {
        let authorization = self.header("authorization").unwrap_or_default();
        let mut places: Vec<Place> = (0..self.method.len()).map(Place::Method).collect();
        let s3_v2 = authorization.starts_with("AWS ");
        let path_end = self.path.iter().position(|b| *b == b'?').unwrap_or(self.path.len());
        let sub_resource = ["?acl", "?uploads", "?delete", "?uploadId"]
            .iter()
            .any(|s| self.path[path_end..].starts_with(s.as_bytes()));
        let covered = if s3_v2 && !sub_resource { path_end } else { self.path.len() };
        places.extend((0..covered).map(Place::Path));
        let listed: Vec<&str> = authorization
            .split_once("SignedHeaders=")
            .map(|(_, rest)| rest.split(',').next().unwrap().split(';').collect())
            .unwrap_or_default();
        for (n, (name, value)) in self.headers.iter().enumerate() {
            let name = name.to_ascii_lowercase();
            let v2 = matches!(name.as_str(), "content-md5" | "content-type" | "date") || name.starts_with("x-amz-");
            let form = authorization.is_empty() && name == "host";
            if name == "authorization" || listed.contains(&name.as_str()) || (s3_v2 && v2) || form {
                places.extend((0..value.len()).map(|at| Place::Header(n, at)));
            }
        }
        if self.service() == Service::Ec2 {
            places.extend((0..self.body.as_ref().map_or(0, Vec::len)).map(Place::Body));
        }
        places
    }

    fn changed(&self, place: Place) -> Recorded {
        let mut changed = self.clone();
        let byte = match place {
            Place::Method(at) => &mut changed.method[at],
            Place::Path(at) => &mut changed.path[at],
            Place::Header(n, at) => &mut changed.headers[n].1[at],
            Place::Body(at) => &mut changed.body.as_mut().unwrap()[at],
        };
        *byte = match *byte {
            b'9' => b'0',
            b'z' => b'a',
            b'Z' => b'A',
            b if b.is_ascii_alphanumeric() => b + 1,
            _ => b'x',
        };
        changed
    }
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Method(usize),
    Path(usize),
    Header(usize, usize),
    Body(usize),
}

#[test]
fn every_recorded_request_verifies_and_none_does_with_one_byte_changed() {
    let all = Recorded::all();
    assert_eq!(all.len(), 137);
    let mut changes = 0;
    for (n, recorded) in all.iter().enumerate() {
        let (service, now) = (recorded.service(), recorded.signed());
        let verified =
            recorded.verify(service, now).unwrap().unwrap_or_else(|e| panic!("request {n}: {e:#?}")).unwrap();
        assert_eq!(verified.identity.account, "123456789012");
        for place in recorded.signed_bytes() {
            let changed = recorded.changed(place);
            let refused = match changed.verify(service, now) {
                None => true,
                Some(Ok(None)) => recorded.header("authorization").is_none(),
                Some(Ok(Some(_))) => false,
                Some(Err(_)) => true,
            };
            assert!(
                refused,
                "request {n} with {place:?} changed verifies: {:?}",
                String::from_utf8_lossy(&changed.path)
            );
            changes += 1;
        }
    }
    assert!(changes > 30_000, "{changes}");
}

/// What `fixtures/clients/sign_with_boto3.py` made boto3 sign.
#[test]
fn every_request_of_boto3_verifies() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clients/boto3.json");
    let recorded: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (mut seen, mut framed) = (0, 0);
    for request in recorded["requests"].as_array().unwrap() {
        let text = |name: &str| request[name].as_str().unwrap();
        let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let sent = parts(text("method"), text("path"), &headers);
        let body = text("body").as_bytes();
        let (service, view) = match text("service") {
            "s3" => (Service::S3, BodyView::Streaming),
            "sts" => (Service::Sts, BodyView::Whole(body)),
            _ => (Service::Ec2, BodyView::Whole(body)),
        };
        let how = Rules { service, virtual_bucket: request["virtual_bucket"].as_str().map(str::to_string) };
        let at = timestamp::parse(text("at")).unwrap();
        let verified = verify(&sent, view, &how, &example(), at);
        let verified = verified.unwrap_or_else(|e| panic!("{}: {e:#?}", text("case"))).unwrap();
        if let payload @ Payload::Chunked(_) = verified.payload {
            let (data, trailers) = decode(payload, body, 5).unwrap();
            assert!(!data.is_empty() && trailers.0[0].0.starts_with("x-amz-checksum-"));
            framed += 1;
        }
        seen += 1;
    }
    assert!(seen > 140 && framed > 2, "{seen} {framed}");
}
