//! The volumes of an instance as the loop has its machine have them.

use super::Compute;
use super::driver::{self, Machine};
use super::reconcile::StepError;
use crate::db::instances::InstanceRow;
use crate::volumes::{Bytes, attachments};

impl Compute {
    /// The volumes of the instance, as disks of its machine. The simulated one has none.
    pub(super) fn disks(&self, row: &InstanceRow) -> Result<Vec<driver::Disk>, StepError> {
        if self.volumes.bytes() == Bytes::None {
            return Ok(Vec::new());
        }
        let disks = self.db.read(|c| self.volumes.disks(c, &row.id))?;
        let disk = |d: attachments::Disk| driver::Disk {
            path: d.path,
            format: "qcow2",
            target: d.target,
            serial: d.serial,
            read_only: false,
        };
        Ok(disks.into_iter().map(disk).collect())
    }

    /// The machine is about to be switched on: its volumes' files are its own from now on. Whether it has any.
    pub(super) fn plug(&self, row: &InstanceRow) -> Result<bool, StepError> {
        if self.volumes.bytes() == Bytes::None {
            return Ok(false);
        }
        let disks = self.db.read(|c| self.volumes.disks(c, &row.id))?;
        let (id, volumes): (_, Vec<String>) = (row.id.clone(), disks.into_iter().map(|d| d.volume).collect());
        let any = !volumes.is_empty();
        if any {
            self.volumes.make_for(&id)?;
            self.db.write_blocking(move |c| attachments::plug(c, &id, &volumes))?;
        }
        Ok(any)
    }

    /// Nothing is left to do but for the volumes: one that is off gives them back.
    pub(super) fn settle_disks(&self, row: &InstanceRow, machine: Machine) -> Result<(), StepError> {
        if self.volumes.bytes() == Bytes::None || machine == Machine::Running {
            return Ok(());
        }
        if self.db.read(|c| attachments::at(c, &row.id))?.iter().any(|a| a.plugged || a.state != "attached") {
            let id = row.id.clone();
            self.db.write_blocking(move |c| attachments::all_unplugged(c, &id))?;
            self.volumes.wake();
        }
        Ok(())
    }
}
