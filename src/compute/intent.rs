//! Changes of mind: start, stop, reboot, terminate. Each writes what is desired, wakes the loop and returns.

use super::Compute;
use super::spec::{Instance, ShutdownBehavior, Spec, both};
use super::state::{Desired, Observed, State, visible};
use crate::db::instances::InstanceRow;
use crate::db::quotas::{self, Quota};
use crate::volumes::{self, attachments};
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

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Network(#[from] network::Error),
    #[error(transparent)]
    Placement(#[from] super::placement::PlacementError),
    #[error(transparent)]
    Capacity(#[from] super::capacity::CapacityError),
    #[error(transparent)]
    Dedicated(#[from] super::dedicated::DedicatedError),
    #[error(transparent)]
    Volumes(#[from] volumes::Error),
    /// `InvalidInstanceID.NotFound`; every id that does not exist.
    #[error("{}", not_found(.0))]
    NotFound(Vec<String>),
    /// `IncorrectInstanceState`
    #[error("The instance '{id}' is not in a state from which it can be {verb}.")]
    WrongState { id: String, verb: &'static str },
    /// `IncorrectInstanceState`: rebooting what does not run
    #[error("Instance {id} is in state {}; it must be running.", state.text())]
    NotRunning { id: String, state: State },
    /// `IncorrectInstanceState`: what only a stopped instance can be given
    #[error("The instance '{0}' is not in the 'stopped' state.")]
    NotStopped(String),
    /// `IncorrectInstanceState`: nothing changes any more
    #[error("The instance '{id}' is in state {}: its attributes cannot be changed.", state.text())]
    Ended { id: String, state: State },
    /// `IncorrectInstanceState`
    #[error("The instance '{0}' is not in the 'running' or 'stopped' states.")]
    NeitherRunningNorStopped(String),
    /// `VcpuLimitExceeded`
    #[error(
        "You have requested more vCPU capacity than your current vCPU limit of {0} allows for the instance bucket that the \
         specified instance type belongs to. The operator of this cloud sets it: `novella quota`."
    )]
    TooManyVcpus(i64),
    /// `InvalidParameterValue`
    #[error(
        "The specified CoreCount: {cores}, and ThreadsPerCore: {threads} combination is not supported for {instance_type}"
    )]
    NoSuchCores { cores: u32, threads: u32, instance_type: String },
    /// `UnsupportedOperation`
    #[error(
        "You can't stop the Spot Instance '{0}' because it is associated with a one-time Spot Instance request. You can only \
         stop Spot Instances associated with persistent Spot Instance requests."
    )]
    OneTimeSpot(String),
    /// `IncorrectState`
    #[error("There is an existing association for instance {0}")]
    HasProfile(String),
    /// `InvalidAssociationID.NotFound`
    #[error("An invalid association-id of '{0}' was given")]
    NoSuchAssociation(String),
    /// `InvalidParameterValue`
    #[error("Instance '{id}' already has an interface attached at device index '{index}'.")]
    DeviceIndexTaken { id: String, index: u32 },
    /// `AttachmentLimitExceeded`
    #[error("Interface count {0} exceeds the limit for {1}")]
    TooManyInterfaces(usize, String),
    /// `InvalidParameterCombination`
    #[error("You may not attach a network interface to an instance if they are not in the same availability zone")]
    OtherZone,
    /// `OperationNotPermitted`
    #[error("The network interface at device index 0 cannot be detached.")]
    FirstInterface,
    /// `IncorrectState`: what only a running or stopped instance can be given
    #[error("Instance '{0}' is not 'running'.")]
    NotUp(String),
    /// `IncorrectInstanceState`
    #[error(
        "Unable to detach volume '{volume}' from instance '{instance}'. The instance is not in a state in which volumes can be detached."
    )]
    CannotDetach { volume: String, instance: String },
    /// `IncorrectState`
    #[error("Unable to detach root volume '{volume}' from instance '{instance}'")]
    RootVolume { volume: String, instance: String },
    /// `InvalidParameterValue`
    #[error("Invalid value '{instance}' for instanceId. Instance does not have a volume attached at root ({device})")]
    NoRootVolume { instance: String, device: String },
    /// `InvalidInstanceAttributeValue`
    #[error("No device is currently mapped at {0}")]
    NoDevice(String),
    /// `InvalidInstanceAttributeValue`
    #[error("Invalid instance type: {0}")]
    UnknownType(String),
    /// `OperationNotPermitted`
    #[error(
        "The instance '{0}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
    )]
    TerminationDisabled(String),
    /// `OperationNotPermitted`
    #[error("The instance '{0}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.")]
    StopDisabled(String),
}

fn not_found(ids: &[String]) -> String {
    match ids {
        [one] => format!("The instance ID '{one}' does not exist"),
        many => format!("The instance IDs '{}' do not exist", many.join(", ")),
    }
}

impl Compute {
    /// Change all of `ids` (of one account and region), or none. Gives each instance's state before and after.
    pub async fn change(
        &self,
        account: &str,
        region: &str,
        ids: Vec<String>,
        change: Change,
    ) -> Result<Vec<(Instance, State, State)>, IntentError> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let pool = self.public_addresses.clone();
        let changed = self
            .db
            .write(move |c| {
                let mut changed = Vec::new();
                for mut row in owned(c, &account, &region, ids)? {
                    let (desired, observed) = both(&row)?;
                    let before = visible(desired, observed);
                    let generation = row.generation;
                    if apply(&mut row, desired, observed, change)? {
                        row.generation += 1;
                        row.changed_at = clock::now_ms();
                        if change == Change::Start {
                            super::dedicated::enter_again(c, &mut row)?;
                            super::capacity::enter_again(c, &mut row)?;
                        }
                        db::instances::update(c, &row, generation)?;
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
                Ok::<_, IntentError>(changed)
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

impl Compute {
    /// Terminate every instance of every account, protected ones too, wait until they are gone, and forget them.
    pub async fn wipe(&self) -> Result<(), db::Error> {
        self.db
            .write(|c| {
                for mut row in db::instances::alive(c)? {
                    let generation = row.generation;
                    user(&mut row, Desired::Terminated);
                    row.generation += 1;
                    db::instances::update(c, &row, generation)?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        self.wake();
        while !self.db.read(db::instances::alive)?.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let gone = self.db.read(|c| db::instances::gone_before(c, i64::MAX))?;
        for id in &gone {
            if let Err(e) = super::folder::Folder::new(&self.dir, id).remove() {
                tracing::warn!(instance = id, error = %e, "removing a folder");
            }
        }
        self.db.write(db::volumes::wipe).await?;
        self.volumes.wake();
        self.db.write(db::launch_templates::wipe).await?;
        self.db.write(db::placement_groups::wipe).await?;
        self.db.write(db::compute_records::wipe).await?;
        self.db.write(db::account_settings::wipe).await?;
        self.db.write(db::instances::wipe).await
    }
}

/// The rows of these instances of an account, or an error that names those that are not there.
pub(super) fn owned(
    c: &db::Conn,
    account: &str,
    region: &str,
    ids: Vec<String>,
) -> Result<Vec<InstanceRow>, IntentError> {
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for id in ids {
        match db::instances::get(c, &id)? {
            Some(row) if row.account == account && row.region == region => rows.push(row),
            Some(_) | None => missing.push(id),
        }
    }
    if missing.is_empty() { Ok(rows) } else { Err(IntentError::NotFound(missing)) }
}

/// An error if the account runs more vCPUs than it may, now that this instance is to run.
fn check_vcpus(c: &db::Conn, row: &InstanceRow) -> Result<(), IntentError> {
    let most = quotas::limit(c, &row.account, Quota::Vcpus)?;
    let running = db::instances::tally(c, &row.account, &row.region)?.vcpus;
    if running > most { Err(IntentError::TooManyVcpus(most)) } else { Ok(()) }
}

/// An error if the instance is to start from a volume that it does not have.
fn check_root(c: &db::Conn, row: &InstanceRow) -> Result<(), IntentError> {
    let spec = Spec::parse(&row.spec)?;
    if !spec.root_volume || attachments::at(c, &row.id)?.iter().any(|a| a.target == attachments::ROOT) {
        return Ok(());
    }
    Err(IntentError::NoRootVolume { instance: row.id.clone(), device: spec.root_device_name })
}

/// Put the change into the row; `false`: it already is so.
fn apply(row: &mut InstanceRow, desired: Desired, observed: Observed, change: Change) -> Result<bool, IntentError> {
    let spec = Spec::parse(&row.spec)?;
    let state = visible(desired, observed);
    let wrong = |verb| IntentError::WrongState { id: row.id.clone(), verb };
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
            Err(IntentError::OneTimeSpot(row.id.clone()))
        }
        (Change::Stop { .. }, State::Running) if spec.options.disable_api_stop => {
            Err(IntentError::StopDisabled(row.id.clone()))
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
        ) => Err(IntentError::NotRunning { id: row.id.clone(), state }),

        (Change::Terminate, State::ShuttingDown | State::Terminated) => Ok(false),
        (Change::Terminate, State::Pending | State::Running | State::Stopping | State::Stopped) => {
            if spec.options.disable_api_termination {
                return Err(IntentError::TerminationDisabled(row.id.clone()));
            }
            user(row, Desired::Terminated);
            Ok(true)
        }
    }
}

/// A user's wish to stop or terminate, in AWS's words.
fn user(row: &mut InstanceRow, desired: Desired) {
    let when = clock::now().format(time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"));
    let transition = format!("User initiated ({} GMT)", when.unwrap_or_default());
    let code = "Client.UserInitiatedShutdown";
    begin(row, desired, code, &format!("{code}: User initiated shutdown"), &transition);
}

/// A new intent: deadlines, tries and postponements of the old one are void.
pub(super) fn begin(row: &mut InstanceRow, desired: Desired, code: &str, message: &str, transition: &str) {
    row.desired = desired.text().into();
    (row.force, row.reboot, row.deadline) = (false, false, 0);
    (row.attempt, row.not_before) = (0, 0);
    (row.reason_code, row.reason_message, row.transition) = (code.into(), message.into(), transition.into());
}

/// The guest powered itself off: what is desired from now on.
pub(super) fn guest_went_off(row: &mut InstanceRow, behavior: ShutdownBehavior) {
    let code = "Client.InstanceInitiatedShutdown";
    let desired = match behavior {
        ShutdownBehavior::Stop => Desired::Stopped,
        ShutdownBehavior::Terminate => Desired::Terminated,
    };
    begin(row, desired, code, &format!("{code}: Instance initiated shutdown"), "");
}
