//! Access control lists as documents. Only canned ones can be set so far.

use super::answer;
use super::cx::Cx;
use super::error::{Error, Result};
use super::headers;
use crate::http::Response;
use crate::objects::acl::{Canned, Need};
use crate::wire::s3_xml::Writer;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The document of a canned ACL on what this account owns.
pub fn document(cx: &Cx<'_>, account: &str, acl: Canned) -> Response {
    let owner = cx.owner(account);
    let mut doc = Writer::new("AccessControlPolicy");
    doc.open("Owner");
    owner.write(&mut doc);
    doc.close().open("AccessControlList");
    let grantee = |doc: &mut Writer, kind: &str| {
        doc.open("Grant").open_with("Grantee", &[("xmlns:xsi", XSI), ("xsi:type", kind)]);
    };
    for (group, need) in acl.grants() {
        let permission = match need {
            Need::Read => "READ",
            Need::Write => "WRITE",
            Need::Own => "FULL_CONTROL",
        };
        grantee(&mut doc, "Group");
        doc.text("URI", group.uri()).close().text("Permission", permission).close();
    }
    grantee(&mut doc, "CanonicalUser");
    owner.write(&mut doc);
    doc.close().text("Permission", "FULL_CONTROL").close();
    answer::xml(doc)
}

/// The canned ACL that a PutBucketAcl or PutObjectAcl sets.
pub fn asked(cx: &Cx<'_>) -> Result<Canned> {
    headers::refuse_unbuilt(&cx.parts.headers)?;
    if cx.header("x-amz-acl").is_none() {
        return Err(Error::NotImplemented("AccessControlPolicy".into()));
    }
    headers::canned_acl(&cx.parts.headers)
}
