//! VPCs and subnets: what each is, and what can be changed of it.

use super::Error;
use super::cidr::{self, Cidr};
use crate::db::network::{self as rows, SubnetRow, VpcRow};
use crate::db::{self, Conn};
use crate::id::Kind;
use serde::{Deserialize, Serialize};

/// A VPC.
#[derive(Debug, Clone)]
pub struct Vpc {
    pub id: String,
    pub account: String,
    pub region: String,
    pub cidr: Cidr,
    pub is_default: bool,
    pub attributes: VpcAttributes,
}

/// What can be changed of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcAttributes {
    /// `default` or `dedicated`
    pub tenancy: String,
    /// `dopt-…`, or `default` for none.
    pub dhcp_options: String,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    pub usage_metrics: bool,
    /// Ranges beside the one that it was made with.
    #[serde(default)]
    pub blocks: Vec<CidrBlock>,
}

/// A range that a VPC got later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CidrBlock {
    /// `vpc-cidr-assoc-…`
    pub id: String,
    pub cidr: String,
}

/// What can be changed of a subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubnetAttributes {
    pub map_public_ip: bool,
    pub resource_name_hosts: bool,
    pub a_record: bool,
}

/// AWS's bounds of a VPC's and a subnet's prefix.
const PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;

impl TryFrom<VpcRow> for Vpc {
    type Error = Error;

    fn try_from(row: VpcRow) -> Result<Vpc, Error> {
        let attributes = vpc_attributes(&row.id, &row.attributes)?;
        Ok(Vpc {
            cidr: row.cidr.parse().map_err(db::Error::Damaged)?,
            id: row.id,
            account: row.account,
            region: row.region,
            is_default: row.is_default,
            attributes,
        })
    }
}

/// The attributes of a VPC that are kept as `json`.
pub(super) fn vpc_attributes(vpc: &str, json: &str) -> Result<VpcAttributes, Error> {
    Ok(serde_json::from_str(json).map_err(|e| db::Error::Damaged(format!("{vpc}: {e}")))?)
}

impl VpcAttributes {
    /// The ranges that the VPC got later.
    pub(super) fn later_ranges(&self) -> impl Iterator<Item = Cidr> + '_ {
        self.blocks.iter().filter_map(|block| block.cidr.parse().ok())
    }
}

impl Vpc {
    /// All its ranges, the first one first.
    pub fn ranges(&self) -> impl Iterator<Item = Cidr> + '_ {
        std::iter::once(self.cidr).chain(self.attributes.later_ranges())
    }
}

/// A range in its canonical form, if it may be a VPC's.
pub(super) fn vpc_range(text: &str) -> Option<Cidr> {
    cidr::canonical_v4(text)?.parse().ok().filter(|cidr: &Cidr| PREFIXES.contains(&cidr.prefix()))
}

/// The account's VPC of that id.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Vpc, Error> {
    let row = rows::vpc(c, id)?.filter(|v| v.account == account && v.region == region);
    row.ok_or_else(|| Error::NoSuch(Kind::Vpc, id.to_owned()))?.try_into()
}

/// The account's default VPC in the region.
pub fn need_default(c: &Conn, account: &str, region: &str) -> Result<Vpc, Error> {
    rows::default_vpc(c, account, region)?.ok_or(Error::NoDefaultVpc)?.try_into()
}

/// All VPCs of an account in a region.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<Vpc>, Error> {
    rows::vpcs_of(c, account, region)?.into_iter().map(Vpc::try_from).collect()
}

/// Keep a VPC's changed attributes.
pub fn update(c: &Conn, vpc: &Vpc) -> Result<(), Error> {
    let json = serde_json::to_string(&vpc.attributes).expect("plain data becomes JSON");
    Ok(rows::set_vpc_attributes(c, &vpc.id, &json)?)
}

/// The account's subnet of that id, as a row.
pub fn need_subnet(c: &Conn, account: &str, region: &str, id: &str) -> Result<SubnetRow, Error> {
    let row = rows::subnet(c, id)?.filter(|s| s.account == account && s.region == region);
    row.ok_or_else(|| Error::NoSubnet(id.to_owned()))
}

/// The attributes of a subnet's row.
pub fn attributes_of(row: &SubnetRow) -> Result<SubnetAttributes, Error> {
    Ok(serde_json::from_str(&row.attributes).map_err(|e| db::Error::Damaged(format!("{}: {e}", row.id)))?)
}

/// Keep a subnet's changed attributes.
pub fn update_subnet(c: &Conn, id: &str, attributes: &SubnetAttributes) -> Result<(), Error> {
    let json = serde_json::to_string(attributes).expect("plain data becomes JSON");
    Ok(rows::set_subnet_attributes(c, id, &json)?)
}
