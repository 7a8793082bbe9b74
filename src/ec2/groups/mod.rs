//! Security groups as requests name them and as answers write them.

mod change;
mod shown;
mod wanted;

pub use change::{Authorization, Authorized, Descriptions, Revocation, Revoked};
pub use shown::{GroupItem, Pair, Permission, RuleItem, peering_statuses, permissions};
pub use wanted::{Wanted, is_plain, wanted_one};

use super::Error;
use crate::db::Conn;
use crate::id::Kind;
use crate::network::groups::{self, Group};
use crate::network::records::{self, Kept};
use crate::network::vpcs;
use crate::wire::query::{self, Params};

/// The group that a request names: by id, or by name in the default VPC.
pub enum Named {
    Id(String),
    Name(String),
}

impl Named {
    pub fn read(p: &Params<'_>) -> Result<Named, Error> {
        let name = p.opt("GroupName").filter(|text| !text.is_empty());
        match (p.opt_id("GroupId", Kind::SecurityGroup)?, name) {
            (Some(id), None) => Ok(Named::Id(id.to_owned())),
            (None, Some(name)) => Ok(Named::Name(name.to_owned())),
            (Some(_), Some(_)) => Err(Error::ParameterCombination(
                "The parameter GroupName cannot be used with the parameter GroupId".into(),
            )),
            (None, None) => Err(query::Error::Missing("GroupId".into()).into()),
        }
    }

    pub fn find(&self, c: &Conn, account: &str, region: &str) -> Result<Kept<Group>, Error> {
        match self {
            Named::Id(id) => Ok(records::need(c, account, region, id)?),
            Named::Name(name) => Ok(groups::named(c, &vpcs::need_default(c, account, region)?.id, name)?),
        }
    }
}
