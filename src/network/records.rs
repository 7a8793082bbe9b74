//! Records around subnets, by their types. Runs inside a caller's transaction.

use super::Error;
use crate::db::network_records::{self, RecordRow};
use crate::id::Kind;
use crate::{clock, db, id};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A struct that is kept as a record.
pub trait Record: Serialize + DeserializeOwned {
    const KIND: Kind;

    /// The VPC it is in; empty: in none.
    fn vpc(&self) -> &str;

    /// A name that is unique among its kind in the VPC; empty: it has none.
    fn name(&self) -> &str {
        ""
    }
}

/// A record with its id and its owner.
#[derive(Debug, Clone)]
pub struct Kept<T> {
    pub id: String,
    pub account: String,
    pub region: String,
    pub it: T,
}

fn json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("plain data becomes JSON")
}

fn read<T: Record>(row: RecordRow) -> Result<Kept<T>, Error> {
    let it = serde_json::from_str(&row.body).map_err(|e| db::Error::Damaged(format!("{}: {e}", row.id)))?;
    Ok(Kept { id: row.id, account: row.account, region: row.region, it })
}

/// Keep something new. `None`: its name is taken.
pub fn insert<T: Record>(c: &db::Conn, account: &str, region: &str, it: T) -> Result<Option<Kept<T>>, Error> {
    let row = RecordRow {
        id: id::new(T::KIND),
        kind: T::KIND.prefix().into(),
        account: account.into(),
        region: region.into(),
        vpc: it.vpc().into(),
        name: it.name().into(),
        body: json(&it),
        created_at: clock::now_ms(),
    };
    let made = network_records::insert(c, &row)?;
    Ok(made.then(|| Kept { id: row.id, account: row.account, region: row.region, it }))
}

/// Keep something new that has no name.
pub fn keep<T: Record>(c: &db::Conn, account: &str, region: &str, it: T) -> Result<Kept<T>, Error> {
    insert(c, account, region, it)?.ok_or_else(|| db::Error::Damaged("what has no name had one".into()).into())
}

/// Write a record's new state.
pub fn update<T: Record>(c: &db::Conn, kept: &Kept<T>) -> Result<(), Error> {
    Ok(network_records::update(c, &kept.id, kept.it.vpc(), &json(&kept.it))?)
}

/// The account's record of that id.
pub fn get<T: Record>(c: &db::Conn, account: &str, region: &str, id: &str) -> Result<Option<Kept<T>>, Error> {
    let row = network_records::get(c, id)?;
    let row = row.filter(|r| r.account == account && r.region == region && r.kind == T::KIND.prefix());
    row.map(read).transpose()
}

/// The record of that id, whoever has it.
pub fn find<T: Record>(c: &db::Conn, id: &str) -> Result<Option<Kept<T>>, Error> {
    let row = network_records::get(c, id)?;
    row.filter(|r| r.kind == T::KIND.prefix()).map(read).transpose()
}

/// The account's record of that id, which must be there.
pub fn need<T: Record>(c: &db::Conn, account: &str, region: &str, id: &str) -> Result<Kept<T>, Error> {
    get(c, account, region, id)?.ok_or_else(|| Error::NoSuch(T::KIND, id.to_owned()))
}

/// All of an account's records of a type in a region, oldest first.
pub fn all<T: Record>(c: &db::Conn, account: &str, region: &str) -> Result<Vec<Kept<T>>, Error> {
    network_records::of_account(c, account, region, T::KIND.prefix())?.into_iter().map(read).collect()
}

/// The records of a type, whoever has them.
pub fn of_everybody<T: Record>(c: &db::Conn) -> Result<Vec<Kept<T>>, Error> {
    network_records::of_kind(c, T::KIND.prefix())?.into_iter().map(read).collect()
}

/// The records of a type in a VPC, oldest first.
pub fn in_vpc<T: Record>(c: &db::Conn, vpc: &str) -> Result<Vec<Kept<T>>, Error> {
    network_records::in_vpc(c, vpc, T::KIND.prefix())?.into_iter().map(read).collect()
}

/// The record of a type that has that name in a VPC.
pub fn named<T: Record>(c: &db::Conn, vpc: &str, name: &str) -> Result<Option<Kept<T>>, Error> {
    network_records::named(c, vpc, T::KIND.prefix(), name)?.map(read).transpose()
}

/// Forget a record and its tags.
pub fn delete(c: &db::Conn, id: &str) -> Result<(), Error> {
    network_records::delete(c, id)?;
    Ok(db::tags::forget(c, id)?)
}
