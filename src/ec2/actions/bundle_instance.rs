//! Make a bundle of an instance's disk in a bucket of the caller's; a running guest is shut down for it and started again. AWS bundles
//! Windows only, here it is any.

use crate::auth::{self, PostPolicy};
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
    policy: Option<Policy>,
}

/// What the caller lets be uploaded.
struct Policy {
    access_key: String,
    /// JSON in base64.
    document: String,
    signature: String,
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
        let prefix = storage.req("Prefix")?;
        if prefix.ends_with('/') {
            return Err(p.invalid("Prefix", prefix, "Expecting the beginning of file names.").into());
        }
        Ok(BundleInstance {
            instance: p.id("InstanceId", Kind::Instance)?.to_owned(),
            bucket: storage.req("Bucket")?.to_owned(),
            prefix: prefix.to_owned(),
            policy: Policy::read(&storage)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        if let Some(policy) = &self.policy {
            policy.check(cx, &self.bucket, &self.prefix)?;
        }
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

impl Policy {
    /// `None`: the request has none, and the caller's right to the bucket is all that counts.
    fn read(storage: &Params<'_>) -> Result<Option<Policy>, Error> {
        let access_key = ["AWSAccessKeyId", "AwsAccessKeyId"].into_iter().find_map(|name| storage.opt(name));
        let sent = |name: &str| storage.opt(name).is_some_and(|text| !text.is_empty());
        let (document, signature) = (sent("UploadPolicy"), sent("UploadPolicySignature"));
        if !document && !signature {
            return Ok(None);
        }
        let access_key = access_key.ok_or_else(|| query::Error::Missing(storage.name("AWSAccessKeyId")))?;
        Ok(Some(Policy {
            access_key: access_key.to_owned(),
            document: storage.req("UploadPolicy")?.to_owned(),
            signature: storage.req("UploadPolicySignature")?.to_owned(),
        }))
    }

    /// An error unless it is signed by the caller, and lets the bundle's files be uploaded as EC2 uploads them.
    fn check(&self, cx: &Cx, bucket: &str, prefix: &str) -> Result<(), Error> {
        let fields = |name: &str| match name {
            "awsaccesskeyid" => Some(self.access_key.as_str()),
            "signature" => Some(self.signature.as_str()),
            _ => None,
        };
        let signer = auth::post_policy(&self.document, fields, &*cx.cloud.iam).map_err(Error::PolicySigner)?;
        if signer.account != cx.caller.account {
            return Err(Error::ParameterValue("The upload policy is signed with a key of another account.".into()));
        }
        let policy = PostPolicy::parse(&self.document)?;
        let manifest = format!("{prefix}.manifest.xml");
        Ok(policy.check(bucket, &[("key", &manifest), ("acl", "ec2-bundle-read")], cx.now)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;
    use crate::wire::percent;
    use base64::prelude::{BASE64_STANDARD, Engine};
    use hmac::{Hmac, Mac};
    use sha1::Sha1;

    /// The parameters of a policy that the key of the secret `s` signs.
    fn signed(key: &str, json: &str) -> String {
        let policy = BASE64_STANDARD.encode(json);
        let mut mac = Hmac::<Sha1>::new_from_slice(b"s").unwrap();
        mac.update(policy.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let (policy, signature) = (percent::encode(policy.as_bytes()), percent::encode(signature.as_bytes()));
        let s3 = "Storage.S3";
        format!("{s3}.AWSAccessKeyId={key}&{s3}.UploadPolicy={policy}&{s3}.UploadPolicySignature={signature}")
    }

    #[tokio::test]
    async fn what_no_policy_lets_be_uploaded_is_not_bundled() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        let run = bench.call(run).await;
        let instance = run.get("instanceId").unwrap();
        let policy = |expires: &str, bucket: &str, prefix: &str, acl: &str| {
            format!(
                r#"{{"expiration":"{expires}","conditions":[{{"acl":"{acl}"}},{{"bucket":"{bucket}"}},["starts-with","$key","{prefix}"]]}}"#
            )
        };
        let (late, acl) = ("2999-01-01T00:00:00Z", "ec2-bundle-read");
        let good = policy(late, "b", "win", acl);
        let call = async |more: &str| {
            let form = format!("Action=BundleInstance&InstanceId={instance}&Storage.S3.Bucket=b&Storage.S3.Prefix=win");
            bench.call(&format!("{form}&{more}")).await
        };
        let ours = signed("AK1", &good);
        for (more, code) in [
            // Nothing but the bucket is missing: there is none.
            (ours.clone(), "InvalidParameter"),
            (String::new(), "InvalidParameter"),
            (signed("AK1", &policy("2001-01-01T00:00:00Z", "b", "win", acl)), "AccessDenied"),
            (signed("AK1", &policy(late, "other", "win", acl)), "AccessDenied"),
            (signed("AK1", &policy(late, "b", "lin", acl)), "AccessDenied"),
            (signed("AK1", &policy(late, "b", "win", "private")), "AccessDenied"),
            (signed("AK1", "{}"), "InvalidPolicyDocument"),
            (signed("AK9", &good), "AuthFailure"),
            (signed("AK2", &good), "InvalidParameterValue"),
            (ours.replace("UploadPolicySignature=", "UploadPolicySignature=x"), "SignatureDoesNotMatch"),
            ("Storage.S3.UploadPolicy=e30%3D".into(), "MissingParameter"),
        ] {
            let answer = call(&more).await;
            assert_eq!(answer.code(), code, "{more}: {}", answer.xml);
        }
    }
}
