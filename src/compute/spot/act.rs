//! Making, cancelling and following up spot requests.

use super::step::{self, Step};
use super::{SpotRequest, SpotWish, State, Status};
use crate::compute::launch::{self, Ground, LaunchRequest};
use crate::compute::options::OfSpot;
use crate::compute::records::{self, Kept};
use crate::compute::spec::both;
use crate::compute::state::{self, visible};
use crate::compute::{Compute, Error, capacity, schedule, types};
use crate::db::{self, Conn};
use crate::{clock, id};

/// How long a request that is done stays visible, in milliseconds: two days.
const REMEMBERED_MS: i64 = 48 * 3_600_000;

impl Compute {
    /// Make `count` requests in a caller's transaction; wake the loop after it. What could never be launched is refused.
    pub fn request_spot(
        c: &Conn,
        launch: &LaunchRequest,
        wish: &SpotWish,
        count: u32,
    ) -> Result<Vec<Kept<SpotRequest>>, Error> {
        launch::check(c, launch)?;
        let now = clock::now_ms();
        let make = |_| {
            let request = SpotRequest::new(wish.clone(), launch.clone(), now);
            Ok(request.keep(c, id::new(id::Kind::SpotRequest))?)
        };
        (0..count).map(make).collect()
    }

    /// Cancel a request; its instance, if it has one, runs on.
    pub fn cancel_spot(c: &Conn, request: &mut Kept<SpotRequest>) -> Result<(), db::Error> {
        let status = match request.it.state {
            State::Open => Status::CanceledBeforeFulfillment,
            State::Active | State::Disabled => Status::RequestCanceledAndInstanceRunning,
            State::Closed | State::Cancelled | State::Failed => return Ok(()),
        };
        (request.it.state, request.it.status, request.it.changed_at) = (State::Cancelled, status, clock::now_ms());
        records::update(c, request)
    }

    /// Take each open request one step further. `true`: one wanted room that no host had.
    pub(crate) async fn tend_spot(&self, now: i64) -> Result<bool, db::Error> {
        let due = self.db.read(|c| {
            let mut due = Vec::new();
            for request in records::open::<SpotRequest>(c)? {
                if let Some(step) = next(c, &request.it, now)? {
                    due.push((request, step));
                }
            }
            Ok::<_, db::Error>(due)
        })?;
        let mut wants_room = false;
        for (request, step) in due {
            if step == Step::Launch && !self.db.read(|c| has_room(c, &request.it.launch))? {
                wants_room = true;
                self.settle_spot(request, State::Open, Status::CapacityNotAvailable, None).await?;
                continue;
            }
            let ground = self.ground();
            let id = request.id.clone();
            match self.db.write(move |c| take(c, &id, now, &ground)).await {
                Ok(()) => self.tend(),
                Err(Error::Db(e)) => return Err(e),
                Err(Error::NoCapacity(_)) => {
                    wants_room = true;
                    self.settle_spot(request, State::Open, Status::CapacityNotAvailable, None).await?;
                }
                Err(e) => {
                    tracing::info!(request = request.id, error = %e, "a spot request fails");
                    self.settle_spot(request, State::Failed, Status::BadParameters, Some(e.to_string())).await?;
                }
            }
        }
        Ok(wants_room)
    }

    /// Note what became of a request that was not launched, unless it moved on meanwhile.
    async fn settle_spot(
        &self,
        before: Kept<SpotRequest>,
        state: State,
        status: Status,
        fault: Option<String>,
    ) -> Result<(), db::Error> {
        if (before.it.state, before.it.status) == (state, status) {
            return Ok(());
        }
        let job = move |c: &Conn| match records::get::<SpotRequest>(c, &before.id)? {
            Some(mut now) if now.it.state == before.it.state => {
                (now.it.state, now.it.status, now.it.changed_at) = (state, status, clock::now_ms());
                now.it.fault = fault.map(|message| (status.texts().0.to_owned(), message));
                records::update(c, &now)
            }
            Some(_) | None => Ok(()),
        };
        self.db.write(job).await
    }

    /// Forget requests that were done long ago.
    pub(in crate::compute) fn sweep_spot(&self) -> Result<(), db::Error> {
        let limit = clock::now_ms() - REMEMBERED_MS;
        self.db.write_blocking(move |c| records::forget_done::<SpotRequest>(c, limit))
    }
}

/// The next step of a request, its instance looked up.
fn next(c: &Conn, request: &SpotRequest, now: i64) -> Result<Option<Step>, db::Error> {
    let instance = match &request.instance {
        Some(id) => state_of(c, id)?,
        None => None,
    };
    Ok(step::next(request, instance, now))
}

fn state_of(c: &Conn, instance: &str) -> Result<Option<state::State>, db::Error> {
    let Some(row) = db::instances::get(c, instance)? else { return Ok(None) };
    let (desired, observed) = both(&row)?;
    Ok(Some(visible(desired, observed)))
}

/// Whether a host could take the instance now.
fn has_room(c: &Conn, launch: &LaunchRequest) -> Result<bool, db::Error> {
    // What cannot be told here, the launch itself tells.
    let (Some(size), Some(zone)) = (types::find(&launch.instance_type), &launch.zone) else { return Ok(true) };
    let demand = schedule::Demand { zone, vcpus: size.vcpus.into(), memory_mib: size.memory_mib as i64 };
    Ok(schedule::place(&capacity::candidates(c)?, &demand).is_ok())
}

/// One step, in one transaction.
fn take(c: &Conn, id: &str, now: i64, ground: &Ground) -> Result<(), Error> {
    let Some(mut request) = records::get::<SpotRequest>(c, id)? else { return Ok(()) };
    match next(c, &request.it, now)? {
        None => return Ok(()),
        Some(Step::Become(state, status)) => {
            (request.it.state, request.it.status, request.it.changed_at) = (state, status, now);
        }
        Some(Step::Reopen) => {
            (request.it.state, request.it.status, request.it.changed_at) =
                (State::Open, Status::PendingEvaluation, now);
            (request.it.instance, request.it.zone) = (None, None);
        }
        Some(Step::Launch) => {
            let mut launch = request.it.launch.clone();
            launch.options.spot = Some(OfSpot { request: request.id.clone(), persistent: request.it.wish.persistent });
            for instance in launch::launch(c, &launch, ground)? {
                request.it.fulfil(instance.row.id, instance.row.zone, now);
            }
        }
    }
    Ok(records::update(c, &request)?)
}
