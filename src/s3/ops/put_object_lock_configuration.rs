//! PutObjectLockConfiguration: also turns object lock on for a bucket with versioning.

use crate::http::Response;
use crate::objects::lock::{BucketLock, DefaultRetention, MAX_DAYS, MAX_YEARS, Mode, Period};
use crate::s3::answer;
use crate::s3::cx::Cx;
use crate::s3::error::{Error, Result};
use crate::wire::s3_xml::Element;
use http::StatusCode;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    cx.bucket()?;
    let document = cx.document(64 * 1024).await?;
    let lock = read(&document)?;
    cx.store().set_bucket_lock(&cx.bucket, lock).await?;
    Ok(answer::empty(StatusCode::OK))
}

fn read(document: &[u8]) -> Result<BucketLock> {
    let asked = Element::parse("ObjectLockConfiguration", document)?;
    if asked.get("ObjectLockEnabled").map(str::trim) != Some("Enabled") {
        return Err(Error::MalformedXml);
    }
    let Some(rule) = asked.child("Rule") else { return Ok(BucketLock::default()) };
    let retention = rule.child("DefaultRetention").ok_or(Error::MalformedXml)?;
    let mode = retention.get("Mode").and_then(|m| Mode::parse(m.trim())).ok_or(Error::MalformedXml)?;
    let period = match (retention.get("Days"), retention.get("Years")) {
        (Some(days), None) => Period::Days(number(days, MAX_DAYS)?),
        (None, Some(years)) => Period::Years(number(years, MAX_YEARS)?),
        (Some(_), Some(_)) | (None, None) => return Err(Error::MalformedXml),
    };
    Ok(BucketLock { default: Some(DefaultRetention { mode, period }) })
}

fn number(text: &str, most: u32) -> Result<u32> {
    let n: i64 = text.trim().parse().map_err(|_| Error::MalformedXml)?;
    match u32::try_from(n) {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        Ok(0) | Err(_) => {
            Err(Error::InvalidRetentionPeriod("Default retention period must be a positive integer value."))
        }
        Ok(_) => Err(Error::InvalidRetentionPeriod("Default retention period too large")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_mode_and_one_period() {
        let with = |inside: &str| {
            let text = format!(
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{inside}</ObjectLockConfiguration>"
            );
            read(text.as_bytes()).map_err(|e| e.wire().code)
        };
        let rule = |inside: &str| with(&format!("<Rule><DefaultRetention>{inside}</DefaultRetention></Rule>"));
        assert_eq!(with(""), Ok(BucketLock::default()));
        assert!(rule("<Mode>GOVERNANCE</Mode><Days>1</Days>").is_ok());
        assert_eq!(rule("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>"), Err("MalformedXML"));
        assert_eq!(rule("<Mode>governance</Mode><Days>1</Days>"), Err("MalformedXML"));
        assert_eq!(rule("<Mode>GOVERNANCE</Mode><Days>0</Days>"), Err("InvalidRetentionPeriod"));
        assert_eq!(rule("<Mode>GOVERNANCE</Mode><Years>-1</Years>"), Err("InvalidRetentionPeriod"));
    }
}
