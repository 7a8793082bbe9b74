//! GetObjectRetention.

use crate::http::Response;
use crate::objects;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{NO_OBJECT_LOCK, Result};
use crate::wire::s3_xml::Writer;
use crate::{clock, wire::timestamp};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    bucket.lock.ok_or(objects::Error::NoObjectLock)?;
    let retention = info.lock.retention.ok_or(NO_OBJECT_LOCK)?;
    let mut doc = Writer::new("Retention");
    doc.text("Mode", retention.mode.name());
    doc.text("RetainUntilDate", timestamp::iso8601_ms(clock::from_ms(retention.until)));
    Ok(answer::xml(doc))
}
