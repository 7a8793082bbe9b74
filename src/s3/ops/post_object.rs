//! PostObject: a browser's form uploads a file. Its fields become the headers of a PutObject.

use super::put_object;
use crate::http::{Body, Response};
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result, invalid_argument};
use crate::s3::post_form::{Fields, Form};
use crate::s3::{answer, request};
use crate::wire::percent;
use crate::wire::s3_xml::{Element, Writer};
use crate::{auth, clock, objects};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

/// Fields that are headers of PutObject under their own name, besides `x-amz-…`.
const HEADERS: [&str; 6] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// Fields that sign, and are nothing of the object.
const SIGNING: [&str; 6] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-content-sha256",
];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    // A bucket that is not there needs no form.
    cx.any_bucket()?;
    let content_type = cx.header("content-type").unwrap_or_default();
    let mut form = Form::read(&content_type, cx.incoming.replace(Body::empty())).await?;
    let key = form.fields.get("key").filter(|k| !k.is_empty()).ok_or_else(|| {
        invalid_argument(
            "key",
            "",
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
        )
    })?;
    cx.key = key.replace("${filename}", &form.file_name);
    form.fields.set("key", cx.key.clone());
    let sizes = authorise(cx, &form.fields)?;
    cx.parts.headers = headers(&cx.parts.headers, &form.fields)?;

    let after = After::of(&form.fields);
    let (file, size, mut rest) = form.into_file(sizes.clone());
    cx.incoming.replace(file);
    let outcome = put_object::run(cx).await;
    cx.incoming.replace(Body::empty());
    // What follows the file is read, so that the connection can go on.
    while outcome.is_ok() && matches!(rest.next_field().await, Ok(Some(_))) {}
    let size = size.load(Ordering::Relaxed);
    match outcome {
        Ok(put) => Ok(after.answer(cx, put)),
        Err(Error::Objects(objects::Error::IncompleteBody)) if size > *sizes.end() => {
            Err(objects::Error::EntityTooLarge { limit: *sizes.end(), proposed: size }.into())
        }
        Err(Error::Objects(objects::Error::IncompleteBody)) if size < *sizes.start() => {
            Err(Error::TooSmall { least: *sizes.start(), size })
        }
        Err(other) => Err(other),
    }
}

/// Who uploads, and how much: the form's policy says it, if it has one.
fn authorise(cx: &mut Cx<'_>, fields: &Fields) -> Result<RangeInclusive<u64>> {
    let Some(text) = fields.get("policy") else {
        return match ["signature", "x-amz-signature"].into_iter().find(|name| fields.get(name).is_some()) {
            None => Ok(0..=u64::MAX),
            Some(name) => Err(invalid_argument(
                "policy",
                "",
                format!("Bucket POST must contain a field named 'policy' when it has one named '{name}'."),
            )),
        };
    };
    cx.caller = Some(auth::post_policy(text, |name| fields.get(name), &*cx.s3.iam)?);
    let policy = auth::PostPolicy::parse(text)?;
    policy.check(&cx.bucket, &fields.pairs().collect::<Vec<_>>(), clock::now())?;
    Ok(policy.sizes)
}

/// The headers with which a PutObject would say what the form says.
fn headers(sent: &HeaderMap, fields: &Fields) -> Result<HeaderMap> {
    let mut all = HeaderMap::new();
    for kept in [header::HOST, header::USER_AGENT, header::REFERER, header::ORIGIN] {
        if let Some(value) = sent.get(&kept) {
            all.insert(kept, value.clone());
        }
    }
    // How long the file is, nobody says.
    all.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    for (name, value) in fields.pairs() {
        let (name, value) = match name {
            "acl" => ("x-amz-acl", value.to_owned()),
            "tagging" => ("x-amz-tagging", tagging(value)?),
            name if HEADERS.contains(&name) => (name, value.to_owned()),
            name if name.starts_with("x-amz-") && !SIGNING.contains(&name) => (name, value.to_owned()),
            _ => continue,
        };
        let bad =
            || invalid_argument("POST field", name, "A form field has a name or a value that no header can have.");
        let header = HeaderName::try_from(name).map_err(|_| bad())?;
        all.insert(header, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?);
    }
    Ok(all)
}

/// The field `tagging` is a document where the header is a query.
fn tagging(document: &str) -> Result<String> {
    let tagging = Element::parse("Tagging", document.as_bytes())?;
    let set = tagging.child("TagSet").ok_or(Error::MalformedXml)?;
    let pairs = set.all("Tag").map(|tag| {
        let text = |name| tag.get(name).map(|t| percent::encode(t.as_bytes()).into_owned());
        Ok(format!("{}={}", text("Key").ok_or(Error::MalformedXml)?, text("Value").ok_or(Error::MalformedXml)?))
    });
    Ok(pairs.collect::<Result<Vec<_>>>()?.join("&"))
}

/// What the form wants to be answered.
struct After {
    redirect: Option<String>,
    status: StatusCode,
}

impl After {
    fn of(fields: &Fields) -> After {
        let redirect = fields.get("success_action_redirect").or_else(|| fields.get("redirect"));
        let whole = |url: &&str| url.parse::<http::Uri>().is_ok_and(|u| u.scheme().is_some() && u.host().is_some());
        After {
            redirect: redirect.filter(whole).map(str::to_owned),
            status: match fields.get("success_action_status") {
                Some("200") => StatusCode::OK,
                Some("201") => StatusCode::CREATED,
                Some(_) | None => StatusCode::NO_CONTENT,
            },
        }
    }

    fn answer(self, cx: &Cx<'_>, put: Response) -> Response {
        let etag = request::header_text(put.headers(), "etag").unwrap_or_default();
        let host = cx.header("host").unwrap_or_default();
        let location = format!("http://{host}/{}/{}", cx.bucket, percent::encode_path(cx.key.as_bytes()));
        let mut response = put;
        if let Some(url) = self.redirect {
            let joint = if url.contains('?') { '&' } else { '?' };
            let text = |t: &str| percent::encode(t.as_bytes()).into_owned();
            let (bucket, key, etag) = (text(&cx.bucket), text(&cx.key), text(&etag));
            *response.status_mut() = StatusCode::SEE_OTHER;
            answer::set(&mut response, "location", &format!("{url}{joint}bucket={bucket}&key={key}&etag={etag}"));
            return response;
        }
        *response.status_mut() = self.status;
        answer::set(&mut response, "location", &location);
        if self.status == StatusCode::CREATED {
            let mut doc = Writer::bare("PostResponse");
            doc.text("Location", &location).text("Bucket", &cx.bucket).text("Key", &cx.key).text("ETag", &etag);
            *response.body_mut() = Body::from(doc.finish());
            answer::set(&mut response, "content-type", "application/xml");
        }
        response
    }
}
