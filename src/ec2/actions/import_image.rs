//! Make an image of a disk file in a bucket: raw, qcow2, VMDK, VHD, VHDX, VDI or ISO, one file. The guest in it is left as it is.

use crate::db::tags::Tag;
use crate::ec2::idempotency::Token;
use crate::ec2::image_tasks::{ImportItem, answer_begun};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::images::tasks::{Object, Wanted};
use crate::wire::query::{self, Params};

pub struct ImportImage {
    wanted: Wanted,
    tags: Vec<Tag>,
    token: Token,
}

impl Action for ImportImage {
    const NAME: &'static str = "ImportImage";
    /// Guests keep their licences; nobody has to be told who uploads.
    const IGNORED: &'static [&'static str] =
        &["ClientData", "LicenseType", "LicenseSpecifications", "RoleName", "UsageOperation", "Hypervisor"];
    const REFUSED: &'static [&'static str] = &["KmsKeyId"];
    type Output = ImportItem;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["import-image-task"])?;
        if p.opt_bool("Encrypted")? == Some(true) {
            return Err(Error::Unsupported("Encrypted".into()));
        }
        match p.opt("BootMode").filter(|text| !text.is_empty()) {
            None | Some("legacy-bios") => {}
            Some(other) => return Err(Error::Unsupported(format!("the boot mode {other}"))),
        }
        let containers = p.structs("DiskContainer");
        let [disk] = &containers[..] else {
            return Err(match containers.len() {
                0 => query::Error::Missing("DiskContainer".into()).into(),
                _ => Error::Unsupported("more than one disk".into()),
            });
        };
        let (from, url, format) = place(disk)?;
        let platform = match p.opt("Platform").filter(|text| !text.is_empty()) {
            None => None,
            Some(platform @ ("Linux" | "Windows")) => Some(platform.to_owned()),
            Some(other) => return Err(p.invalid("Platform", other, "Expecting Linux or Windows.").into()),
        };
        let architecture = match p.opt("Architecture").filter(|text| !text.is_empty()) {
            None => "x86_64",
            Some(architecture @ ("i386" | "x86_64" | "arm64")) => architecture,
            Some(other) => return Err(p.invalid("Architecture", other, "Expecting i386, x86_64 or arm64.").into()),
        };
        let wanted = Wanted::ImportImage {
            from,
            bytes: 0,
            url,
            format,
            description: p.opt("Description").unwrap_or_default().to_owned(),
            disk_description: disk.opt("Description").unwrap_or_default().to_owned(),
            architecture: architecture.to_owned(),
            platform,
        };
        let tags = tagging::of(&specifications, "import-image-task");
        Ok(ImportImage { wanted, tags, token: Token::read(p, Self::NAME)? })
    }

    async fn run(mut self, cx: &Cx) -> Result<ImportItem, Error> {
        if let Wanted::ImportImage { from, bytes, .. } = &mut self.wanted {
            let (images, account, from) = (cx.cloud.images.clone(), cx.caller.account.clone(), from.clone());
            *bytes = super::create_store_image_task::blocking(move || images.check_object(&account, &from)).await?;
        }
        answer_begun(cx, self.token, Kind::ImportImageTask, self.wanted, self.tags, ImportItem::new).await
    }
}

/// Where a disk container is, the URL if it was given as one, and its format.
pub(super) fn place(disk: &Params<'_>) -> Result<(Object, Option<String>, Option<String>), Error> {
    disk.opt("DeviceName");
    if disk.opt("SnapshotId").is_some_and(|id| !id.is_empty()) {
        return Err(Error::Unsupported("images of snapshots by ImportImage".into()));
    }
    let format = match disk.opt("Format").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) if ["VMDK", "VHD", "VHDX", "RAW", "QCOW2", "VDI"].iter().any(|f| f.eq_ignore_ascii_case(text)) => {
            Some(text.to_ascii_uppercase())
        }
        Some(text) if text.eq_ignore_ascii_case("OVA") => return Err(Error::Unsupported("OVA files".into())),
        Some(other) => return Err(disk.invalid("Format", other, "Expecting VMDK, VHD, VHDX or RAW.").into()),
    };
    if let Some(bucket) = disk.nested("UserBucket") {
        let from = Object { bucket: bucket.req("S3Bucket")?.to_owned(), key: bucket.req("S3Key")?.to_owned() };
        return Ok((from, None, format));
    }
    let url = disk.req("Url")?;
    let (bucket, key) = url
        .strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        .ok_or_else(|| Error::Unsupported("a Url that is not s3://bucket/key".into()))?;
    Ok((Object { bucket: bucket.to_owned(), key: key.to_owned() }, Some(url.to_owned()), format))
}
