//! Exports of images and of instances.

use super::{S3Place, Shown, progress, status};
use crate::db::tags::Tag;
use crate::images::tasks::{State, Task, Wanted};
use serde::Serialize;

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
        let progress = progress(&task);
        let Wanted::ExportImage { image, bucket, prefix, description, .. } = task.wanted else { return None };
        Some(ExportImageItem {
            description,
            disk_image_format: None,
            role_name: None,
            export_image_task_id: task.id,
            image_id: image,
            progress,
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
