//! What an image of an instance is asked for, and why there is none.

use crate::compute::Error;
use crate::db::tags::Tag;
use crate::volumes::{self, DiskWish};
use crate::{db, images};

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
    Instance(#[from] Error),
    #[error(transparent)]
    Image(#[from] images::Error),
    #[error(transparent)]
    Volumes(#[from] volumes::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}
