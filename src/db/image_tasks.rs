//! Long work on images: imports, exports, bundles of instances.

use super::{Conn, Error};
use rusqlite::{OptionalExtension, Row, named_params};

/// One task, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    pub id: String,
    pub account: String,
    pub region: String,
    /// `import-image`, `export-image`, `store-image`, `bundle`, `export-instance`
    pub kind: String,
    /// JSON of what the request asked for.
    pub wanted: String,
    /// `active`, `completed`, `failed`, `cancelled`
    pub state: String,
    /// What is being done, in AWS's word.
    pub stage: String,
    /// Percent.
    pub progress: i64,
    /// What came of it: an image's id, or an object's key.
    pub made: Option<String>,
    /// Why it failed.
    pub message: Option<String>,
    /// The instance whose disk still has to be copied.
    pub capture_of: Option<String>,
    /// The image whose disk stands for that of a simulated instance.
    pub disk_of: Option<String>,
    /// Tries before this one, and when the next may begin.
    pub attempt: i64,
    pub not_before: i64,
    /// Milliseconds since the epoch, like the last one.
    pub created_at: i64,
    pub changed_at: i64,
}

const COLUMNS: &str = "id, account, region, kind, wanted, state, stage, progress, made, message, capture_of, disk_of, attempt, \
     not_before, created_at, changed_at";

fn task(r: &Row<'_>) -> rusqlite::Result<TaskRow> {
    Ok(TaskRow {
        id: r.get(0)?,
        account: r.get(1)?,
        region: r.get(2)?,
        kind: r.get(3)?,
        wanted: r.get(4)?,
        state: r.get(5)?,
        stage: r.get(6)?,
        progress: r.get(7)?,
        made: r.get(8)?,
        message: r.get(9)?,
        capture_of: r.get(10)?,
        disk_of: r.get(11)?,
        attempt: r.get(12)?,
        not_before: r.get(13)?,
        created_at: r.get(14)?,
        changed_at: r.get(15)?,
    })
}

fn select(c: &Conn, which: &str, values: impl rusqlite::Params) -> Result<Vec<TaskRow>, Error> {
    let mut q =
        c.prepare_cached(&format!("SELECT {COLUMNS} FROM image_tasks WHERE {which} ORDER BY created_at, id"))?;
    let rows = q.query_map(values, task)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Add a task.
pub fn insert(c: &Conn, t: &TaskRow) -> Result<(), Error> {
    c.prepare_cached(&format!(
        "INSERT INTO image_tasks ({COLUMNS}) VALUES (:id, :account, :region, :kind, :wanted, :state, :stage, :progress, \
         :made, :message, :capture, :disk, :attempt, :not_before, :created, :changed)"
    ))?
    .execute(named_params! {
        ":id": t.id, ":account": t.account, ":region": t.region, ":kind": t.kind, ":wanted": t.wanted,
        ":state": t.state, ":stage": t.stage, ":progress": t.progress, ":made": t.made, ":message": t.message,
        ":capture": t.capture_of, ":disk": t.disk_of, ":attempt": t.attempt, ":not_before": t.not_before,
        ":created": t.created_at, ":changed": t.changed_at,
    })?;
    Ok(())
}

/// One task of anybody's.
pub fn get(c: &Conn, id: &str) -> Result<Option<TaskRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {COLUMNS} FROM image_tasks WHERE id = ?1"))?;
    Ok(q.query_row([id], task).optional()?)
}

/// An account's tasks of one kind in a region, oldest first.
pub fn of_account(c: &Conn, account: &str, region: &str, kind: &str) -> Result<Vec<TaskRow>, Error> {
    select(c, "account = ?1 AND region = ?2 AND kind = ?3", [account, region, kind])
}

/// Tasks that can be worked on, the longest waiting first.
pub fn pending(c: &Conn) -> Result<Vec<TaskRow>, Error> {
    select(c, "state = 'active' AND capture_of IS NULL", [])
}

/// Tasks that wait for a copy of this instance's disk.
pub fn captures_of(c: &Conn, instance: &str) -> Result<Vec<TaskRow>, Error> {
    select(c, "capture_of = ?1", [instance])
}

/// Every task that is not over.
pub fn active(c: &Conn) -> Result<Vec<TaskRow>, Error> {
    select(c, "state = 'active'", [])
}

/// The instance's disk is copied, or `disk_of` stands for it.
pub fn captured(c: &Conn, id: &str, disk_of: Option<&str>, now: i64) -> Result<(), Error> {
    c.prepare_cached(
        "UPDATE image_tasks SET capture_of = NULL, disk_of = ?2, changed_at = ?3 WHERE id = ?1 AND state = 'active'",
    )?
    .execute((id, disk_of, now))?;
    Ok(())
}

/// Say how far a task is; `false` if it is over.
pub fn advance(c: &Conn, id: &str, stage: &str, progress: i64, now: i64) -> Result<bool, Error> {
    let sql = "UPDATE image_tasks SET stage = ?2, progress = ?3, changed_at = ?4 WHERE id = ?1 AND state = 'active'";
    Ok(c.prepare_cached(sql)?.execute((id, stage, progress, now))? == 1)
}

/// End a task; `false` if it was over already.
pub fn end(
    c: &Conn,
    id: &str,
    state: &str,
    made: Option<&str>,
    message: Option<&str>,
    now: i64,
) -> Result<bool, Error> {
    let changed = c
        .prepare_cached(
            "UPDATE image_tasks SET state = ?2, made = ?3, message = ?4, changed_at = ?5, capture_of = NULL
             WHERE id = ?1 AND state = 'active'",
        )?
        .execute((id, state, made, message, now))?;
    Ok(changed == 1)
}

/// Let the task's next try begin at `not_before`.
pub fn postpone(c: &Conn, id: &str, attempt: i64, not_before: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE image_tasks SET attempt = ?2, not_before = ?3 WHERE id = ?1 AND state = 'active'")?
        .execute((id, attempt, not_before))?;
    Ok(())
}

/// Ids of tasks that were over before `limit`.
pub fn ended_before(c: &Conn, limit: i64) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached("SELECT id FROM image_tasks WHERE state <> 'active' AND changed_at < ?1")?;
    let rows = q.query_map([limit], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget a task.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM image_tasks WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Forget every task.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM image_tasks")?;
    Ok(())
}
