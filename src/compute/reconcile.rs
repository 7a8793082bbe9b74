//! The loop: look at every row that is not settled, do one step after the other, write back what was seen.
//!
//! A wake carries no data and a pass takes no input: the rows say everything. One worker has an instance at a time; workers
//! run beside each other, bounded, each on a thread for blocking calls. A write-back is guarded by the row's
//! generation, so what changed meanwhile is never overwritten: the worker reads the row again and goes on. Failures postpone
//! the row with growing patience, and the row itself remembers.

use super::driver::{self, Machine, MachineSpec, Power};
use super::folder::Folder;
use super::spec::{Cpu, Spec, both};
use super::state::{Desired, Observed, State, Step, View, next_step, visible};
use super::{Compute, intent};
use crate::db::instances::InstanceRow;
use crate::images::Base;
use crate::volumes::{self, attachments};
use crate::{clock, db, network};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};

/// Machines that are being worked on at once.
const WORKERS: usize = 8;
/// How long a guest has to react to its power button.
const PATIENCE_OFF_MS: i64 = 120_000;
/// How long a guest has to reboot by itself.
const PATIENCE_REBOOT_MS: i64 = 60_000;
/// Tries to build or start a machine before the API says that it failed.
const TRIES: i64 = 4;
/// How often to look without a wake, for what no event told.
const PERIOD: Duration = Duration::from_secs(30);

/// What the loop keeps in memory; all of it can be lost.
pub(super) struct Work {
    wake: Notify,
    workers: Arc<Semaphore>,
    /// Instances that have a worker.
    pub(super) busy: Mutex<HashSet<String>>,
    /// Instances of which an event came while they had a worker.
    pub(super) missed: Mutex<HashSet<String>>,
    /// How often in a row work on an instance had to wait for something that no try of ours makes better.
    waits: Mutex<HashMap<String, u32>>,
    /// When a device left an instance's machine last.
    pub(super) pulled: Mutex<HashMap<String, Instant>>,
    /// Spot requests and fleets are to be looked at. There may be thousands, which most passes have nothing to do with.
    tend: AtomicBool,
    /// At the last look one of them wanted room that no host had.
    wants_room: AtomicBool,
}

impl Default for Work {
    fn default() -> Self {
        Work {
            wake: Notify::new(),
            workers: Arc::new(Semaphore::new(WORKERS)),
            busy: Mutex::default(),
            missed: Mutex::default(),
            waits: Mutex::default(),
            pulled: Mutex::default(),
            tend: AtomicBool::new(true),
            wants_room: AtomicBool::new(true),
        }
    }
}

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Driver(#[from] driver::Error),
    /// The hypervisor does not tell how the machine is: nothing was tried, so nothing counts as a failed try.
    #[error("looking at the machine: {0}")]
    Unseen(#[source] driver::Error),
    #[error(transparent)]
    Network(#[from] network::Error),
    /// A disk or card of a machine that runs could not be changed: nothing to count against the machine.
    #[error("a device: {0}")]
    Device(#[source] driver::Error),
    /// The guest has not let go of a volume or a card yet.
    #[error("the guest still holds {0}")]
    HeldByGuest(String),
    /// Too soon after another device left it: the guest would take the new one for the old.
    #[error("the guest is still letting go of another device")]
    TooSoon,
    /// A volume's file is being worked on: nothing was tried, either.
    #[error("volumes: {0}")]
    Volumes(#[from] volumes::Error),
    #[error("image: {0}")]
    Image(#[from] crate::images::Error),
    #[error("instance folder: {0}")]
    Folder(#[from] std::io::Error),
    #[error("its network interface is gone")]
    NoInterface,
    #[error("its root volume is gone")]
    NoRoot,
}

impl StepError {
    /// Another try would give the same.
    fn is_final(&self) -> bool {
        match self {
            StepError::Driver(driver::Error::Refused(_)) | StepError::NoInterface | StepError::NoRoot => true,
            StepError::Network(network::Error::RangeTaken(..)) => true,
            // Deregistered between the launch and its first disk.
            StepError::Image(e) => e.status() < 500,
            StepError::Driver(driver::Error::Failed(_))
            | StepError::Unseen(_)
            | StepError::Db(_)
            | StepError::Network(_)
            | StepError::Volumes(_)
            | StepError::Device(_)
            | StepError::HeldByGuest(_)
            | StepError::TooSoon
            | StepError::Folder(_) => false,
        }
    }

    /// Whether something was tried that may be given up, rather than waited for.
    fn is_a_try(&self) -> bool {
        match self {
            StepError::Unseen(_)
            | StepError::Volumes(_)
            | StepError::Device(_)
            | StepError::HeldByGuest(_)
            | StepError::TooSoon => false,
            StepError::Db(_)
            | StepError::Driver(_)
            | StepError::Network(_)
            | StepError::Image(_)
            | StepError::Folder(_)
            | StepError::NoInterface
            | StepError::NoRoot => true,
        }
    }
}

impl Compute {
    /// Have the loop look at the rows now.
    pub fn wake(&self) {
        self.work.wake.notify_one();
    }

    /// Have the loop look at spot requests and fleets, too.
    pub fn tend(&self) {
        self.work.tend.store(true, Relaxed);
        self.wake();
    }

    /// An instance with this spec is in another state: those who launched it are told, and if it has `ended`, those who want room.
    pub(super) fn tell_launchers(&self, spec: &Spec, ended: bool) {
        let options = &spec.options;
        if options.spot.is_some() || options.fleet.is_some() || ended && self.work.wants_room.load(Relaxed) {
            self.tend();
        }
    }

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
                let rests = match tokio::task::spawn_blocking(move || worker.settle(&one)).await {
                    Ok(Ok(rests)) => rests,
                    Ok(Err(e)) => {
                        tracing::error!(instance = id, error = %e, "reconciling");
                        false
                    }
                    Err(e) => {
                        tracing::error!(instance = id, error = %e, "reconciling");
                        false
                    }
                };
                compute.work.busy.lock().expect("no panic while held").remove(&id);
                if compute.work.missed.lock().expect("no panic while held").remove(&id) {
                    compute.look_again(&id).await;
                } else if rests {
                    return;
                }
                // What was changed or postponed meanwhile is for the next pass; most rows rest.
                match compute.db.read(|c| db::instances::get(c, &id)) {
                    Ok(Some(row)) if row.settled >= row.generation => {}
                    Ok(None) => {}
                    Ok(Some(_)) | Err(_) => compute.wake(),
                }
            });
        }
        Ok(())
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

    /// Steps on one instance until it rests or its intent changes; what was seen and done is put into `row`.
    fn advance(&self, row: &mut InstanceRow) -> Result<(), StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        let look = |row: &InstanceRow| driver.observe(&row.id).map_err(StepError::Unseen);
        let mut machine = look(row)?;
        loop {
            row.observed = seen(machine).text().into();
            let (desired, _) = both(row)?;
            let now = clock::now_ms();
            let view = View {
                desired,
                machine,
                powered: row.powered && row.boot_id == self.boot_id,
                force: row.force,
                reboot: row.reboot,
                deadline: (row.deadline > 0).then_some(now >= row.deadline),
                capture: self.capture_wanted(&row.id)?,
            };
            let step = next_step(view);
            tracing::debug!(?step, ?machine, "step");
            match step {
                Step::Settle => {
                    self.observed(row, machine);
                    self.settle_disks(row, machine)?;
                    self.settle_nics(row, machine)?;
                    (row.settled, row.deadline) = (row.generation, 0);
                    (row.attempt, row.not_before) = (0, 0);
                    return Ok(());
                }
                Step::Build => {
                    self.build(row)?;
                    machine = look(row)?;
                }
                Step::PowerOn => {
                    // The card's rules and the gateway may be gone since the machine was defined: after a reboot, say.
                    let volumes = self.plug(row)?;
                    if volumes || Spec::parse(&row.spec)?.redefine {
                        self.build(row)?;
                    } else {
                        self.ensure_ports(row)?;
                    }
                    driver.power(&row.id, Power::On)?;
                    row.powered = true;
                    row.boot_id = self.boot_id.clone();
                    machine = look(row)?;
                }
                Step::AskOff => {
                    driver.power(&row.id, Power::AskOff)?;
                    row.deadline = now + PATIENCE_OFF_MS;
                    machine = look(row)?;
                }
                Step::AskReboot => {
                    row.deadline = now + PATIENCE_REBOOT_MS;
                    driver.power(&row.id, Power::AskReboot)?;
                    machine = look(row)?;
                }
                Step::Reset => {
                    driver.power(&row.id, Power::Reset)?;
                    (row.reboot, row.deadline) = (false, 0);
                }
                Step::CopyDisk => {
                    self.copy_disk(driver, row, machine)?;
                    machine = look(row)?;
                }
                Step::Wait => {
                    self.observed(row, machine);
                    if desired == Desired::Running && !row.reboot {
                        // It was asked off for a copy of its disk: when it goes, that is not its own will.
                        row.powered = false;
                    }
                    row.not_before = row.deadline;
                    return Ok(());
                }
                Step::PowerOff => {
                    driver.power(&row.id, Power::Off)?;
                    machine = look(row)?;
                }
                Step::GuestWentOff => {
                    let spec = Spec::parse(&row.spec)?;
                    intent::guest_went_off(row, spec.options.shutdown_behavior);
                }
                Step::Remove => {
                    self.no_more_copies(&row.id)?;
                    driver.remove(&row.id)?;
                    for nic in self.db.read(|c| network::nics_of(c, &row.id))? {
                        self.network.remove_port(&nic.eni_id)?;
                    }
                    Folder::new(&self.dir, &row.id).strip()?;
                    row.observed = Observed::Gone.text().into();
                    row.settled = row.generation;
                    return Ok(());
                }
            }
        }
    }

    /// Put what was seen into the row.
    fn observed(&self, row: &mut InstanceRow, machine: Machine) {
        let observed = seen(machine);
        if observed == Observed::Running && row.desired == Desired::Running.text() {
            row.powered = true;
            row.boot_id = self.boot_id.clone();
            (row.reason_code, row.reason_message) = (String::new(), String::new());
            row.transition.clear();
        }
        row.observed = observed.text().into();
    }

    /// Make the disk and the network port and define the machine; everything is found as it was when done again.
    fn build(&self, row: &mut InstanceRow) -> Result<(), StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        let mut spec = Spec::parse(&row.spec)?;
        let disk_base = (!spec.root_volume).then(|| self.base(driver, &spec.image_id)).transpose()?;
        let kernel = spec.kernel_id.as_deref().map(|id| self.base(driver, id)).transpose()?;
        let ramdisk = spec.ramdisk_id.as_deref().map(|id| self.base(driver, id)).transpose()?;
        let bases: Vec<String> = [disk_base.as_ref(), kernel.as_ref(), ramdisk.as_ref()]
            .into_iter()
            .flatten()
            .map(|b| b.digest.clone())
            .collect();
        (spec.bases, spec.redefine) = (bases, false);
        row.spec = spec.to_json();
        let folder = Folder::new(&self.dir, &row.id);
        let real = driver.is_real();
        folder.make(disk_base.as_ref().map(|base| (&*base.path, spec.root_bytes.max(base.virtual_size))), real)?;
        let nics = self.ensure_ports(row)?;
        let own = disk_base.map(|_| driver::Disk {
            path: folder.disk(),
            format: "qcow2",
            target: attachments::ROOT.into(),
            serial: "root".into(),
            read_only: false,
        });
        let disks: Vec<driver::Disk> = own.into_iter().chain(self.disks(row)?).collect();
        if driver.is_real() && disks.first().is_none_or(|disk| disk.target != attachments::ROOT) {
            return Err(StepError::NoRoot);
        }
        let cpu = Cpu::of(row, &spec.options);
        let machine = MachineSpec {
            id: row.id.clone(),
            uuid: driver::machine_uuid(&self.installation, &row.id),
            cores: cpu.cores,
            threads: cpu.threads,
            memory_mib: row.memory_mib as u64,
            accelerated: self.accelerated.get(),
            kernel: kernel.map(|k| driver::DirectKernel {
                kernel: k.path,
                ramdisk: ramdisk.map(|r| r.path),
                cmdline: "root=/dev/vda console=tty0 console=ttyS0".into(),
            }),
            disks,
            nics,
            console_log: folder.console_log(),
        };
        let xml = driver.define(&machine)?;
        if real {
            folder.keep_definition(&xml)?;
        }
        Ok(())
    }

    /// An image as a file to stand on. A simulated machine reads no disk, so its image is not converted.
    fn base(&self, driver: &dyn driver::Driver, image_id: &str) -> Result<Base, StepError> {
        if driver.is_real() {
            return Ok(self.images.base_image(image_id)?);
        }
        Ok(Base { path: super::NO_BASE.into(), virtual_size: 1 << 20, digest: image_id.to_owned() })
    }

    /// Make the ports of the interfaces on the host, unless machines have none.
    fn ensure_ports(&self, row: &InstanceRow) -> Result<Vec<driver::NicSpec>, StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        if !driver.is_real() {
            return Ok(Vec::new());
        }
        let nics = self.db.read(|c| network::nics_of(c, &row.id))?;
        if nics.is_empty() {
            return Err(StepError::NoInterface);
        }
        Ok(nics.iter().map(|nic| self.ensure_port(nic)).collect::<Result<_, _>>()?)
    }
}

/// What a row keeps of a look at its machine.
pub(super) fn seen(machine: Machine) -> Observed {
    match machine {
        Machine::Absent => Observed::Absent,
        Machine::Off(_) => Observed::Off,
        Machine::Running | Machine::Halted => Observed::Running,
    }
}

/// Look at the row again after a while, the longer the more `failures` there were in a row.
fn postpone(row: &mut InstanceRow, failures: u32) {
    let seconds = 1i64 << failures.saturating_sub(1).min(6);
    row.not_before = clock::now_ms() + seconds * 1000;
}

/// A step failed: try again later, or give up. Only tries to bring a machine up are ever given up, and never one that runs.
fn failed_try(row: &mut InstanceRow, e: &StepError) {
    row.attempt += 1;
    if row.desired == Desired::Running.text() && (e.is_final() || row.attempt >= TRIES) {
        tracing::error!(attempt = row.attempt, error = %e, "giving up");
        if row.observed == Observed::Running.text() {
            // What failed is a reboot.
            (row.reboot, row.deadline, row.attempt, row.not_before) = (false, 0, 0, 0);
            return;
        }
        // A machine that never ran is taken back, one that had run stays stopped with its disk.
        let desired = if row.boot_id.is_empty() { Desired::Terminated } else { Desired::Stopped };
        let code = "Server.InternalError";
        intent::begin(row, desired, code, &format!("{code}: {e}"), code);
        row.generation += 1;
        return;
    }
    tracing::warn!(attempt = row.attempt, error = %e, "a step failed, trying again");
    postpone(row, row.attempt as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(observed: Observed, boot_id: &str) -> InstanceRow {
        InstanceRow {
            id: "i-1".into(),
            account: String::new(),
            region: String::new(),
            zone: String::new(),
            reservation_id: String::new(),
            launch_index: 0,
            host: String::new(),
            instance_type: String::new(),
            vcpus: 1,
            memory_mib: 1,
            eni_id: String::new(),
            spec: "".into(),
            desired: Desired::Running.text().into(),
            observed: observed.text().into(),
            generation: 1,
            settled: 0,
            powered: false,
            boot_id: boot_id.into(),
            force: false,
            deadline: 0,
            reboot: false,
            attempt: 0,
            not_before: 0,
            reason_code: String::new(),
            reason_message: String::new(),
            transition: String::new(),
            launched_at: 0,
            changed_at: 0,
        }
    }

    fn failed() -> driver::Error {
        driver::Error::Failed("on purpose".into())
    }

    #[test]
    fn what_is_waited_for_is_no_try_and_is_waited_for_ever_longer() {
        for e in [StepError::Unseen(failed()), StepError::HeldByGuest("vol-1".into()), StepError::TooSoon] {
            assert!(!e.is_a_try() && !e.is_final());
        }
        let mut row = row(Observed::Running, "boot");
        for (failures, seconds) in [(1, 1), (2, 2), (7, 64), (1000, 64)] {
            let before = clock::now_ms();
            postpone(&mut row, failures);
            assert!((seconds * 1000..=clock::now_ms() - before + seconds * 1000).contains(&(row.not_before - before)));
        }
        assert_eq!((row.desired.as_str(), row.generation, row.attempt), ("running", 1, 0));
    }

    #[test]
    fn a_launch_that_fails_is_taken_back_and_a_start_leaves_the_instance_stopped() {
        for (boot_id, desired) in [("", "terminated"), ("boot", "stopped")] {
            let mut row = row(Observed::Off, boot_id);
            for _ in 0..TRIES {
                assert_eq!(row.desired, "running");
                failed_try(&mut row, &StepError::Driver(failed()));
            }
            assert_eq!((row.desired.as_str(), row.reason_code.as_str()), (desired, "Server.InternalError"));
        }
    }

    #[test]
    fn a_reboot_that_fails_leaves_a_running_instance_running() {
        let mut row = row(Observed::Running, "boot");
        row.reboot = true;
        for _ in 0..TRIES {
            failed_try(&mut row, &StepError::Driver(failed()));
        }
        assert_eq!((row.desired.as_str(), row.reboot), ("running", false));
    }
}
