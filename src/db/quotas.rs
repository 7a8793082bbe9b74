//! Quotas: how much an account may have, each with AWS's default, or what the operator says for every account or for one.
//!
//! Rooms ask inside of the transaction that makes the thing.

use super::{Conn, Error};
use rusqlite::OptionalExtension;

/// What is limited. All but the rules, the subnets and the groups of an interface count in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    Instances,
    Vcpus,
    ElasticAddresses,
    Vpcs,
    SubnetsPerVpc,
    SecurityGroups,
    RulesPerSecurityGroup,
    SecurityGroupsPerInterface,
    KeyPairs,
    DedicatedHosts,
    VolumeStorage,
    Snapshots,
}

/// One quota as the operator sees it.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub quota: Quota,
    /// The name under which it is set.
    pub name: &'static str,
    pub default: i64,
    pub about: &'static str,
}

/// All of them. What machines carry is the real limit of instances, so these two are out of the way.
pub const ALL: &[Line] = &[
    line(Quota::Instances, "instances", 10_000, "instances that are not terminated"),
    line(Quota::Vcpus, "vcpus", 100_000, "vCPUs of instances that run or are to run"),
    line(Quota::ElasticAddresses, "elastic-ips", 5, "Elastic IP addresses"),
    line(Quota::Vpcs, "vpcs", 100, "VPCs"),
    line(Quota::SubnetsPerVpc, "subnets-per-vpc", 200, "subnets of a VPC"),
    line(Quota::SecurityGroups, "security-groups", 2500, "security groups"),
    line(Quota::RulesPerSecurityGroup, "rules-per-security-group", 60, "rules of a security group in one direction"),
    line(Quota::SecurityGroupsPerInterface, "security-groups-per-interface", 5, "security groups of an interface"),
    line(Quota::KeyPairs, "key-pairs", 5000, "key pairs"),
    line(Quota::DedicatedHosts, "dedicated-hosts", 50, "dedicated hosts"),
    line(Quota::VolumeStorage, "volume-storage", 51_200, "GiB of volumes, all types together"),
    line(Quota::Snapshots, "snapshots", 100_000, "snapshots"),
];

const fn line(quota: Quota, name: &'static str, default: i64, about: &'static str) -> Line {
    Line { quota, name, default, about }
}

impl Quota {
    fn line(self) -> Line {
        ALL.iter().find(|line| line.quota == self).copied().expect("a unit test looks each one up")
    }
}

/// How much of it an account may have.
pub fn limit(c: &Conn, account: &str, quota: Quota) -> Result<i64, Error> {
    let line = quota.line();
    // The account's own row comes before that of every account.
    let set: Option<i64> = c
        .prepare_cached(
            "SELECT value FROM quotas WHERE name = ?1 AND account IN (?2, '') ORDER BY account DESC LIMIT 1",
        )?
        .query_row((line.name, account), |r| r.get(0))
        .optional()?;
    Ok(set.unwrap_or(line.default))
}

/// Whether an account that has `have` may get one more.
pub fn allows(c: &Conn, account: &str, quota: Quota, have: usize) -> Result<bool, Error> {
    Ok((have as i64) < limit(c, account, quota)?)
}

/// Set a quota for an account, or for every one (`None`); without a value, as it was by default.
pub fn set(c: &Conn, account: Option<&str>, name: &str, value: Option<i64>) -> Result<(), Error> {
    let account = account.unwrap_or_default();
    c.prepare_cached("DELETE FROM quotas WHERE account = ?1 AND name = ?2")?.execute((account, name))?;
    if let Some(value) = value {
        c.prepare_cached("INSERT INTO quotas (account, name, value) VALUES (?1, ?2, ?3)")?
            .execute((account, name, value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[test]
    fn an_accounts_own_quota_comes_before_everybodys_and_that_before_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("db")).unwrap();
        db.write_blocking(|c| {
            for line in ALL {
                assert_eq!(limit(c, "1", line.quota)?, line.default, "{}", line.name);
            }
            set(c, None, "vpcs", Some(7))?;
            set(c, Some("1"), "vpcs", Some(1))?;
            assert_eq!((limit(c, "1", Quota::Vpcs)?, limit(c, "2", Quota::Vpcs)?), (1, 7));
            assert!(allows(c, "1", Quota::Vpcs, 0)? && !allows(c, "1", Quota::Vpcs, 1)?);
            set(c, Some("1"), "vpcs", None)?;
            assert_eq!(limit(c, "1", Quota::Vpcs)?, 7);
            Ok::<_, Error>(())
        })
        .unwrap();
    }
}
