//! GetBucketNotificationConfiguration and PutBucketNotificationConfiguration. A destination is known if the operator named a
//! webhook for it.

use crate::http::Response;
use crate::objects::notification::{Configuration, Event};
use crate::s3::cx::Cx;
use crate::s3::error::Result;
use crate::s3::{answer, notification};
use http::{Method, StatusCode};

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let bucket = cx.bucket()?;
    if cx.parts.method == Method::GET {
        let rules = Configuration::from_column(&bucket.notification)?;
        return Ok(answer::xml(notification::document(&rules)));
    }
    let document = cx.document(256 * 1024).await?;
    let webhooks = &cx.s3.config.webhooks;
    let rules = notification::read(&document, &|arn| webhooks.iter().any(|hook| hook.arn == arn))?;
    let quiet = cx.header("x-amz-skip-destination-validation").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let test = (!quiet).then(|| cx.new_cause(Event::Put));
    cx.store().set_notification(&cx.bucket, rules, test).await?;
    Ok(answer::empty(StatusCode::OK))
}
