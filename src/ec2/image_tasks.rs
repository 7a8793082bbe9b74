//! Tasks on images as EC2 writes them, and what their Describe actions share.

use super::filter::{Filtered, Filters, Values};
use super::idempotency::Token;
use super::page::Page;
use super::{Cx, Error, describe, resource};
use crate::clock;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id::Kind;
use crate::images::tasks::{self, State, Task, Wanted};
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;

/// What a Describe action of tasks asks for. `T` is what its answer shows of one task.
pub struct Tasks<T> {
    kind: Kind,
    ids: Vec<String>,
    filters: Filters<T>,
    page: Page,
}

impl<T: Filtered> Tasks<T> {
    /// Read ids, filters and page; the first two have these names in the form.
    pub fn read(p: &Params<'_>, kind: Kind, ids: &str, filters: &str) -> Result<Tasks<T>, Error> {
        Ok(Tasks {
            kind,
            ids: p.ids(ids, kind)?.into_iter().map(str::to_owned).collect(),
            filters: Filters::of(&p.structs(filters))?,
            page: Page::within(p, None, 1..=1000)?,
        })
    }

    /// The caller's tasks, and the token of the next page; `item` makes one with its tags.
    pub async fn answer(
        self,
        cx: &Cx,
        kind: tasks::Kind,
        item: impl Fn(Task, Vec<Tag>) -> Option<T> + Send,
        id: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let tagged = resource::tagged_as(self.kind);
        let (all, mut tags) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, tagged)?;
                Ok((tasks::all(c, account, region, kind)?, tags))
            })
            .await?;
        let items = describe::pick(self.kind, &self.ids, all, |task| &task.id)?.into_iter().filter_map(|task| {
            let tags = tags.remove(&task.id).unwrap_or_default();
            item(task, tags)
        });
        Ok(self.page.cut(items.filter(|item| self.filters.accept(item)).collect(), id))
    }
}

/// Begin a task with its tags, or find the one that the same request began before.
pub fn begin(
    c: &Conn,
    (account, region): (&str, &str),
    token: Token,
    kind: Kind,
    wanted: Wanted,
    tags: &[Tag],
) -> Result<Task, Error> {
    let made = token.made(c, account, region)?;
    let before = made.map(|id| tasks::find(c, account, region, &id)).transpose()?.flatten();
    let task = match before {
        Some(task) => task,
        None => tasks::begin(c, account, region, wanted)?,
    };
    resource::put_tags(c, account, region, kind, &task.id, tags)?;
    token.keep(c, account, region, &task.id)?;
    Ok(task)
}

/// What a new task shows: it is of the kind that was begun.
pub fn shown<T>(item: Option<T>) -> Result<T, Error> {
    item.ok_or_else(|| Error::Internal("a task of another kind".into()))
}

/// A task by whose state and tags it may be asked for.
trait Shown {
    fn state(&self) -> &'static str;
    fn tag_set(&self) -> &[Tag];
}

impl<T: Shown + 'static> Filtered for T {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[("task-state", |task| vec![task.state().into()])];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(self.tag_set())
    }
}

/// A time in milliseconds since the epoch.
pub fn at(ms: i64) -> Time {
    Time(clock::from_ms(ms))
}

/// AWS's word for where an import or export is, and the sentence beside it.
fn status(state: &State) -> (&'static str, Option<String>) {
    match state {
        State::Active(stage) => ("active", Some(stage.clone())),
        State::Completed(_) => ("completed", None),
        State::Failed(why) => ("deleted", Some(why.clone())),
        State::Cancelled => ("deleted", Some("Cancelled by the user.".into())),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Place {
    s3_bucket: String,
    s3_key: Option<String>,
    s3_prefix: Option<String>,
}

impl S3Place {
    fn key(bucket: String, key: String) -> S3Place {
        S3Place { s3_bucket: bucket, s3_key: Some(key), s3_prefix: None }
    }

    fn prefix(bucket: String, prefix: String) -> S3Place {
        S3Place { s3_bucket: bucket, s3_key: None, s3_prefix: Some(prefix) }
    }
}

/// An import of an image: ImportImage's answer, and an item of DescribeImportImageTasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportItem {
    pub import_task_id: String,
    architecture: String,
    description: String,
    encrypted: bool,
    hypervisor: &'static str,
    image_id: Option<String>,
    license_type: Option<&'static str>,
    platform: Option<String>,
    progress: Option<String>,
    snapshot_detail_set: Vec<DiskItem>,
    status: &'static str,
    status_message: Option<String>,
    tag_set: Vec<Tag>,
}

/// The disk of an import.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiskItem {
    description: String,
    device_name: Option<&'static str>,
    disk_image_size: f64,
    format: Option<String>,
    status: &'static str,
    url: Option<String>,
    user_bucket: S3Place,
}

impl ImportItem {
    /// `None`: the task is none of these.
    pub fn new(task: Task, tag_set: Vec<Tag>) -> Option<ImportItem> {
        let (status, status_message) = status(&task.state);
        let image_id = match &task.state {
            State::Completed(image) => Some(image.clone()),
            State::Active(_) | State::Failed(_) | State::Cancelled => None,
        };
        let progress = matches!(task.state, State::Active(_)).then(|| task.progress.to_string());
        let Wanted::ImportImage { from, bytes, url, format, description, disk_description, architecture, platform } =
            task.wanted
        else {
            return None;
        };
        let disk = DiskItem {
            description: disk_description,
            device_name: image_id.as_ref().map(|_| "/dev/sda1"),
            disk_image_size: bytes as f64,
            format,
            status,
            url,
            user_bucket: S3Place::key(from.bucket, from.key),
        };
        Some(ImportItem {
            import_task_id: task.id,
            architecture,
            description,
            encrypted: false,
            hypervisor: "xen",
            image_id,
            license_type: None,
            platform,
            progress,
            snapshot_detail_set: vec![disk],
            status,
            status_message,
            tag_set,
        })
    }
}

impl Shown for ImportItem {
    fn state(&self) -> &'static str {
        self.status
    }
    fn tag_set(&self) -> &[Tag] {
        &self.tag_set
    }
}

/// An import of a snapshot: ImportSnapshot's answer, and an item of DescribeImportSnapshotTasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSnapshotItem {
    pub import_task_id: String,
    description: String,
    snapshot_task_detail: SnapshotTask,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotTask {
    description: String,
    disk_image_size: f64,
    encrypted: bool,
    format: Option<String>,
    kms_key_id: Option<String>,
    progress: Option<String>,
    snapshot_id: Option<String>,
    status: &'static str,
    status_message: Option<String>,
    url: Option<String>,
    user_bucket: S3Place,
}

impl ImportSnapshotItem {
    /// `None`: the task is none of these.
    pub fn new(task: Task, tag_set: Vec<Tag>) -> Option<ImportSnapshotItem> {
        let (status, status_message) = status(&task.state);
        let snapshot_id = match &task.state {
            State::Completed(snapshot) => Some(snapshot.clone()),
            State::Active(_) | State::Failed(_) | State::Cancelled => None,
        };
        let Wanted::ImportSnapshot {
            from,
            bytes,
            url,
            format,
            description,
            disk_description,
            encrypted,
            kms_key,
            snapshot: _,
        } = task.wanted
        else {
            return None;
        };
        let detail = SnapshotTask {
            description: if disk_description.is_empty() { description.clone() } else { disk_description },
            disk_image_size: bytes as f64,
            encrypted,
            format,
            kms_key_id: kms_key,
            progress: matches!(task.state, State::Active(_)).then(|| task.progress.to_string()),
            snapshot_id,
            status,
            status_message,
            url,
            user_bucket: S3Place::key(from.bucket, from.key),
        };
        Some(ImportSnapshotItem { import_task_id: task.id, description, snapshot_task_detail: detail, tag_set })
    }
}

impl Shown for ImportSnapshotItem {
    fn state(&self) -> &'static str {
        self.snapshot_task_detail.status
    }
    fn tag_set(&self) -> &[Tag] {
        &self.tag_set
    }
}

/// An export of an image: ExportImage's answer, and an item of DescribeExportImageTasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportImageItem {
    description: String,
    /// In the answer of ExportImage only, like the role's name.
    disk_image_format: Option<String>,
    role_name: Option<String>,
    pub export_image_task_id: String,
    image_id: String,
    progress: Option<String>,
    s3_export_location: S3Place,
    status: &'static str,
    status_message: Option<String>,
    tag_set: Vec<Tag>,
}

impl ExportImageItem {
    /// `None`: the task is none of these.
    pub fn new(task: Task, tag_set: Vec<Tag>) -> Option<ExportImageItem> {
        let (status, status_message) = status(&task.state);
        let Wanted::ExportImage { image, bucket, prefix, description, .. } = task.wanted else { return None };
        Some(ExportImageItem {
            description,
            disk_image_format: None,
            role_name: None,
            export_image_task_id: task.id,
            image_id: image,
            progress: matches!(task.state, State::Active(_)).then(|| task.progress.to_string()),
            s3_export_location: S3Place::prefix(bucket, prefix),
            status,
            status_message,
            tag_set,
        })
    }

    /// The same as the answer to the request that began it.
    pub fn begun(task: Task, tag_set: Vec<Tag>) -> Option<ExportImageItem> {
        let Wanted::ExportImage { format, role, .. } = &task.wanted else { return None };
        let (disk_image_format, role_name) = (Some(format.clone()), Some(role.clone()));
        Some(ExportImageItem { disk_image_format, role_name, ..ExportImageItem::new(task, tag_set)? })
    }
}

impl Shown for ExportImageItem {
    fn state(&self) -> &'static str {
        self.status
    }
    fn tag_set(&self) -> &[Tag] {
        &self.tag_set
    }
}

/// An export of an instance: in CreateInstanceExportTask's answer, and an item of DescribeExportTasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportItem {
    description: String,
    pub export_task_id: String,
    export_to_s3: ExportTo,
    instance_export: OfInstance,
    state: &'static str,
    status_message: Option<String>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportTo {
    disk_image_format: String,
    s3_bucket: String,
    s3_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfInstance {
    instance_id: String,
    target_environment: String,
}

impl ExportItem {
    /// `None`: the task is none of these.
    pub fn new(task: Task, tag_set: Vec<Tag>) -> Option<ExportItem> {
        let (state, status_message) = match &task.state {
            State::Active(stage) => ("active", Some(stage.clone())),
            State::Completed(_) => ("completed", None),
            State::Failed(why) => ("cancelled", Some(why.clone())),
            State::Cancelled => ("cancelled", Some("Cancelled by the user.".into())),
        };
        let Wanted::ExportInstance { instance, format, to, environment, description } = task.wanted else {
            return None;
        };
        Some(ExportItem {
            description,
            export_task_id: task.id,
            export_to_s3: ExportTo { disk_image_format: format, s3_bucket: to.bucket, s3_key: to.key },
            instance_export: OfInstance { instance_id: instance, target_environment: environment },
            state,
            status_message,
            tag_set,
        })
    }
}

impl Shown for ExportItem {
    fn state(&self) -> &'static str {
        self.state
    }
    fn tag_set(&self) -> &[Tag] {
        &self.tag_set
    }
}

/// A bundle of an instance: in BundleInstance's answer, and an item of DescribeBundleTasks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleItem {
    instance_id: String,
    pub bundle_id: String,
    state: &'static str,
    start_time: Time,
    update_time: Time,
    storage: Storage,
    progress: String,
    error: Option<Fault>,
}

#[derive(Serialize)]
struct Storage {
    #[serde(rename = "S3")]
    s3: Bucket,
}

#[derive(Serialize)]
struct Bucket {
    bucket: String,
    prefix: String,
}

#[derive(Serialize)]
struct Fault {
    code: &'static str,
    message: String,
}

impl BundleItem {
    /// `None`: the task is none of these.
    pub fn new(task: Task) -> Option<BundleItem> {
        let (state, error) = match task.state {
            State::Active(_) if task.waits => ("waiting-for-shutdown", None),
            State::Active(stage) => match stage.as_str() {
                "bundling" => ("bundling", None),
                "storing" => ("storing", None),
                _ => ("pending", None),
            },
            State::Completed(_) => ("complete", None),
            State::Failed(message) => ("failed", Some(Fault { code: "Server.InternalError", message })),
            State::Cancelled => {
                ("failed", Some(Fault { code: "Client.Cancelled", message: "Client cancelled bundle task".into() }))
            }
        };
        let Wanted::Bundle { instance, bucket, prefix, .. } = task.wanted else { return None };
        Some(BundleItem {
            instance_id: instance,
            bundle_id: task.id,
            progress: format!("{}%", if state == "complete" { 100 } else { task.progress }),
            state,
            start_time: at(task.created_at),
            update_time: at(task.changed_at),
            storage: Storage { s3: Bucket { bucket, prefix } },
            error,
        })
    }
}

impl Filtered for BundleItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("bundle-id", |i| vec![i.bundle_id.as_str().into()]),
        ("error-code", |i| i.error.iter().map(|e| e.code.into()).collect()),
        ("error-message", |i| i.error.iter().map(|e| e.message.as_str().into()).collect()),
        ("instance-id", |i| vec![i.instance_id.as_str().into()]),
        ("progress", |i| vec![i.progress.trim_end_matches('%').into()]),
        ("s3-bucket", |i| vec![i.storage.s3.bucket.as_str().into()]),
        ("s3-prefix", |i| vec![i.storage.s3.prefix.as_str().into()]),
        ("start-time", |i| vec![i.start_time.to_string().into()]),
        ("state", |i| vec![i.state.into()]),
        ("update-time", |i| vec![i.update_time.to_string().into()]),
    ];
}
