//! GetObjectTagging: no object has tags yet.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.object()?;
    let mut doc = Writer::new("Tagging");
    doc.open("TagSet").close();
    Ok(answer::xml(doc))
}
