//! Where the next instance of a launch goes.

use super::request::LaunchRequest;
use crate::compute::capacity::{self, CapacityError, CapacityReservation};
use crate::compute::records::Kept;
use crate::compute::spec::Spec;
use crate::compute::{Error, dedicated, schedule};
use crate::db::Conn;

/// Where an instance goes.
pub(super) struct Room {
    pub host: String,
    /// The capacity reservation that it goes into; empty: none.
    pub reservation: String,
}

/// Room for the next instance. The dedicated host that it goes onto is put into the spec.
pub(super) fn find(c: &Conn, r: &LaunchRequest, spec: &mut Spec, demand: &schedule::Demand<'_>) -> Result<Room, Error> {
    let reservation = reservation(c, r, spec, demand.zone)?;
    let room = match reservation {
        Some(reservation) => Room { host: reservation.it.host, reservation: reservation.id },
        None => {
            let host = schedule::place(&capacity::candidates(c)?, demand).map_err(Error::NoCapacity)?;
            Room { host, reservation: String::new() }
        }
    };
    if spec.options.tenancy == dedicated::TENANCY {
        let (account, region, zone) = (&r.account, &r.region, demand.zone);
        let asker = dedicated::Asker { account, region, zone, instance_type: &r.instance_type };
        spec.options.host = Some(asker.find(c, r.options.host.as_deref())?);
    }
    Ok(room)
}

/// The capacity reservation that the next instance goes into, if any.
fn reservation(
    c: &Conn,
    r: &LaunchRequest,
    spec: &Spec,
    zone: &str,
) -> Result<Option<Kept<CapacityReservation>>, CapacityError> {
    if r.spot.is_some() || spec.options.spot.is_some() {
        return Ok(None);
    }
    let asker = capacity::Asker {
        account: &r.account,
        region: &r.region,
        zone,
        instance_type: &r.instance_type,
        platform: spec.platform.as_deref(),
        tenancy: &spec.options.tenancy,
    };
    asker.find(c, &spec.options.capacity)
}
