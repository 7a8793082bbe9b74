//! RunInstances' one transaction: everything is looked up, placed, addressed and written at once, or nothing is.

mod cards;
pub(super) mod disks;
mod ground;
mod request;
mod resolve;
mod room;

pub(super) use ground::Ground;
pub use request::{InterfaceWish, LaunchRequest};

use super::options::OfSpot;
use super::spec::{Instance, InstanceProfile};
use super::spot::SpotRequest;
use super::state::{Desired, Observed};
use super::{Compute, Error, schedule, types};
use crate::db::instances::InstanceRow;
use crate::db::quotas::{self, Quota};
use crate::db::tags::Resource;
use crate::db::{self, Conn};
use crate::volumes::attachments;
use crate::{clock, id, network};
use cards::Cards;
use sha2::{Digest, Sha256};

impl Compute {
    /// Launch between `min_count` and `max_count` instances: as many as fit. The answer is one reservation, by launch
    /// index; everything in it is durable.
    pub async fn launch(&self, request: LaunchRequest) -> Result<Vec<Instance>, Error> {
        let host = self.ground();
        let launched = self.db.write(move |c| launch(c, &request, &host)).await?;
        if launched.iter().any(|i| !i.volumes.is_empty()) {
            self.volumes.wake();
        }
        self.wake();
        Ok(launched)
    }
}

/// The transaction of a launch.
pub(super) fn launch(c: &Conn, r: &LaunchRequest, ground: &Ground) -> Result<Vec<Instance>, Error> {
    if let Some(token) = &r.client_token
        && let Some((then, reservation)) = db::instances::token(c, &r.account, &r.region, token)?
    {
        if then != fingerprint(r) {
            return Err(Error::TokenReused);
        }
        return load(c, &reservation);
    }
    let now = clock::now_ms();
    let (mut spec, planned) = resolve::resolve(c, r)?;
    let size = types::find(&r.instance_type).ok_or_else(|| Error::UnknownType(r.instance_type.clone()))?;
    let vcpus = r.options.cpu.map_or(i64::from(size.vcpus), |cpu| cpu.vcpus());
    let memory_mib = size.memory_mib as i64;
    network::begin_region(c, &r.account, &r.region, &r.zones)?;
    check_quotas(c, r, vcpus)?;
    let cards = Cards::look_up(c, r, size, ground)?;

    let reservation_id = id::new(id::Kind::Reservation);
    let mut why = String::new();
    let mut launched = 0;
    while launched < r.max_count {
        let demand = schedule::Demand { zone: &cards.zone, vcpus, memory_mib };
        let room = match room::find(c, r, &mut spec, &demand) {
            Ok(room) => room,
            Err(Error::NoCapacity(reason)) => {
                why = reason;
                break;
            }
            Err(_) if launched >= r.min_count => break,
            Err(e) => return Err(e),
        };
        let nics = cards.make(c, r)?;
        let instance_id = id::new(id::Kind::Instance);
        spec.profile = r.profile.clone().map(|(arn, id)| InstanceProfile::new(arn, id));
        if let Some(wish) = &r.spot {
            let mut request = SpotRequest::new(wish.clone(), r.clone(), now);
            request.fulfil(instance_id.clone(), cards.zone.clone(), now);
            let request = request.keep(c, id::new(id::Kind::SpotRequest))?;
            spec.options.spot = Some(OfSpot { request: request.id, persistent: wish.persistent });
        }
        let row = InstanceRow {
            id: instance_id.clone(),
            account: r.account.clone(),
            region: r.region.clone(),
            zone: cards.zone.clone(),
            reservation_id: reservation_id.clone(),
            launch_index: i64::from(launched),
            host: room.host,
            instance_type: r.instance_type.clone(),
            vcpus,
            memory_mib,
            eni_id: nics[0].eni_id.clone(),
            spec: spec.to_json(),
            client_token: r.client_token.clone().unwrap_or_default(),
            capacity_reservation: room.reservation,
            desired: Desired::Running.text().into(),
            observed: Observed::Absent.text().into(),
            generation: 1,
            reason_code: "pending".into(),
            reason_message: "pending".into(),
            launched_at: now,
            changed_at: now,
            ..InstanceRow::default()
        };
        db::instances::insert(c, &row)?;
        cards.attach(c, nics, &instance_id, &ground.public)?;
        let at = attachments::At {
            instance: &instance_id,
            zone: &cards.zone,
            root: &spec.root_device_name,
            root_volume: spec.root_volume,
            live: false,
        };
        disks::make(c, r, at, &planned, ground.bytes)?;
        let on = Resource { account: &r.account, region: &r.region, id: &instance_id, kind: "instance" };
        db::tags::put(c, on, &r.tags)?;
        launched += 1;
    }
    if launched < r.min_count {
        return Err(Error::NoCapacity(why));
    }
    db::images::launched(c, &spec.image_id, now)?;
    if let Some(token) = &r.client_token {
        db::instances::insert_token(c, &r.account, &r.region, token, &fingerprint(r), &reservation_id, now)?;
    }
    load(c, &reservation_id)
}

/// What a repeated request has to be like.
fn fingerprint(r: &LaunchRequest) -> String {
    hex::encode(Sha256::digest(serde_json::to_vec(r).expect("plain data becomes JSON")))
}

/// An error for what a launch could never do, however much room there is.
pub(super) fn check(c: &Conn, r: &LaunchRequest) -> Result<(), Error> {
    network::begin_region(c, &r.account, &r.region, &r.zones)?;
    resolve::resolve(c, r)?;
    types::find(&r.instance_type).map(drop).ok_or_else(|| Error::UnknownType(r.instance_type.clone()))
}

/// An error if the account may not have so many instances more. As on AWS, all that are asked for count.
fn check_quotas(c: &Conn, r: &LaunchRequest, vcpus: i64) -> Result<(), Error> {
    let (wanted, most) = (i64::from(r.max_count), quotas::limit(c, &r.account, Quota::Instances)?);
    let have = db::instances::tally(c, &r.account, &r.region)?;
    if have.alive + wanted > most {
        return Err(Error::TooManyInstances { wanted, limit: most });
    }
    let most = quotas::limit(c, &r.account, Quota::Vcpus)?;
    if have.vcpus + wanted * vcpus > most {
        return Err(Error::TooManyVcpus(most));
    }
    Ok(())
}

fn load(c: &Conn, reservation_id: &str) -> Result<Vec<Instance>, Error> {
    let rows = db::instances::of_reservation(c, reservation_id)?;
    rows.into_iter().map(|row| Ok(Instance::load(c, row)?)).collect()
}
