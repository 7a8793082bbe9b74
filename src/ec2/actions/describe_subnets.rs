//! The caller's subnets.

use crate::db;
use crate::db::network::SubnetRow;
use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values, flag};
use crate::ec2::instances::DnsOptions;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, zone};
use crate::id::Kind;
use crate::network::{Subnet, vpcs};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSubnets(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    subnet_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    subnet_id: String,
    subnet_arn: String,
    state: &'static str,
    owner_id: String,
    vpc_id: String,
    cidr_block: String,
    ipv6_cidr_block_association_set: Vec<String>,
    available_ip_address_count: i64,
    availability_zone: String,
    availability_zone_id: String,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
    map_customer_owned_ip_on_launch: bool,
    assign_ipv6_address_on_creation: bool,
    enable_dns64: bool,
    ipv6_native: bool,
    private_dns_name_options_on_launch: DnsOptions,
    tag_set: Vec<Tag>,
}

impl Item {
    /// A subnet with its tags; `used` addresses of it are taken.
    pub(super) fn new(row: SubnetRow, used: i64, tags: Vec<Tag>) -> Result<Item, Error> {
        let attributes = vpcs::attributes_of(&row)?;
        let is_default = row.is_default;
        let account = row.account.clone();
        let subnet = Subnet::try_from(row)?;
        let (first, last) = subnet.cidr.usable();
        Ok(Item {
            subnet_arn: resource::arn(&subnet.region, &account, "subnet", &subnet.id),
            state: "available",
            owner_id: account,
            vpc_id: subnet.vpc_id,
            cidr_block: subnet.cidr.to_string(),
            ipv6_cidr_block_association_set: Vec::new(),
            available_ip_address_count: i64::from(u32::from(last)) - i64::from(u32::from(first)) + 1 - used,
            availability_zone_id: zone::id(&subnet.zone),
            availability_zone: subnet.zone,
            default_for_az: is_default,
            map_public_ip_on_launch: attributes.map_public_ip,
            map_customer_owned_ip_on_launch: false,
            assign_ipv6_address_on_creation: false,
            enable_dns64: false,
            ipv6_native: false,
            private_dns_name_options_on_launch: DnsOptions::new(attributes.resource_name_hosts, attributes.a_record),
            tag_set: tags,
            subnet_id: subnet.id,
        })
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("availability-zone", |s| vec![s.availability_zone.as_str().into()]),
        ("availabilityZone", |s| vec![s.availability_zone.as_str().into()]),
        ("availabilityZoneId", |s| vec![s.availability_zone_id.as_str().into()]),
        ("availability-zone-id", |s| vec![s.availability_zone_id.as_str().into()]),
        ("available-ip-address-count", |s| vec![s.available_ip_address_count.to_string().into()]),
        ("cidr-block", |s| vec![s.cidr_block.as_str().into()]),
        ("cidr", |s| vec![s.cidr_block.as_str().into()]),
        ("cidrBlock", |s| vec![s.cidr_block.as_str().into()]),
        ("default-for-az", |s| flag(s.default_for_az)),
        ("defaultForAz", |s| flag(s.default_for_az)),
        ("map-public-ip-on-launch", |s| flag(s.map_public_ip_on_launch)),
        ("owner-id", |s| vec![s.owner_id.as_str().into()]),
        ("state", |s| vec![s.state.into()]),
        ("subnet-arn", |s| vec![s.subnet_arn.as_str().into()]),
        ("subnet-id", |s| vec![s.subnet_id.as_str().into()]),
        ("vpc-id", |s| vec![s.vpc_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeSubnets {
    const NAME: &'static str = "DescribeSubnets";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeSubnets(Listing::read(p, Kind::Subnet, "SubnetId", "subnetSet")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, tags) = cx
            .look(|c, account, region| {
                let rows = db::network::subnets_of_account(c, account, region)?;
                let used = rows.into_iter().map(|row| {
                    let used = db::network::addresses_in_use(c, &row.id)?;
                    Ok((row, used))
                });
                let tags = db::tags::by_resource(c, account, region, "subnet")?;
                Ok((used.collect::<Result<Vec<_>, Error>>()?, tags))
            })
            .await?;
        let item = |(row, used), tags| Item::new(row, used, tags);
        let (subnet_set, next_token) = self.0.answer(all, tags, |(row, _)| &row.id, item)?;
        Ok(Output { subnet_set, next_token })
    }
}
