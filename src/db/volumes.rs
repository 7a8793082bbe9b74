//! Volumes, what they are attached to, and the files that they and snapshots are made of.

use super::{Conn, Error};
use rusqlite::{OptionalExtension, Row};

/// One volume, with what is known of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeRow {
    /// `vol-…`
    pub id: String,
    pub account: String,
    pub region: String,
    pub zone: String,
    /// Its size in GiB, as the API tells it; the file may have to grow to it yet.
    pub gib: i64,
    /// AWS's name: `gp2`, `io1`, …
    pub kind: String,
    pub iops: Option<i64>,
    /// MiB a second.
    pub throughput: Option<i64>,
    pub encrypted: bool,
    /// An ARN.
    pub kms_key: Option<String>,
    pub multi_attach: bool,
    pub auto_io: bool,
    /// The snapshot that it was made from, which may be gone.
    pub snapshot: Option<String>,
    /// The layer that guests write to.
    pub layer: String,
    /// The layer that they are to write to once the pending snapshots are taken.
    pub next_layer: Option<String>,
    /// The last modification, as the room keeps it.
    pub modification: Option<String>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// Bytes of the disk in `layer`. Not written with the volume.
    pub bytes: i64,
    /// Whether the file of `layer` is durable. Not written with the volume.
    pub made: bool,
}

/// A volume at an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    pub volume: String,
    pub instance: String,
    /// As the API names it: `/dev/sdf`.
    pub device: String,
    /// As the machine has it: `vdb`.
    pub target: String,
    /// The volume goes when the instance is terminated.
    pub delete_too: bool,
    /// `attaching`, `attached`, `detaching`
    pub state: String,
    /// A machine that runs may be writing to it.
    pub plugged: bool,
    /// Milliseconds since the epoch.
    pub attached_at: i64,
}

/// A file: what was written since the one that it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRow {
    pub name: String,
    pub base: Option<String>,
    /// Bytes of the disk that it holds.
    pub bytes: i64,
    /// Whether the file is durable.
    pub made: bool,
}

const COLUMNS: &str = "v.id, v.account, v.region, v.zone, v.gib, v.type, v.iops, v.throughput, v.encrypted, v.kms_key, \
     v.multi_attach, v.auto_io, v.snapshot, v.layer, v.next_layer, v.modification, v.created_at, l.bytes, l.made";

fn volume(r: &Row<'_>) -> rusqlite::Result<VolumeRow> {
    Ok(VolumeRow {
        id: r.get(0)?,
        account: r.get(1)?,
        region: r.get(2)?,
        zone: r.get(3)?,
        gib: r.get(4)?,
        kind: r.get(5)?,
        iops: r.get(6)?,
        throughput: r.get(7)?,
        encrypted: r.get(8)?,
        kms_key: r.get(9)?,
        multi_attach: r.get(10)?,
        auto_io: r.get(11)?,
        snapshot: r.get(12)?,
        layer: r.get(13)?,
        next_layer: r.get(14)?,
        modification: r.get(15)?,
        created_at: r.get(16)?,
        bytes: r.get(17)?,
        made: r.get(18)?,
    })
}

fn collect(c: &Conn, rest: &str, params: impl rusqlite::Params) -> Result<Vec<VolumeRow>, Error> {
    let mut q =
        c.prepare_cached(&format!("SELECT {COLUMNS} FROM volumes v JOIN volume_layers l ON l.name = v.layer {rest}"))?;
    let rows = q.query_map(params, volume)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keep a new volume, whose layer is kept already.
pub fn insert(c: &Conn, v: &VolumeRow) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO volumes (id, account, region, zone, gib, type, iops, throughput, encrypted, kms_key, multi_attach,
           auto_io, snapshot, layer, next_layer, modification, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(rusqlite::params![
        v.id,
        v.account,
        v.region,
        v.zone,
        v.gib,
        v.kind,
        v.iops,
        v.throughput,
        v.encrypted,
        v.kms_key,
        v.multi_attach,
        v.auto_io,
        v.snapshot,
        v.layer,
        v.next_layer,
        v.modification,
        v.created_at,
    ])?;
    Ok(())
}

/// Write back everything that can change.
pub fn update(c: &Conn, v: &VolumeRow) -> Result<(), Error> {
    c.prepare_cached(
        "UPDATE volumes SET gib = ?2, type = ?3, iops = ?4, throughput = ?5, multi_attach = ?6, auto_io = ?7, layer = ?8,
           next_layer = ?9, modification = ?10 WHERE id = ?1",
    )?
    .execute(rusqlite::params![
        v.id, v.gib, v.kind, v.iops, v.throughput, v.multi_attach, v.auto_io, v.layer, v.next_layer, v.modification,
    ])?;
    Ok(())
}

/// One volume of any account.
pub fn get(c: &Conn, id: &str) -> Result<Option<VolumeRow>, Error> {
    Ok(collect(c, "WHERE v.id = ?1", [id])?.pop())
}

/// The volumes of an account in a region, oldest first.
pub fn of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<VolumeRow>, Error> {
    collect(c, "WHERE v.account = ?1 AND v.region = ?2 ORDER BY v.created_at, v.id", [account, region])
}

/// GiB of all volumes of an account in a region.
pub fn storage(c: &Conn, account: &str, region: &str) -> Result<i64, Error> {
    Ok(c.prepare_cached("SELECT coalesce(sum(gib), 0) FROM volumes WHERE account = ?1 AND region = ?2")?
        .query_row((account, region), |r| r.get(0))?)
}

/// Volumes whose file is not yet what it is to be, and that no running machine has: what to work on.
pub fn unfinished(c: &Conn) -> Result<Vec<VolumeRow>, Error> {
    collect(
        c,
        "WHERE l.made = 1 AND (v.next_layer IS NOT NULL OR v.gib * 1073741824 > l.bytes)
           AND NOT EXISTS (SELECT 1 FROM volume_attachments a WHERE a.volume = v.id AND a.plugged = 1)",
        [],
    )
}

/// Ids of volumes whose layer holds a completed snapshot, too: there are none unless something is wrong.
pub fn on_snapshots(c: &Conn) -> Result<Vec<String>, Error> {
    let mut q = c.prepare_cached(
        "SELECT DISTINCT v.id FROM volumes v JOIN snapshots s ON s.layer = v.layer AND s.state = 'completed' ORDER BY v.id",
    )?;
    let rows = q.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forget a volume, which is attached to nothing.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM volumes WHERE id = ?1")?.execute([id])?;
    Ok(())
}

const ATTACHMENT: &str = "a.volume, a.instance, a.device, a.target, a.delete_too, a.state, a.plugged, a.attached_at";

fn attachment(r: &Row<'_>) -> rusqlite::Result<AttachmentRow> {
    Ok(AttachmentRow {
        volume: r.get(0)?,
        instance: r.get(1)?,
        device: r.get(2)?,
        target: r.get(3)?,
        delete_too: r.get(4)?,
        state: r.get(5)?,
        plugged: r.get(6)?,
        attached_at: r.get(7)?,
    })
}

fn attachments(c: &Conn, rest: &str, params: impl rusqlite::Params) -> Result<Vec<AttachmentRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {ATTACHMENT} FROM volume_attachments a {rest}"))?;
    let rows = q.query_map(params, attachment)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keep an attachment, or bring it up to date.
pub fn attach(c: &Conn, a: &AttachmentRow) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO volume_attachments (volume, instance, device, target, delete_too, state, plugged, attached_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (volume, instance) DO UPDATE SET delete_too = excluded.delete_too, state = excluded.state,
           plugged = excluded.plugged",
    )?
    .execute((&a.volume, &a.instance, &a.device, &a.target, a.delete_too, &a.state, a.plugged, a.attached_at))?;
    Ok(())
}

/// Forget an attachment.
pub fn detach(c: &Conn, volume: &str, instance: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM volume_attachments WHERE volume = ?1 AND instance = ?2")?
        .execute([volume, instance])?;
    Ok(())
}

/// What a volume is attached to, longest first.
pub fn attachments_of(c: &Conn, volume: &str) -> Result<Vec<AttachmentRow>, Error> {
    attachments(c, "WHERE a.volume = ?1 ORDER BY a.attached_at, a.instance", [volume])
}

/// What is attached to an instance, in the order of its disks.
pub fn attachments_at(c: &Conn, instance: &str) -> Result<Vec<AttachmentRow>, Error> {
    attachments(c, "WHERE a.instance = ?1 ORDER BY length(a.target), a.target", [instance])
}

/// Every attachment of an account's volumes.
pub fn attachments_of_account(c: &Conn, account: &str) -> Result<Vec<AttachmentRow>, Error> {
    attachments(
        c,
        "JOIN volumes v ON v.id = a.volume WHERE v.account = ?1 ORDER BY length(a.target), a.target, a.attached_at, a.instance",
        [account],
    )
}

/// Keep a new layer.
pub fn insert_layer(c: &Conn, l: &LayerRow) -> Result<(), Error> {
    c.prepare_cached("INSERT INTO volume_layers (name, base, bytes, made) VALUES (?1, ?2, ?3, ?4)")?
        .execute((&l.name, &l.base, l.bytes, l.made))?;
    Ok(())
}

fn layer(r: &Row<'_>) -> rusqlite::Result<LayerRow> {
    Ok(LayerRow { name: r.get(0)?, base: r.get(1)?, bytes: r.get(2)?, made: r.get(3)? })
}

fn layers(c: &Conn, rest: &str, params: impl rusqlite::Params) -> Result<Vec<LayerRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT name, base, bytes, made FROM volume_layers {rest}"))?;
    let rows = q.query_map(params, layer)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One layer.
pub fn layer_named(c: &Conn, name: &str) -> Result<Option<LayerRow>, Error> {
    Ok(layers(c, "WHERE name = ?1", [name])?.pop())
}

/// Every layer.
pub fn all_layers(c: &Conn) -> Result<Vec<LayerRow>, Error> {
    layers(c, "ORDER BY name", [])
}

/// Layers that have no file yet and that something needs.
pub fn layers_to_make(c: &Conn) -> Result<Vec<LayerRow>, Error> {
    layers(
        c,
        "WHERE made = 0 AND name IN (SELECT layer FROM volumes UNION SELECT next_layer FROM volumes) ORDER BY name",
        [],
    )
}

/// Layers that nothing needs: no volume, no snapshot, no other layer.
pub fn layers_unused(c: &Conn) -> Result<Vec<LayerRow>, Error> {
    layers(
        c,
        "WHERE NOT EXISTS (SELECT 1 FROM volumes v WHERE v.layer = name OR v.next_layer = name)
           AND NOT EXISTS (SELECT 1 FROM snapshots s WHERE s.layer = name)
           AND NOT EXISTS (SELECT 1 FROM volume_layers o WHERE o.base = volume_layers.name)",
        [],
    )
}

/// The file of a layer is durable, with a disk of so many bytes.
pub fn layer_made(c: &Conn, name: &str, bytes: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE volume_layers SET made = 1, bytes = ?2 WHERE name = ?1")?.execute((name, bytes))?;
    Ok(())
}

/// Forget a layer whose file is gone.
pub fn delete_layer(c: &Conn, name: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM volume_layers WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// What new volumes of an account are like: encrypted or not, and under which key.
pub fn defaults(c: &Conn, account: &str, region: &str) -> Result<(bool, Option<String>), Error> {
    let found = c
        .prepare_cached("SELECT encrypted, kms_key FROM volume_defaults WHERE account = ?1 AND region = ?2")?
        .query_row([account, region], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Write what new volumes of an account are to be like.
pub fn set_defaults(
    c: &Conn,
    account: &str,
    region: &str,
    encrypted: bool,
    kms_key: Option<&str>,
) -> Result<(), Error> {
    c.prepare_cached(
        "INSERT INTO volume_defaults (account, region, encrypted, kms_key) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, region) DO UPDATE SET encrypted = excluded.encrypted, kms_key = excluded.kms_key",
    )?
    .execute((account, region, encrypted, kms_key))?;
    Ok(())
}

/// Forget all volumes and snapshots. Layers stay until their files are gone.
pub fn wipe(c: &Conn) -> Result<(), Error> {
    c.execute_batch(
        "DELETE FROM volume_attachments; DELETE FROM volumes; DELETE FROM snapshot_permissions; DELETE FROM snapshots;
         DELETE FROM volume_defaults;",
    )?;
    Ok(())
}
