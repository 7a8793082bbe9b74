//! Start, stop, reboot, terminate.

use super::{begin, owned};
use crate::compute::options::ShutdownBehavior;
use crate::compute::spec::{Instance, Spec, both};
use crate::compute::state::{Desired, Observed, State, visible};
use crate::compute::{Compute, Error, capacity, dedicated};
use crate::db::instances::InstanceRow;
use crate::db::quotas::{self, Quota};
use crate::volumes::attachments;
use crate::{clock, db, network};

/// What an instance is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Start,
    Stop {
        /// Do not ask the guest.
        force: bool,
    },
    Reboot,
    Terminate,
}

impl Compute {
    /// Change all of `ids` (of one account and region), or none. Gives each instance's state before and after.
    pub async fn change(
        &self,
        account: &str,
        region: &str,
        ids: Vec<String>,
        change: Change,
    ) -> Result<Vec<(Instance, State, State)>, Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let pool = self.public_addresses.clone();
        let changed = self
            .db
            .write(move |c| {
                let mut changed = Vec::new();
                for mut row in owned(c, &account, &region, ids)? {
                    let (desired, observed) = both(&row)?;
                    let before = visible(desired, observed);
                    if apply(&mut row, desired, observed, change)? {
                        if change == Change::Start {
                            dedicated::enter_again(c, &mut row)?;
                            capacity::enter_again(c, &mut row)?;
                        }
                        super::write(c, &mut row)?;
                        if change == Change::Start {
                            check_root(c, &row)?;
                            check_vcpus(c, &row)?;
                            network::public::give_again(c, &pool, &network::nics_of(c, &row.id)?)?;
                        }
                    }
                    let instance = Instance::load(c, row)?;
                    let after = instance.state;
                    changed.push((instance, before, after));
                }
                Ok::<_, Error>(changed)
            })
            .await?;
        for (instance, before, after) in &changed {
            if before != after {
                self.tell_launchers(&instance.spec, !matches!(after, State::Pending | State::Running));
            }
        }
        self.wake();
        Ok(changed)
    }
}

/// An error if the account runs more vCPUs than it may, now that this instance is to run.
fn check_vcpus(c: &db::Conn, row: &InstanceRow) -> Result<(), Error> {
    let most = quotas::limit(c, &row.account, Quota::Vcpus)?;
    let running = db::instances::tally(c, &row.account, &row.region)?.vcpus;
    if running > most { Err(Error::TooManyVcpus(most)) } else { Ok(()) }
}

/// An error if the instance is to start from a volume that it does not have.
fn check_root(c: &db::Conn, row: &InstanceRow) -> Result<(), Error> {
    let spec = Spec::parse(&row.spec)?;
    if !spec.root_volume || attachments::at(c, &row.id)?.iter().any(|a| a.target == attachments::ROOT) {
        return Ok(());
    }
    Err(Error::NoRootVolume { instance: row.id.clone(), device: spec.root_device_name })
}

/// Put the change into the row; `false`: it already is so.
fn apply(row: &mut InstanceRow, desired: Desired, observed: Observed, change: Change) -> Result<bool, Error> {
    let spec = Spec::parse(&row.spec)?;
    let state = visible(desired, observed);
    let wrong = |verb| Error::WrongState { id: row.id.clone(), verb };
    match (change, state) {
        (Change::Start, State::Running | State::Pending) => Ok(false),
        (Change::Start, State::Stopped) => {
            begin(row, Desired::Running, "pending", "pending", "");
            (row.powered, row.launched_at) = (false, clock::now_ms());
            Ok(true)
        }
        (Change::Start, State::Stopping | State::ShuttingDown | State::Terminated) => Err(wrong("started")),

        (Change::Stop { force }, State::Stopping) => {
            let more = force && !row.force;
            (row.force, row.not_before) = (row.force || force, 0);
            Ok(more)
        }
        (Change::Stop { .. }, State::Stopped) => Ok(false),
        (Change::Stop { .. }, State::Running) if spec.options.spot.as_ref().is_some_and(|spot| !spot.persistent) => {
            Err(Error::OneTimeSpot(row.id.clone()))
        }
        (Change::Stop { .. }, State::Running) if spec.options.disable_api_stop => {
            Err(Error::StopDisabled(row.id.clone()))
        }
        (Change::Stop { force }, State::Running) => {
            user(row, Desired::Stopped);
            row.force = force;
            Ok(true)
        }
        (Change::Stop { .. }, State::Pending | State::ShuttingDown | State::Terminated) => Err(wrong("stopped")),

        (Change::Reboot, State::Running) => {
            (row.reboot, row.deadline, row.not_before) = (true, 0, 0);
            Ok(true)
        }
        (
            Change::Reboot,
            State::Pending | State::Stopping | State::Stopped | State::ShuttingDown | State::Terminated,
        ) => Err(Error::NotRunning { id: row.id.clone(), state }),

        (Change::Terminate, State::ShuttingDown | State::Terminated) => Ok(false),
        (Change::Terminate, State::Pending | State::Running | State::Stopping | State::Stopped) => {
            if spec.options.disable_api_termination {
                return Err(Error::TerminationDisabled(row.id.clone()));
            }
            user(row, Desired::Terminated);
            Ok(true)
        }
    }
}

/// A user's wish to stop or terminate, in AWS's words.
pub(in crate::compute) fn user(row: &mut InstanceRow, desired: Desired) {
    let when = clock::now().format(time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"));
    let transition = format!("User initiated ({} GMT)", when.unwrap_or_default());
    let code = "Client.UserInitiatedShutdown";
    begin(row, desired, code, &format!("{code}: User initiated shutdown"), &transition);
}

/// The guest powered itself off: what is desired from now on.
pub(in crate::compute) fn guest_went_off(row: &mut InstanceRow, behavior: ShutdownBehavior) {
    let code = "Client.InstanceInitiatedShutdown";
    let desired = match behavior {
        ShutdownBehavior::Stop => Desired::Stopped,
        ShutdownBehavior::Terminate => Desired::Terminated,
    };
    begin(row, desired, code, &format!("{code}: Instance initiated shutdown"), "");
}
