//! The caller's network ACLs.

use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values, flag};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::acls::{AclEntry, NetworkAcl};
use crate::network::records::Kept;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeNetworkAcls(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_acl_set: Vec<Item>,
    next_token: Option<String>,
}

/// One ACL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    network_acl_id: String,
    vpc_id: String,
    owner_id: String,
    default: bool,
    entry_set: Vec<EntryItem>,
    association_set: Vec<AssociationItem>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryItem {
    rule_number: u32,
    protocol: String,
    rule_action: &'static str,
    egress: bool,
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    port_range: Option<PortRange>,
    icmp_type_code: Option<IcmpTypeCode>,
}

#[derive(Serialize)]
struct PortRange {
    from: i32,
    to: i32,
}

#[derive(Serialize)]
struct IcmpTypeCode {
    #[serde(rename = "type")]
    kind: i32,
    code: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationItem {
    network_acl_association_id: String,
    network_acl_id: String,
    subnet_id: String,
}

impl From<AclEntry> for EntryItem {
    fn from(e: AclEntry) -> EntryItem {
        let (v6, v4): (Option<String>, Option<String>) =
            if e.cidr.contains(':') { (Some(e.cidr), None) } else { (None, Some(e.cidr)) };
        EntryItem {
            rule_number: e.number,
            protocol: e.protocol,
            rule_action: if e.allow { "allow" } else { "deny" },
            egress: e.egress,
            cidr_block: v4,
            ipv6_cidr_block: v6,
            port_range: e.ports.map(|(from, to)| PortRange { from, to }),
            icmp_type_code: e.icmp.map(|(kind, code)| IcmpTypeCode { kind, code }),
        }
    }
}

impl Item {
    /// An ACL with its tags.
    pub(super) fn new(acl: Kept<NetworkAcl>, tags: Vec<Tag>) -> Item {
        let id = acl.id.clone();
        let association = |a: crate::network::routes::Association| AssociationItem {
            network_acl_association_id: a.id,
            network_acl_id: id.clone(),
            subnet_id: a.subnet,
        };
        Item {
            vpc_id: acl.it.vpc,
            owner_id: acl.account,
            default: acl.it.is_default,
            entry_set: acl.it.entries.into_iter().map(EntryItem::from).collect(),
            association_set: acl.it.associations.into_iter().map(association).collect(),
            tag_set: tags,
            network_acl_id: acl.id,
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("association.association-id", |a| {
            a.association_set.iter().map(|x| x.network_acl_association_id.as_str().into()).collect()
        }),
        ("association.network-acl-id", |a| {
            a.association_set.iter().map(|x| x.network_acl_id.as_str().into()).collect()
        }),
        ("association.subnet-id", |a| a.association_set.iter().map(|x| x.subnet_id.as_str().into()).collect()),
        ("default", |a| flag(a.default)),
        ("entry.cidr", |a| a.entry_set.iter().filter_map(|e| e.cidr_block.as_deref()).map(Into::into).collect()),
        ("entry.egress", |a| a.entry_set.iter().flat_map(|e| flag(e.egress)).collect()),
        ("entry.icmp.code", |a| {
            a.entry_set.iter().flat_map(|e| &e.icmp_type_code).map(|i| i.code.to_string().into()).collect()
        }),
        ("entry.icmp.type", |a| {
            a.entry_set.iter().flat_map(|e| &e.icmp_type_code).map(|i| i.kind.to_string().into()).collect()
        }),
        ("entry.ipv6-cidr", |a| {
            a.entry_set.iter().filter_map(|e| e.ipv6_cidr_block.as_deref()).map(Into::into).collect()
        }),
        ("entry.port-range.from", |a| {
            a.entry_set.iter().flat_map(|e| &e.port_range).map(|r| r.from.to_string().into()).collect()
        }),
        ("entry.port-range.to", |a| {
            a.entry_set.iter().flat_map(|e| &e.port_range).map(|r| r.to.to_string().into()).collect()
        }),
        ("entry.protocol", |a| a.entry_set.iter().map(|e| e.protocol.as_str().into()).collect()),
        ("entry.rule-action", |a| a.entry_set.iter().map(|e| e.rule_action.into()).collect()),
        ("entry.rule-number", |a| a.entry_set.iter().map(|e| e.rule_number.to_string().into()).collect()),
        ("network-acl-id", |a| vec![a.network_acl_id.as_str().into()]),
        ("owner-id", |a| vec![a.owner_id.as_str().into()]),
        ("vpc-id", |a| vec![a.vpc_id.as_str().into()]),
    ];
    const ID: &'static str = "network-acl-id";
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeNetworkAcls {
    const NAME: &'static str = "DescribeNetworkAcls";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeNetworkAcls(Listing::read(p, Kind::NetworkAcl, "NetworkAclId", "networkAclIds")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (network_acl_set, next_token) = self.0.of_records(cx, Item::new).await?;
        Ok(Output { network_acl_set, next_token })
    }
}
