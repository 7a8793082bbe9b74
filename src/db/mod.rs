//! The database: all SQL of the program, one table family a file.
//!
//! One SQLite file in WAL mode with `synchronous = FULL`. A single writer thread owns the writing connection and
//! takes jobs from a queue: every job runs in its own savepoint, all jobs that are waiting share one
//! transaction and therefore one fsync, and a job is answered only after that commit. So an answer means
//! durable, and concurrent requests pay for one flush together. Reads run on the caller's thread over a small pool
//! of read-only connections and never wait for the writer.
//!
//! ```text
//! request -> write(job) -> queue -> BEGIN { SAVEPOINT job RELEASE }* COMMIT -> answers
//! request -> read(f) -> pooled connection
//! ```
//!
//! The SQL keeps to what SQLite and PostgreSQL both speak: text ids, integer milliseconds, `ON CONFLICT`, `RETURNING`.

pub mod account_settings;
mod address_marks;
pub mod client_tokens;
pub mod compute_records;
pub mod elastic_addresses;
pub mod iam;
pub mod image_tasks;
pub mod images;
pub mod instances;
pub mod keypairs;
pub mod launch_templates;
pub mod network;
pub mod network_records;
pub mod objects;
pub mod placement_groups;
pub mod quotas;
pub mod snapshots;
pub mod tags;
pub mod volumes;

use std::any::Any;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// What a job or a read works on. Rooms pass it on to the functions of this room and never write SQL.
pub type Conn = rusqlite::Connection;

/// A failure of the database itself: the caller can only report it as an internal error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("opening the database {0}: {1}")]
    Open(PathBuf, rusqlite::Error),
    #[error("the database {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error("the database {0} was written by a newer novella (schema {1}, this one knows {2})")]
    Newer(PathBuf, i64, i64),
    #[error("the database's writer has stopped")]
    Stopped,
    #[error("a database job failed: {0}")]
    Panicked(String),
    #[error("a row is damaged: {0}")]
    Damaged(String),
}

/// Schema steps in order; a step that has shipped is never edited.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_iam", include_str!("migrations/0001_iam.sql")),
    ("0002_objects", include_str!("migrations/0002_objects.sql")),
    ("0003_images", include_str!("migrations/0003_images.sql")),
    ("0004_instances", include_str!("migrations/0004_instances.sql")),
    ("0005_network", include_str!("migrations/0005_network.sql")),
    ("0006_keypairs_tags", include_str!("migrations/0006_keypairs_tags.sql")),
    ("0007_access_logs", include_str!("migrations/0007_access_logs.sql")),
    ("0008_instance_indexes", include_str!("migrations/0008_instance_indexes.sql")),
    ("0009_notifications", include_str!("migrations/0009_notifications.sql")),
    ("0010_object_encryption", include_str!("migrations/0010_object_encryption.sql")),
    ("0011_network_interfaces", include_str!("migrations/0011_network_interfaces.sql")),
    ("0012_elastic_addresses", include_str!("migrations/0012_elastic_addresses.sql")),
    ("0013_launch_templates", include_str!("migrations/0013_launch_templates.sql")),
    ("0014_placement_groups", include_str!("migrations/0014_placement_groups.sql")),
    ("0015_public_addresses", include_str!("migrations/0015_public_addresses.sql")),
    ("0016_image_lives", include_str!("migrations/0016_image_lives.sql")),
    ("0017_events_set_aside", include_str!("migrations/0017_events_set_aside.sql")),
    ("0018_volumes", include_str!("migrations/0018_volumes.sql")),
    ("0019_records_by_kind", include_str!("migrations/0019_records_by_kind.sql")),
    ("0020_compute_records", include_str!("migrations/0020_compute_records.sql")),
    ("0021_image_tasks", include_str!("migrations/0021_image_tasks.sql")),
    ("0022_account_settings", include_str!("migrations/0022_account_settings.sql")),
    ("0023_images_on_volumes", include_str!("migrations/0023_images_on_volumes.sql")),
    ("0024_snapshot_imports", include_str!("migrations/0024_snapshot_imports.sql")),
    ("0025_instances_in_order", include_str!("migrations/0025_instances_in_order.sql")),
    ("0026_flat_launches", include_str!("migrations/0026_flat_launches.sql")),
    ("0027_volume_storage", include_str!("migrations/0027_volume_storage.sql")),
    ("0028_alike_specs", include_str!("migrations/0028_alike_specs.sql")),
    ("0029_tags_by_value", include_str!("migrations/0029_tags_by_value.sql")),
];

type Job = Box<dyn FnOnce(&mut Conn) -> Answer + Send>;
/// Sends a job's result once the shared commit's outcome is known.
type Answer = Box<dyn FnOnce(Result<(), Arc<rusqlite::Error>>) + Send>;

/// The one handle to the database; clones share it.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    jobs: Mutex<Option<Sender<Job>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    readers: Mutex<Vec<Conn>>,
}

/// Most jobs that share one commit.
const BATCH: usize = 512;

impl Db {
    /// Open (or make) the database file and bring its schema up to date.
    pub fn open(path: &Path) -> Result<Db, Error> {
        let mut writer = connect(path)?;
        migrate(&mut writer, path)?;
        let (jobs, queue) = channel();
        let handle = std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(move || write_loop(writer, queue))
            .expect("the operating system gives a thread");
        Ok(Db {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                jobs: Mutex::new(Some(jobs)),
                writer: Mutex::new(Some(handle)),
                readers: Mutex::new(Vec::new()),
            }),
        })
    }

    /// Run `job` on the writing connection; its changes are durable when this returns `Ok`. An `Err` of the
    /// job rolls back what it did and nothing else.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (tx, rx) = tokio::sync::oneshot::channel();
        self.submit(job, move |result| drop(tx.send(result)))?;
        rx.await.map_err(|_| Error::Stopped)?
    }

    /// [`Db::write`] for threads that are not part of the async runtime.
    pub fn write_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (tx, rx) = channel();
        self.submit(job, move |result| drop(tx.send(result)))?;
        rx.recv().map_err(|_| Error::Stopped)?
    }

    /// Run `read` on a pooled read-only connection, on this thread. Reads see every committed job.
    pub fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        F: FnOnce(&Conn) -> Result<T, E>,
        E: From<Error>,
    {
        let pooled = self.shared.readers.lock().expect("no reader panics inside").pop();
        let conn = match pooled {
            Some(conn) => conn,
            None => {
                let conn = connect(&self.shared.path)?;
                conn.pragma_update(None, "query_only", true).map_err(Error::from)?;
                conn
            }
        };
        let result = read(&conn);
        self.shared.readers.lock().expect("no reader panics inside").push(conn);
        result
    }

    /// What the database finds wrong with its own file; empty when all is well.
    pub fn damage(&self) -> Result<Vec<String>, Error> {
        self.read(|c| {
            let mut q = c.prepare("PRAGMA integrity_check")?;
            let lines: Vec<String> = q.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").map(|line| format!("database: {line}")).collect())
        })
    }

    /// Finish what is queued and stop the writer; later writes fail with [`Error::Stopped`].
    pub fn close(&self) {
        self.shared.jobs.lock().expect("sender lock").take();
        if let Some(handle) = self.shared.writer.lock().expect("writer lock").take() {
            let _ = handle.join();
        }
    }

    fn submit<T, E, F>(&self, job: F, reply: impl FnOnce(Result<T, E>) + Send + 'static) -> Result<(), Error>
    where
        F: FnOnce(&Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let job: Job = Box::new(move |conn| {
            let result = in_savepoint(conn, job);
            Box::new(move |commit| {
                reply(match (result, commit) {
                    (Err(e), _) => Err(e),
                    (Ok(value), Ok(())) => Ok(value),
                    (Ok(_), Err(e)) => Err(E::from(Error::Panicked(format!("commit: {e}")))),
                })
            })
        });
        let jobs = self.shared.jobs.lock().expect("sender lock");
        jobs.as_ref().ok_or(Error::Stopped)?.send(job).map_err(|_| Error::Stopped)
    }
}

fn in_savepoint<T, E, F>(conn: &mut Conn, job: F) -> Result<T, E>
where
    F: FnOnce(&Conn) -> Result<T, E>,
    E: From<Error>,
{
    let mut savepoint = conn.savepoint().map_err(|e| E::from(Error::Sqlite(e)))?;
    savepoint.set_drop_behavior(rusqlite::DropBehavior::Rollback);
    match catch_unwind(AssertUnwindSafe(|| job(&savepoint))) {
        Ok(Ok(value)) => {
            savepoint.commit().map_err(|e| E::from(Error::Sqlite(e)))?;
            Ok(value)
        }
        Ok(Err(e)) => Err(e),
        Err(panic) => Err(E::from(Error::Panicked(panic_text(&*panic)))),
    }
}

/// Do a part of a job that may fail alone: an `Err` takes back what this part did.
pub fn attempt<T, E: From<Error>>(c: &Conn, part: impl FnOnce(&Conn) -> Result<T, E>) -> Result<T, E> {
    let run = |sql: &str| c.execute_batch(sql).map_err(|e| E::from(Error::Sqlite(e)));
    run("SAVEPOINT attempt")?;
    match part(c) {
        Ok(value) => run("RELEASE attempt").map(|()| value),
        Err(e) => {
            run("ROLLBACK TO attempt; RELEASE attempt")?;
            Err(e)
        }
    }
}

/// The text of a column, shared with the row before if that has the same.
fn shared(r: &rusqlite::Row<'_>, at: usize, last: &mut Option<Arc<str>>) -> rusqlite::Result<Arc<str>> {
    let value = r.get_ref(at)?;
    match last {
        Some(last) if value.as_bytes()? == last.as_bytes() => Ok(last.clone()),
        Some(_) | None => Ok(last.insert(value.as_str()?.into()).clone()),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_owned())
}

fn write_loop(mut conn: Conn, queue: Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut answers: Vec<Answer> = Vec::new();
        let began = conn.execute_batch("BEGIN IMMEDIATE");
        let outcome = began.and_then(|()| {
            answers.push(first(&mut conn));
            while answers.len() < BATCH {
                match queue.try_recv() {
                    Ok(job) => answers.push(job(&mut conn)),
                    Err(_) => break,
                }
            }
            crate::fault::effect("commit");
            conn.execute_batch("COMMIT").inspect_err(|_| {
                let _ = conn.execute_batch("ROLLBACK");
            })
        });
        // A job that never ran (BEGIN failed) is dropped: its caller sees `Stopped`.
        let outcome = outcome.map_err(Arc::new);
        if let Err(e) = &outcome {
            tracing::error!(error = %e, "a database commit failed");
        }
        for answer in answers {
            answer(outcome.clone());
        }
    }
}

fn connect(path: &Path) -> Result<Conn, Error> {
    // Secrets are in it: for its owner's eyes only. SQLite gives the same mode to the files beside it.
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| Error::File(path.to_owned(), e))?;
    let open = || -> rusqlite::Result<Conn> {
        let conn = Conn::open(path)?;
        conn.busy_timeout(std::time::Duration::from_secs(30))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "cache_size", -16_384)?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        // Pages until the log is copied into the file: 16 MiB, so that small bodies do not flush it every few requests.
        conn.pragma_update(None, "wal_autocheckpoint", 4096)?;
        conn.set_prepared_statement_cache_capacity(256);
        // Every query has its index; without this SQLite may plan a statement anew for each value that is bound to it.
        conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(conn)
    };
    open().map_err(|e| Error::Open(path.to_owned(), e))
}

fn migrate(conn: &mut Conn, path: &Path) -> Result<(), Error> {
    let have: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let know = MIGRATIONS.len() as i64;
    if have > know {
        return Err(Error::Newer(path.to_owned(), have, know));
    }
    for (n, (name, sql)) in MIGRATIONS.iter().enumerate().skip(have as usize) {
        let tx = conn.transaction()?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", n as i64 + 1)?;
        tx.commit()?;
        tracing::debug!(step = name, "database schema brought forward");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Db) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("novella.db")).unwrap();
        (dir, db)
    }

    fn count(db: &Db) -> i64 {
        db.read(|c| Ok::<_, Error>(c.query_row("SELECT count(*) FROM accounts", [], |r| r.get(0))?)).unwrap()
    }

    fn insert(c: &Conn, id: &str) -> Result<(), Error> {
        c.execute("INSERT INTO accounts (id, name, canonical_id, email, created_at) VALUES (?1, '', ?1, '', 0)", [id])?;
        Ok(())
    }

    #[test]
    fn nobody_else_reads_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, db) = open();
        db.write_blocking(|c| insert(c, "a")).unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap() {
            assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_failed_job_takes_back_only_its_own_changes() {
        let (_dir, db) = open();
        db.write_blocking(|c| insert(c, "1")).unwrap();
        let failed: Result<(), Error> = db.write_blocking(|c| {
            insert(c, "2")?;
            Err(Error::Damaged("on purpose".into()))
        });
        assert!(failed.is_err());
        let panicked: Result<(), Error> = db.write_blocking(|c| {
            insert(c, "3")?;
            panic!("on purpose")
        });
        assert!(matches!(panicked, Err(Error::Panicked(_))));
        db.write_blocking(|c| insert(c, "4")).unwrap();
        assert_eq!(count(&db), 2);
    }

    #[test]
    fn a_part_of_a_job_can_fail_alone() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            insert(c, "1")?;
            let failed = attempt(c, |c| {
                insert(c, "2")?;
                attempt(c, |c| insert(c, "3"))?;
                Err::<(), _>(Error::Damaged("on purpose".into()))
            });
            assert!(failed.is_err());
            attempt(c, |c| insert(c, "4"))
        })
        .unwrap();
        assert_eq!(count(&db), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn concurrent_writes_all_land() {
        let (_dir, db) = open();
        let all: Vec<_> = (0..200)
            .map(|n| {
                let db = db.clone();
                tokio::spawn(async move { db.write(move |c| insert(c, &n.to_string())).await })
            })
            .collect();
        for one in all {
            one.await.unwrap().unwrap();
        }
        assert_eq!(count(&db), 200);
    }

    #[test]
    fn what_specs_said_before_their_columns_is_found_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("novella.db");
        let conn = connect(&path).unwrap();
        let before = MIGRATIONS.iter().take_while(|(name, _)| *name != "0028_alike_specs");
        for (n, (_, sql)) in before.enumerate() {
            conn.execute_batch(sql).unwrap();
            conn.pragma_update(None, "user_version", n as i64 + 1).unwrap();
        }
        conn.execute_batch(
            r#"INSERT INTO hosts (id, uri, vcpus, memory_mib, up, updated_at) VALUES ('local', '', 1, 1, 1, 0);"#,
        )
        .unwrap();
        for (id, spec) in [
            (
                "i-1",
                r#"{"image_id":"ami-1","client_token":"t\"1","options":{"reservation":"cr-1","ebs_optimized":false}}"#,
            ),
            ("i-2", r#"{"image_id":"ami-1","client_token":null,"options":{"reservation":null,"ebs_optimized":false}}"#),
        ] {
            let sql = "INSERT INTO instances (id, account, region, zone, reservation_id, launch_index, host, instance_type, vcpus,
                         memory_mib, eni_id, spec, desired, observed, generation, settled, launched_at, changed_at)
                       VALUES (?1, 'a', 'r', 'ra', 'r-1', 0, 'local', 't', 1, 1, ?1, ?2, 'running', 'running', 1, 1, 0, 0)";
            conn.execute(sql, [id, spec]).unwrap();
        }
        drop(conn);
        let rows = Db::open(&path).unwrap().read(|c| instances::of_account(c, "a", "r")).unwrap();
        let own: Vec<_> = rows.iter().map(|i| (&*i.client_token, &*i.capacity_reservation)).collect();
        assert_eq!(own, [("t\"1", "cr-1"), ("", "")]);
        assert_eq!(&*rows[0].spec, r#"{"image_id":"ami-1","options":{"ebs_optimized":false}}"#);
        assert!(Arc::ptr_eq(&rows[0].spec, &rows[1].spec));
    }

    #[test]
    fn a_file_of_a_newer_program_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("novella.db");
        connect(&path).unwrap().pragma_update(None, "user_version", 9999).unwrap();
        assert!(matches!(Db::open(&path), Err(Error::Newer(..))));
    }
}
