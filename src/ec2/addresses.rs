//! Elastic IP addresses as requests name them and as answers write their reverse names.

use super::Error;
use super::interfaces::address;
use crate::db::elastic_addresses::AddressRow;
use crate::id::Kind;
use crate::network::elastic::Name;
use crate::wire::query::Params;
use serde::Serialize;

/// The address that a request names by `AllocationId` or `PublicIp`.
pub fn named(p: &Params<'_>) -> Result<Name, Error> {
    let id = p.opt_id("AllocationId", Kind::ElasticAddress)?.map(|id| Name::Allocation(id.to_owned()));
    one(id, address(p, "PublicIp")?.map(Name::Ip), "AllocationId")
}

/// The address whose association a request names by `AssociationId`, or itself by `PublicIp`.
pub fn associated(p: &Params<'_>) -> Result<Name, Error> {
    let id = p.opt_id("AssociationId", Kind::AddressAssociation)?.map(|id| Name::Association(id.to_owned()));
    one(id, address(p, "PublicIp")?.map(Name::Ip), "AssociationId")
}

fn one(id: Option<Name>, ip: Option<Name>, parameter: &str) -> Result<Name, Error> {
    match (id, ip) {
        (Some(name), None) | (None, Some(name)) => Ok(name),
        (None, None) => Err(Error::MissingEither(format!("Either public IP or {parameter} must be specified"))),
        (Some(_), Some(_)) => Err(Error::ParameterCombination(format!(
            "You may specify public IP or {parameter}, but not both in the same call"
        ))),
    }
}

/// What a reverse lookup of an address is to give.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReverseName {
    pub public_ip: String,
    allocation_id: String,
    ptr_record: Option<String>,
}

impl From<AddressRow> for ReverseName {
    fn from(a: AddressRow) -> ReverseName {
        ReverseName {
            public_ip: a.public_ip.to_string(),
            allocation_id: a.id,
            ptr_record: (!a.domain_name.is_empty()).then_some(a.domain_name),
        }
    }
}
