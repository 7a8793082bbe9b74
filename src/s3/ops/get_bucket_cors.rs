//! GetBucketCors.

use crate::http::Response;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::s3::{answer, cors};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.store().config(&cx.bucket, cors::NAME)?.ok_or(Error::NoConfiguration {
        code: "NoSuchCORSConfiguration",
        message: "The CORS configuration does not exist",
    })?;
    let mut doc = Writer::new("CORSConfiguration");
    for rule in cors::parse(document.as_bytes())? {
        doc.open("CORSRule").maybe("ID", rule.id.as_ref());
        for (name, values) in [
            ("AllowedMethod", &rule.methods),
            ("AllowedOrigin", &rule.origins),
            ("AllowedHeader", &rule.headers),
            ("ExposeHeader", &rule.exposed),
        ] {
            for value in values {
                doc.text(name, value);
            }
        }
        doc.maybe("MaxAgeSeconds", rule.max_age.map(|n| n.to_string())).close();
    }
    Ok(answer::xml(doc))
}
