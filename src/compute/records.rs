//! Spot requests, fleets and dedicated hosts, by their types. Runs inside a caller's transaction.

use crate::db::compute_records::{self as rows, RecordRow};
use crate::db::{self, Conn};
use crate::{clock, id};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A struct that is kept as a record.
pub trait Record: Serialize + DeserializeOwned {
    const KIND: id::Kind;

    /// Whether the loop may have something to do about it.
    fn is_open(&self) -> bool {
        false
    }
}

/// A record with its id and its owner.
#[derive(Debug, Clone)]
pub struct Kept<T> {
    pub id: String,
    pub account: String,
    pub region: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    pub it: T,
}

fn json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("plain data becomes JSON")
}

fn read<T: Record>(row: RecordRow) -> Result<Kept<T>, db::Error> {
    let it = serde_json::from_str(&row.body).map_err(|e| db::Error::Damaged(format!("{}: {e}", row.id)))?;
    Ok(Kept { id: row.id, account: row.account, region: row.region, created_at: row.created_at, it })
}

/// Keep something new under this id.
pub fn insert<T: Record>(c: &Conn, id: String, account: &str, region: &str, it: T) -> Result<Kept<T>, db::Error> {
    let now = clock::now_ms();
    let row = RecordRow {
        id,
        kind: T::KIND.prefix().into(),
        account: account.into(),
        region: region.into(),
        is_open: it.is_open(),
        body: json(&it),
        created_at: now,
        changed_at: now,
    };
    rows::insert(c, &row)?;
    Ok(Kept { id: row.id, account: row.account, region: row.region, created_at: now, it })
}

/// Write a record's new state.
pub fn update<T: Record>(c: &Conn, kept: &Kept<T>) -> Result<(), db::Error> {
    rows::update(c, &kept.id, kept.it.is_open(), &json(&kept.it), clock::now_ms())
}

/// The record of that id, of whatever account.
pub fn get<T: Record>(c: &Conn, id: &str) -> Result<Option<Kept<T>>, db::Error> {
    rows::get(c, id)?.filter(|r| r.kind == T::KIND.prefix()).map(read).transpose()
}

/// All of an account's records of a type in a region, oldest first.
pub fn all<T: Record>(c: &Conn, account: &str, region: &str) -> Result<Vec<Kept<T>>, db::Error> {
    rows::of_account(c, account, region, T::KIND.prefix())?.into_iter().map(read).collect()
}

/// The records of a type, of every account, with which the loop may have something to do.
pub fn open<T: Record>(c: &Conn) -> Result<Vec<Kept<T>>, db::Error> {
    rows::open(c, T::KIND.prefix())?.into_iter().map(read).collect()
}

/// Forget a record and its tags.
pub fn delete(c: &Conn, id: &str) -> Result<(), db::Error> {
    rows::delete(c, id)?;
    db::tags::forget(c, id)
}

/// Ids of the records of a type that are done, and have not changed since `limit` (milliseconds since the epoch).
pub fn done_before<T: Record>(c: &Conn, limit: i64) -> Result<Vec<String>, db::Error> {
    rows::done_before(c, T::KIND.prefix(), limit)
}

/// Forget the records of a type that are done, and have not changed since `limit` (milliseconds since the epoch).
pub fn forget_done<T: Record>(c: &Conn, limit: i64) -> Result<(), db::Error> {
    done_before::<T>(c, limit)?.iter().try_for_each(|id| delete(c, id))
}
