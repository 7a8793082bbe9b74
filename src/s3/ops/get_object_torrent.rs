//! GetObjectTorrent: there are no torrents, of objects that are there neither.

use crate::http::Response;
use crate::objects;
use crate::s3::cx::Cx;
use crate::s3::error::Result;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.object()?;
    Err(objects::Error::NoSuchKey(cx.key.clone()).into())
}
