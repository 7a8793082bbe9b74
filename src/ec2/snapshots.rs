//! Snapshots as answers write them.

use super::volumes::sse_type;
use crate::clock;
use crate::db::snapshots::SnapshotRow;
use crate::db::tags::Tag;
use crate::wire::ec2_xml::Time;
use serde::Serialize;

/// One snapshot.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotItem {
    pub snapshot_id: String,
    pub volume_id: String,
    pub status: String,
    pub start_time: Time,
    pub progress: String,
    pub owner_id: String,
    pub volume_size: i64,
    pub description: String,
    pub tag_set: Vec<Tag>,
    pub encrypted: bool,
    kms_key_id: Option<String>,
    sse_type: &'static str,
    pub storage_tier: Option<&'static str>,
    pub transfer_type: Option<&'static str>,
    completion_time: Option<Time>,
}

impl SnapshotItem {
    /// A snapshot with its tags.
    pub fn new(s: SnapshotRow, tag_set: Vec<Tag>) -> SnapshotItem {
        SnapshotItem {
            snapshot_id: s.id,
            volume_id: s.volume,
            progress: if s.state == "completed" { "100%" } else { "0%" }.into(),
            status: s.state,
            start_time: Time(clock::from_ms(s.started_at)),
            owner_id: s.account,
            volume_size: s.gib,
            description: s.description,
            tag_set,
            encrypted: s.encrypted,
            kms_key_id: s.kms_key,
            sse_type: sse_type(s.encrypted),
            storage_tier: Some("standard"),
            transfer_type: Some("standard"),
            completion_time: s.completed_at.map(|at| Time(clock::from_ms(at))),
        }
    }

    /// The same as the answer to its creation says it: it has just begun.
    pub fn begun(self) -> SnapshotItem {
        SnapshotItem {
            status: "pending".into(),
            progress: String::new(),
            storage_tier: None,
            transfer_type: None,
            completion_time: None,
            ..self
        }
    }
}
