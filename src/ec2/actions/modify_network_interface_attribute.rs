//! Give a network interface's attribute a new value, one attribute a call.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::network::{self, groups, interfaces};
use crate::wire::query::{self, Params};

pub struct ModifyNetworkInterfaceAttribute {
    id: String,
    edit: Edit,
}

enum Edit {
    Description(String),
    SourceDestCheck(bool),
    Groups(Vec<String>),
    /// Of the next start on.
    Public(bool),
    Attachment {
        id: String,
        delete_on_termination: bool,
    },
}

impl Action for ModifyNetworkInterfaceAttribute {
    const NAME: &'static str = "ModifyNetworkInterfaceAttribute";
    /// AWS's network cards and IPv6.
    const IGNORED: &'static [&'static str] =
        &["ConnectionTrackingSpecification", "EnablePrimaryIpv6", "EnaSrdSpecification"];
    const REFUSED: &'static [&'static str] = &["AssociatedSubnetId"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned();
        let named = match attribute::new_value(p, &["description", "sourceDestCheck"])? {
            Some(("description", text)) => Some(Edit::Description(text.to_owned())),
            Some((name, text)) => Some(Edit::SourceDestCheck(attribute::flag(p, name, text)?)),
            None => None,
        };
        let groups: Vec<String> =
            p.ids("SecurityGroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect();
        let groups = (!groups.is_empty()).then_some(Edit::Groups(groups));
        let attachment = p.nested("Attachment").map(|a| attachment(&a)).transpose()?;
        let public = p.opt_bool("AssociatePublicIpAddress")?.map(Edit::Public);
        let mut edits = [named, groups, attachment, public].into_iter().flatten();
        match (edits.next(), edits.next()) {
            (Some(edit), None) => Ok(ModifyNetworkInterfaceAttribute { id, edit }),
            (None, _) => Err(Error::ParameterCombination("No attributes specified.".into())),
            (Some(_), Some(_)) => {
                Err(Error::ParameterCombination("Fields for multiple attribute types specified".into()))
            }
        }
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut nic = interfaces::need_own(c, account, region, &self.id)?;
            match self.edit {
                Edit::Description(text) => nic.details_mut().description = text,
                Edit::SourceDestCheck(on) => nic.details_mut().source_dest_check = on,
                Edit::Public(on) => nic.details_mut().public_while_running = on,
                Edit::Groups(ids) => {
                    nic.groups = groups::choose(c, account, region, &nic.subnet.vpc_id, &ids, &[])?.into()
                }
                Edit::Attachment { id, .. } if nic.instance_id.is_none() || id != nic.attachment_id() => {
                    return Err(Error::no_such(Kind::Attachment, id));
                }
                Edit::Attachment { delete_on_termination, .. } => {
                    nic.details_mut().delete_on_termination = delete_on_termination;
                }
            }
            network::update_nic(c, &nic)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}

fn attachment(p: &Params<'_>) -> Result<Edit, Error> {
    for name in ["DefaultEnaQueueCount", "EnaQueueCount"] {
        p.opt(name);
    }
    let delete = p.opt_bool("DeleteOnTermination")?;
    Ok(Edit::Attachment {
        id: p.id("AttachmentId", Kind::Attachment)?.to_owned(),
        delete_on_termination: delete.ok_or_else(|| query::Error::Missing("attachment.deleteOnTermination".into()))?,
    })
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn what_is_modified_is_described_and_can_be_reset() {
        let bench = Bench::new();
        let subnets = bench.call("Action=DescribeSubnets").await;
        let made =
            bench.call(&format!("Action=CreateNetworkInterface&SubnetId={}", subnets.get("subnetId").unwrap())).await;
        let id = made.get("networkInterfaceId").unwrap();
        let group = bench.call("Action=CreateSecurityGroup&GroupName=g&GroupDescription=d").await;
        let group = group.get("groupId").unwrap();
        let modify = |form: &str| format!("Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId={id}&{form}");
        let describe =
            |name: &str| format!("Action=DescribeNetworkInterfaceAttribute&NetworkInterfaceId={id}&Attribute={name}");
        for (form, name, element, value) in [
            ("Description.Value=better", "description", "value", "better"),
            ("SourceDestCheck.Value=false", "sourceDestCheck", "value", "false"),
            (&format!("SecurityGroupId.1={group}"), "groupSet", "groupId", group),
            ("AssociatePublicIpAddress=true", "associatePublicIpAddress", "associatePublicIpAddress", "true"),
        ] {
            let done = bench.call(&modify(form)).await;
            assert_eq!(done.get("return"), Some("true"), "{form}: {}", done.xml);
            let seen = bench.call(&describe(name)).await;
            assert_eq!((seen.get(element), seen.get("networkInterfaceId")), (Some(value), Some(id)), "{form}");
        }
        let busy = bench.call(&format!("Action=DeleteSecurityGroup&GroupId={group}")).await;
        assert_eq!(busy.code(), "DependencyViolation");
        let reset = "Action=ResetNetworkInterfaceAttribute&SourceDestCheck=true";
        assert_eq!(bench.call(&format!("{reset}&NetworkInterfaceId={id}")).await.get("return"), Some("true"));
        assert_eq!(bench.call(&describe("sourceDestCheck")).await.get("value"), Some("true"));
        for (form, code) in [
            ("", "InvalidParameterCombination"),
            ("Description.Value=a&SourceDestCheck.Value=true", "InvalidParameterCombination"),
            ("SourceDestCheck.Value=maybe", "InvalidParameterValue"),
            ("SecurityGroupId.1=sg-12345678", "InvalidGroup.NotFound"),
            (
                "Attachment.AttachmentId=eni-attach-12345678&Attachment.DeleteOnTermination=true",
                "InvalidAttachmentID.NotFound",
            ),
            ("AssociatePublicIpAddress=maybe", "InvalidParameterValue"),
        ] {
            assert_eq!(bench.call(&modify(form)).await.code(), code, "{form}");
        }
        assert_eq!(bench.call(&describe("colour")).await.code(), "InvalidParameterValue");
    }
}
