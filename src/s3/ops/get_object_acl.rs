//! GetObjectAcl.

use crate::http::Response;
use crate::objects::access;
use crate::objects::acl::Acl;
use crate::objects::bucket::Ownership;
use crate::s3::acl;
use crate::s3::cx::Cx;
use crate::s3::error::Result;

pub async fn run(cx: &mut Cx<'_>) -> Result<Response> {
    let (bucket, info) = cx.object()?;
    let owner = access::owner_of(&bucket, &info.owner);
    match bucket.ownership {
        Some(Ownership::BucketOwnerEnforced) => Ok(acl::document(cx, owner, &Acl::private(owner))),
        Some(Ownership::BucketOwnerPreferred | Ownership::ObjectWriter) | None => {
            Ok(acl::document(cx, owner, &info.acl))
        }
    }
}
