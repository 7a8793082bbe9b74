//! One attribute of an image, for its owner.

use super::describe_images::image_id;
use crate::ec2::attribute::{self, Value};
use crate::ec2::images::{IMDS_V2, MappingItem, SRIOV, launched, mapping, protection};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::{self, Select};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeImageAttribute {
    id: String,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    image_id: String,
    launch_permission: Option<Vec<Permission>>,
    product_codes: Option<Vec<()>>,
    kernel: Option<Value<String>>,
    ramdisk: Option<Value<String>>,
    description: Option<Value<String>>,
    block_device_mapping: Option<Vec<MappingItem>>,
    sriov_net_support: Option<Value<&'static str>>,
    boot_mode: Option<Value<String>>,
    tpm_support: Option<Value<&'static str>>,
    uefi_data: Option<Value<&'static str>>,
    last_launched_time: Option<Value<String>>,
    imds_support: Option<Value<&'static str>>,
    deregistration_protection: Option<Value<&'static str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    group: Option<&'static str>,
    user_id: Option<String>,
}

impl Action for DescribeImageAttribute {
    const NAME: &'static str = "DescribeImageAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let attribute = p.req("Attribute")?.to_owned();
        Ok(DescribeImageAttribute { id: image_id(p.req("ImageId")?)?, attribute })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let select = Select {
            region: Some(cx.region.clone()),
            viewer: Some(cx.caller.account.clone()),
            ids: Some(vec![self.id.clone()]),
            owners: Vec::new(),
        };
        let found = cx.cloud.images.describe(&select)?.into_iter().next();
        let image = found.ok_or_else(|| Error::no_such(Kind::Image, &self.id))?;
        if image.account != cx.caller.account {
            return Err(images::Error::NotOwner(image.id).into());
        }
        let mut out = Output { image_id: self.id, ..Output::default() };
        match self.attribute.as_str() {
            "launchPermission" => {
                let all = image.is_public.then_some(Permission { group: Some("all"), user_id: None });
                let some = image.launch_permissions.into_iter().map(|a| Permission { group: None, user_id: Some(a) });
                out.launch_permission = Some(all.into_iter().chain(some).collect());
            }
            "description" => out.description = Value::of(image.description),
            "productCodes" => out.product_codes = Some(Vec::new()),
            "kernel" => out.kernel = Value::of(image.kernel_id),
            "ramdisk" => out.ramdisk = Value::of(image.ramdisk_id),
            "blockDeviceMapping" => {
                out.block_device_mapping = Some(mapping(image.volumes, image.mappings));
            }
            "sriovNetSupport" => out.sriov_net_support = Value::of(image.details.declared.sriov.then_some(SRIOV)),
            "bootMode" => out.boot_mode = Value::of(image.details.declared.boot_mode),
            "tpmSupport" => out.tpm_support = Value::of(None),
            "uefiData" => out.uefi_data = Value::of(None),
            "lastLaunchedTime" => out.last_launched_time = Value::of(image.last_launched.map(launched)),
            "imdsSupport" => out.imds_support = Value::of(image.details.imds_v2.then_some(IMDS_V2)),
            "deregistrationProtection" => {
                out.deregistration_protection = Value::of(protection(image.details.protection));
            }
            other => return Err(attribute::unknown(other)),
        }
        Ok(out)
    }
}
