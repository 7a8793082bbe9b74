//! An instance's disk becomes an image. This room keeps the row and makes the file; what has to be done to the guest is for the room
//! of the instances:
//!
//! ```text
//! put_down(Origin::Instance) ─> pending ─ compute: copy of the disk ─> captured ─ here: one file without a base ─> available
//! ```

use super::{Error, Images, Origin, Reason};
use crate::db::{self, Conn};
use std::path::Path;

/// A pending image that waits for a copy of an instance's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub image_id: String,
    /// The guest is to be shut down for it, rather than only halted.
    pub reboot: bool,
}

/// The images that wait for a copy of this instance's disk, the longest waiting first.
pub fn captures_of(c: &Conn, instance: &str) -> Result<Vec<Capture>, db::Error> {
    let work = db::images::captures_of(c, instance)?;
    Ok(work
        .into_iter()
        .map(|w| Capture { reboot: matches!(w.origin, Origin::Instance { reboot: true, .. }), image_id: w.image.id })
        .collect())
}

/// The instance's disk is copied by [`Images::copy_disk`]: the image can be made.
pub fn captured(c: &Conn, image_id: &str, instance: &str) -> Result<(), db::Error> {
    let origin = Origin::Instance { id: instance.to_owned(), reboot: false };
    db::images::captured(c, image_id, &origin).map(drop)
}

/// The instance has no real disk: its image's stands for it.
pub fn captured_as_image(c: &Conn, image_id: &str, source: &str) -> Result<(), db::Error> {
    db::images::captured(c, image_id, &Origin::Image(source.to_owned())).map(drop)
}

impl Images {
    /// Copy `disk`, to which nobody writes meanwhile, for a pending image. Blocking; a copy that is there is replaced.
    pub fn copy_disk(&self, disk: &Path, image_id: &str) -> Result<(), Error> {
        self.folder.capture(disk, image_id).map_err(|e| Error::Io(format!("copying {}", disk.display()), e))
    }

    /// There is nothing to copy, and so no image: `why`, a sentence for its owner. Blocking.
    pub fn not_captured(&self, image_id: &str, why: &str) -> Result<(), Error> {
        let (id, reason) =
            (image_id.to_owned(), Reason { code: "Client.InternalError".into(), message: why.to_owned() });
        self.db.write_blocking(move |c| db::images::set_failed(c, &id, &reason))?;
        self.write_info(image_id)
    }
}
