//! Access control lists in headers and documents.

use super::answer;
use super::cx::{Cx, Owner};
use super::error::{Error, Result, invalid_argument, invalid_request};
use crate::http::Response;
use crate::objects::acl::{Acl, Canned, Grant, Grantee, Group, MAX_GRANTS, Permission};
use crate::objects::bucket::{Bucket, Ownership};
use crate::wire::s3_xml::{Element, Writer};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The canonical user that stands for EC2 when it reads bundles.
const EC2_ID: &str = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

/// The headers that grant a permission each.
const GRANT_HEADERS: [(&str, Permission); 5] = [
    ("x-amz-grant-read", Permission::Read),
    ("x-amz-grant-write", Permission::Write),
    ("x-amz-grant-read-acp", Permission::ReadAcp),
    ("x-amz-grant-write-acp", Permission::WriteAcp),
    ("x-amz-grant-full-control", Permission::FullControl),
];

/// The document of an ACL on what this account owns.
pub fn document(cx: &Cx<'_>, account: &str, acl: &Acl) -> Response {
    let mut doc = Writer::new("AccessControlPolicy");
    doc.open("Owner");
    cx.owner(account).write(&mut doc);
    doc.close().open("AccessControlList");
    write_grants(cx, &mut doc, acl);
    answer::xml(doc)
}

/// An ACL's grants, each an element.
pub fn write_grants(cx: &Cx<'_>, doc: &mut Writer, acl: &Acl) {
    // Groups come first, as clients that read grants by their place expect.
    let mut grants: Vec<&Grant> = acl.grants.iter().collect();
    grants.sort_by_key(|grant| !matches!(grant.grantee, Grantee::Group(_)));
    for grant in grants {
        let user = |doc: &mut Writer, owner: Owner| {
            doc.open_with("Grantee", &[("xmlns:xsi", XSI), ("xsi:type", "CanonicalUser")]);
            owner.write(doc);
        };
        doc.open("Grant");
        match &grant.grantee {
            Grantee::Account(account) => user(doc, cx.owner(account)),
            Grantee::Ec2 => user(doc, Owner { id: EC2_ID.into(), name: "za-team".into() }),
            Grantee::Group(group) => {
                doc.open_with("Grantee", &[("xmlns:xsi", XSI), ("xsi:type", "Group")]).text("URI", group.uri());
            }
        }
        doc.close().text("Permission", grant.permission.name()).close();
    }
}

/// Whether the request says anything of an ACL in its headers.
fn in_headers(cx: &Cx<'_>) -> bool {
    cx.parts.headers.contains_key("x-amz-acl") || GRANT_HEADERS.iter().any(|(n, _)| cx.parts.headers.contains_key(*n))
}

/// The ACL of the request's headers, on what `owner` will own in a bucket of `bucket_owner`.
fn of_headers(cx: &Cx<'_>, owner: &str, bucket_owner: &str) -> Result<Option<Acl>> {
    let mut grants = Vec::new();
    for (name, permission) in GRANT_HEADERS {
        let Some(text) = cx.header(name) else { continue };
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            let (kind, value) =
                word.split_once('=').ok_or_else(|| invalid_argument(name, word, "Argument format not recognized"))?;
            let value = value.trim().trim_matches('"');
            let grantee = match kind.trim() {
                "id" => by_id(cx, value)?,
                "emailAddress" => by_email(cx, value)?,
                "uri" => by_uri(value)?,
                _ => return Err(invalid_argument(name, word, "Argument format not recognized")),
            };
            grants.push(Grant { grantee, permission });
        }
    }
    let canned = match cx.header("x-amz-acl") {
        None => None,
        Some(name) => Some(Canned::parse(&name).ok_or_else(|| invalid_argument("x-amz-acl", name, ""))?),
    };
    match canned {
        Some(_) if !grants.is_empty() => {
            Err(invalid_request("Specifying both Canned ACLs and Header Grants is not allowed"))
        }
        Some(canned) => Ok(Some(Acl::canned(canned, owner, bucket_owner))),
        None if grants.is_empty() => Ok(None),
        None => Ok(Some(Acl { grants })),
    }
}

fn by_id(cx: &Cx<'_>, id: &str) -> Result<Grantee> {
    if id == EC2_ID {
        return Ok(Grantee::Ec2);
    }
    match cx.s3.iam.find(|i| i.canonical_id == id) {
        Some(identity) => Ok(Grantee::Account(identity.account.clone())),
        None => Err(invalid_argument("CanonicalUser/ID", id, "Invalid id")),
    }
}

fn by_email(cx: &Cx<'_>, email: &str) -> Result<Grantee> {
    match cx.s3.iam.find(|i| !i.email.is_empty() && i.email.eq_ignore_ascii_case(email)) {
        Some(identity) => Ok(Grantee::Account(identity.account.clone())),
        None => Err(Error::UnresolvableGrant(email.to_owned())),
    }
}

fn by_uri(uri: &str) -> Result<Grantee> {
    Group::parse(uri).map(Grantee::Group).ok_or_else(|| invalid_argument("Group/URI", uri, "Invalid group uri"))
}

/// The ACL of a document on what this account owns.
fn of_document(cx: &Cx<'_>, document: &[u8], owner: &str) -> Result<Acl> {
    let policy = Element::parse("AccessControlPolicy", document).map_err(|_| Error::MalformedAcl)?;
    let said = policy.child("Owner").and_then(|o| o.get("ID")).ok_or(Error::MalformedAcl)?.trim();
    if said != cx.owner(owner).id {
        return Err(crate::objects::Error::AccessDenied.into());
    }
    let grants = grants(cx, policy.child("AccessControlList").ok_or(Error::MalformedAcl)?)?;
    if grants.len() > MAX_GRANTS { Err(Error::MalformedAcl) } else { Ok(Acl { grants }) }
}

/// The grants of an element that holds them.
pub fn grants(cx: &Cx<'_>, list: &Element) -> Result<Vec<Grant>> {
    let mut grants = Vec::new();
    for grant in list.all("Grant") {
        let grantee = grant.child("Grantee").ok_or(Error::MalformedAcl)?;
        let text = |name: &str| grantee.get(name).map(str::trim).filter(|t| !t.is_empty());
        let grantee = match (text("ID"), text("EmailAddress"), text("URI")) {
            (Some(id), _, _) => by_id(cx, id)?,
            (None, Some(email), _) => by_email(cx, email)?,
            (None, None, Some(uri)) => by_uri(uri)?,
            (None, None, None) => return Err(Error::MalformedAcl),
        };
        let permission = grant.get("Permission").and_then(|p| Permission::parse(p.trim()));
        grants.push(Grant { grantee, permission: permission.ok_or(Error::MalformedAcl)? });
    }
    Ok(grants)
}

/// The ACL that a PutBucketAcl or PutObjectAcl sets on what `owner` owns in this bucket.
pub async fn asked(cx: &mut Cx<'_>, bucket: &Bucket, owner: &str) -> Result<Acl> {
    let document = cx.document(1024 * 1024).await?;
    let empty = document.iter().all(u8::is_ascii_whitespace);
    if bucket.ownership == Some(Ownership::BucketOwnerEnforced) {
        return Err(Error::AclNotSupported);
    }
    let acl = match of_headers(cx, owner, &bucket.owner)? {
        Some(_) if !empty => return Err(Error::UnexpectedContent),
        Some(acl) => acl,
        None if empty => return Err(Error::MissingSecurityHeader),
        None => of_document(cx, &document, owner)?,
    };
    bucket.takes_acl(&acl)?;
    Ok(acl)
}

/// The ACL of a bucket that is about to be made.
pub fn of_new_bucket(cx: &Cx<'_>, owner: &str, ownership: Option<Ownership>) -> Result<Acl> {
    match of_headers(cx, owner, owner)? {
        None => Ok(Acl::private(owner)),
        Some(acl) if ownership == Some(Ownership::BucketOwnerEnforced) && acl.grants_others(owner) => {
            Err(Error::AclWithOwnership)
        }
        Some(acl) => Ok(acl),
    }
}

/// Who will own an object that is about to be written, and its ACL.
pub fn of_new_object(cx: &Cx<'_>, bucket: &Bucket) -> Result<(String, Acl)> {
    const TO_THE_OWNER: &str = "bucket-owner-full-control";
    let to_the_owner = cx.header("x-amz-acl").as_deref() == Some(TO_THE_OWNER);
    let owner = match bucket.ownership {
        Some(Ownership::BucketOwnerEnforced) if in_headers(cx) && !to_the_owner => return Err(Error::AclNotSupported),
        Some(Ownership::BucketOwnerEnforced) => bucket.owner.clone(),
        Some(Ownership::BucketOwnerPreferred) if to_the_owner => bucket.owner.clone(),
        Some(Ownership::BucketOwnerPreferred | Ownership::ObjectWriter) | None => cx.writer(bucket),
    };
    let acl = of_headers(cx, &owner, &bucket.owner)?.unwrap_or_else(|| Acl::private(&owner));
    bucket.takes_acl(&acl)?;
    Ok((owner, acl))
}
