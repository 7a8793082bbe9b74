//! One instance, step by step.

use super::failure::StepError;
use crate::compute::driver::{Machine, Power};
use crate::compute::folder::Folder;
use crate::compute::spec::{Spec, both};
use crate::compute::state::{Desired, Observed, Step, View, next_step};
use crate::compute::{Compute, change};
use crate::db::instances::InstanceRow;
use crate::{clock, network};

/// How long a guest has to react to its power button.
const PATIENCE_OFF_MS: i64 = 120_000;
/// How long a guest has to reboot by itself.
const PATIENCE_REBOOT_MS: i64 = 60_000;

impl Compute {
    /// Steps on one instance until it rests or its intent changes; what was seen and done is put into `row`.
    pub(super) fn advance(&self, row: &mut InstanceRow) -> Result<(), StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        let look = |row: &InstanceRow| driver.observe(&row.id).map_err(StepError::Unseen);
        let mut machine = look(row)?;
        // One that is wanted from now on makes the row's generation grow.
        let mut capture = self.capture_wanted(&row.id)?;
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
                capture,
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
                    self.check_all_free(row)?;
                    self.build(row)?;
                    machine = look(row)?;
                }
                Step::PowerOn => {
                    // The card's rules and the gateway may be gone since the machine was defined: after a reboot, say.
                    let volumes = self.plug(row, machine)?;
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
                    capture = self.capture_wanted(&row.id)?;
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
                    change::guest_went_off(row, spec.options.shutdown_behavior);
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
}

/// What a row keeps of a look at its machine.
pub(super) fn seen(machine: Machine) -> Observed {
    match machine {
        Machine::Absent => Observed::Absent,
        Machine::Off(_) => Observed::Off,
        Machine::Running | Machine::Halted => Observed::Running,
    }
}
