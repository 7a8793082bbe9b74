//! Capacity reservations as requests name them and as answers write them.

use super::filter::{Filtered, Values};
use super::spot::time;
use super::{Error, resource, zone};
use crate::clock;
use crate::compute::ReservationWish;
use crate::compute::capacity::CapacityReservation;
use crate::compute::records::Kept;
use crate::db::tags::Tag;
use crate::id::Kind;
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// The structure that says where an instance is to go.
pub const PARAMETER: &str = "CapacityReservationSpecification";

/// Read it.
pub fn wish(p: &Params<'_>) -> Result<ReservationWish, Error> {
    let preference = p.opt("CapacityReservationPreference").filter(|text| !text.is_empty());
    let target = p.nested("CapacityReservationTarget");
    if target.as_ref().is_some_and(|t| t.opt("CapacityReservationResourceGroupArn").is_some()) {
        return Err(Error::Unsupported("groups of capacity reservations".into()));
    }
    let target =
        target.map(|t| t.id("CapacityReservationId", Kind::CapacityReservation).map(str::to_owned)).transpose()?;
    match (preference, target) {
        (Some(_), Some(_)) => Err(Error::ParameterCombination(
            "CapacityReservationPreference and CapacityReservationTarget may not be used together".into(),
        )),
        (None, Some(id)) => Ok(ReservationWish::Target(id)),
        (None | Some("open"), None) => Ok(ReservationWish::Open),
        (Some("none"), None) => Ok(ReservationWish::None),
        (Some("capacity-reservations-only"), None) => Ok(ReservationWish::Only),
        (Some(other), None) => {
            let expected = "Expecting open, none or capacity-reservations-only.";
            Err(p.invalid("CapacityReservationPreference", other, expected).into())
        }
    }
}

/// When a reservation ends by itself (milliseconds since the epoch), if the request says anything of it.
pub fn end(p: &Params<'_>, now: i64) -> Result<Option<Option<i64>>, Error> {
    let at = time(p, "EndDate")?;
    match (p.opt("EndDateType").filter(|text| !text.is_empty()), at) {
        (None | Some("limited"), Some(at)) if at <= now => {
            Err(p.invalid("EndDate", p.opt("EndDate").unwrap_or_default(), "Expecting a time that is to come.").into())
        }
        (None | Some("limited"), Some(at)) => Ok(Some(Some(at))),
        (Some("limited"), None) => Err(query::Error::Missing("EndDate".into()).into()),
        (Some("unlimited"), None) => Ok(Some(None)),
        (Some("unlimited"), Some(_)) => {
            Err(Error::ParameterCombination("EndDate may be used with the EndDateType limited only".into()))
        }
        (None, None) => Ok(None),
        (Some(other), _) => Err(p.invalid("EndDateType", other, "Expecting unlimited or limited.").into()),
    }
}

/// One reservation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub capacity_reservation_id: String,
    owner_id: String,
    capacity_reservation_arn: String,
    availability_zone_id: String,
    instance_type: String,
    instance_platform: String,
    availability_zone: String,
    tenancy: String,
    total_instance_count: u32,
    available_instance_count: u32,
    ebs_optimized: bool,
    ephemeral_storage: bool,
    state: &'static str,
    start_date: Time,
    end_date: Option<Time>,
    end_date_type: &'static str,
    instance_match_criteria: &'static str,
    create_date: Time,
    tag_set: Vec<Tag>,
    capacity_allocation_set: Vec<Allocation>,
    reservation_type: &'static str,
}

/// How much of it is used.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Allocation {
    allocation_type: &'static str,
    count: u32,
}

impl Item {
    /// A reservation in which `used` instances are.
    pub fn new(r: Kept<CapacityReservation>, used: u32, tag_set: Vec<Tag>) -> Item {
        let at = |ms: i64| Time(clock::from_ms(ms));
        Item {
            capacity_reservation_arn: resource::arn(&r.region, &r.account, "capacity-reservation", &r.id),
            capacity_reservation_id: r.id,
            owner_id: r.account,
            availability_zone_id: zone::id(&r.it.zone),
            instance_type: r.it.instance_type,
            instance_platform: r.it.platform,
            availability_zone: r.it.zone,
            tenancy: r.it.tenancy,
            total_instance_count: r.it.count,
            available_instance_count: r.it.count.saturating_sub(used),
            ebs_optimized: r.it.ebs_optimized,
            ephemeral_storage: r.it.ephemeral_storage,
            state: r.it.state.text(),
            start_date: at(r.created_at),
            end_date: r.it.ends_at.map(at),
            end_date_type: if r.it.ends_at.is_some() { "limited" } else { "unlimited" },
            instance_match_criteria: if r.it.targeted { "targeted" } else { "open" },
            create_date: at(r.created_at),
            tag_set,
            capacity_allocation_set: vec![Allocation { allocation_type: "used", count: used }],
            reservation_type: "default",
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("availability-zone", |r| vec![r.availability_zone.as_str().into()]),
        ("end-date", |r| r.end_date.iter().map(|t| t.to_string().into()).collect()),
        ("end-date-type", |r| vec![r.end_date_type.into()]),
        ("instance-match-criteria", |r| vec![r.instance_match_criteria.into()]),
        ("instance-platform", |r| vec![r.instance_platform.as_str().into()]),
        ("instance-type", |r| vec![r.instance_type.as_str().into()]),
        ("outpost-arn", |_| vec![]),
        ("owner-id", |r| vec![r.owner_id.as_str().into()]),
        ("placement-group-arn", |_| vec![]),
        ("start-date", |r| vec![r.start_date.to_string().into()]),
        ("state", |r| vec![r.state.into()]),
        ("tenancy", |r| vec![r.tenancy.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
