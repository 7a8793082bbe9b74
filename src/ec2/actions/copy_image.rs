//! Copy an image, within a region or from another one. The copy is its caller's, and has its bytes at once, since all regions keep
//! them on one disk. Of an image on volumes the snapshots are copied; files of images are not encrypted.

use super::describe_images::image_id;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::volumes::{encryption, kms_key, own_key};
use crate::ec2::{Cx, Error, tagging};
use crate::images::{self, CopyRequest};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CopyImage {
    source_id: String,
    source_region: String,
    name: String,
    description: String,
    copy_tags: bool,
    encrypted: Option<bool>,
    kms_key: Option<String>,
    tags: Vec<Tag>,
    snapshot_tags: Vec<Tag>,
    token: Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_id: String,
}

impl Action for CopyImage {
    const NAME: &'static str = "CopyImage";
    const IGNORED: &'static [&'static str] = &["SnapshotCopyCompletionDurationMinutes"];
    const REFUSED: &'static [&'static str] =
        &["DestinationOutpostArn", "DestinationAvailabilityZone", "DestinationAvailabilityZoneId"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["image", "snapshot"])?;
        let (encrypted, kms_key) = encryption(p)?;
        Ok(CopyImage {
            source_id: image_id(p.req("SourceImageId")?)?,
            source_region: p.req("SourceRegion")?.to_owned(),
            name: p.req("Name")?.to_owned(),
            description: p.opt("Description").unwrap_or_default().to_owned(),
            copy_tags: p.opt_bool("CopyImageTags")?.unwrap_or(false),
            encrypted,
            kms_key,
            tags: tagging::of(&specifications, "image"),
            snapshot_tags: tagging::of(&specifications, "snapshot"),
            token: Token::read(p, Self::NAME)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        if !cx.cloud.config.regions.contains(&self.source_region) {
            return Err(Error::ParameterValue(format!("Invalid source region : {}", self.source_region)));
        }
        let (named_key, own_key) = (self.kms_key.as_ref().map(|named| kms_key(cx, named)), own_key(cx));
        let job = move |c: &Conn, account: &str, region: &str| {
            if let Some(image_id) = self.token.made(c, account, region)? {
                return Ok(Output { image_id });
            }
            let copied = if self.copy_tags { db::tags::of(c, account, &self.source_id)? } else { Vec::new() };
            let copied = copied.into_iter().filter(|tag| !tag.key.starts_with("aws:")).collect::<Vec<_>>();
            let request = CopyRequest {
                account: account.to_owned(),
                region: region.to_owned(),
                source_id: self.source_id,
                source_region: self.source_region,
                name: self.name,
                description: self.description,
                encrypted: self.encrypted,
                kms_key: named_key,
                own_key,
            };
            let copy = images::copy(c, &request)?;
            for id in images::snapshots_of(&copy) {
                db::tags::put(c, Resource { account, region, id: &id, kind: "snapshot" }, &self.snapshot_tags)?;
            }
            let image_id = copy.id;
            let on = Resource { account, region, id: &image_id, kind: "image" };
            db::tags::put(c, on, &copied)?;
            // What the request says wins over what the source has.
            db::tags::put(c, on, &self.tags)?;
            self.token.keep(c, account, region, &image_id)?;
            Ok(Output { image_id })
        };
        let made = cx.change(job).await?;
        cx.cloud.images.wake();
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const COPY: &str = "Action=CopyImage&SourceImageId=ami-12345678&SourceRegion=us-east-1&Name=second";

    #[tokio::test]
    async fn a_copy_is_the_callers_and_says_where_it_is_from() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        for (key, value) in [("Name", "web"), ("Stage", "old")] {
            let tag = format!("Tag.1.Key={key}&Tag.1.Value={value}");
            bench.call(&format!("Action=CreateTags&ResourceId.1=ami-12345678&{tag}")).await;
        }
        let tags = "CopyImageTags=true&TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=Stage\
                    &TagSpecification.1.Tag.1.Value=new";
        let form = format!("{COPY}&Description=more&ClientToken=t&{tags}");
        let made = bench.call(&form).await;
        let id = made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml)).to_owned();
        assert_eq!(bench.call(&form).await.get("imageId"), Some(id.as_str()), "the same token, the same copy");
        let other = bench.call(&format!("{COPY}&ClientToken=t")).await;
        assert_eq!(other.code(), "IdempotentParameterMismatch");
        let seen = bench.call(&format!("Action=DescribeImages&ImageId.1={id}")).await;
        let expected =
            [("imageState", "pending"), ("sourceImageId", "ami-12345678"), ("sourceImageRegion", "us-east-1")];
        for (name, value) in expected.into_iter().chain([("name", "second"), ("description", "more")]) {
            assert_eq!(seen.get(name), Some(value), "{}", seen.xml);
        }
        assert_eq!(seen.all("value"), ["web", "new"]);
        let filter = "Filter.1.Name=source-image-id&Filter.1.Value.1=ami-12345678";
        assert_eq!(bench.call(&format!("Action=DescribeImages&{filter}")).await.all("imageId"), [id]);
    }

    #[tokio::test]
    async fn what_cannot_be_copied_is_refused() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        for (form, code) in [
            ("SourceRegion=us-east-1&Name=x12", "MissingParameter"),
            ("SourceImageId=ami-12345678&SourceRegion=mars-1&Name=x12", "InvalidParameterValue"),
            ("SourceImageId=ami-00000000&SourceRegion=us-east-1&Name=x12", "InvalidAMIID.NotFound"),
            ("SourceImageId=ami-12345678&SourceRegion=us-east-1&Name=small", "InvalidAMIName.Duplicate"),
            ("SourceImageId=ami-12345678&SourceRegion=us-east-1&Name=x", "InvalidAMIName.Malformed"),
            ("SourceImageId=ami-12345678&SourceRegion=us-east-1&Name=x12&Encrypted=true", "UnsupportedOperation"),
        ] {
            assert_eq!(bench.call(&format!("Action=CopyImage&{form}")).await.code(), code, "{form}");
        }
        assert_eq!(bench.call_other(COPY).await.code(), "InvalidAMIID.NotFound", "it is nobody else's");
        bench.call("Action=ModifyImageAttribute&ImageId=ami-12345678&LaunchPermission.Add.1.UserId=210987654321").await;
        let copied = bench.call_other(COPY).await;
        let id = copied.get("imageId").unwrap_or_else(|| panic!("{}", copied.xml));
        let seen = bench.call_other(&format!("Action=DescribeImages&ImageId.1={id}")).await;
        assert_eq!(seen.get("imageOwnerId"), Some("210987654321"));
    }
}
