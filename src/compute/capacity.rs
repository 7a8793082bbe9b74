//! On-demand capacity reservations: room on a host that is kept for an account's instances of one type, whether they run or not.
//!
//! What of it is unused counts as promised to nobody else. Which instances are in a reservation follows from the instances: each says
//! the one it was launched or started into. Runs inside a caller's transaction.

use super::options::ReservationWish;
use super::records::{self, Kept, Record};
use super::spec::{Instance, Spec};
use super::state::Desired;
use super::{Compute, schedule, types};
use crate::db::instances::InstanceRow;
use crate::db::{self, Conn};
use crate::{clock, id};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How long a reservation that is over stays visible, in milliseconds: an hour, as instances do.
const REMEMBERED_MS: i64 = 3_600_000;

/// A reservation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CapacityReservation {
    pub zone: String,
    pub instance_type: String,
    /// `Linux/UNIX`, `Windows`, or one of AWS's others, which no instance here has.
    pub platform: String,
    /// `default`, `dedicated`
    pub tenancy: String,
    pub count: u32,
    /// Takes only instances that ask for it.
    pub targeted: bool,
    pub ebs_optimized: bool,
    pub ephemeral_storage: bool,
    /// Milliseconds since the epoch; `None`: until it is cancelled.
    pub ends_at: Option<i64>,
    pub state: State,
    /// The host whose room it is.
    pub host: String,
}

/// EC2's states of a reservation, of those that can come up here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Active,
    Expired,
    Cancelled,
}

impl State {
    pub fn text(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Expired => "expired",
            State::Cancelled => "cancelled",
        }
    }
}

impl Record for CapacityReservation {
    const KIND: id::Kind = id::Kind::CapacityReservation;

    fn is_open(&self) -> bool {
        self.state == State::Active
    }
}

/// Why a reservation is not as it was wanted.
#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    #[error(transparent)]
    Db(#[from] db::Error),
    /// `InvalidCapacityReservationId.NotFound`
    #[error("The capacity reservation ID '{0}' does not exist")]
    NotFound(String),
    /// `InvalidCapacityReservationState`
    #[error("The capacity reservation '{id}' is {}: it must be active.", state.text())]
    NotActive { id: String, state: State },
    /// `InvalidParameterValue`
    #[error("Invalid value '{0}' for InstanceType.")]
    UnknownType(String),
    /// `InvalidParameterValue`
    #[error("The capacity reservation '{0}' is for instances of another type, platform, tenancy or availability zone.")]
    Mismatch(String),
    /// `ReservationCapacityExceeded`
    #[error("The capacity reservation '{0}' has no room for another instance.")]
    Full(String),
    /// `InsufficientInstanceCapacity`
    #[error("No capacity reservation has room for an instance of the type '{0}'.")]
    NoneFits(String),
    /// `InvalidParameterValue`
    #[error("The capacity reservation '{id}' has {used} instances: its instance count cannot be less.")]
    InUse { id: String, used: u32 },
    /// `InsufficientInstanceCapacity`
    #[error("Insufficient capacity: {0}.")]
    NoCapacity(String),
}

/// How many instances are in each of an account's reservations in a region.
pub fn used(c: &Conn, account: &str, region: &str) -> Result<HashMap<String, u32>, db::Error> {
    db::instances::count_reserved(c, account, region)
}

/// Room on each host that is reserved and not used: vCPUs and MiB of memory.
pub(super) fn unused(c: &Conn) -> Result<HashMap<String, (i64, i64)>, db::Error> {
    let mut rooms: HashMap<String, (i64, i64)> = HashMap::new();
    let mut known: HashMap<(String, String), HashMap<String, u32>> = HashMap::new();
    for open in records::open::<CapacityReservation>(c)? {
        let owner = (open.account.clone(), open.region.clone());
        if !known.contains_key(&owner) {
            known.insert(owner.clone(), used(c, &owner.0, &owner.1)?);
        }
        let taken = known[&owner].get(&open.id).copied().unwrap_or(0);
        let free = i64::from(open.it.count.saturating_sub(taken));
        if let Some(size) = types::find(&open.it.instance_type) {
            let room = rooms.entry(open.it.host).or_default();
            room.0 += free * i64::from(size.vcpus);
            room.1 += free * size.memory_mib as i64;
        }
    }
    Ok(rooms)
}

/// The hosts with what they have promised to instances, and to reservations beside those.
pub(super) fn candidates(c: &Conn) -> Result<Vec<schedule::Candidate>, db::Error> {
    let reserved = unused(c)?;
    db::instances::hosts(c)?
        .into_iter()
        .map(|host| {
            let (used_vcpus, used_memory_mib) = db::instances::promised(c, &host.id)?;
            let (vcpus, memory_mib) = reserved.get(&host.id).copied().unwrap_or_default();
            let (used_vcpus, used_memory_mib) = (used_vcpus + vcpus, used_memory_mib + memory_mib);
            Ok(schedule::Candidate { host, used_vcpus, used_memory_mib })
        })
        .collect()
}

/// The host that has room for so many instances more: any, or the one that it must be.
fn host_for(
    c: &Conn,
    instance_type: &str,
    zone: &str,
    count: u32,
    must_be: Option<&str>,
) -> Result<String, CapacityError> {
    let mut hosts = candidates(c)?;
    hosts.retain(|one| must_be.is_none_or(|id| one.host.id == id));
    let size = types::find(instance_type).ok_or_else(|| CapacityError::UnknownType(instance_type.to_owned()))?;
    let (vcpus, memory_mib) = (i64::from(size.vcpus), size.memory_mib as i64);
    let demand = schedule::Demand { zone, vcpus: vcpus * i64::from(count), memory_mib: memory_mib * i64::from(count) };
    schedule::place(&hosts, &demand).map_err(CapacityError::NoCapacity)
}

/// Reserve; the host is looked for.
pub fn create(
    c: &Conn,
    account: &str,
    region: &str,
    mut wanted: CapacityReservation,
) -> Result<Kept<CapacityReservation>, CapacityError> {
    wanted.host = host_for(c, &wanted.instance_type, &wanted.zone, wanted.count, None)?;
    Ok(records::insert(c, id::new(id::Kind::CapacityReservation), account, region, wanted)?)
}

/// The account's reservation of that id, over or not.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Kept<CapacityReservation>, CapacityError> {
    let found = records::get::<CapacityReservation>(c, id)?;
    let own = found.filter(|r| r.account == account && r.region == region);
    own.ok_or_else(|| CapacityError::NotFound(id.to_owned()))
}

fn need_active(c: &Conn, account: &str, region: &str, id: &str) -> Result<Kept<CapacityReservation>, CapacityError> {
    let found = need(c, account, region, id)?;
    match found.it.state {
        State::Active => Ok(found),
        state @ (State::Expired | State::Cancelled) => Err(CapacityError::NotActive { id: found.id, state }),
    }
}

/// What is to be different; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ReservationEdit {
    pub count: Option<u32>,
    /// `Some(None)`: it does not end by itself.
    pub ends_at: Option<Option<i64>>,
    pub targeted: Option<bool>,
}

/// Change a reservation.
pub fn modify(c: &Conn, account: &str, region: &str, id: &str, edit: &ReservationEdit) -> Result<(), CapacityError> {
    let mut reservation = need_active(c, account, region, id)?;
    if let Some(count) = edit.count {
        let used = used(c, account, region)?.get(id).copied().unwrap_or(0);
        if count < used {
            return Err(CapacityError::InUse { id: reservation.id, used });
        }
        let more = count.saturating_sub(reservation.it.count);
        if more > 0 {
            let CapacityReservation { instance_type, zone, host, .. } = &reservation.it;
            host_for(c, instance_type, zone, more, Some(host))?;
        }
        reservation.it.count = count;
    }
    reservation.it.ends_at = edit.ends_at.unwrap_or(reservation.it.ends_at);
    reservation.it.targeted = edit.targeted.unwrap_or(reservation.it.targeted);
    Ok(records::update(c, &reservation)?)
}

/// Cancel a reservation. Its instances run on.
pub fn cancel(c: &Conn, account: &str, region: &str, id: &str) -> Result<(), CapacityError> {
    let reservation = need_active(c, account, region, id)?;
    Ok(end(c, reservation, State::Cancelled)?)
}

/// It is over: its instances are in none from now on.
fn end(c: &Conn, mut reservation: Kept<CapacityReservation>, state: State) -> Result<(), db::Error> {
    db::instances::leave_reservation(c, &reservation.account, &reservation.region, &reservation.id)?;
    reservation.it.state = state;
    records::update(c, &reservation)
}

/// Who asks for room.
pub(super) struct Asker<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub zone: &'a str,
    pub instance_type: &'a str,
    /// The instance's, `windows` or nothing.
    pub platform: Option<&'a str>,
    pub tenancy: &'a str,
}

impl Asker<'_> {
    fn matches(&self, r: &CapacityReservation) -> bool {
        let platform =
            if self.platform.is_some_and(|p| p.eq_ignore_ascii_case("windows")) { "Windows" } else { "Linux/UNIX" };
        (&*r.zone, &*r.instance_type, &*r.platform, &*r.tenancy)
            == (self.zone, self.instance_type, platform, self.tenancy)
    }

    /// The reservation that takes one instance more, if it is to be in one.
    pub fn find(&self, c: &Conn, wish: &ReservationWish) -> Result<Option<Kept<CapacityReservation>>, CapacityError> {
        if *wish == ReservationWish::None {
            return Ok(None);
        }
        let mut active = records::all::<CapacityReservation>(c, self.account, self.region)?;
        active.retain(|r| r.it.is_open());
        let used = if active.is_empty() { HashMap::new() } else { used(c, self.account, self.region)? };
        let has_room = |r: &Kept<CapacityReservation>| used.get(&r.id).copied().unwrap_or(0) < r.it.count;
        if let ReservationWish::Target(id) = wish {
            let reservation = need_active(c, self.account, self.region, id)?;
            return match (self.matches(&reservation.it), has_room(&reservation)) {
                (false, _) => Err(CapacityError::Mismatch(reservation.id)),
                (true, false) => Err(CapacityError::Full(reservation.id)),
                (true, true) => Ok(Some(reservation)),
            };
        }
        let found = active.into_iter().find(|r| !r.it.targeted && self.matches(&r.it) && has_room(r));
        match (found, *wish == ReservationWish::Only) {
            (None, true) => Err(CapacityError::NoneFits(self.instance_type.to_owned())),
            (found, _) => Ok(found),
        }
    }
}

/// A stopped instance is to run again: it goes into a reservation as it did at its launch.
pub(super) fn enter_again(c: &Conn, row: &mut InstanceRow) -> Result<(), CapacityError> {
    let spec = Spec::parse(&row.spec)?;
    let asker = Asker {
        account: &row.account,
        region: &row.region,
        zone: &row.zone,
        instance_type: &row.instance_type,
        platform: spec.platform.as_deref(),
        tenancy: &spec.options.tenancy,
    };
    let found = if spec.options.spot.is_some() { None } else { asker.find(c, &spec.options.capacity)? };
    row.capacity_reservation = found.map(|r| r.id).unwrap_or_default();
    Ok(())
}

impl Instance {
    /// The capacity reservation that it is in. One that is stopped is in none.
    pub fn reservation(&self) -> Option<&str> {
        let reservation = self.row.capacity_reservation.as_str();
        (!reservation.is_empty() && self.row.desired == Desired::Running.text()).then_some(reservation)
    }
}

impl Compute {
    /// End reservations whose time has come.
    pub(crate) async fn tend_reservations(&self, now: i64) -> Result<(), db::Error> {
        let over = |r: &Kept<CapacityReservation>| r.it.ends_at.is_some_and(|at| at <= now);
        if !self.db.read(records::open::<CapacityReservation>)?.iter().any(over) {
            return Ok(());
        }
        let job = move |c: &Conn| {
            let all = records::open::<CapacityReservation>(c)?.into_iter();
            let over = all.filter(|r| r.it.ends_at.is_some_and(|at| at <= now));
            over.into_iter().try_for_each(|r| end(c, r, State::Expired))
        };
        self.db.write(job).await
    }

    /// Forget reservations that were over long ago.
    pub(super) fn sweep_reservations(&self) -> Result<(), db::Error> {
        let limit = clock::now_ms() - REMEMBERED_MS;
        self.db.write_blocking(move |c| records::forget_done::<CapacityReservation>(c, limit))
    }
}
