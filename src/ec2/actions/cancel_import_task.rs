//! Stop the import of an image or a snapshot.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::images::tasks::{self, State};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CancelImportTask {
    kind: Kind,
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    import_task_id: String,
    previous_state: &'static str,
    state: &'static str,
}

impl Action for CancelImportTask {
    const NAME: &'static str = "CancelImportTask";
    const IGNORED: &'static [&'static str] = &["CancelReason"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let snapshot = p.opt("ImportTaskId").is_some_and(|text| Kind::ImportSnapshotTask.accepts(text));
        let kind = if snapshot { Kind::ImportSnapshotTask } else { Kind::ImportImageTask };
        Ok(CancelImportTask { kind, id: p.id("ImportTaskId", kind)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let task = need(c, account, region, self.kind, &self.id)?;
            if !matches!(task.state, State::Active(_)) || !tasks::cancel(c, &self.id)? {
                return Err(Error::TaskOver(self.id));
            }
            Ok(Output { import_task_id: self.id, previous_state: "active", state: "deleting" })
        };
        let cancelled = cx.change(job).await?;
        cx.cloud.volumes.wake();
        Ok(cancelled)
    }
}

/// One of the caller's tasks.
pub(super) fn need(c: &Conn, account: &str, region: &str, kind: Kind, id: &str) -> Result<tasks::Task, Error> {
    tasks::find(c, account, region, id)?.ok_or_else(|| Error::no_such(kind, id))
}
