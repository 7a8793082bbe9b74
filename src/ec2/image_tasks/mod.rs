//! Tasks on images as EC2 writes them, and what their Describe actions share.

mod bundles;
mod exports;
mod imports;

pub use bundles::BundleItem;
pub use exports::{ExportImageItem, ExportItem};
pub use imports::{ImportItem, ImportSnapshotItem};

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
fn begin(
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

/// The same as the action that begins one, whose answer is `item`.
pub async fn answer_begun<T: Send + 'static>(
    cx: &Cx,
    token: Token,
    kind: Kind,
    wanted: Wanted,
    tags: Vec<Tag>,
    item: fn(Task, Vec<Tag>) -> Option<T>,
) -> Result<T, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let task = begin(c, (account, region), token, kind, wanted, &tags)?;
        shown(item(task, tags))
    };
    let made = cx.change(job).await?;
    cx.cloud.images.wake();
    Ok(made)
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

/// How far a task is, in percent, while it is at work.
fn progress(task: &Task) -> Option<String> {
    matches!(task.state, State::Active(_)).then(|| task.progress.to_string())
}

/// The id of what a task has made.
fn made(task: &Task) -> Option<String> {
    match &task.state {
        State::Completed(id) => Some(id.clone()),
        State::Active(_) | State::Failed(_) | State::Cancelled => None,
    }
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
