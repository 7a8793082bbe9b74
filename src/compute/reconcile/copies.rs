//! Copies of disks that images, bundles and exports of instances wait for.
//!
//! A running guest is shut down for it by its power button (and after its patience by the switch), and started again as soon as
//! its disk is copied; to clients it runs all the while. Without a reboot it stands still for as long as the copy takes:
//! QEMU then has written out all that the guest did, so the copy is what a power cut would leave.

use super::failure::StepError;
use crate::compute::capture::mapping;
use crate::compute::driver::{Driver, Machine, Power};
use crate::compute::folder::Folder;
use crate::compute::spec::Spec;
use crate::compute::{Compute, state};
use crate::db::instances::InstanceRow;
use crate::volumes::{self, attachments};
use crate::{db, images};

impl Compute {
    /// How the machine is to be for the image that waits longest for a copy of its disk.
    pub(super) fn capture_wanted(&self, id: &str) -> Result<Option<state::Capture>, db::Error> {
        let waiting = self.db.read(|c| images::capture::captures_of(c, id))?;
        Ok(waiting.first().map(|w| if w.reboot { state::Capture::Off } else { state::Capture::Halted }))
    }

    /// Copy the disk for the image that waits longest. A disk that cannot be copied fails its image and never the instance.
    pub(super) fn copy_disk(
        &self,
        driver: &dyn Driver,
        row: &mut InstanceRow,
        machine: Machine,
    ) -> Result<(), StepError> {
        let waiting = self.db.read(|c| images::capture::captures_of(c, &row.id))?;
        let Some(capture) = waiting.into_iter().next() else { return Ok(()) };
        let running = matches!(machine, Machine::Running | Machine::Halted);
        if running {
            driver.power(&row.id, Power::Halt)?;
            if driver.observe(&row.id)? != Machine::Halted {
                // It went off in this very moment.
                return Ok(());
            }
        }
        let spec = Spec::parse(&row.spec)?;
        let copied = match (driver.is_real(), spec.root_volume) {
            (false, _) => Ok(()),
            // Snapshots of its volumes are all that an image needs; only a task needs a file.
            (true, true) if capture.is_image => Ok(()),
            (true, true) => match self.db.read(|c| self.volumes.disks(c, &row.id))?.first() {
                Some(root) => self.images.flatten_disk(&root.path, &capture.id),
                None => return Err(StepError::NoRoot),
            },
            (true, false) => self.images.copy_disk(&Folder::new(&self.dir, &row.id).disk(), &capture.id),
        };
        if running {
            driver.power(&row.id, Power::On)?;
        } else {
            (row.reboot, row.deadline) = (false, 0);
            row.powered &= !capture.reboot;
        }
        if let Err(e) = copied {
            tracing::error!(waiting = capture.id, error = %e, "an instance's disk cannot be copied");
            self.images.not_captured(&capture.id, "The instance's disk could not be copied.")?;
            return Ok(());
        }
        let source = (!driver.is_real()).then_some(spec.image_id);
        let (instance, powered, bytes) = (row.id.clone(), row.powered, self.volumes.bytes());
        let root_volume = spec.root_volume;
        self.db.write_blocking(move |c| {
            // Together: a guest that was shut down for the copy did not go by its own will.
            db::instances::set_powered(c, &instance, powered)?;
            if !running {
                attachments::all_unplugged(c, &instance)?;
            }
            if capture.is_image {
                mapping::begin_snapshots(c, &capture.id, &instance, &capture.snapshot_tags, bytes)?;
            }
            match source {
                _ if root_volume && capture.is_image => db::images::set_begun(c, &capture.id).map(drop)?,
                None => images::capture::captured(c, &capture.id, &instance)?,
                Some(source) => images::capture::captured_as_image(c, &capture.id, &source)?,
            }
            Ok::<_, volumes::Error>(())
        })?;
        self.volumes.wake();
        self.images.wake();
        Ok(())
    }

    /// The instance goes: what waits for a copy of its disk waits in vain.
    pub(super) fn no_more_copies(&self, id: &str) -> Result<(), StepError> {
        for capture in self.db.read(|c| images::capture::captures_of(c, id))? {
            let why = format!("The instance {id} was terminated before its disk was copied.");
            self.images.not_captured(&capture.id, &why)?;
        }
        Ok(())
    }
}
