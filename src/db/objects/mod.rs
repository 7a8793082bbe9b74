//! Buckets, objects, uploads and where their bytes are.

pub mod access_logs;
pub mod buckets;
pub mod bytes;
pub mod configs;
pub mod events;
pub mod uploads;
pub mod versions;

use super::{Conn, Error};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// Where the bytes of an object or a part are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// There are none.
    Empty,
    /// In the database: the row's number in `inline_bodies`.
    Inline(i64),
    /// In the blob of this name.
    File(String),
    /// In the completed parts of the upload of this id.
    Parts(String),
}

impl Place {
    /// The columns `place` and `body`.
    pub fn columns(&self) -> (PlaceKind, String) {
        match self {
            Place::Empty => (PlaceKind::Empty, String::new()),
            Place::Inline(id) => (PlaceKind::Inline, id.to_string()),
            Place::File(name) => (PlaceKind::File, name.clone()),
            Place::Parts(upload) => (PlaceKind::Parts, upload.clone()),
        }
    }

    fn read(row: &rusqlite::Row<'_>, place: usize, body: usize) -> rusqlite::Result<Place> {
        Ok(match row.get(place)? {
            PlaceKind::Empty => Place::Empty,
            PlaceKind::Inline => {
                let text = row.get_ref(body)?.as_str()?;
                Place::Inline(text.parse().map_err(|_| {
                    rusqlite::Error::InvalidColumnType(body, "body".into(), rusqlite::types::Type::Text)
                })?)
            }
            PlaceKind::File => Place::File(row.get(body)?),
            PlaceKind::Parts => Place::Parts(row.get(body)?),
        })
    }
}

/// The values of the column `place`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    Empty,
    Inline,
    File,
    Parts,
}

const PLACES: [(PlaceKind, &str); 4] = [
    (PlaceKind::Empty, "empty"),
    (PlaceKind::Inline, "inline"),
    (PlaceKind::File, "file"),
    (PlaceKind::Parts, "parts"),
];

impl ToSql for PlaceKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let (_, name) = PLACES.iter().find(|(kind, _)| kind == self).expect("every kind has a name");
        Ok(ToSqlOutput::from(*name))
    }
}

impl FromSql for PlaceKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        PLACES.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind).ok_or(FromSqlError::InvalidType)
    }
}

/// A fresh number: greater than every one given before.
pub fn next_number(c: &Conn) -> Result<i64, Error> {
    Ok(c.prepare_cached("UPDATE object_sequence SET value = value + 1 RETURNING value")?.query_row([], |r| r.get(0))?)
}

/// Forget every bucket, object and upload; their blobs' names stay in `garbage`.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch(
        "INSERT INTO garbage (body, place)
           SELECT body, place FROM objects WHERE place IN ('file', 'parts') GROUP BY body, place
           ON CONFLICT (body) DO NOTHING;
         INSERT INTO garbage (body, place) SELECT id, 'parts' FROM uploads WHERE true ON CONFLICT (body) DO NOTHING;
         DELETE FROM inline_bodies WHERE id NOT IN (SELECT CAST(body AS INTEGER) FROM parts WHERE place = 'inline');
         DELETE FROM objects; DELETE FROM uploads; DELETE FROM bucket_configs; DELETE FROM access_logs; DELETE FROM events;
         DELETE FROM buckets;",
    )?;
    Ok(())
}
