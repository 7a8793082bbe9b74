//! One attribute of an instance.

use super::describe_instances::find;
use crate::compute::Spec;
use crate::ec2::attribute::{self, Value};
use crate::ec2::groups::GroupItem;
use crate::ec2::instances::BlockDevice;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceAttribute {
    id: String,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    instance_type: Option<Value<String>>,
    kernel: Option<Value<String>>,
    ramdisk: Option<Value<String>>,
    user_data: Option<Value<String>>,
    disable_api_termination: Option<Value<bool>>,
    disable_api_stop: Option<Value<bool>>,
    instance_initiated_shutdown_behavior: Option<Value<&'static str>>,
    root_device_name: Option<Value<String>>,
    block_device_mapping: Option<Vec<BlockDevice>>,
    product_codes: Option<Vec<()>>,
    source_dest_check: Option<Value<bool>>,
    group_set: Option<Vec<GroupItem>>,
    ebs_optimized: Option<Value<bool>>,
    sriov_net_support: Option<Value<&'static str>>,
    ena_support: Option<Value<bool>>,
    enclave_options: Option<Enclave>,
}

#[derive(Serialize)]
struct Enclave {
    enabled: bool,
}

impl Action for DescribeInstanceAttribute {
    const NAME: &'static str = "DescribeInstanceAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeInstanceAttribute {
            id: p.id("InstanceId", Kind::Instance)?.to_owned(),
            attribute: p.req("Attribute")?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let found = find(cx, std::slice::from_ref(&self.id))?.into_iter().next();
        let instance = found.ok_or_else(|| Error::no_such(Kind::Instance, &self.id))?;
        let groups = instance.groups().iter().map(GroupItem::from).collect();
        let checked = instance.nic().map(|nic| nic.details.source_dest_check);
        let (row, spec) = (instance.row, Spec::clone(&instance.spec));
        let mut out = Output { instance_id: self.id, ..Output::default() };
        match self.attribute.as_str() {
            "instanceType" => out.instance_type = Value::of(row.instance_type),
            "kernel" => out.kernel = Value::of(spec.kernel_id),
            "ramdisk" => out.ramdisk = Value::of(spec.ramdisk_id),
            "userData" => out.user_data = Value::of(spec.user_data),
            "disableApiTermination" => out.disable_api_termination = Value::of(spec.options.disable_api_termination),
            "disableApiStop" => out.disable_api_stop = Value::of(spec.options.disable_api_stop),
            "instanceInitiatedShutdownBehavior" => {
                out.instance_initiated_shutdown_behavior = Value::of(spec.options.shutdown_behavior.text());
            }
            "rootDeviceName" => out.root_device_name = Value::of(spec.root_device_name),
            "blockDeviceMapping" => {
                out.block_device_mapping = Some(instance.volumes.iter().map(BlockDevice::from).collect())
            }
            "productCodes" => out.product_codes = Some(Vec::new()),
            "sourceDestCheck" => out.source_dest_check = Value::of(checked),
            "groupSet" => out.group_set = Some(groups),
            "ebsOptimized" => out.ebs_optimized = Value::of(spec.options.ebs_optimized),
            "sriovNetSupport" => out.sriov_net_support = Value::of(None),
            "enaSupport" => out.ena_support = Value::of(true),
            "enclaveOptions" => out.enclave_options = Some(Enclave { enabled: false }),
            other => return Err(attribute::unknown(other)),
        }
        Ok(out)
    }
}
