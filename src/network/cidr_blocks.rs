//! Ranges of a VPC beside the one that it was made with: each is a local route in all its tables, and subnets may lie in it.

use super::vpcs::{self, CidrBlock, Vpc};
use super::{Cidr, Error, peerings, routes};
use crate::clock;
use crate::db::network as rows;
use crate::db::{self, Conn};
use crate::id::{self, Kind};

/// AWS's limit of IPv4 ranges of a VPC.
const MOST: usize = 5;
/// Of the private ranges a VPC's all come out of one.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// The id under which a VPC has the range that it was made with.
pub fn primary_id(vpc: &str) -> String {
    vpc.replacen(Kind::Vpc.prefix(), Kind::VpcCidrAssociation.prefix(), 1)
}

/// Give a VPC a further range.
pub fn associate(c: &Conn, vpc: &mut Vpc, cidr: &str) -> Result<CidrBlock, Error> {
    let range = vpcs::vpc_range(cidr).ok_or_else(|| Error::BadVpcRange(cidr.to_owned()))?;
    if vpc.ranges().any(|there| there.overlaps(range)) {
        return Err(Error::BlockConflict { cidr: range, with: vpc.id.clone() });
    }
    if private(vpc.cidr).zip(private(range)).is_some_and(|(had, wanted)| had != wanted) {
        return Err(Error::RestrictedBlock(range));
    }
    if vpc.ranges().count() >= MOST {
        return Err(Error::TooManyBlocks(MOST));
    }
    for peering in peerings::holding(c, &vpc.id, clock::now_ms())? {
        let other = peering.it.other_end(&vpc.id);
        if peering.it.is_active() && peerings::ranges(c, other)?.iter().any(|there| there.overlaps(range)) {
            return Err(Error::BlockConflict { cidr: range, with: other.vpc.clone() });
        }
    }
    let block = CidrBlock { id: id::new(Kind::VpcCidrAssociation), cidr: range.to_string() };
    vpc.attributes.blocks.push(block.clone());
    vpcs::update(c, vpc)?;
    routes::add_local(c, &vpc.id, range)?;
    Ok(block)
}

fn private(range: Cidr) -> Option<&'static str> {
    PRIVATE.into_iter().find(|text| text.parse::<Cidr>().is_ok_and(|all| all.overlaps(range)))
}

/// Take a range that no subnet lies in from the account's VPC that has it; gives both.
pub fn disassociate(c: &Conn, account: &str, region: &str, id: &str) -> Result<(Vpc, CidrBlock), Error> {
    for mut vpc in vpcs::all(c, account, region)? {
        if primary_id(&vpc.id) == id {
            return Err(Error::PrimaryBlock);
        }
        let Some(at) = vpc.attributes.blocks.iter().position(|block| block.id == id) else { continue };
        let block = vpc.attributes.blocks.remove(at);
        let range: Cidr = block.cidr.parse().map_err(db::Error::Damaged)?;
        for subnet in rows::subnets_of(c, &vpc.id)? {
            if range.overlaps(subnet.cidr.parse().map_err(db::Error::Damaged)?) {
                return Err(Error::BlockBusy(id.to_owned()));
            }
        }
        vpcs::update(c, &vpc)?;
        routes::remove_local(c, &vpc.id, range)?;
        return Ok((vpc, block));
    }
    Err(Error::NoSuch(Kind::VpcCidrAssociation, id.to_owned()))
}
