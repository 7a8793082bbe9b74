//! Dedicated hosts: capacity of one family that an account keeps to itself. How full each is follows from the instances on it.
//!
//! They are kept and counted. The machines of their instances run where all others run, for what carries them all is one real host.
//! Runs inside a caller's transaction.

use super::Compute;
use super::records::{self, Kept, Record};
use super::spec::Spec;
use super::state::Desired;
use super::types::{self, HostSize, InstanceType};
use crate::db::instances::InstanceRow;
use crate::db::quotas::{self, Quota};
use crate::db::{self, Conn};
use crate::{clock, id};
use serde::{Deserialize, Serialize};

/// The tenancy of instances on dedicated hosts.
pub const TENANCY: &str = "host";
/// How long a released host stays visible, in milliseconds: an hour, as instances do.
const REMEMBERED_MS: i64 = 3_600_000;

/// A host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DedicatedHost {
    pub zone: String,
    pub family: String,
    /// The only type that it takes; `None`: every one of the family.
    pub instance_type: Option<String>,
    /// It takes instances that name no host.
    pub auto_placement: bool,
    /// Whether recovery and maintenance are wanted. There is neither.
    pub recovery: bool,
    pub maintenance: bool,
    pub client_token: Option<String>,
    /// Milliseconds since the epoch.
    pub released_at: Option<i64>,
}

impl Record for DedicatedHost {
    const KIND: id::Kind = id::Kind::DedicatedHost;

    fn is_open(&self) -> bool {
        self.released_at.is_none()
    }
}

impl DedicatedHost {
    /// What such a host has. Its family was looked up when it was allocated.
    pub fn size(&self) -> HostSize {
        let of_family = types::of_family(&self.family).find_map(|t| t.family.host);
        of_family.unwrap_or(HostSize { sockets: 0, cores: 0, vcpus: 0, memory_mib: 0 })
    }

    /// The types that it takes, small to large.
    pub fn types(&self) -> impl Iterator<Item = &'static InstanceType> {
        types::of_family(&self.family).filter(|t| self.takes(t))
    }

    fn takes(&self, t: &InstanceType) -> bool {
        self.instance_type.as_ref().map_or(t.family.name == self.family, |only| *only == t.name)
    }
}

/// An instance that has room on a host: it runs, or is to run.
#[derive(Debug, Clone)]
pub struct Occupant {
    pub host: String,
    pub instance: String,
    pub instance_type: String,
    vcpus: i64,
    memory_mib: i64,
}

/// What is free on a host.
#[derive(Debug, Clone, Copy)]
pub struct Free {
    pub vcpus: i64,
    memory_mib: i64,
}

impl Free {
    /// What `host` has left beside its occupants, who may be of several hosts.
    pub fn on(host: &Kept<DedicatedHost>, occupants: &[Occupant]) -> Free {
        let size = host.it.size();
        let here = occupants.iter().filter(|o| o.host == host.id);
        here.fold(Free { vcpus: size.vcpus, memory_mib: size.memory_mib }, |free, o| Free {
            vcpus: free.vcpus - o.vcpus,
            memory_mib: free.memory_mib - o.memory_mib,
        })
    }

    /// How many instances of a type fit.
    pub fn fits(self, t: &InstanceType) -> i64 {
        (self.vcpus / i64::from(t.vcpus)).min(self.memory_mib / t.memory_mib as i64).max(0)
    }
}

/// Why a host is not as it was wanted.
#[derive(Debug, thiserror::Error)]
pub enum DedicatedError {
    #[error(transparent)]
    Db(#[from] db::Error),
    /// `InvalidHostID.NotFound`
    #[error("The host ID '{0}' does not exist")]
    NotFound(String),
    /// `InvalidHostConfiguration`
    #[error("There are no dedicated hosts for '{0}'.")]
    Unsupported(String),
    /// `InvalidHostConfiguration`
    #[error("The dedicated host '{host}' does not take instances of the type '{instance_type}'.")]
    WrongType { host: String, instance_type: String },
    /// `InvalidHostConfiguration`
    #[error("The dedicated host '{host}' is of the family {family}, which cannot be changed.")]
    OtherFamily { host: String, family: String },
    /// `InvalidHostConfiguration`
    #[error("The dedicated host '{host}' holds an instance of the type '{instance_type}'.")]
    Holds { host: String, instance_type: String },
    /// `HostLimitExceeded`
    #[error("You may have {0} dedicated hosts. The operator of this cloud sets it: `novella quota`.")]
    TooMany(i64),
    /// `InvalidParameterValue`
    #[error("The dedicated host '{host}' is in the availability zone {zone}.")]
    OtherZone { host: String, zone: String },
    /// `InsufficientCapacityOnHost`
    #[error("There is not enough capacity on the dedicated host '{0}' to launch or start the instance.")]
    Full(String),
    /// `InsufficientHostCapacity`
    #[error("No dedicated host with auto-placement has room for an instance of the type '{0}'.")]
    NoneFits(String),
    /// `InvalidHost.Occupied`
    #[error("Dedicated host '{0}' cannot be released as it is occupied")]
    Occupied(String),
    /// `InvalidParameterCombination`
    #[error("The affinity 'host' needs a dedicated host; the instance '{0}' is on none.")]
    NoHost(String),
}

/// Allocate `count` hosts like this one.
pub fn allocate(
    c: &Conn,
    account: &str,
    region: &str,
    host: &DedicatedHost,
    count: u32,
) -> Result<Vec<Kept<DedicatedHost>>, DedicatedError> {
    let have = held(c, account, region)?.len() as i64;
    let most = quotas::limit(c, account, Quota::DedicatedHosts)?;
    if have + i64::from(count) > most {
        return Err(DedicatedError::TooMany(most));
    }
    let make = |_| Ok(records::insert(c, id::new(id::Kind::DedicatedHost), account, region, host.clone())?);
    (0..count).map(make).collect()
}

/// Family and type of a host that takes one type, or the whole family.
pub fn kind_of(instance_type: Option<&str>, family: Option<&str>) -> Result<(String, Option<String>), DedicatedError> {
    let unsupported = |name: &str| DedicatedError::Unsupported(name.to_owned());
    if let Some(name) = instance_type {
        let t = types::find(name).filter(|t| t.family.host.is_some()).ok_or_else(|| unsupported(name))?;
        return Ok((t.family.name.clone(), Some(t.name.clone())));
    }
    let name = family.unwrap_or_default();
    let known = types::of_family(name).any(|t| t.family.host.is_some());
    if known { Ok((name.to_owned(), None)) } else { Err(unsupported(name)) }
}

/// The account's host of that id that is not released.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Kept<DedicatedHost>, DedicatedError> {
    let found = records::get::<DedicatedHost>(c, id)?;
    let held = found.filter(|h| h.account == account && h.region == region && h.it.is_open());
    held.ok_or_else(|| DedicatedError::NotFound(id.to_owned()))
}

/// What is to be different; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct HostEdit {
    pub auto_placement: Option<bool>,
    pub recovery: Option<bool>,
    pub maintenance: Option<bool>,
    /// The only type that it is to take, of its family.
    pub instance_type: Option<String>,
    /// Its family, of which it is to take every type.
    pub family: Option<String>,
}

/// Change a host.
pub fn modify(c: &Conn, account: &str, region: &str, id: &str, edit: &HostEdit) -> Result<(), DedicatedError> {
    let mut host = need(c, account, region, id)?;
    let it = &mut host.it;
    if edit.instance_type.is_some() || edit.family.is_some() {
        let (family, instance_type) = kind_of(edit.instance_type.as_deref(), edit.family.as_deref())?;
        if family != it.family {
            return Err(DedicatedError::OtherFamily { host: host.id, family: host.it.family });
        }
        it.instance_type = instance_type;
        for there in occupants(c, account, region)?.into_iter().filter(|o| o.host == host.id) {
            if !types::find(&there.instance_type).is_some_and(|t| host.it.takes(t)) {
                return Err(DedicatedError::Holds { host: host.id, instance_type: there.instance_type });
            }
        }
    }
    let it = &mut host.it;
    it.auto_placement = edit.auto_placement.unwrap_or(it.auto_placement);
    it.recovery = edit.recovery.unwrap_or(it.recovery);
    it.maintenance = edit.maintenance.unwrap_or(it.maintenance);
    Ok(records::update(c, &host)?)
}

/// Give a host back on which nothing runs.
pub fn release(c: &Conn, account: &str, region: &str, id: &str) -> Result<(), DedicatedError> {
    let mut host = need(c, account, region, id)?;
    if occupants(c, account, region)?.iter().any(|o| o.host == host.id) {
        return Err(DedicatedError::Occupied(host.id));
    }
    host.it.released_at = Some(clock::now_ms());
    Ok(records::update(c, &host)?)
}

/// The account's hosts in a region that are not released.
fn held(c: &Conn, account: &str, region: &str) -> Result<Vec<Kept<DedicatedHost>>, db::Error> {
    let mut all = records::all::<DedicatedHost>(c, account, region)?;
    all.retain(|host| host.it.is_open());
    Ok(all)
}

/// Who has room on the account's hosts.
pub fn occupants(c: &Conn, account: &str, region: &str) -> Result<Vec<Occupant>, db::Error> {
    let mut all = Vec::new();
    for row in db::instances::of_account(c, account, region)? {
        if row.desired != Desired::Running.text() {
            continue;
        }
        if let Some(host) = Spec::parse(&row.spec)?.options.host {
            let (vcpus, memory_mib) = (row.vcpus, row.memory_mib);
            all.push(Occupant { host, instance: row.id, instance_type: row.instance_type, vcpus, memory_mib });
        }
    }
    Ok(all)
}

/// Who asks for room.
pub(super) struct Asker<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub zone: &'a str,
    pub instance_type: &'a str,
}

impl<'a> Asker<'a> {
    fn of(row: &'a InstanceRow) -> Asker<'a> {
        Asker { account: &row.account, region: &row.region, zone: &row.zone, instance_type: &row.instance_type }
    }

    /// A host with room for one instance more: this one, or any with auto-placement.
    pub fn find(&self, c: &Conn, wanted: Option<&str>) -> Result<String, DedicatedError> {
        let unsupported = || DedicatedError::Unsupported(self.instance_type.to_owned());
        let size = types::find(self.instance_type).ok_or_else(unsupported)?;
        let occupants = occupants(c, self.account, self.region)?;
        let has_room = |host: &Kept<DedicatedHost>| Free::on(host, &occupants).fits(size) > 0;
        let Some(id) = wanted else {
            let here = |h: &Kept<DedicatedHost>| h.it.auto_placement && h.it.zone == self.zone && h.it.takes(size);
            let found = held(c, self.account, self.region)?.into_iter().find(|h| here(h) && has_room(h));
            return found.map(|h| h.id).ok_or_else(|| DedicatedError::NoneFits(self.instance_type.to_owned()));
        };
        let host = self.check(c, id)?;
        if has_room(&host) { Ok(host.id) } else { Err(DedicatedError::Full(host.id)) }
    }

    /// The host, if it takes such instances at all.
    fn check(&self, c: &Conn, id: &str) -> Result<Kept<DedicatedHost>, DedicatedError> {
        let host = need(c, self.account, self.region, id)?;
        if host.it.zone != self.zone {
            return Err(DedicatedError::OtherZone { host: host.id, zone: host.it.zone });
        }
        match types::find(self.instance_type).is_some_and(|t| host.it.takes(t)) {
            true => Ok(host),
            false => Err(DedicatedError::WrongType { host: host.id, instance_type: self.instance_type.to_owned() }),
        }
    }
}

/// A stopped instance is to run again: find it room on its host, or, without affinity, on another.
pub(super) fn enter_again(c: &Conn, row: &mut InstanceRow) -> Result<(), DedicatedError> {
    let mut spec = Spec::parse(&row.spec)?;
    if spec.options.tenancy != TENANCY {
        return Ok(());
    }
    let asker = Asker::of(row);
    let host = match asker.find(c, spec.options.host.as_deref()) {
        Err(DedicatedError::Full(_) | DedicatedError::NotFound(_)) if !spec.options.host_affinity => {
            asker.find(c, None)?
        }
        found => found?,
    };
    spec.options.host = Some(host);
    row.spec = spec.to_json();
    Ok(())
}

/// Check the host that a stopped instance is moved to.
pub(super) fn may_move(c: &Conn, row: &InstanceRow, id: &str) -> Result<(), DedicatedError> {
    Asker::of(row).check(c, id).map(drop)
}

impl Compute {
    /// Forget hosts that were released long ago.
    pub(super) fn sweep_dedicated(&self) -> Result<(), db::Error> {
        let limit = clock::now_ms() - REMEMBERED_MS;
        self.db.write_blocking(move |c| records::forget_done::<DedicatedHost>(c, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(family: &str, instance_type: Option<&str>) -> Kept<DedicatedHost> {
        let it = DedicatedHost {
            zone: "r1a".into(),
            family: family.into(),
            instance_type: instance_type.map(str::to_owned),
            auto_placement: true,
            recovery: false,
            maintenance: true,
            client_token: None,
            released_at: None,
        };
        Kept { id: "h-1".into(), account: String::new(), region: String::new(), created_at: 0, it }
    }

    #[test]
    fn hosts_hold_what_awss_hold() {
        let occupant = |t: &str, n: usize| {
            let t = types::find(t).unwrap();
            let one = Occupant {
                host: "h-1".into(),
                instance: "i-1".into(),
                instance_type: t.name.clone(),
                vcpus: t.vcpus.into(),
                memory_mib: t.memory_mib as i64,
            };
            vec![one; n]
        };
        for (family, there, t, fits) in [
            ("m5", vec![], "m5.large", 48),
            ("m5", vec![], "m5.24xlarge", 1),
            ("m5", occupant("m5.large", 1), "m5.24xlarge", 0),
            ("m5", occupant("m5.12xlarge", 1), "m5.xlarge", 12),
            ("t3", vec![], "t3.nano", 192),
            ("t3", vec![], "t3.large", 96),
            ("t3", vec![], "t3.2xlarge", 24),
        ] {
            assert_eq!(Free::on(&host(family, None), &there).fits(types::find(t).unwrap()), fits, "{t}");
        }
    }

    #[test]
    fn a_host_takes_its_type_or_its_family() {
        let takes = |host: &Kept<DedicatedHost>, t| host.it.takes(types::find(t).unwrap());
        assert!(takes(&host("m5", None), "m5.large") && !takes(&host("m5", None), "c5.large"));
        let one = host("m5", Some("m5.large"));
        assert!(takes(&one, "m5.large") && !takes(&one, "m5.xlarge") && one.it.types().count() == 1);
        assert!(kind_of(Some("m1.small"), None).is_err() && kind_of(None, Some("t2")).is_err());
        assert_eq!(kind_of(Some("c5.large"), None).unwrap(), ("c5".into(), Some("c5.large".into())));
    }
}
