//! The launch template data that would launch an instance like this one.

use crate::compute::Instance;
use crate::db;
use crate::db::volumes::{AttachmentRow, VolumeRow};
use crate::ec2::registry::Action;
use crate::ec2::templates::Data;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes;
use crate::wire::query::{Params, Tree};
use serde::Serialize;

pub struct GetLaunchTemplateData {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    launch_template_data: Data,
}

impl Action for GetLaunchTemplateData {
    const NAME: &'static str = "GetLaunchTemplateData";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetLaunchTemplateData { id: p.id("InstanceId", Kind::Instance)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let instance = cx.cloud.compute.instance(&cx.caller.account, &cx.region, &self.id)?;
        let instance = instance.ok_or_else(|| Error::no_such(Kind::Instance, &self.id))?;
        let tags = cx.cloud.db.read(|c| db::tags::of(c, &cx.caller.account, &self.id))?;
        let volumes = cx.look(|c, account, region| {
            let need = |a: &AttachmentRow| Ok(volumes::need(c, account, region, &a.volume)?.row);
            instance.volumes.iter().map(need).collect::<Result<Vec<_>, Error>>()
        });
        let volumes = volumes.await?;
        Ok(Output { launch_template_data: Data(data(instance, volumes, tags)) })
    }
}

fn data(instance: Instance, volumes: Vec<VolumeRow>, tags: Vec<db::tags::Tag>) -> Tree {
    let value = |text: &str| Some(Tree::Value(text.to_owned()));
    let flag = |on: bool| value(if on { "true" } else { "false" });
    let able = |on: bool| value(if on { "enabled" } else { "disabled" });
    let Instance { row, spec, nics, volumes: attachments, .. } = instance;
    let (options, metadata) = (&spec.options, &spec.options.metadata);
    let disks = attachments.iter().zip(&volumes).map(|(at, volume)| {
        let number = |n: Option<i64>| n.and_then(|n| value(&n.to_string()));
        let chosen = |n| if ["gp3", "io1", "io2"].contains(&volume.kind.as_str()) { n } else { None };
        let ebs = [
            ("DeleteOnTermination", flag(at.delete_too)),
            ("Encrypted", flag(volume.encrypted)),
            ("KmsKeyId", volume.kms_key.as_deref().and_then(value)),
            ("SnapshotId", volume.snapshot.as_deref().and_then(value)),
            ("VolumeSize", number(Some(volume.gib))),
            ("VolumeType", value(&volume.kind)),
            ("Iops", number(chosen(volume.iops))),
            ("Throughput", number(volume.throughput)),
        ];
        Tree::members([("DeviceName", value(&at.device)), ("Ebs", Some(Tree::members(ebs)))])
    });
    let disks: Vec<Tree> = disks.collect();
    let cards = nics.iter().map(|nic| {
        let groups = nic.groups.iter().filter_map(|g| value(&g.id)).collect();
        Tree::members([
            ("DeviceIndex", value(&nic.device_index.unwrap_or(0).to_string())),
            ("DeleteOnTermination", flag(nic.details.delete_on_termination)),
            ("Description", value(&nic.details.description)),
            ("SecurityGroupId", Some(Tree::List(groups))),
            ("SubnetId", value(&nic.subnet.id)),
        ])
    });
    let tags = tags.iter().filter(|tag| !tag.key.starts_with("aws:"));
    let tags: Vec<Tree> =
        tags.map(|tag| Tree::members([("Key", value(&tag.key)), ("Value", value(&tag.value))])).collect();
    let tags = (!tags.is_empty()).then(|| {
        Tree::List(vec![Tree::members([("ResourceType", value("instance")), ("Tag", Some(Tree::List(tags)))])])
    });
    Tree::members([
        ("ImageId", value(&spec.image_id)),
        ("InstanceType", value(&row.instance_type)),
        ("KernelId", spec.kernel_id.as_deref().and_then(value)),
        ("RamDiskId", spec.ramdisk_id.as_deref().and_then(value)),
        ("KeyName", spec.key.as_ref().and_then(|key| value(&key.name))),
        ("UserData", spec.user_data.as_deref().and_then(value)),
        ("IamInstanceProfile", spec.profile.as_ref().map(|profile| Tree::members([("Arn", value(&profile.arn))]))),
        ("EbsOptimized", flag(options.ebs_optimized)),
        ("DisableApiStop", flag(options.disable_api_stop)),
        ("DisableApiTermination", flag(options.disable_api_termination)),
        ("InstanceInitiatedShutdownBehavior", value(options.shutdown_behavior.text())),
        ("Monitoring", Some(Tree::members([("Enabled", flag(options.monitoring))]))),
        (
            "Placement",
            Some(Tree::members([
                ("AvailabilityZone", value(&row.zone)),
                ("GroupName", options.placement.as_ref().and_then(|p| value(&p.name))),
                ("Tenancy", value(&options.tenancy)),
                ("HostId", options.host.as_deref().and_then(value)),
                (
                    "Affinity",
                    options.host.as_ref().and_then(|_| value(if options.host_affinity { "host" } else { "default" })),
                ),
            ])),
        ),
        (
            "MetadataOptions",
            Some(Tree::members([
                ("HttpEndpoint", able(metadata.enabled)),
                ("HttpTokens", value(if metadata.tokens_required { "required" } else { "optional" })),
                ("HttpPutResponseHopLimit", value(&metadata.hop_limit.to_string())),
                ("InstanceMetadataTags", able(metadata.tags)),
            ])),
        ),
        ("BlockDeviceMapping", (!disks.is_empty()).then_some(Tree::List(disks))),
        ("NetworkInterface", Some(Tree::List(cards.collect()))),
        ("TagSpecification", tags),
    ])
}
