//! Placement groups.

use super::{Conn, Error};

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementGroupRow {
    /// `pg-…`
    pub id: String,
    pub account: String,
    pub region: String,
    pub name: String,
    /// `cluster`, `spread` or `partition`
    pub strategy: String,
    /// Of the strategy `partition` only.
    pub partitions: Option<u32>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Keep a new group. `false`: its name is taken.
pub fn insert(c: &Conn, g: &PlacementGroupRow) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "INSERT INTO placement_groups (id, account, region, name, strategy, partitions, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute((&g.id, &g.account, &g.region, &g.name, &g.strategy, g.partitions, g.created_at))?;
    Ok(n == 1)
}

/// The groups of an account in a region, by name.
pub fn of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<PlacementGroupRow>, Error> {
    let mut q = c.prepare_cached(
        "SELECT id, account, region, name, strategy, partitions, created_at FROM placement_groups
         WHERE account = ?1 AND region = ?2 ORDER BY name",
    )?;
    let rows = q.query_map((account, region), |r| {
        Ok(PlacementGroupRow {
            id: r.get(0)?,
            account: r.get(1)?,
            region: r.get(2)?,
            name: r.get(3)?,
            strategy: r.get(4)?,
            partitions: r.get(5)?,
            created_at: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget a group.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM placement_groups WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Forget all groups.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch("DELETE FROM placement_groups")?;
    Ok(())
}
