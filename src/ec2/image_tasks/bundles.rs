//! Bundles of instances.

use super::at;
use crate::ec2::filter::{Filtered, Values};
use crate::images::tasks::{State, Task, Wanted};
use crate::wire::ec2_xml::Time;
use serde::Serialize;

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
