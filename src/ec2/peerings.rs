//! VPC peering connections as answers write them.

use super::Error;
use super::filter::{Filtered, Values};
use crate::clock;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::network::peerings::{self, Options, Peering, Side};
use crate::network::records::Kept;
use crate::wire::ec2_xml::Time;
use serde::Serialize;
use std::borrow::Cow;

/// One peering.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeeringItem {
    pub vpc_peering_connection_id: String,
    requester_vpc_info: SideItem,
    accepter_vpc_info: SideItem,
    status: Status,
    expiration_time: Option<Time>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SideItem {
    owner_id: String,
    vpc_id: String,
    region: String,
    cidr_block: Option<String>,
    cidr_block_set: Option<Vec<Range>>,
    peering_options: Option<OptionsItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    cidr_block: String,
}

/// What a side lets the other one do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionsItem {
    allow_dns_resolution_from_remote_vpc: bool,
    allow_egress_from_local_classic_link_to_remote_vpc: bool,
    allow_egress_from_local_vpc_to_remote_classic_link: bool,
}

impl From<&Options> for OptionsItem {
    fn from(options: &Options) -> OptionsItem {
        OptionsItem {
            allow_dns_resolution_from_remote_vpc: options.resolves_names,
            allow_egress_from_local_classic_link_to_remote_vpc: false,
            allow_egress_from_local_vpc_to_remote_classic_link: false,
        }
    }
}

#[derive(Serialize)]
struct Status {
    code: &'static str,
    message: String,
}

impl SideItem {
    /// A side; its ranges are told as long as somebody may use them.
    fn new(c: &Conn, side: &Side, with_ranges: bool, active: bool) -> Result<SideItem, Error> {
        let ranges = if with_ranges { peerings::ranges(c, side)? } else { Vec::new() };
        let ranges: Vec<Range> = ranges.into_iter().map(|r| Range { cidr_block: r.to_string() }).collect();
        Ok(SideItem {
            owner_id: side.account.clone(),
            vpc_id: side.vpc.clone(),
            region: side.region.clone(),
            cidr_block: ranges.first().map(|r| r.cidr_block.clone()),
            cidr_block_set: (!ranges.is_empty()).then_some(ranges),
            peering_options: active.then(|| OptionsItem::from(&side.options)),
        })
    }
}

impl PeeringItem {
    /// A peering with the caller's tags.
    pub fn new(c: &Conn, peering: &Kept<Peering>, tags: Vec<Tag>) -> Result<PeeringItem, Error> {
        let (it, now) = (&peering.it, clock::now_ms());
        let (code, message) = it.status(now);
        let (active, open) = (it.is_active(), it.is_open(now));
        Ok(PeeringItem {
            requester_vpc_info: SideItem::new(c, &it.requester, active || open, active)?,
            accepter_vpc_info: SideItem::new(c, &it.accepter, active, active)?,
            status: Status { code, message },
            expiration_time: open.then(|| Time(clock::from_ms(it.expires_at()))),
            tag_set: tags,
            vpc_peering_connection_id: peering.id.clone(),
        })
    }

    /// The same as the call that asks for it answers: nothing was looked at yet.
    pub fn initiating(mut self) -> PeeringItem {
        let message = format!("Initiating Request to {}", self.accepter_vpc_info.owner_id);
        self.status = Status { code: "initiating-request", message };
        self
    }
}

fn ranges(side: &SideItem) -> Vec<Cow<'_, str>> {
    side.cidr_block_set.iter().flatten().map(|r| r.cidr_block.as_str().into()).collect()
}

impl Filtered for PeeringItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("accepter-vpc-info.cidr-block", |p| ranges(&p.accepter_vpc_info)),
        ("accepter-vpc-info.owner-id", |p| vec![p.accepter_vpc_info.owner_id.as_str().into()]),
        ("accepter-vpc-info.vpc-id", |p| vec![p.accepter_vpc_info.vpc_id.as_str().into()]),
        ("expiration-time", |p| p.expiration_time.iter().map(|t| t.to_string().into()).collect()),
        ("requester-vpc-info.cidr-block", |p| ranges(&p.requester_vpc_info)),
        ("requester-vpc-info.owner-id", |p| vec![p.requester_vpc_info.owner_id.as_str().into()]),
        ("requester-vpc-info.vpc-id", |p| vec![p.requester_vpc_info.vpc_id.as_str().into()]),
        ("status-code", |p| vec![p.status.code.into()]),
        ("status-message", |p| vec![p.status.message.as_str().into()]),
        ("vpc-peering-connection-id", |p| vec![p.vpc_peering_connection_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
