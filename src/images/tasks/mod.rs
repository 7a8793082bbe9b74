//! Long work on images that is no image itself: imports, exports, bundles of instances.
//!
//! A task is a row that says what is wanted; the loop ([`work`]) does it from the start whenever it was cut off, says how far it
//! is, and ends it in the transaction that makes its result visible. What needs an instance's disk waits, like an image of an
//! instance, until `compute` has copied it.

mod snapshot;
mod stored;
mod work;

pub use stored::{RestoreRequest, restore, stored};

use super::{Error, Images, format, source};
use crate::db::image_tasks::{self, TaskRow};
use crate::db::{self, Conn};
use crate::volumes::adopted;
use crate::{clock, id};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a task stays visible after it ended: AWS's seven days.
const VISIBLE_MS: i64 = 7 * 24 * 3_600_000;

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ImportImage,
    ImportSnapshot,
    ExportImage,
    StoreImage,
    Bundle,
    ExportInstance,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::ImportImage => "import-image",
            Kind::ImportSnapshot => "import-snapshot",
            Kind::ExportImage => "export-image",
            Kind::StoreImage => "store-image",
            Kind::Bundle => "bundle",
            Kind::ExportInstance => "export-instance",
        }
    }

    fn new_id(self) -> String {
        match self {
            Kind::ImportImage => id::new(id::Kind::ImportImageTask),
            Kind::ImportSnapshot => id::new(id::Kind::ImportSnapshotTask),
            Kind::ExportImage => id::new(id::Kind::ExportImageTask),
            Kind::StoreImage => format!("store-ami-{}", id::hex(8)),
            Kind::Bundle => id::new(id::Kind::BundleTask),
            Kind::ExportInstance => id::new(id::Kind::ExportTask),
        }
    }
}

/// An object's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    pub bucket: String,
    pub key: String,
}

/// What a task was asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A disk file in a bucket is to become an image.
    ImportImage {
        from: Object,
        /// The file's length.
        bytes: u64,
        /// As the request wrote it, when it did not say bucket and key.
        url: Option<String>,
        /// `VMDK`, `VHD`, `VHDX`, `RAW`; `None`: whatever it is.
        format: Option<String>,
        description: String,
        disk_description: String,
        architecture: String,
        /// `Linux`, `Windows`
        platform: Option<String>,
    },
    /// A disk file in a bucket is to become a snapshot.
    ImportSnapshot {
        from: Object,
        /// The file's length.
        bytes: u64,
        /// As the request wrote it, when it did not say bucket and key.
        url: Option<String>,
        /// `VMDK`, `VHD`, `VHDX`, `RAW`; `None`: whatever it is.
        format: Option<String>,
        description: String,
        disk_description: String,
        /// The id that the snapshot is to have.
        snapshot: String,
        encrypted: bool,
        /// An ARN.
        kms_key: Option<String>,
    },
    /// An image is to become a disk file in a bucket.
    ExportImage { image: String, format: String, bucket: String, prefix: String, description: String, role: String },
    /// An image with all that is known of it is to become an object.
    StoreImage { image: String, to: Object },
    /// An instance's disk is to become a bundle.
    Bundle { instance: String, bucket: String, prefix: String, architecture: String },
    /// An instance's disk is to become a disk file in a bucket.
    ExportInstance { instance: String, format: String, to: Object, environment: String, description: String },
}

impl Wanted {
    fn kind(&self) -> Kind {
        match self {
            Wanted::ImportImage { .. } => Kind::ImportImage,
            Wanted::ImportSnapshot { .. } => Kind::ImportSnapshot,
            Wanted::ExportImage { .. } => Kind::ExportImage,
            Wanted::StoreImage { .. } => Kind::StoreImage,
            Wanted::Bundle { .. } => Kind::Bundle,
            Wanted::ExportInstance { .. } => Kind::ExportInstance,
        }
    }

    /// The instance whose disk it is about.
    fn instance(&self) -> Option<&str> {
        match self {
            Wanted::Bundle { instance, .. } | Wanted::ExportInstance { instance, .. } => Some(instance),
            Wanted::ImportImage { .. }
            | Wanted::ImportSnapshot { .. }
            | Wanted::ExportImage { .. }
            | Wanted::StoreImage { .. } => None,
        }
    }
}

/// Where a task is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// What is being done, in AWS's word.
    Active(String),
    /// With the id of an image or a snapshot, or an object's key.
    Completed(String),
    /// With a sentence for its owner.
    Failed(String),
    Cancelled,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub id: String,
    pub wanted: Wanted,
    pub state: State,
    /// Percent.
    pub progress: i64,
    /// Whether it waits for a copy of an instance's disk.
    pub waits: bool,
    /// Milliseconds since the epoch, like the next one.
    pub created_at: i64,
    pub changed_at: i64,
}

impl Task {
    fn of(row: TaskRow) -> Result<Task, db::Error> {
        let damaged = |what: &str| db::Error::Damaged(format!("{}: {what}", row.id));
        let state = match row.state.as_str() {
            "active" => State::Active(row.stage),
            "completed" => State::Completed(row.made.unwrap_or_default()),
            "failed" => State::Failed(row.message.unwrap_or_default()),
            "cancelled" => State::Cancelled,
            other => return Err(damaged(other)),
        };
        Ok(Task {
            wanted: serde_json::from_str(&row.wanted).map_err(|e| damaged(&e.to_string()))?,
            id: row.id,
            state,
            progress: row.progress,
            waits: row.capture_of.is_some(),
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

/// Put a task down; [`Images::wake`] has it begun, or [`db::instances::touch`] if it waits for an instance's disk.
pub fn begin(c: &Conn, account: &str, region: &str, wanted: Wanted) -> Result<Task, Error> {
    let now = clock::now_ms();
    let row = TaskRow {
        id: wanted.kind().new_id(),
        account: account.to_owned(),
        region: region.to_owned(),
        kind: wanted.kind().as_str().into(),
        wanted: serde_json::to_string(&wanted).map_err(|e| db::Error::Damaged(e.to_string()))?,
        state: "active".into(),
        stage: "pending".into(),
        progress: 0,
        made: None,
        message: None,
        capture_of: wanted.instance().map(str::to_owned),
        disk_of: None,
        attempt: 0,
        not_before: 0,
        created_at: now,
        changed_at: now,
    };
    image_tasks::insert(c, &row)?;
    Ok(Task::of(row)?)
}

/// The account's tasks of one kind, those that ended within the last days included.
pub fn all(c: &Conn, account: &str, region: &str, kind: Kind) -> Result<Vec<Task>, Error> {
    let rows = image_tasks::of_account(c, account, region, kind.as_str())?;
    let limit = clock::now_ms() - VISIBLE_MS;
    let seen = rows.into_iter().filter(|row| row.state == "active" || row.changed_at >= limit);
    Ok(seen.map(Task::of).collect::<Result<_, _>>()?)
}

/// One of the account's tasks.
pub fn find(c: &Conn, account: &str, region: &str, id: &str) -> Result<Option<Task>, Error> {
    let row = image_tasks::get(c, id)?.filter(|row| row.account == account && row.region == region);
    Ok(row.map(Task::of).transpose()?)
}

/// Stop a task; `false` if it is over already. Work that goes on finds out before it shows anything.
pub fn cancel(c: &Conn, id: &str) -> Result<bool, Error> {
    end_badly(c, id, "cancelled", None)
}

/// End a task from which nothing came; `false` if it is over already.
fn end_badly(c: &Conn, id: &str, state: &str, message: Option<&str>) -> Result<bool, Error> {
    let ended = image_tasks::end(c, id, state, None, message, clock::now_ms())?;
    let task = image_tasks::get(c, id)?.filter(|_| ended).map(Task::of).transpose()?;
    if let Some(Wanted::ImportSnapshot { snapshot, .. }) = task.map(|task| task.wanted) {
        adopted::give_up(c, &snapshot)?;
    }
    Ok(ended)
}

impl Images {
    /// Whether `account` may put an object there, said before a task begins. Blocking, for a moment.
    pub fn check_target(&self, account: &str, to: &Object) -> Result<(), Error> {
        self.source.may_put(account, &to.bucket, &to.key).map_err(unusable)
    }

    /// The length of an object that `account` may read, said before a task begins. Blocking, for a moment.
    pub fn check_object(&self, account: &str, from: &Object) -> Result<u64, Error> {
        self.source.open(account, &from.bucket, &from.key).map(|(length, _)| length).map_err(unusable)
    }

    /// An image of the account's own that can be exported or stored now.
    pub fn own_available(&self, account: &str, region: &str, id: &str) -> Result<super::Image, Error> {
        let image = self.get(id)?.filter(|i| i.is_in(region) && i.may_launch(account));
        let image = image.ok_or_else(|| Error::NotFound(id.to_owned()))?;
        if image.account != account {
            return Err(Error::NotOwner(image.id));
        }
        match image.state {
            super::State::Available => Ok(image),
            super::State::Deregistered => Err(Error::NotFound(image.id)),
            super::State::Pending | super::State::Failed | super::State::Disabled => {
                Err(Error::NotReady(image.id, image.state.as_str()))
            }
        }
    }

    /// Forget tasks of long ago.
    fn forget_tasks(self: &Arc<Self>) -> Result<(), Error> {
        let limit = clock::now_ms() - VISIBLE_MS;
        let old = self.db.read(|c| image_tasks::ended_before(c, limit))?;
        if old.is_empty() {
            return Ok(());
        }
        self.db.write_blocking(move |c| {
            for id in &old {
                image_tasks::delete(c, id)?;
                db::tags::forget(c, id)?;
            }
            Ok(())
        })
    }
}

/// An object that a request names and that cannot be used.
fn unusable(e: source::Error) -> Error {
    match e {
        source::Error::Io(what, e) => Error::Io(what, e),
        e @ (source::Error::NoSuchBucket(_)
        | source::Error::NoSuchKey(..)
        | source::Error::AccessDenied(..)
        | source::Error::CustomerKey(..)) => Error::Object(e.to_string()),
    }
}

/// The format that a request names for an export.
pub fn is_export_format(name: &str) -> bool {
    format::Format::of_export(name).is_some()
}
