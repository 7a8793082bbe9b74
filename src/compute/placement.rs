//! Placement groups: which instances are to be near each other, or apart. They are kept and shown; with one host there is
//! nothing to choose. Runs inside a caller's transaction.

use super::options::InGroup;
use super::spec::{Spec, both};
use super::state::Desired;
use super::types;
use crate::db::placement_groups::{self as rows, PlacementGroupRow};
use crate::db::{self, Conn};
use crate::{clock, id};
use serde::{Deserialize, Serialize};

/// How a request names a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Name {
    Id(String),
    Name(String),
}

/// A group that an instance is to be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub group: Name,
    pub partition: Option<u32>,
}

/// Why a group is not as it was wanted.
#[derive(Debug, thiserror::Error)]
pub enum PlacementError {
    #[error(transparent)]
    Db(#[from] db::Error),
    /// `InvalidPlacementGroup.Unknown`
    #[error("The Placement Group '{0}' is unknown.")]
    Unknown(String),
    /// `InvalidPlacementGroup.Duplicate`
    #[error("The Placement Group '{0}' already exists.")]
    Exists(String),
    /// `InvalidPlacementGroup.InUse`
    #[error("The placement group '{0}' is in use and may not be deleted.")]
    InUse(String),
    /// `InvalidParameterCombination`
    #[error(
        "The strategy {strategy} is not supported by the '{instance_type}' instance type. Specify a supported instance type or \
         change the placement group strategy, and try again."
    )]
    WrongType { strategy: String, instance_type: String },
    /// `InvalidParameterValue`
    #[error("The placement group '{name}' has no partition {partition}.")]
    NoPartition { name: String, partition: u32 },
}

/// Make a group.
pub fn create(
    c: &Conn,
    account: &str,
    region: &str,
    name: &str,
    strategy: &str,
    partitions: Option<u32>,
) -> Result<PlacementGroupRow, PlacementError> {
    let group = PlacementGroupRow {
        id: id::new(id::Kind::PlacementGroup),
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        strategy: strategy.to_owned(),
        partitions,
        created_at: clock::now_ms(),
    };
    if rows::insert(c, &group)? { Ok(group) } else { Err(PlacementError::Exists(name.to_owned())) }
}

/// All groups of an account in a region, by name.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<PlacementGroupRow>, PlacementError> {
    Ok(rows::of_account(c, account, region)?)
}

/// The account's group of that name or id.
pub fn need(c: &Conn, account: &str, region: &str, name: &Name) -> Result<PlacementGroupRow, PlacementError> {
    let (Name::Id(text) | Name::Name(text)) = name;
    let is_it = |g: &PlacementGroupRow| match name {
        Name::Id(id) => g.id == *id,
        Name::Name(name) => g.name == *name,
    };
    all(c, account, region)?.into_iter().find(is_it).ok_or_else(|| PlacementError::Unknown(text.clone()))
}

/// Delete a group in which no instance is.
pub fn delete(c: &Conn, group: &PlacementGroupRow) -> Result<(), PlacementError> {
    for row in db::instances::of_account(c, &group.account, &group.region)? {
        let (desired, _) = both(&row)?;
        let inside = Spec::parse(&row.spec)?.options.placement.is_some_and(|p| p.id == group.id);
        if inside && desired != Desired::Terminated {
            return Err(PlacementError::InUse(group.name.clone()));
        }
    }
    rows::delete(c, &group.id)?;
    Ok(db::tags::forget(c, &group.id)?)
}

/// An instance's place in a group, if its type may be there.
pub fn enter(
    c: &Conn,
    account: &str,
    region: &str,
    wish: &Wish,
    instance_type: &str,
) -> Result<InGroup, PlacementError> {
    let group = need(c, account, region, &wish.group)?;
    let may = types::find(instance_type).is_none_or(|t| t.family.placement.contains(&group.strategy));
    if !may {
        let instance_type = instance_type.to_owned();
        return Err(PlacementError::WrongType { strategy: group.strategy, instance_type });
    }
    match wish.partition.filter(|n| !(1..=group.partitions.unwrap_or(0)).contains(n)) {
        Some(partition) => Err(PlacementError::NoPartition { name: group.name, partition }),
        None => {
            // Of a partition group, everybody is in some partition.
            let partition = wish.partition.or(group.partitions.map(|_| 1));
            Ok(InGroup { id: group.id, name: group.name, partition })
        }
    }
}
