//! GetObjectLegalHold.

use crate::http::Response;
use crate::objects;
use crate::s3::cx::Cx;
use crate::s3::error::{NO_OBJECT_LOCK, Result};
use crate::s3::{answer, locking};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    bucket.lock.ok_or(objects::Error::NoObjectLock)?;
    let hold = info.lock.hold.ok_or(NO_OBJECT_LOCK)?;
    let mut doc = Writer::new("LegalHold");
    doc.text("Status", locking::on_off(hold));
    Ok(answer::xml(doc))
}
