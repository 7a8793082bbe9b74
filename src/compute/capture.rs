//! Images of instances, their bundles and exports: a copy of the disk is taken while nobody writes to it, and the rest is the images' room's work.
//! Of volumes no copy is taken but snapshots, for which a guest need not stand still.
//!
//! A running guest is shut down for it by its power button (and after its patience by the switch), and started again as soon as
//! its disk is copied; to clients it runs all the while. Without a reboot it stands still for as long as the copy takes:
//! QEMU then has written out all that the guest did, so the copy is what a power cut would leave.

use super::driver::{Driver, Machine, Power};
use super::folder::Folder;
use super::intent::{IntentError, owned};
use super::reconcile::StepError;
use super::spec::{Spec, both};
use super::state::{self, State, visible};
use super::{Compute, captured_mapping};
use crate::db::images::{Details, Image, ImageType, Origin};
use crate::db::instances::InstanceRow;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::images;
use crate::images::tasks::{self, Task, Wanted};
use crate::volumes::{self, Bytes, DiskWish, attachments};

/// What CreateImage asks for.
#[derive(Debug, Clone)]
pub struct CaptureRequest {
    pub account: String,
    pub region: String,
    pub instance_id: String,
    pub name: String,
    pub description: String,
    /// Shut a running guest down for it.
    pub reboot: bool,
    /// What the image's instances are to have at devices, where that is not what the instance has.
    pub disks: Vec<DiskWish>,
    pub snapshot_tags: Vec<Tag>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error(transparent)]
    Instance(#[from] IntentError),
    #[error(transparent)]
    Image(#[from] images::Error),
    #[error(transparent)]
    Volumes(#[from] volumes::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Put the image down. One on volumes, of which nobody asks that the guest is shut down, has its snapshots begun at once; any other waits,
/// and the loop is to look at the instance.
pub fn capture(c: &Conn, r: &CaptureRequest, bytes: Bytes) -> Result<Image, CaptureError> {
    let (row, spec) = with_disk(c, &r.account, &r.region, &r.instance_id, "imaged", true)?;
    let (desired, observed) = both(&row)?;
    let waits = !spec.root_volume || (r.reboot && visible(desired, observed) != State::Stopped);
    let (mappings, volumes) = captured_mapping::of(c, r, &row.id, &spec)?;
    let of = db::images::get(c, &spec.image_id)?.map(|i| i.details).unwrap_or_default();
    let image = Image {
        description: r.description.clone(),
        architecture: spec.architecture,
        platform: spec.platform,
        kernel_id: spec.kernel_id,
        ramdisk_id: spec.ramdisk_id,
        root_device_name: spec.root_device_name,
        mappings,
        volumes,
        state: if waits { images::State::Pending } else { images::State::Available },
        details: Details {
            source_image: Some(spec.image_id),
            source_region: Some(r.region.clone()),
            source_instance: Some(row.id.clone()),
            imds_v2: of.imds_v2,
            declared: of.declared,
            ..Details::default()
        },
        ..images::fresh(ImageType::Machine, &r.account, Some(&r.region), Some(r.name.clone()))
    };
    let snapshot_tags = r.snapshot_tags.clone();
    let origin = Origin::Instance { id: row.id.clone(), reboot: r.reboot, snapshot_tags };
    images::put_down(c, &image, waits.then_some(&origin))?;
    if !waits {
        captured_mapping::begin_snapshots(c, &image.id, &row.id, &r.snapshot_tags, bytes)?;
    }
    db::instances::touch(c, &row.id)?;
    Ok(image)
}

/// An instance of the account whose disk can be copied; one that runs too, if `running` says so. `verb` is for the refusal.
fn with_disk(
    c: &Conn,
    account: &str,
    region: &str,
    id: &str,
    verb: &'static str,
    running: bool,
) -> Result<(InstanceRow, Spec), CaptureError> {
    let row = owned(c, account, region, vec![id.to_owned()])?.remove(0);
    let (desired, observed) = both(&row)?;
    match visible(desired, observed) {
        State::Running if running => {}
        State::Stopping | State::Stopped => {}
        State::Running | State::Pending | State::ShuttingDown | State::Terminated => {
            return Err(IntentError::WrongState { id: row.id, verb }.into());
        }
    }
    let spec = Spec::parse(&row.spec)?;
    Ok((row, spec))
}

/// Put down the task of making a bundle of an instance's disk; a running guest is shut down for it and started again.
pub fn bundle(
    c: &Conn,
    account: &str,
    region: &str,
    instance: String,
    bucket: String,
    prefix: String,
) -> Result<Task, CaptureError> {
    let (row, spec) = with_disk(c, account, region, &instance, "bundled", true)?;
    let wanted = Wanted::Bundle { instance, bucket, prefix, architecture: spec.architecture };
    let task = tasks::begin(c, account, region, wanted)?;
    db::instances::touch(c, &row.id)?;
    Ok(task)
}

/// Put down the task of exporting a stopped instance's disk; `wanted` is an [`Wanted::ExportInstance`].
pub fn export(c: &Conn, account: &str, region: &str, instance: &str, wanted: Wanted) -> Result<Task, CaptureError> {
    let (row, _) = with_disk(c, account, region, instance, "exported", false)?;
    let task = tasks::begin(c, account, region, wanted)?;
    db::instances::touch(c, &row.id)?;
    Ok(task)
}

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
                captured_mapping::begin_snapshots(c, &capture.id, &instance, &capture.snapshot_tags, bytes)?;
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
