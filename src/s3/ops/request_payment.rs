//! GetBucketRequestPayment and PutBucketRequestPayment. Nobody is billed here, so who pays is remembered and told.

use crate::http::Response;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::{Element, Writer};
use http::{Method, StatusCode};

const NAME: &str = "requestPayment";
const PAYERS: [&str; 2] = ["BucketOwner", "Requester"];

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    if cx.parts.method == Method::GET {
        let payer = cx.store().config(&cx.bucket, NAME)?;
        let mut doc = Writer::new("RequestPaymentConfiguration");
        doc.text("Payer", payer.as_deref().unwrap_or(PAYERS[0]));
        return Ok(answer::xml(doc));
    }
    let document = cx.document(64 * 1024).await?;
    let said = Element::parse("RequestPaymentConfiguration", &document)?;
    let payer = said.get("Payer").map(str::trim).filter(|p| PAYERS.contains(p)).ok_or(Error::MalformedXml)?;
    cx.store().set_config(&cx.bucket, NAME, Some(payer.to_owned())).await?;
    Ok(answer::empty(StatusCode::OK))
}
