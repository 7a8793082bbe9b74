//! Hosts, instances and launch tokens.

use super::{Conn, Error, shared};
use rusqlite::{OptionalExtension, Row};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A hypervisor host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    pub id: String,
    /// libvirt's URI, or `simulated:///`.
    pub uri: String,
    /// The only zone it carries; empty: all.
    pub zone: String,
    /// What may be promised to instances, overcommitment included.
    pub vcpus: i64,
    pub memory_mib: i64,
    pub up: bool,
    pub why_down: String,
}

/// An instance as stored. `desired` and `observed` are the texts of `compute::state`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceRow {
    pub id: String,
    pub account: String,
    pub region: String,
    pub zone: String,
    pub reservation_id: String,
    pub launch_index: i64,
    pub host: String,
    pub instance_type: String,
    pub vcpus: i64,
    pub memory_mib: i64,
    pub eni_id: String,
    /// JSON, shared with the rows that were read with it.
    pub spec: Arc<str>,
    /// Of its launch; empty: it had none.
    pub client_token: String,
    /// That it was launched or last started into; empty: none.
    pub capacity_reservation: String,
    pub desired: String,
    pub observed: String,
    pub generation: i64,
    pub settled: i64,
    pub powered: bool,
    pub boot_id: String,
    pub force: bool,
    pub deadline: i64,
    pub reboot: bool,
    pub attempt: i64,
    pub not_before: i64,
    pub reason_code: String,
    pub reason_message: String,
    pub transition: String,
    pub launched_at: i64,
    pub changed_at: i64,
}

impl InstanceRow {
    /// What [`of_account`] sorts by.
    pub fn launch_order(&self) -> impl Ord + '_ {
        (self.launched_at, &self.reservation_id, self.launch_index, &self.id)
    }
}

const COLUMNS: &str = "id, account, region, zone, reservation_id, launch_index, host, instance_type, vcpus, memory_mib, \
     eni_id, spec, desired, observed, generation, settled, powered, boot_id, force, deadline, reboot, attempt, not_before, \
     reason_code, reason_message, transition, launched_at, changed_at, client_token, capacity_reservation";

/// `last` has the spec of the row before.
fn instance(r: &Row<'_>, last: &mut Option<Arc<str>>) -> rusqlite::Result<InstanceRow> {
    Ok(InstanceRow {
        id: r.get(0)?,
        account: r.get(1)?,
        region: r.get(2)?,
        zone: r.get(3)?,
        reservation_id: r.get(4)?,
        launch_index: r.get(5)?,
        host: r.get(6)?,
        instance_type: r.get(7)?,
        vcpus: r.get(8)?,
        memory_mib: r.get(9)?,
        eni_id: r.get(10)?,
        spec: shared(r, 11, last)?,
        desired: r.get(12)?,
        observed: r.get(13)?,
        generation: r.get(14)?,
        settled: r.get(15)?,
        powered: r.get(16)?,
        boot_id: r.get(17)?,
        force: r.get(18)?,
        deadline: r.get(19)?,
        reboot: r.get(20)?,
        attempt: r.get(21)?,
        not_before: r.get(22)?,
        reason_code: r.get(23)?,
        reason_message: r.get(24)?,
        transition: r.get(25)?,
        launched_at: r.get(26)?,
        changed_at: r.get(27)?,
        client_token: r.get(28)?,
        capacity_reservation: r.get(29)?,
    })
}

fn collect(c: &Conn, rest: &str, params: impl rusqlite::Params) -> Result<Vec<InstanceRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {COLUMNS} FROM instances {rest}"))?;
    let mut last = None;
    let rows = q.query_map(params, |r| instance(r, &mut last))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Store a new instance.
pub fn insert(c: &Conn, i: &InstanceRow) -> Result<(), Error> {
    c.prepare_cached(&format!(
        "INSERT INTO instances ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
         ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)"
    ))?
    .execute(rusqlite::params![
        i.id, i.account, i.region, i.zone, i.reservation_id, i.launch_index, i.host, i.instance_type, i.vcpus,
        i.memory_mib, i.eni_id, i.spec, i.desired, i.observed, i.generation, i.settled, i.powered, i.boot_id, i.force,
        i.deadline, i.reboot, i.attempt, i.not_before, i.reason_code, i.reason_message, i.transition, i.launched_at,
        i.changed_at, i.client_token, i.capacity_reservation,
    ])?;
    count(c, &Counted::of(i), 1)
}

/// What an instance is counted by.
#[derive(PartialEq, Eq)]
struct Counted {
    account: String,
    region: String,
    host: String,
    desired: String,
    vcpus: i64,
    memory_mib: i64,
}

impl Counted {
    const COLUMNS: &str = "account, region, host, desired, vcpus, memory_mib";

    fn of(i: &InstanceRow) -> Counted {
        Counted {
            account: i.account.clone(),
            region: i.region.clone(),
            host: i.host.clone(),
            desired: i.desired.clone(),
            vcpus: i.vcpus,
            memory_mib: i.memory_mib,
        }
    }

    fn read(r: &Row<'_>) -> rusqlite::Result<Counted> {
        Ok(Counted {
            account: r.get(0)?,
            region: r.get(1)?,
            host: r.get(2)?,
            desired: r.get(3)?,
            vcpus: r.get(4)?,
            memory_mib: r.get(5)?,
        })
    }
}

/// Count an instance (`times` 1) or take it back (-1) in what is kept of its account and its host.
fn count(c: &Conn, i: &Counted, times: i64) -> Result<(), Error> {
    if i.desired == "terminated" {
        return Ok(());
    }
    let (vcpus, memory_mib) = if i.desired == "running" { (times * i.vcpus, times * i.memory_mib) } else { (0, 0) };
    c.prepare_cached(
        "INSERT INTO instance_tallies (account, region, alive, vcpus) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, region) DO UPDATE SET alive = instance_tallies.alive + excluded.alive,
           vcpus = instance_tallies.vcpus + excluded.vcpus",
    )?
    .execute((&i.account, &i.region, times, vcpus))?;
    c.prepare_cached(
        "UPDATE hosts SET promised_vcpus = promised_vcpus + ?2, promised_memory_mib = promised_memory_mib + ?3 WHERE id = ?1",
    )?
    .execute((&i.host, vcpus, memory_mib))?;
    Ok(())
}

/// Write back everything that can change, if the row still is at `expected` generation. `false`: it moved on.
pub fn update(c: &Conn, i: &InstanceRow, expected: i64) -> Result<bool, Error> {
    let before = c
        .prepare_cached(&format!("SELECT {} FROM instances WHERE id = ?1 AND generation = ?2", Counted::COLUMNS))?
        .query_row((&i.id, expected), Counted::read)
        .optional()?;
    let Some(before) = before else { return Ok(false) };
    let after = Counted::of(i);
    if before != after {
        count(c, &before, -1)?;
        count(c, &after, 1)?;
    }
    c.prepare_cached(
            "UPDATE instances SET spec = ?1, desired = ?2, observed = ?3, generation = ?4, settled = ?5, powered = ?6, boot_id = ?7, \
             force = ?8, deadline = ?9, reboot = ?10, attempt = ?11, not_before = ?12, reason_code = ?13, reason_message = ?14, \
             transition = ?15, launched_at = ?16, changed_at = ?17, instance_type = ?18, vcpus = ?19, memory_mib = ?20, host = ?21, \
             capacity_reservation = ?22 WHERE id = ?23",
        )?
        .execute(rusqlite::params![
            i.spec, i.desired, i.observed, i.generation, i.settled, i.powered, i.boot_id, i.force, i.deadline, i.reboot,
            i.attempt, i.not_before, i.reason_code, i.reason_message, i.transition, i.launched_at, i.changed_at,
            i.instance_type, i.vcpus, i.memory_mib, i.host, i.capacity_reservation, i.id,
        ])?;
    Ok(true)
}

/// One instance of any account.
pub fn get(c: &Conn, id: &str) -> Result<Option<InstanceRow>, Error> {
    Ok(collect(c, "WHERE id = ?1", [id])?.pop())
}

/// The instances of an account in a region, oldest reservation first.
pub fn of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<InstanceRow>, Error> {
    collect(
        c,
        "WHERE account = ?1 AND region = ?2 ORDER BY launched_at, reservation_id, launch_index, id",
        [account, region],
    )
}

/// The instances of one reservation, by launch index.
pub fn of_reservation(c: &Conn, reservation_id: &str) -> Result<Vec<InstanceRow>, Error> {
    collect(c, "WHERE reservation_id = ?1 ORDER BY launch_index", [reservation_id])
}

/// How many instances that run or are to run are in each capacity reservation of an account in a region.
pub fn count_reserved(c: &Conn, account: &str, region: &str) -> Result<HashMap<String, u32>, Error> {
    let mut q = c.prepare_cached(
        "SELECT capacity_reservation, count(*) FROM instances
         WHERE account = ?1 AND region = ?2 AND capacity_reservation <> '' AND desired = 'running'
         GROUP BY capacity_reservation",
    )?;
    let rows = q.query_map([account, region], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Instances are in a capacity reservation of an account no more; whoever works on one looks at it again.
pub fn leave_reservation(c: &Conn, account: &str, region: &str, reservation: &str) -> Result<(), Error> {
    c.prepare_cached(
        "UPDATE instances SET capacity_reservation = '', generation = generation + 1
         WHERE account = ?1 AND region = ?2 AND capacity_reservation = ?3 AND capacity_reservation <> ''",
    )?
    .execute([account, region, reservation])?;
    Ok(())
}

/// Every id, of terminated instances too.
pub fn ids(c: &Conn) -> Result<HashSet<String>, Error> {
    let mut q = c.prepare_cached("SELECT id FROM instances")?;
    let rows = q.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every instance that is not gone.
pub fn alive(c: &Conn) -> Result<Vec<InstanceRow>, Error> {
    collect(c, "WHERE observed <> 'gone' ORDER BY launched_at, id", [])
}

/// Ids of the instances on which the loop has work and may do it at `now`.
pub fn due(c: &Conn, now: i64) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached(
        "SELECT id FROM instances WHERE settled < generation AND not_before <= ?1 ORDER BY not_before, launched_at, id",
    )?;
    let rows = q.query_map([now], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next postponed instance falls due (milliseconds since the epoch), if any is.
pub fn next_due(c: &Conn, now: i64) -> Result<Option<i64>, Error> {
    Ok(c.prepare_cached("SELECT min(not_before) FROM instances WHERE settled < generation AND not_before > ?1")?
        .query_row([now], |r| r.get(0))?)
}

/// Make the loop look at one instance again.
pub fn touch(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached(
        "UPDATE instances SET generation = generation + 1, not_before = 0 WHERE id = ?1 AND observed <> 'gone'",
    )?
    .execute([id])?;
    Ok(())
}

/// Whether the machine was switched on for what is desired now.
pub fn set_powered(c: &Conn, id: &str, powered: bool) -> Result<(), Error> {
    c.prepare_cached("UPDATE instances SET powered = ?2 WHERE id = ?1")?.execute((id, powered))?;
    Ok(())
}

/// Make the loop look at every instance again, at once: a start of the server.
pub fn touch_all(c: &Conn) -> Result<(), Error> {
    c.execute("UPDATE instances SET generation = generation + 1, not_before = 0 WHERE observed <> 'gone'", [])?;
    Ok(())
}

/// Ids of instances that went before `limit`.
pub fn gone_before(c: &Conn, limit: i64) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached("SELECT id FROM instances WHERE observed = 'gone' AND changed_at < ?1")?;
    let rows = q.query_map([limit], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget an instance.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    let gone = c
        .prepare_cached(&format!("DELETE FROM instances WHERE id = ?1 RETURNING {}", Counted::COLUMNS))?
        .query_row([id], Counted::read)
        .optional()?;
    gone.map_or(Ok(()), |gone| count(c, &gone, -1))
}

/// What live instances of a host were promised: vCPUs and MiB of memory.
pub fn promised(c: &Conn, host: &str) -> Result<(i64, i64), Error> {
    Ok(c.prepare_cached("SELECT promised_vcpus, promised_memory_mib FROM hosts WHERE id = ?1")?
        .query_row([host], |r| Ok((r.get(0)?, r.get(1)?)))?)
}

/// How much of its quotas an account uses in a region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Instances that are not terminated.
    pub alive: i64,
    /// vCPUs of those that run or are to run.
    pub vcpus: i64,
}

/// What an account has in a region.
pub fn tally(c: &Conn, account: &str, region: &str) -> Result<Tally, Error> {
    let found = c
        .prepare_cached("SELECT alive, vcpus FROM instance_tallies WHERE account = ?1 AND region = ?2")?
        .query_row([account, region], |r| Ok(Tally { alive: r.get(0)?, vcpus: r.get(1)? }))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Sentences about what is kept of accounts and hosts and is not what their instances say: there are none unless something is wrong.
pub fn miscounts(c: &Conn) -> Result<Vec<String>, Error> {
    let mut q = c.prepare(
        "SELECT 'account ' || t.account || ' in ' || t.region FROM instance_tallies t
         WHERE t.alive <> (SELECT count(*) FROM instances i
                           WHERE i.account = t.account AND i.region = t.region AND i.desired <> 'terminated')
            OR t.vcpus <> (SELECT coalesce(sum(i.vcpus), 0) FROM instances i
                           WHERE i.account = t.account AND i.region = t.region AND i.desired = 'running')
         UNION ALL SELECT 'host ' || h.id FROM hosts h
         WHERE h.promised_vcpus <> (SELECT coalesce(sum(i.vcpus), 0) FROM instances i WHERE i.host = h.id AND i.desired = 'running')
            OR h.promised_memory_mib <> (SELECT coalesce(sum(i.memory_mib), 0) FROM instances i WHERE i.host = h.id AND i.desired = 'running')",
    )?;
    let rows = q.query_map([], |r| r.get::<_, String>(0))?;
    rows.map(|whose| Ok(format!("{}: its tally is not what its instances say", whose?))).collect()
}

/// Image ids (machine, kernel and ramdisk) are inside `spec`: these are the specs of instances that live.
pub fn specs_alive(c: &Conn) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached("SELECT spec FROM instances WHERE observed <> 'gone'")?;
    let rows = q.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Make a host or bring it up to date.
pub fn upsert_host(c: &Conn, h: &HostRow, now: i64) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO hosts (id, uri, zone, vcpus, memory_mib, up, why_down, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET uri = excluded.uri, zone = excluded.zone, vcpus = excluded.vcpus,
           memory_mib = excluded.memory_mib, up = excluded.up, why_down = excluded.why_down, updated_at = excluded.updated_at",
    )?
    .execute((&h.id, &h.uri, &h.zone, h.vcpus, h.memory_mib, h.up, &h.why_down, now))?;
    Ok(())
}

/// Every host.
pub fn hosts(c: &Conn) -> Result<Vec<HostRow>, Error> {
    let mut q = c.prepare_cached("SELECT id, uri, zone, vcpus, memory_mib, up, why_down FROM hosts ORDER BY id")?;
    let rows = q.query_map([], |r| {
        Ok(HostRow {
            id: r.get(0)?,
            uri: r.get(1)?,
            zone: r.get(2)?,
            vcpus: r.get(3)?,
            memory_mib: r.get(4)?,
            up: r.get(5)?,
            why_down: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A launch's token: the fingerprint of its request and its reservation.
pub fn token(c: &Conn, account: &str, region: &str, token: &str) -> Result<Option<(String, String)>, Error> {
    Ok(c.prepare_cached(
        "SELECT fingerprint, reservation_id FROM launch_tokens WHERE account = ?1 AND region = ?2 AND token = ?3",
    )?
    .query_row([account, region, token], |r| Ok((r.get(0)?, r.get(1)?)))
    .optional()?)
}

/// Remember a launch's token.
pub fn insert_token(
    c: &Conn,
    account: &str,
    region: &str,
    token: &str,
    fingerprint: &str,
    reservation_id: &str,
    now: i64,
) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO launch_tokens (account, region, token, fingerprint, reservation_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((account, region, token, fingerprint, reservation_id, now))?;
    Ok(())
}

/// Forget launch tokens older than `limit`.
pub fn forget_tokens(c: &Conn, limit: i64) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM launch_tokens WHERE created_at < ?1")?.execute([limit])?;
    Ok(())
}

/// Forget every instance and launch token. Hosts stay.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch(
        "DELETE FROM instances; DELETE FROM launch_tokens; DELETE FROM instance_tallies;
         UPDATE hosts SET promised_vcpus = 0, promised_memory_mib = 0;",
    )?;
    Ok(())
}
