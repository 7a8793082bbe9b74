//! Signature Version 4, in the `Authorization` header or in the query.

use super::chunks::ChunkVerifier;
use super::error::{Error, MAX_SKEW, Mismatch, Place, Version};
use super::signing_key::{self, Scope};
use super::{BodyView, Payload, Rules, Service, Verified, canonical, date_sent, first, known_key};
use crate::iam;
use crate::wire::aws_chunked::ChunkedDecoder;
use crate::wire::timestamp;
use http::{HeaderMap, request};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The longest that a presigned URL may live, and how long it lives where EC2 and STS let it unsaid.
const LONGEST: i64 = 7 * 24 * 3600;
const UNSAID: i64 = 15 * 60;

/// A SigV4 signature as sent.
struct Claim<'a> {
    place: Place,
    access_key_id: Cow<'a, str>,
    scope: OwnedScope,
    signed_headers: Cow<'a, str>,
    signature: Cow<'a, str>,
    /// When it was signed, and the same as it stands in the string to sign.
    signed: OffsetDateTime,
    stamp: String,
    /// How many seconds it lives; presigned only.
    lifetime: Option<i64>,
}

struct OwnedScope {
    date: String,
    region: String,
    service: String,
}

/// Check a request that has `AWS4-HMAC-SHA256 …` in its `Authorization` header.
pub(super) fn header(
    parts: &request::Parts,
    value: &str,
    body: BodyView<'_>,
    how: &Rules,
    keys: &dyn iam::Keys,
    now: OffsetDateTime,
) -> Result<Verified, Error> {
    let claim = Claim::from_header(value, &parts.headers)?;
    let payload = match (how.service, parts.headers.get("x-amz-content-sha256")) {
        (_, Some(value)) => Some(value.to_str().map_err(|_| Error::BadContentSha256(String::new()))?),
        (Service::S3, None) => return Err(Error::NoContentSha256),
        (Service::Ec2 | Service::Sts, None) => None,
    };
    claim.check(parts, payload, body, how, keys, now)
}

/// Check a request that has `X-Amz-Algorithm` and so on in its query.
pub(super) fn query(
    parts: &request::Parts,
    body: BodyView<'_>,
    how: &Rules,
    keys: &dyn iam::Keys,
    now: OffsetDateTime,
) -> Result<Verified, Error> {
    let query = parts.uri.query().unwrap_or_default();
    let claim = Claim::from_query(query, how.service)?;
    let in_query = first(query.as_bytes(), "X-Amz-Content-Sha256");
    let payload = match &in_query {
        Some(value) => value,
        None => match parts.headers.get("x-amz-content-sha256") {
            Some(value) => value.to_str().map_err(|_| Error::BadContentSha256(String::new()))?,
            None => "UNSIGNED-PAYLOAD",
        },
    };
    claim.check(parts, Some(payload), body, how, keys, now)
}

fn malformed<T>(place: Place, why: impl Into<Cow<'static, str>>) -> Result<T, Error> {
    Err(Error::Malformed { place, why: why.into() })
}

impl<'a> Claim<'a> {
    fn from_header(value: &'a str, headers: &HeaderMap) -> Result<Self, Error> {
        let place = Place::Header;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in value[ALGORITHM.len()..].split(',') {
            match part.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                Some(_) | None => {}
            }
        }
        let (Some(credential), Some(signed_headers), Some(signature)) = (credential, signed_headers, signature) else {
            return malformed(place, "the header must contain Credential, SignedHeaders and Signature.");
        };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let date = text("x-amz-date").or_else(|| text("date")).ok_or(Error::NoDate)?;
        let signed = date_sent(date)?;
        let (access_key_id, scope) = split_credential(place, credential.into())?;
        Claim {
            place,
            access_key_id,
            scope,
            signed_headers: signed_headers.into(),
            signature: signature.into(),
            signed,
            stamp: timestamp::basic(signed),
            lifetime: None,
        }
        .sane()
    }

    fn from_query(query: &'a str, service: Service) -> Result<Self, Error> {
        let place = Place::Query;
        let get = |name| first(query.as_bytes(), name);
        let (Some(algorithm), Some(credential), Some(date), Some(signed_headers), Some(signature)) = (
            get("X-Amz-Algorithm"),
            get("X-Amz-Credential"),
            get("X-Amz-Date"),
            get("X-Amz-SignedHeaders"),
            get("X-Amz-Signature"),
        ) else {
            return malformed(place, ALL_SIX);
        };
        if algorithm != ALGORITHM {
            return malformed(place, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
        }
        let lifetime = match (get("X-Amz-Expires"), service) {
            (Some(text), _) => match text.parse::<i64>() {
                Err(_) => return malformed(place, "X-Amz-Expires should be a number"),
                Ok(..0) => return malformed(place, "X-Amz-Expires must be non-negative"),
                Ok(seconds) if seconds > LONGEST => {
                    return malformed(
                        place,
                        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must \
                         be less than 604800 seconds",
                    );
                }
                Ok(seconds) => seconds,
            },
            (None, Service::S3) => return malformed(place, ALL_SIX),
            (None, Service::Ec2 | Service::Sts) => UNSAID,
        };
        let Ok(signed) = date_sent(&date) else {
            return malformed(place, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
        };
        let (access_key_id, scope) = split_credential(place, credential)?;
        let stamp = timestamp::basic(signed);
        Claim { place, access_key_id, scope, signed_headers, signature, signed, stamp, lifetime: Some(lifetime) }.sane()
    }

    /// The claim, if it does not contradict itself.
    fn sane(self) -> Result<Self, Error> {
        if self.scope.date != self.stamp[..8] {
            let why = format!(
                "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".",
                self.scope.date,
                &self.stamp[..8]
            );
            return malformed(self.place, why);
        }
        Ok(self)
    }

    fn check(
        self,
        parts: &request::Parts,
        payload: Option<&str>,
        body: BodyView<'_>,
        how: &Rules,
        keys: &dyn iam::Keys,
        now: OffsetDateTime,
    ) -> Result<Verified, Error> {
        let credential = known_key(keys, &self.access_key_id)?;
        self.in_time(now)?;
        self.covers(&parts.headers, how.service)?;

        // A form is hashed whatever the client says of it; S3 takes the client's word and the body is held to it.
        let hash = match (how.service, body) {
            (Service::Ec2 | Service::Sts, BodyView::Whole(body)) => Cow::Owned(hex::encode(Sha256::digest(body))),
            (Service::Ec2 | Service::Sts | Service::S3, _) => Cow::Borrowed(payload.ok_or(Error::NoContentSha256)?),
        };
        let canonical = canonical::request(parts, how.service, &self.signed_headers, &hash);
        let scope = Scope { date: &self.scope.date, region: &self.scope.region, service: &self.scope.service };
        let head = format!("{}\n{scope}\n", self.stamp);
        let string_to_sign = format!("{ALGORITHM}\n{head}{}", hex::encode(Sha256::digest(&canonical)));
        let key = signing_key::signing_key(&credential.secret, scope);
        let expected = signing_key::sign(&key, string_to_sign.as_bytes());
        if !bool::from(expected.as_bytes().ct_eq(self.signature.as_bytes())) {
            return Err(Error::Mismatch(Box::new(Mismatch {
                version: Version::V4,
                access_key_id: self.access_key_id.into_owned(),
                provided: self.signature.into_owned(),
                string_to_sign,
                canonical_request: Some(String::from_utf8_lossy(&canonical).into_owned()),
            })));
        }

        let payload = match (how.service, body) {
            (Service::Ec2 | Service::Sts, BodyView::Whole(_)) => Payload::Unsigned,
            (Service::Ec2 | Service::Sts | Service::S3, _) => {
                let chain = || ChunkVerifier::new(key, head, expected);
                match (Payload::named(&hash, &parts.headers, chain)?, body) {
                    (Payload::Sha256(claimed), BodyView::Whole(body)) => {
                        Payload::check_sha256(&claimed, &Sha256::digest(body).into())?;
                        Payload::Unsigned
                    }
                    (payload, BodyView::Whole(_) | BodyView::Streaming) => payload,
                }
            }
        };
        Ok(Verified {
            identity: credential.identity,
            region: Some(self.scope.region),
            service: Some(self.scope.service),
            presigned: self.lifetime.is_some(),
            payload,
        })
    }

    fn in_time(&self, now: OffsetDateTime) -> Result<(), Error> {
        let signed = self.signed;
        match self.lifetime {
            None if (now - signed).abs() > MAX_SKEW => Err(Error::Skewed { signed, now }),
            None => Ok(()),
            Some(_) if signed - now > MAX_SKEW => Err(Error::NotYetValid { signed, now }),
            Some(lifetime) => {
                let expires = signed + Duration::seconds(lifetime);
                if now < expires { Ok(()) } else { Err(Error::Expired { expires, lifetime: Some(lifetime), now }) }
            }
        }
    }

    /// The host must be signed, and for S3 every `x-amz-` header.
    fn covers(&self, headers: &HeaderMap, service: Service) -> Result<(), Error> {
        let signed = |name: &str| self.signed_headers.split(';').any(|n| n == name);
        let must = |name: &str| name == "host" || (service == Service::S3 && name.starts_with("x-amz-"));
        let missing: Vec<&str> =
            headers.keys().map(http::HeaderName::as_str).filter(|name| must(name) && !signed(name)).collect();
        if missing.is_empty() && signed("host") {
            return Ok(());
        }
        Err(Error::UnsignedHeaders(if missing.is_empty() { "host".into() } else { missing.join(", ") }))
    }
}

const ALL_SIX: &str = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                       X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";

/// `key/date/region/service/aws4_request`. The key may hold slashes, so it is read from the right.
fn split_credential(place: Place, text: Cow<'_, str>) -> Result<(Cow<'_, str>, OwnedScope), Error> {
    let mut from_right = text.rsplitn(5, '/');
    let mut next = || from_right.next().filter(|part| !part.is_empty());
    if let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(key)) =
        (next(), next(), next(), next(), next())
    {
        let scope = OwnedScope { date: date.into(), region: region.into(), service: service.into() };
        let key = key.len();
        return Ok((
            match text {
                Cow::Borrowed(text) => Cow::Borrowed(&text[..key]),
                Cow::Owned(mut text) => {
                    text.truncate(key);
                    Cow::Owned(text)
                }
            },
            scope,
        ));
    }
    let form = "expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
    match place {
        Place::Header => malformed(place, format!("the Credential is mal-formed; {form}")),
        Place::Query | Place::Form => malformed(
            place,
            format!("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; {form}"),
        ),
    }
}

impl Payload {
    /// What a value of `x-amz-content-sha256` asks for; `chain` makes the verifier of signed chunks.
    pub(super) fn named(
        name: &str,
        headers: &HeaderMap,
        chain: impl FnOnce() -> ChunkVerifier,
    ) -> Result<Payload, Error> {
        let decoder = match name {
            "UNSIGNED-PAYLOAD" => return Ok(Payload::Unsigned),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => ChunkedDecoder::unsigned(),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => ChunkedDecoder::signed(chain()),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => ChunkedDecoder::signed_with_trailers(chain()),
            _ => {
                let mut hash = [0; 32];
                hex::decode_to_slice(name, &mut hash).map_err(|_| Error::BadContentSha256(name.into()))?;
                return Ok(Payload::Sha256(hash));
            }
        };
        Ok(Payload::Chunked(decoder.expect_length(super::decoded_length(headers)?)))
    }
}
