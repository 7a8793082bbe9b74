//! Give an instance's attribute a new value, one attribute a call. Type, user data and EBS optimization take a stopped instance.

use crate::compute::{Edit, ShutdownBehavior};
use crate::ec2::launch::user_data;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct ModifyInstanceAttribute {
    id: String,
    change: Change,
}

enum Change {
    Edit(Edit),
    /// Devices, and whether their volumes go with the instance.
    DeleteOnTermination(Vec<(String, bool)>),
    /// It is so already.
    None,
}

/// The attributes that can be changed, as AWS spells them.
const ATTRIBUTES: &[&str] = &[
    "instanceType",
    "userData",
    "ebsOptimized",
    "disableApiTermination",
    "disableApiStop",
    "instanceInitiatedShutdownBehavior",
    "sourceDestCheck",
    "kernel",
    "ramdisk",
    "enaSupport",
    "sriovNetSupport",
];

impl Action for ModifyInstanceAttribute {
    const NAME: &'static str = "ModifyInstanceAttribute";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("InstanceId", Kind::Instance)?.to_owned();
        let named = attribute::new_value(p, ATTRIBUTES)?;
        let groups: Vec<String> = p.ids("GroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect();
        if !groups.is_empty() {
            if named.is_some() {
                return Err(Error::ParameterCombination("Fields for multiple attribute types specified".into()));
            }
            p.opt("Attribute");
            return Ok(ModifyInstanceAttribute { id, change: Change::Edit(Edit::Groups(groups)) });
        }
        let devices = devices(p)?;
        if !devices.is_empty() {
            if named.is_some() {
                return Err(Error::ParameterCombination("Fields for multiple attribute types specified".into()));
            }
            p.opt("Attribute");
            return Ok(ModifyInstanceAttribute { id, change: Change::DeleteOnTermination(devices) });
        }
        let Some((name, value)) = named else {
            return Err(match p.opt("Attribute").filter(|text| !text.is_empty()) {
                Some(other) => attribute::unknown(other),
                None => Error::ParameterCombination("No attributes specified".into()),
            });
        };
        let flag = || attribute::flag(p, name, value);
        let edit = match name {
            "instanceType" => Edit::InstanceType(value.to_owned()),
            "userData" if value.is_empty() => Edit::UserData(None),
            "userData" => Edit::UserData(Some(user_data(value)?)),
            "ebsOptimized" => Edit::EbsOptimized(flag()?),
            "disableApiTermination" => Edit::DisableApiTermination(flag()?),
            "disableApiStop" => Edit::DisableApiStop(flag()?),
            "sourceDestCheck" => Edit::SourceDestCheck(flag()?),
            "instanceInitiatedShutdownBehavior" => {
                let behavior = ShutdownBehavior::parse(value);
                Edit::ShutdownBehavior(behavior.ok_or_else(|| p.invalid(name, value, "Expecting stop or terminate."))?)
            }
            // Every instance has it.
            "enaSupport" if flag()? => return Ok(ModifyInstanceAttribute { id, change: Change::None }),
            other => return Err(Error::Unsupported(format!("changing {other}"))),
        };
        Ok(ModifyInstanceAttribute { id, change: Change::Edit(edit) })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let (compute, account, region) = (&cx.cloud.compute, &cx.caller.account, &cx.region);
        match self.change {
            Change::Edit(edit) => drop(compute.edit(account, region, vec![self.id], edit).await?),
            Change::DeleteOnTermination(devices) => {
                compute.set_delete_on_termination(account, region, self.id, devices).await?;
            }
            Change::None => match compute.instance(account, region, &self.id)? {
                Some(_) => {}
                None => return Err(Error::no_such(Kind::Instance, self.id)),
            },
        }
        Ok(Done::YES)
    }
}

/// `BlockDeviceMapping.N`, of which whether the volume goes with the instance can be changed.
fn devices(p: &Params<'_>) -> Result<Vec<(String, bool)>, Error> {
    let mut all = Vec::new();
    for mapping in p.structs("BlockDeviceMapping") {
        if let Some(name) = ["NoDevice", "VirtualName"].iter().find(|name| mapping.opt(name).is_some()) {
            return Err(Error::Unsupported(mapping.name(name)));
        }
        let device = mapping.req("DeviceName")?.to_owned();
        let ebs = mapping.nested("Ebs");
        ebs.as_ref().map(|ebs| ebs.opt_id("VolumeId", Kind::Volume)).transpose()?;
        if let Some(delete) = ebs.map(|ebs| ebs.opt_bool("DeleteOnTermination")).transpose()?.flatten() {
            all.push((device, delete));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";

    #[tokio::test]
    async fn what_is_modified_is_described_and_can_be_reset() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let id = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let modify = |form: &str| format!("Action=ModifyInstanceAttribute&InstanceId={id}&{form}");
        let describe = |name: &str| format!("Action=DescribeInstanceAttribute&InstanceId={id}&Attribute={name}");
        for (form, name, value) in [
            ("DisableApiTermination.Value=true", "disableApiTermination", "true"),
            ("Attribute=disableApiTermination&Value=false", "disableApiTermination", "false"),
            ("DisableApiStop.Value=true", "disableApiStop", "true"),
            ("InstanceInitiatedShutdownBehavior.Value=terminate", "instanceInitiatedShutdownBehavior", "terminate"),
            ("SourceDestCheck.Value=false", "sourceDestCheck", "false"),
            ("EnaSupport.Value=true", "enaSupport", "true"),
        ] {
            let done = bench.call(&modify(form)).await;
            assert_eq!(done.get("return"), Some("true"), "{form}: {}", done.xml);
            assert_eq!(bench.call(&describe(name)).await.get("value"), Some(value), "{form}");
        }
        let reset = format!("Action=ResetInstanceAttribute&InstanceId={id}&Attribute=sourceDestCheck");
        assert_eq!(bench.call(&reset).await.get("return"), Some("true"));
        assert_eq!(bench.call(&describe("sourceDestCheck")).await.get("value"), Some("true"));
        for (form, code) in [
            ("InstanceType.Value=t3.small", "IncorrectInstanceState"),
            ("UserData.Value=aGk=", "IncorrectInstanceState"),
            ("DisableApiStop.Value=true&SourceDestCheck.Value=true", "InvalidParameterCombination"),
            ("DisableApiStop.Value=maybe", "InvalidParameterValue"),
            ("Attribute=colour&Value=red", "InvalidParameterValue"),
            ("", "InvalidParameterCombination"),
        ] {
            assert_eq!(bench.call(&modify(form)).await.code(), code, "{form}");
        }
        assert_eq!(bench.call(&describe("colour")).await.code(), "InvalidParameterValue");
        assert!(bench.call(&describe("userData")).await.xml.contains("<userData/>"));
        let foreign = bench.call_other(&modify("DisableApiStop.Value=true")).await;
        assert_eq!(foreign.code(), "InvalidInstanceID.NotFound");
    }

    #[tokio::test]
    async fn monitoring_and_metadata_options_follow() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let id = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let on = bench.call(&format!("Action=MonitorInstances&InstanceId.1={id}")).await;
        assert_eq!(on.get("state"), Some("pending"), "{}", on.xml);
        let form = "HttpTokens=required&HttpPutResponseHopLimit=3";
        let edited = bench.call(&format!("Action=ModifyInstanceMetadataOptions&InstanceId={id}&{form}")).await;
        assert_eq!((edited.get("state"), edited.get("httpTokens")), (Some("pending"), Some("required")));
        let seen = bench.call("Action=DescribeInstances").await;
        assert_eq!((seen.get("httpPutResponseHopLimit"), seen.get("httpEndpoint")), (Some("3"), Some("enabled")));
        assert!(seen.xml.contains("<monitoring><state>enabled</state></monitoring>"));
        let nothing = bench.call(&format!("Action=ModifyInstanceMetadataOptions&InstanceId={id}")).await;
        assert_eq!(nothing.code(), "InvalidParameterCombination");
    }
}
