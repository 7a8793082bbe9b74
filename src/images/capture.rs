//! An instance's disk becomes an image, or what a task makes of it. This room keeps the row and makes the file; what has to be done to the guest is for the room
//! of the instances:
//!
//! ```text
//! put_down(Origin::Instance) ─> pending ─ compute: copy of the disk ─> captured ─ here: one file without a base ─> available
//! ```

use super::format::{self, Format};
use super::{Error, Images, Origin, Reason};
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::{clock, id};
use std::path::Path;

/// A pending image, or a task, that waits for a copy of an instance's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The image's id, or the task's.
    pub id: String,
    pub is_image: bool,
    /// The guest is to be shut down for it, rather than only halted.
    pub reboot: bool,
    /// Tags of the snapshots that an image comes with.
    pub snapshot_tags: Vec<Tag>,
}

fn is_image(id: &str) -> bool {
    id::Kind::Image.accepts(id)
}

/// What waits for a copy of this instance's disk: images first, then tasks, the longest waiting first.
pub fn captures_of(c: &Conn, instance: &str) -> Result<Vec<Capture>, db::Error> {
    let images = db::images::captures_of(c, instance)?.into_iter().map(|work| {
        let (reboot, snapshot_tags) = match work.origin {
            Origin::Instance { reboot, snapshot_tags, .. } => (reboot, snapshot_tags),
            Origin::Bundle(_) | Origin::Image(_) | Origin::Object { .. } => (false, Vec::new()),
        };
        Capture { id: work.image.id, is_image: true, reboot, snapshot_tags }
    });
    let tasks = db::image_tasks::captures_of(c, instance)?;
    let of_task = |id| Capture { id, is_image: false, reboot: true, snapshot_tags: Vec::new() };
    Ok(images.chain(tasks.into_iter().map(|task| of_task(task.id))).collect())
}

/// The instance's disk is copied by [`Images::copy_disk`] for the image or task `id`: the rest can be done.
pub fn captured(c: &Conn, id: &str, instance: &str) -> Result<(), db::Error> {
    if !is_image(id) {
        return db::image_tasks::captured(c, id, None, clock::now_ms());
    }
    let origin = Origin::Instance { id: instance.to_owned(), reboot: false, snapshot_tags: Vec::new() };
    db::images::captured(c, id, &origin).map(drop)
}

/// The instance has no real disk: that of its image, `source`, stands for it.
pub fn captured_as_image(c: &Conn, id: &str, source: &str) -> Result<(), db::Error> {
    if !is_image(id) {
        return db::image_tasks::captured(c, id, Some(source), clock::now_ms());
    }
    db::images::captured(c, id, &Origin::Image(source.to_owned())).map(drop)
}

impl Images {
    /// Copy `disk`, to which nobody writes meanwhile, for a pending image or a task. Blocking; a copy that is there is replaced.
    pub fn copy_disk(&self, disk: &Path, id: &str) -> Result<(), Error> {
        self.folder.capture(disk, id).map_err(|e| Error::Io(format!("copying {}", disk.display()), e))
    }

    /// The same for a disk that stands on other files: one file of all of them.
    pub fn flatten_disk(&self, disk: &Path, id: &str) -> Result<(), Error> {
        let at = |e| Error::Io(format!("copying {}", disk.display()), e);
        let staged = self.folder.stage().map_err(at)?;
        let made = format::convert(disk, Format::Qcow2, staged.path(), Format::Qcow2);
        made.map_err(|e| Error::Format(e.to_string()))?;
        staged.publish(&self.folder.captured(id)).map_err(at)
    }

    /// There is nothing to copy for the image or task: `why`, a sentence for its owner. Blocking.
    pub fn not_captured(&self, id: &str, why: &str) -> Result<(), Error> {
        let (waiting, why) = (id.to_owned(), why.to_owned());
        if !is_image(id) {
            let end = move |c: &Conn| db::image_tasks::end(c, &waiting, "failed", None, Some(&why), clock::now_ms());
            return Ok(self.db.write_blocking(end).map(drop)?);
        }
        let reason = Reason { code: "Client.InternalError".into(), message: why };
        self.db.write_blocking(move |c| db::images::set_failed(c, &waiting, &reason))?;
        self.write_info(id)
    }
}
