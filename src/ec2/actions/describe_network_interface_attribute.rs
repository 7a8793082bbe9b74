//! One attribute of a network interface.

use crate::ec2::attribute::{self, Value};
use crate::ec2::groups::GroupItem;
use crate::ec2::interfaces::AttachmentOf;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::interfaces;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeNetworkInterfaceAttribute {
    id: String,
    attribute: String,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_interface_id: String,
    attachment: Option<AttachmentOf>,
    description: Option<Value<String>>,
    group_set: Option<Vec<GroupItem>>,
    source_dest_check: Option<Value<bool>>,
    associate_public_ip_address: Option<bool>,
}

impl Action for DescribeNetworkInterfaceAttribute {
    const NAME: &'static str = "DescribeNetworkInterfaceAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeNetworkInterfaceAttribute {
            id: p.id("NetworkInterfaceId", Kind::NetworkInterface)?.to_owned(),
            attribute: p.req("Attribute")?.to_owned(),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let nic = cx.look(|c, account, region| Ok(interfaces::need(c, account, region, &self.id)?)).await?;
        let mut answer = Output { network_interface_id: self.id, ..Output::default() };
        match self.attribute.as_str() {
            "attachment" => answer.attachment = Some(AttachmentOf(nic)),
            "description" => answer.description = Value::of(nic.details.description.clone()),
            "groupSet" => answer.group_set = Some(nic.groups.iter().map(GroupItem::from).collect()),
            "sourceDestCheck" => answer.source_dest_check = Value::of(nic.details.source_dest_check),
            "associatePublicIpAddress" => answer.associate_public_ip_address = Some(nic.details.public_while_running),
            other => return Err(attribute::unknown(other)),
        }
        Ok(answer)
    }
}
