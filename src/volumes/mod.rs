//! EBS volumes and their snapshots.
//!
//! The bytes of a volume are a chain of qcow2 files below `volumes/`, called layers: each holds what was written since the one
//! that it stands on was finished, and only the top one of a volume is ever written to. They name each other without a folder, so the
//! data directory can be moved. See `docs/decisions/0007-snapshots-are-layers.md`.
//!
//! ```text
//! CreateVolume                 vol-a.0
//! CreateSnapshot snap-1        vol-a.0 <- vol-a.1          snap-1 is vol-a.0, the volume's guest writes to vol-a.1
//! CreateVolume from snap-1     vol-a.0 <- vol-b.0          no byte is copied
//! CopySnapshot snap-1          another row of vol-a.0
//! ```
//!
//! A row comes before its file and goes after it ([`work`]): what a crash leaves is finished or removed by the loop. A volume is
//! `creating` until its file is durable, a snapshot `pending` until nothing writes to its layer any more. While a running machine
//! has a volume it is *plugged*: then its file belongs to the hypervisor, and what is to be done to it `compute` does through the
//! driver. A layer goes when no volume, no snapshot and no other layer needs it.
//!
//! Who wants the bytes of a snapshot (to make an image's disk, to export it) asks [`Volumes::file_of`] for its file: a qcow2 file
//! that never changes, and that may stand on others, so `qemu-img convert -f qcow2` reads it and a plain copy does not.
//! Simulated machines have no disks, and then there are rows only: everything is done when the request is answered.
//!
//! Encryption is a record: whether a volume says that it is encrypted, and under which key, is kept and handed on as AWS does it,
//! and its bytes lie on the host's disk as they are.

pub mod adopted;
pub mod attachments;
pub mod check;
mod devices;
mod figures;
mod making;
pub mod qcow2;
pub mod sharing;
pub mod snapshots;
mod volume;
mod work;

pub use devices::{DiskWish, Mapped, VolumeWish};
pub use figures::{Figures, Kind, Wish};
pub use making::{NewVolume, create, create_on, figures_on, modify};
pub use volume::{Modification, Volume, all, delete, get, need, of_account};

use crate::db::snapshots::SnapshotRow;
use crate::db::{self, Db};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tokio::sync::Notify;

/// The room's handle.
pub struct Volumes {
    db: Db,
    /// `volumes/` below the data directory.
    dir: PathBuf,
    bytes: Bytes,
    /// Held while a file is made: the loop does it, and who cannot wait for the loop.
    making: Mutex<()>,
    wake: Notify,
}

/// Whether volumes have files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// Files below the data directory, which the loop makes.
    Files,
    /// None: machines are simulated.
    None,
}

impl Volumes {
    /// Open the room. Starts nothing; see [`Volumes::run`].
    pub fn open(db: Db, data_dir: &Path, bytes: Bytes) -> Result<Volumes, Error> {
        let dir = data_dir.join("volumes");
        std::fs::create_dir_all(&dir).map_err(|e| Error::File(dir.clone(), e))?;
        Ok(Volumes { db, dir, bytes, making: Mutex::new(()), wake: Notify::new() })
    }

    /// What functions of this room that make something are to be told.
    pub fn bytes(&self) -> Bytes {
        self.bytes
    }

    /// Have the loop look at the rows now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// The qcow2 file of a completed snapshot. It never changes, and is there as long as the snapshot is.
    pub fn file_of(&self, snapshot: &SnapshotRow) -> PathBuf {
        self.path(&snapshot.layer)
    }

    /// The file of a layer.
    pub fn path(&self, layer: &str) -> PathBuf {
        self.dir.join(layer)
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// `InvalidVolume.NotFound`
    #[error("The volume '{0}' does not exist.")]
    NoVolume(String),
    /// `InvalidSnapshot.NotFound`
    #[error("The snapshot '{0}' does not exist.")]
    NoSnapshot(String),
    /// `InvalidParameterValue`
    #[error("{0}")]
    Value(String),
    /// `InvalidParameterValue`; in a block device mapping `InvalidBlockDeviceMapping`
    #[error("Volume of size {gib}GB is smaller than snapshot '{snapshot}', expect size >= {least}GB")]
    TooSmall { gib: i64, snapshot: String, least: i64 },
    /// `InvalidParameterCombination`
    #[error("{0}")]
    Combination(String),
    /// `MissingParameter`
    #[error("The request must contain the parameter {0}")]
    Missing(String),
    /// `MissingParameter`
    #[error("The parameter iops must be specified for {0} volumes.")]
    NeedsIops(&'static str),
    /// `VolumeInUse`: deleting it
    #[error("Volume {volume} is currently attached to {instance}")]
    InUse { volume: String, instance: String },
    /// `VolumeInUse`: attaching it
    #[error("{0} is already attached to an instance")]
    AlreadyAttached(String),
    /// `IncorrectState`: attaching what is not made yet
    #[error("{0} is not 'available'.")]
    NotAvailable(String),
    /// `IncorrectState`: detaching what is not attached
    #[error("Volume '{0}' is in the 'available' state.")]
    NotAttached(String),
    /// `InvalidAttachment.NotFound`
    #[error("Volume '{volume}' is not attached to instance '{instance}' as device '{device}'.")]
    NoAttachment { volume: String, instance: String, device: String },
    /// `InvalidVolume.ZoneMismatch`
    #[error("The volume '{volume}' is not in the same availability zone as instance '{instance}'")]
    OtherZone { volume: String, instance: String },
    /// `InvalidParameterValue`
    #[error("Invalid value '{0}' for unixDevice. Attachment point {0} is already in use")]
    DeviceTaken(String),
    /// `AttachmentLimitExceeded`
    #[error("The instance '{0}' has as many volumes as it can have.")]
    TooManyAttachments(String),
    /// `VolumeLimitExceeded`
    #[error("You have exceeded your maximum volume storage limit of {0} GiB in this region.")]
    TooMuchStorage(i64),
    /// `SnapshotLimitExceeded`
    #[error("You have reached the limit on the number of snapshots that you can create.")]
    TooManySnapshots,
    /// `UnsupportedOperation`
    #[error("Volume '{0}' is attached already, and the disk of a real machine cannot be shared with another.")]
    CannotShare(String),
    /// `IncorrectModificationState`
    #[error("Volume '{0}' is still being modified.")]
    Modifying(String),
    /// `IncorrectState`
    #[error("Snapshot is in invalid state - {0}")]
    SnapshotState(String),
    /// `OperationNotPermitted`
    #[error("Encrypted snapshots cannot be shared publicly")]
    EncryptedPublic,
    /// `OperationNotPermitted`
    #[error("Encrypted snapshots with EBS default key cannot be shared")]
    EncryptedByOwnKey,
    /// `OperationNotPermitted`
    #[error(
        "Snapshots of this account cannot be shared publicly: block public access for snapshots is enabled in this region."
    )]
    PublicAccessBlocked,
    /// `InvalidSnapshot.InUse`
    #[error("The snapshot {snapshot} is currently in use by {user}")]
    SnapshotInUse { snapshot: String, user: String },
    /// For the loop of the instance only: its machine has to wait for the volume's file.
    #[error("volume {0} is not ready")]
    NotReady(String),
}
