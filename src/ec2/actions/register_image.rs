//! Register a bundle that lies in a bucket. The answer is the image's id; fetching and checking goes on behind it.

use crate::db;
use crate::db::tags::{Resource, Tag};
use crate::ec2::images::IMDS_V2;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::images::{Mapping, RegisterRequest};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct RegisterImage {
    location: String,
    name: Option<String>,
    description: Option<String>,
    architecture: Option<String>,
    kernel_id: Option<String>,
    ramdisk_id: Option<String>,
    root_device_name: Option<String>,
    mappings: Option<Vec<Mapping>>,
    imds_v2: bool,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_id: String,
}

impl Action for RegisterImage {
    const NAME: &'static str = "RegisterImage";
    /// Guests have the devices that the hypervisor gives, whatever an image declares about itself.
    const IGNORED: &'static [&'static str] =
        &["EnaSupport", "SriovNetSupport", "VirtualizationType", "BootMode", "BillingProduct"];
    const REFUSED: &'static [&'static str] = &["TpmSupport", "UefiData"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let mut mappings = Vec::new();
        for mapping in p.structs("BlockDeviceMapping") {
            if mapping.nested("Ebs").is_some() {
                return Err(Error::Unsupported("Images from snapshots".into()));
            }
            if let Some(virtual_name) = mapping.opt("VirtualName") {
                mappings.push(Mapping { virtual_name: virtual_name.into(), device: mapping.req("DeviceName")?.into() });
            }
        }
        let name = owned("Name");
        // As nova had it: a lone name is the location.
        let location = owned("ImageLocation").or_else(|| name.clone());
        Ok(RegisterImage {
            location: location.ok_or_else(|| query::Error::Missing("ImageLocation".into()))?,
            name,
            description: owned("Description"),
            architecture: owned("Architecture"),
            kernel_id: p.opt_id("KernelId", Kind::KernelImage)?.map(str::to_owned),
            ramdisk_id: p.opt_id("RamdiskId", Kind::RamdiskImage)?.map(str::to_owned),
            root_device_name: owned("RootDeviceName"),
            mappings: (!mappings.is_empty()).then_some(mappings),
            imds_v2: match p.opt("ImdsSupport").filter(|text| !text.is_empty()) {
                None => false,
                Some(IMDS_V2) => true,
                Some(other) => return Err(p.invalid("ImdsSupport", other, "Expecting v2.0.").into()),
            },
            tags: tagging::of(&tagging::specifications(p, &["image", "snapshot"])?, "image"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let request = RegisterRequest {
            account: cx.caller.account.clone(),
            region: cx.region.clone(),
            location: self.location,
            name: self.name,
            description: self.description,
            architecture: self.architecture,
            kernel_id: self.kernel_id,
            ramdisk_id: self.ramdisk_id,
            root_device_name: self.root_device_name,
            mappings: self.mappings,
            imds_v2: self.imds_v2,
        };
        let image_id = cx.cloud.images.register(request).await?.id;
        if !self.tags.is_empty() {
            let (account, region, id, tags) =
                (cx.caller.account.clone(), cx.region.clone(), image_id.clone(), self.tags);
            let put = cx.cloud.db.write(move |c| {
                let on = Resource { account: &account, region: &region, id: &id, kind: "image" };
                db::tags::put(c, on, &tags)
            });
            put.await?;
        }
        Ok(Output { image_id })
    }
}
