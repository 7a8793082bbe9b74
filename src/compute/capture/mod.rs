//! Images of instances, their bundles and exports: a copy of the disk is taken while nobody writes to it, and the rest is the images' room's work.
//! Of volumes no copy is taken but snapshots, for which a guest need not stand still. Here it is put down that a copy is to be taken; the loop
//! takes it.

pub(super) mod mapping;
mod request;

pub use request::{CaptureError, CaptureRequest};

use super::Error;
use super::change::owned;
use super::spec::{Spec, both};
use super::state::{State, visible};
use crate::db::images::{Details, Image, ImageType, Origin};
use crate::db::instances::InstanceRow;
use crate::db::{self, Conn};
use crate::images;
use crate::images::tasks::{self, Task, Wanted};
use crate::volumes::Bytes;

/// Put the image down. One on volumes, of which nobody asks that the guest is shut down, has its snapshots begun at once; any other waits,
/// and the loop is to look at the instance.
pub fn capture(c: &Conn, r: &CaptureRequest, bytes: Bytes) -> Result<Image, CaptureError> {
    let (row, spec) = with_disk(c, &r.account, &r.region, &r.instance_id, "imaged", true)?;
    let (desired, observed) = both(&row)?;
    let waits = !spec.root_volume || (r.reboot && visible(desired, observed) != State::Stopped);
    let (mappings, volumes) = mapping::of(c, r, &row.id, &spec)?;
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
        mapping::begin_snapshots(c, &image.id, &row.id, &r.snapshot_tags, bytes)?;
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
            return Err(Error::WrongState { id: row.id, verb }.into());
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
