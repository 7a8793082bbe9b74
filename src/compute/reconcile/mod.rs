//! The loop: look at every row that is not settled, do one step after the other, write back what was seen.
//!
//! A wake carries no data and a pass takes no input: the rows say everything. One worker has an instance at a time; workers
//! run beside each other, bounded, each on a thread for blocking calls. A write-back is guarded by the row's
//! generation, so what changed meanwhile is never overwritten: the worker reads the row again and goes on. Failures postpone
//! the row with growing patience, and the row itself remembers.

mod advance;
mod build;
mod copies;
mod events;
mod failure;
mod plug;
mod sweep;
mod work;

pub(super) use work::Work;

use super::Compute;
use super::spec::{Spec, both};
use super::state::{Desired, Observed, State, visible};
use crate::volumes::attachments;
use crate::{clock, db, network};
use failure::{failed_try, postpone};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How often to look without a wake, for what no event told.
const PERIOD: Duration = Duration::from_secs(30);

impl Compute {
    /// The loop itself; runs until the process ends.
    pub async fn run(self: Arc<Self>) {
        self.clone().listen();
        if let Err(e) = self.db.write(db::instances::touch_all).await {
            tracing::error!(error = %e, "cannot look at the instances");
        }
        let mut next_sweep = tokio::time::Instant::now();
        let mut next_tend = next_sweep;
        loop {
            if tokio::time::Instant::now() >= next_sweep {
                next_sweep = tokio::time::Instant::now() + PERIOD;
                let compute = self.clone();
                if let Ok(Err(e)) = tokio::task::spawn_blocking(move || compute.sweep()).await {
                    tracing::warn!(error = %e, "sweeping");
                }
            }
            let now = clock::now_ms();
            if let Err(e) = self.pass(now) {
                tracing::error!(error = %e, "reading the instances that need work");
            }
            if self.work.tend.swap(false, Relaxed) || tokio::time::Instant::now() >= next_tend {
                next_tend = tokio::time::Instant::now() + PERIOD;
                // Room that comes meanwhile is room to look again for.
                self.work.wants_room.store(true, Relaxed);
                if let Err(e) = self.tend_reservations(now).await {
                    tracing::error!(error = %e, "looking at capacity reservations");
                }
                let spot =
                    self.tend_spot(now).await.inspect_err(|e| tracing::error!(error = %e, "looking at spot requests"));
                let fleets = self.tend_fleets().await.inspect_err(|e| tracing::error!(error = %e, "looking at fleets"));
                self.work.wants_room.store(spot.unwrap_or(true) || fleets.unwrap_or(true), Relaxed);
            }
            let until = match self.db.read(|c| db::instances::next_due(c, now)) {
                Ok(Some(due)) => PERIOD.min(Duration::from_millis((due - now).max(1) as u64)),
                Ok(None) | Err(_) => PERIOD,
            };
            tokio::select! {
                () = self.work.wake.notified() => {}
                () = tokio::time::sleep(until) => {}
            }
        }
    }

    /// Give a worker to every due instance that has none.
    fn pass(self: &Arc<Self>, now: i64) -> Result<(), db::Error> {
        if self.driver.is_none() {
            return Ok(());
        }
        for id in self.db.read(|c| db::instances::due(c, now))? {
            if !self.work.busy.lock().expect("no panic while held").insert(id.clone()) {
                continue;
            }
            let compute = self.clone();
            tokio::spawn(async move {
                let _slot = compute.work.workers.clone().acquire_owned().await;
                let (worker, one) = (compute.clone(), id.clone());
                let more = tokio::task::spawn_blocking(move || worker.work_on(&one)).await.unwrap_or_else(|e| {
                    tracing::error!(instance = id, error = %e, "reconciling");
                    compute.done_with(&id);
                    true
                });
                if more {
                    compute.wake();
                }
            });
        }
        Ok(())
    }

    /// A worker's whole work on one instance. `true`: what was changed or postponed meanwhile is for the next pass.
    fn work_on(&self, id: &str) -> bool {
        let rests = self.settle(id).unwrap_or_else(|e| {
            tracing::error!(instance = id, error = %e, "reconciling");
            false
        });
        let changed = self.done_with(id) && self.look_again(id);
        // Most rows rest.
        if rests {
            return changed;
        }
        match self.db.read(|c| db::instances::get(c, id)) {
            Ok(row) => row.is_some_and(|row| row.settled < row.generation),
            Err(_) => true,
        }
    }

    /// An instance has no worker any more. `true`: something happened to it that the worker may not have seen.
    fn done_with(&self, id: &str) -> bool {
        self.work.busy.lock().expect("no panic while held").remove(id);
        self.work.missed.lock().expect("no panic while held").remove(id)
    }

    /// Work on one instance until it rests: settled, postponed, or gone. `true`: it was settled just now.
    #[tracing::instrument(name = "reconcile", skip(self))]
    fn settle(&self, id: &str) -> Result<bool, db::Error> {
        while let Some(row) = self.db.read(|c| db::instances::get(c, id))? {
            if row.settled >= row.generation || row.not_before > clock::now_ms() {
                return Ok(false);
            }
            let generation = row.generation;
            let mut after = row.clone();
            match self.advance(&mut after) {
                Ok(()) => drop(self.work.waits.lock().expect("no panic while held").remove(id)),
                Err(e) if e.is_a_try() => failed_try(&mut after, &e),
                Err(e) => {
                    tracing::warn!(error = %e, "waiting");
                    let mut waits = self.work.waits.lock().expect("no panic while held");
                    let waits = waits.entry(id.to_owned()).or_default();
                    *waits += 1;
                    postpone(&mut after, *waits);
                }
            }
            if after == row {
                return Ok(false);
            }
            if after.observed != row.observed || after.desired != row.desired {
                after.changed_at = clock::now_ms();
                tracing::info!(observed = after.observed, desired = after.desired, "instance changed");
            }
            let changed = (after.observed != row.observed || after.desired != row.desired).then(|| after.clone());
            let gone = after.observed == Observed::Gone.text();
            let settled = after.settled >= after.generation;
            let written = self.db.write_blocking(move |c| {
                let written = db::instances::update(c, &after, generation)?;
                if written {
                    let (desired, observed) = both(&after)?;
                    let left = match visible(desired, observed) {
                        State::Terminated => {
                            attachments::leave(c, &after.id).map_err(|e| db::Error::Damaged(e.to_string()))?;
                            network::interfaces::leave(c, &after.id)
                        }
                        State::Stopped => network::public::take_back(c, &after.id),
                        State::Pending | State::Running | State::Stopping | State::ShuttingDown => Ok(()),
                    };
                    left.map_err(|e| db::Error::Damaged(e.to_string()))?;
                }
                Ok::<_, db::Error>(written)
            })?;
            if gone {
                self.volumes.wake();
            }
            if let Some(now) = changed {
                self.tell_launchers(&Spec::parse(&now.spec)?, now.desired != Desired::Running.text());
            }
            if written && settled {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
