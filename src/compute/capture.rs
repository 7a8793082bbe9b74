//! Images of instances, their bundles and exports: a copy of the disk is taken while nobody writes to it, and the rest is the images' room's work.
//!
//! A running guest is shut down for it by its power button (and after its patience by the switch), and started again as soon as
//! its disk is copied; to clients it runs all the while. Without a reboot it stands still for as long as the copy takes:
//! QEMU then has written out all that the guest did, so the copy is what a power cut would leave.

use super::Compute;
use super::driver::{Driver, Machine, Power};
use super::folder::Folder;
use super::intent::{IntentError, owned};
use super::reconcile::StepError;
use super::spec::{Spec, both};
use super::state::{self, State, visible};
use crate::db::images::{Details, Image, ImageType, Mapping, Origin};
use crate::db::instances::InstanceRow;
use crate::db::{self, Conn};
use crate::images;
use crate::images::tasks::{self, Task, Wanted};

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
    /// Devices and what the image's instances are to see there; `None`: nothing.
    pub mappings: Vec<(String, Option<String>)>,
    /// Devices of which the request says how their volumes are to be.
    pub volumes: Vec<String>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error(transparent)]
    Instance(#[from] IntentError),
    #[error(transparent)]
    Image(#[from] images::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    /// `UnsupportedOperation`
    #[error("a volume at {0}, which is not the root device {1}")]
    OtherVolume(String, String),
}

/// Put the image down as pending, and have the loop look at the instance.
pub fn capture(c: &Conn, r: &CaptureRequest) -> Result<Image, CaptureError> {
    let (row, spec) = with_disk(c, &r.account, &r.region, &r.instance_id, "imaged", true)?;
    if let Some(device) = r.volumes.iter().find(|device| **device != spec.root_device_name) {
        return Err(CaptureError::OtherVolume(device.clone(), spec.root_device_name));
    }
    let mut mappings: Vec<Mapping> =
        spec.mappings.into_iter().map(|(virtual_name, device)| Mapping { virtual_name, device }).collect();
    for (device, virtual_name) in &r.mappings {
        mappings.retain(|m| m.device != *device);
        let added = virtual_name.clone().map(|virtual_name| Mapping { virtual_name, device: device.clone() });
        mappings.extend(added);
    }
    let imds_v2 = db::images::get(c, &spec.image_id)?.is_some_and(|i| i.details.imds_v2);
    let image = Image {
        description: r.description.clone(),
        architecture: spec.architecture,
        platform: spec.platform,
        kernel_id: spec.kernel_id,
        ramdisk_id: spec.ramdisk_id,
        root_device_name: spec.root_device_name,
        mappings,
        details: Details {
            source_image: Some(spec.image_id),
            source_region: Some(r.region.clone()),
            source_instance: Some(row.id.clone()),
            imds_v2,
            ..Details::default()
        },
        ..images::fresh(ImageType::Machine, &r.account, Some(&r.region), Some(r.name.clone()))
    };
    images::put_down(c, &image, &Origin::Instance { id: row.id.clone(), reboot: r.reboot })?;
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
        let disk = Folder::new(&self.dir, &row.id).disk();
        let copied = if driver.is_real() { self.images.copy_disk(&disk, &capture.id) } else { Ok(()) };
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
        let source = (!driver.is_real()).then(|| Spec::parse(&row.spec)).transpose()?.map(|spec| spec.image_id);
        let (instance, powered) = (row.id.clone(), row.powered);
        self.db.write_blocking(move |c| {
            // Together: a guest that was shut down for the copy did not go by its own will.
            db::instances::set_powered(c, &instance, powered)?;
            match source {
                None => images::capture::captured(c, &capture.id, &instance),
                Some(source) => images::capture::captured_as_image(c, &capture.id, &source),
            }
        })?;
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
