//! Make a bundle of an instance's disk in a bucket of the caller's; a running guest is shut down for it and started again. AWS bundles
//! Windows only, here it is any.

use crate::compute;
use crate::db::Conn;
use crate::ec2::image_tasks::{BundleItem, shown};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks::Object;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct BundleInstance {
    instance: String,
    bucket: String,
    prefix: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub(super) bundle_instance_task: BundleItem,
}

impl Action for BundleInstance {
    const NAME: &'static str = "BundleInstance";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let storage = p.nested("Storage").and_then(|storage| storage.nested("S3"));
        let storage = storage.ok_or_else(|| query::Error::Missing("Storage.S3".into()))?;
        // The caller's own right to the bucket is what counts: whoever signed the policy is the caller.
        for name in ["AWSAccessKeyId", "AwsAccessKeyId", "UploadPolicy", "UploadPolicySignature"] {
            storage.opt(name);
        }
        let prefix = storage.req("Prefix")?;
        if prefix.ends_with('/') {
            return Err(p.invalid("Prefix", prefix, "Expecting the beginning of file names.").into());
        }
        Ok(BundleInstance {
            instance: p.id("InstanceId", Kind::Instance)?.to_owned(),
            bucket: storage.req("Bucket")?.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let to = Object { bucket: self.bucket.clone(), key: self.prefix.clone() };
        super::create_store_image_task::check_target(cx, to).await?;
        let job = move |c: &Conn, account: &str, region: &str| {
            let task = compute::bundle(c, account, region, self.instance, self.bucket, self.prefix)?;
            Ok(Output { bundle_instance_task: shown(BundleItem::new(task))? })
        };
        let made = cx.change(job).await?;
        cx.cloud.compute.wake();
        Ok(made)
    }
}
