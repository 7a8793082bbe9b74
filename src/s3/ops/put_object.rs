//! PutObject.

use crate::http::Response;
use crate::objects::notification::Event;
use crate::objects::object::{self, NewObject};
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{acl, answer, encryption, headers, lifecycle, locking};
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    cx.asking().may_say(&bucket, &cx.key)?;
    object::check_key(&cx.key)?;
    let (owner, acl) = acl::of_new_object(cx, &bucket)?;
    let mut new = NewObject {
        acl,
        storage_class: headers::storage_class(&cx.parts.headers)?,
        headers: headers::metadata(&cx.parts.headers)?,
        tags: headers::tags(&cx.parts.headers)?,
        lock: locking::asked(&cx.parts.headers)?,
        conditions: headers::write_conditions(&cx.parts.headers),
        cause: cx.cause(&bucket, if cx.operation == "PostObject" { Event::Post } else { Event::Put }),
        ..NewObject::of(&cx.bucket, &cx.key, &owner)
    };
    let asked = encryption::asked(&cx.parts.headers)?;
    let seal = encryption::seal(cx, &bucket, &asked)?;
    let received = cx.receive(None, seal).await?;
    new.checksum = received.algorithm;
    let written = cx.store().put(new, received.staged).await?;
    let mut response = answer::empty(StatusCode::OK);
    answer::etag(&mut response, &written.etag);
    answer::written(&mut response, &written);
    encryption::describe_new(&mut response, written.encryption.as_ref(), &asked);
    lifecycle::announce(&mut response, &bucket, &cx.key, written.size, &written.tags, written.modified_at)?;
    if let Some(checksum) = &written.checksum {
        answer::checksum(&mut response, checksum);
    }
    Ok(response)
}
