//! SelectObjectContent: refused, as AWS refuses it to everybody who did not use it before July 2024.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.object()?;
    Err(Error::MethodNotAllowed { method: cx.parts.method.to_string(), resource: "OBJECT" })
}
