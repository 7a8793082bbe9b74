//! Stop the export of an image or an instance.

use super::cancel_import_task::need;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::images::tasks;
use crate::wire::query::{self, Params};

pub struct CancelExportTask {
    id: String,
}

impl Action for CancelExportTask {
    const NAME: &'static str = "CancelExportTask";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.req("ExportTaskId")?;
        match [Kind::ExportTask, Kind::ExportImageTask].iter().any(|kind| kind.accepts(id)) {
            true => Ok(CancelExportTask { id: id.to_owned() }),
            false => Err(query::Error::Malformed { kind: Kind::ExportTask, text: id.into() }.into()),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            need(c, account, region, Kind::ExportTask, &self.id)?;
            if tasks::cancel(c, &self.id)? { Ok(Done::YES) } else { Err(Error::TaskOver(self.id)) }
        };
        cx.change(job).await
    }
}
