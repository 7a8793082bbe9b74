//! GetObjectLockConfiguration.

use crate::http::Response;
use crate::objects::lock::Period;
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Writer;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let lock = cx.bucket()?.lock.ok_or(Error::NoConfiguration {
        code: "ObjectLockConfigurationNotFoundError",
        message: "Object Lock configuration does not exist for this bucket",
    })?;
    let mut doc = Writer::new("ObjectLockConfiguration");
    doc.text("ObjectLockEnabled", "Enabled");
    if let Some(default) = lock.default {
        doc.open("Rule").open("DefaultRetention").text("Mode", default.mode.name());
        match default.period {
            Period::Days(n) => doc.value("Days", n),
            Period::Years(n) => doc.value("Years", n),
        };
        doc.close().close();
    }
    Ok(answer::xml(doc))
}
