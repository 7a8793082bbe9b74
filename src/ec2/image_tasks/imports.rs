//! Imports of images and of snapshots.

use super::{S3Place, Shown, made, progress, status};
use crate::db::tags::Tag;
use crate::images::tasks::{Task, Wanted};
use serde::Serialize;

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
        let (image_id, progress) = (made(&task), progress(&task));
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
        let (snapshot_id, progress) = (made(&task), progress(&task));
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
            progress,
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
