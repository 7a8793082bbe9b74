//! DHCP options sets: what a VPC tells its guests beside their addresses.

use super::records::{self, Kept, Record};
use super::{Error, private_domain, vpcs};
use crate::db::Conn;
use crate::id::Kind;
use serde::{Deserialize, Serialize};

/// A set of options.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// Option names as AWS has them, with their values.
    pub options: Vec<(String, Vec<String>)>,
    /// The set that the region began with.
    pub is_default: bool,
}

impl Record for DhcpOptions {
    const KIND: Kind = Kind::DhcpOptions;

    fn vpc(&self) -> &str {
        ""
    }
}

/// The set that the account's VPCs in a region begin with; made at the first need.
pub(super) fn of_region(c: &Conn, account: &str, region: &str) -> Result<Kept<DhcpOptions>, Error> {
    if let Some(found) = records::all::<DhcpOptions>(c, account, region)?.into_iter().find(|d| d.it.is_default) {
        return Ok(found);
    }
    let options = vec![
        ("domain-name".to_owned(), vec![private_domain(region)]),
        ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
    ];
    records::insert(c, account, region, DhcpOptions { options, is_default: true })?.ok_or(Error::NoRange)
}

/// Delete a set that no VPC uses.
pub fn delete(c: &Conn, set: &Kept<DhcpOptions>) -> Result<(), Error> {
    let used = vpcs::all(c, &set.account, &set.region)?.iter().any(|v| v.attributes.dhcp_options == set.id);
    if used {
        return Err(Error::DhcpOptionsBusy(set.id.clone()));
    }
    records::delete(c, &set.id)
}
