//! Write an image of one's own into a bucket, as VMDK, VHD or raw; of an image on volumes that is its root disk.

use crate::db::tags::Tag;
use crate::ec2::actions::describe_images::image_id;
use crate::ec2::idempotency::Token;
use crate::ec2::image_tasks::{ExportImageItem, answer_begun};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::images::tasks::{self, Object, Wanted};
use crate::wire::query::{self, Params};

pub struct ExportImage {
    image: String,
    format: String,
    bucket: String,
    prefix: String,
    description: String,
    role: String,
    tags: Vec<Tag>,
    token: Token,
}

/// The role that AWS's service takes when the request names none; here it is a name only.
const ROLE: &str = "vmimport";

impl Action for ExportImage {
    const NAME: &'static str = "ExportImage";
    type Output = ExportImageItem;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["export-image-task"])?;
        let format = p.req("DiskImageFormat")?;
        if !tasks::is_export_format(format) {
            return Err(p.invalid("DiskImageFormat", format, "Expecting VMDK, VHD or RAW.").into());
        }
        let to = p.nested("S3ExportLocation").ok_or_else(|| query::Error::Missing("S3ExportLocation".into()))?;
        Ok(ExportImage {
            image: image_id(p.req("ImageId")?)?,
            format: format.to_owned(),
            bucket: to.req("S3Bucket")?.to_owned(),
            prefix: to.opt("S3Prefix").unwrap_or_default().to_owned(),
            description: p.opt("Description").unwrap_or_default().to_owned(),
            role: p.opt("RoleName").filter(|text| !text.is_empty()).unwrap_or(ROLE).to_owned(),
            tags: tagging::of(&specifications, "export-image-task"),
            token: Token::read(p, Self::NAME)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<ExportImageItem, Error> {
        let account = &cx.caller.account;
        cx.cloud.images.own_available(account, &cx.region, &self.image)?;
        let to = Object { bucket: self.bucket.clone(), key: self.prefix.clone() };
        super::create_store_image_task::check_target(cx, to).await?;
        let wanted = Wanted::ExportImage {
            image: self.image,
            format: self.format,
            bucket: self.bucket,
            prefix: self.prefix,
            description: self.description,
            role: self.role,
        };
        answer_begun(cx, self.token, Kind::ExportImageTask, wanted, self.tags, ExportImageItem::begun).await
    }
}
