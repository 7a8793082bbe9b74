//! Images and who may launch them.
//!
//! A deregistered image keeps its row: its id is never given out again, and instances may still name it.

mod settings;
mod volumes;
mod work;

pub use settings::{set_setting, setting, wipe_settings};
pub use volumes::{ImageVolume, snapshot_user, take_of, volume_gone};
pub use work::{Origin, Work, captured, captures_of, pending, postpone, set_available, set_begun, set_failed, waiting};

use super::{Conn, Error};
use rusqlite::{OptionalExtension, Row, named_params, params_from_iter};
use serde::{Deserialize, Serialize};

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageType {
    Machine,
    Kernel,
    Ramdisk,
}

impl ImageType {
    /// EC2's word: `machine`, `kernel`, `ramdisk`.
    pub fn as_str(self) -> &'static str {
        match self {
            ImageType::Machine => "machine",
            ImageType::Kernel => "kernel",
            ImageType::Ramdisk => "ramdisk",
        }
    }

    fn parse(text: &str) -> Result<ImageType, Error> {
        match text {
            "machine" => Ok(ImageType::Machine),
            "kernel" => Ok(ImageType::Kernel),
            "ramdisk" => Ok(ImageType::Ramdisk),
            other => Err(Error::Damaged(format!("image type {other:?}"))),
        }
    }
}

/// Where an image is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Its bytes are on their way.
    Pending,
    Available,
    /// Its bundle could not be used; the reason says why.
    Failed,
    /// Put out of use by its owner, until it is enabled again.
    Disabled,
    /// Gone for its owner; only instances may still name it.
    Deregistered,
}

impl State {
    /// EC2's word.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Available => "available",
            State::Failed => "failed",
            State::Disabled => "disabled",
            State::Deregistered => "deregistered",
        }
    }

    fn parse(text: &str) -> Result<State, Error> {
        match text {
            "pending" => Ok(State::Pending),
            "available" => Ok(State::Available),
            "failed" => Ok(State::Failed),
            "disabled" => Ok(State::Disabled),
            "deregistered" => Ok(State::Deregistered),
            other => Err(Error::Damaged(format!("image state {other:?}"))),
        }
    }
}

/// One line of a bundle's block device mapping: `ephemeral0` is to be seen as `sdb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    #[serde(rename = "virtual")]
    pub virtual_name: String,
    pub device: String,
}

/// Why an image is `failed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// As EC2 writes it in `StateReason`: `Client.InvalidManifest`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// What is known of an image's file once it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// `raw`, `qcow2`, `vmdk`, `vpc` (VHD), `vhdx`, `vdi`, `iso`: as `qemu-img` calls them, and iso.
    pub format: String,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of the disk that it holds, a multiple of 512 for a machine image.
    pub virtual_size: u64,
    /// SHA-256 of the file, lower-case hex.
    pub digest: String,
}

/// Whether an image may be deregistered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protection {
    #[default]
    Off,
    /// With a cool-down, it stays protected for a day after it was switched off.
    On { cooldown: bool },
    /// Switched off; protected until then, in milliseconds since the epoch.
    Until(i64),
}

/// Where an image comes from, and what its owner said of its use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The image that it is a copy of, and that one's region.
    pub source_image: Option<String>,
    pub source_region: Option<String>,
    /// The instance that it was made of.
    pub source_instance: Option<String>,
    /// When it is out of date, in milliseconds since the epoch.
    pub deprecated_at: Option<i64>,
    pub protection: Protection,
    /// Its instances are to have session tokens required at the metadata service.
    pub imds_v2: bool,
    pub declared: Declared,
}

/// What an image's owner said of the machines that it is for. It is told and changes nothing: guests have what the hypervisor gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Declared {
    pub ena: Option<bool>,
    /// Intel's enhanced networking.
    pub sriov: bool,
    /// `legacy-bios`, `uefi` or `uefi-preferred`.
    pub boot_mode: Option<String>,
    pub paravirtual: Option<bool>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `ami-…`, `aki-…` or `ari-…`.
    pub id: String,
    /// The owner's account.
    pub account: String,
    /// `None`: in every region.
    pub region: Option<String>,
    pub name: Option<String>,
    pub description: String,
    /// Bucket and key of the manifest, as the owner gave them.
    pub location: String,
    pub image_type: ImageType,
    /// `x86_64`, `i386` or `arm64`.
    pub architecture: String,
    /// `windows`, or nothing.
    pub platform: Option<String>,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    /// `/dev/sda1`
    pub root_device_name: String,
    pub mappings: Vec<Mapping>,
    /// The volumes that its instances come with, the root disk among them unless the image has a file.
    pub volumes: Vec<ImageVolume>,
    /// An image is pending, too, while snapshots of its volumes are.
    pub state: State,
    pub reason: Option<Reason>,
    pub is_public: bool,
    /// Imported by the operator.
    pub imported: bool,
    /// There once the image is available; never if its root disk is a volume.
    pub file: Option<File>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// When an instance was launched from it last, in milliseconds since the epoch.
    pub last_launched: Option<i64>,
    /// Accounts that may launch it, besides its owner.
    pub launch_permissions: Vec<String>,
    pub details: Details,
}

impl Image {
    /// Whether `account` may see and launch it: its owner, those it is shared with, or everybody.
    pub fn may_launch(&self, account: &str) -> bool {
        self.account == account || self.is_public || self.launch_permissions.iter().any(|a| a == account)
    }

    /// Whether the operator brought it in for everybody: what is Amazon's at AWS.
    pub fn is_the_operators(&self) -> bool {
        self.imported && self.is_public
    }

    /// The volume at its root device, if its root disk is one.
    pub fn root_volume(&self) -> Option<&ImageVolume> {
        self.volumes.iter().find(|v| v.device == self.root_device_name)
    }

    /// Whether it is in `region`, or in every one.
    pub fn is_in(&self, region: &str) -> bool {
        self.region.as_ref().is_none_or(|own| own == region)
    }
}

/// Which images are asked for; every given condition must hold. Deregistered ones are never among them.
#[derive(Debug, Clone, Default)]
pub struct Select {
    /// Images of this region, and those of every region.
    pub region: Option<String>,
    /// Only what this account may see: its own, public ones, and those it may launch.
    pub viewer: Option<String>,
    /// Only these ids.
    pub ids: Option<Vec<String>>,
    /// Only of these owners, when there are any.
    pub owners: Vec<String>,
}

const COLUMNS: &str = "id, account, region, name, description, location, image_type, architecture, platform, kernel_id, \
    ramdisk_id, root_device, mappings, state, reason_code, reason_message, is_public, imported, format, size, \
    virtual_size, digest, created_at, details, last_launched";

fn image(r: &Row) -> Result<Image, Error> {
    let text = |at: usize| r.get::<_, String>(at);
    let maybe = |at: usize| r.get::<_, Option<String>>(at);
    let reason = match (maybe(14)?, maybe(15)?) {
        (Some(code), message) => Some(Reason { code, message: message.unwrap_or_default() }),
        (None, _) => None,
    };
    let file = match (maybe(18)?, maybe(21)?) {
        (Some(format), Some(digest)) => {
            Some(File { format, digest, size: r.get::<_, i64>(19)? as u64, virtual_size: r.get::<_, i64>(20)? as u64 })
        }
        _ => None,
    };
    Ok(Image {
        id: text(0)?,
        account: text(1)?,
        region: maybe(2)?,
        name: maybe(3)?,
        description: text(4)?,
        location: text(5)?,
        image_type: ImageType::parse(&text(6)?)?,
        architecture: text(7)?,
        platform: maybe(8)?,
        kernel_id: maybe(9)?,
        ramdisk_id: maybe(10)?,
        root_device_name: text(11)?,
        mappings: serde_json::from_str(&text(12)?).map_err(|e| Error::Damaged(format!("mappings: {e}")))?,
        volumes: Vec::new(),
        state: State::parse(&text(13)?)?,
        reason,
        is_public: r.get(16)?,
        imported: r.get(17)?,
        file,
        created_at: r.get(22)?,
        last_launched: r.get(24)?,
        launch_permissions: Vec::new(),
        details: serde_json::from_str(&text(23)?).map_err(|e| Error::Damaged(format!("details: {e}")))?,
    })
}

fn permissions(c: &Conn, id: &str) -> Result<Vec<String>, Error> {
    let mut q =
        c.prepare_cached("SELECT account FROM image_launch_permissions WHERE image_id = ?1 ORDER BY account")?;
    let rows = q.query_map([id], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The image with what other tables say of it.
fn whole(c: &Conn, mut i: Image) -> Result<Image, Error> {
    i.launch_permissions = permissions(c, &i.id)?;
    let pending;
    (i.volumes, pending) = volumes::of(c, &i.id)?;
    if pending && i.state == State::Available {
        i.state = State::Pending;
    }
    Ok(i)
}

/// Add an image; `origin` is there exactly when its bytes have still to come.
pub fn insert(c: &Conn, i: &Image, origin: Option<&Origin>) -> Result<(), Error> {
    let json = |result: serde_json::Result<String>| result.map_err(|e| Error::Damaged(e.to_string()));
    let (manifest, origin, capture_of) = work::columns(origin)?;
    let (mappings, details) = (json(serde_json::to_string(&i.mappings))?, json(serde_json::to_string(&i.details))?);
    c.prepare_cached(
        "INSERT INTO images (id, account, region, name, description, location, image_type, architecture, platform,
           kernel_id, ramdisk_id, root_device, on_volume, mappings, state, reason_code, reason_message, is_public, imported, format,
           size, virtual_size, digest, manifest, origin, capture_of, details, last_launched, attempt, not_before,
           created_at)
         VALUES (:id, :account, :region, :name, :description, :location, :type, :architecture, :platform,
           :kernel, :ramdisk, :root, :on_volume, :mappings, :state, :code, :message, :public, :imported, :format,
           :size, :virtual, :digest, :manifest, :origin, :capture, :details, :launched, 0, 0, :created)",
    )?
    .execute(named_params! {
        ":id": i.id, ":account": i.account, ":region": i.region, ":name": i.name, ":description": i.description,
        ":location": i.location, ":type": i.image_type.as_str(), ":architecture": i.architecture,
        ":platform": i.platform, ":kernel": i.kernel_id, ":ramdisk": i.ramdisk_id, ":root": i.root_device_name,
        ":on_volume": i.root_volume().is_some(), ":mappings": mappings, ":state": i.state.as_str(),
        ":code": i.reason.as_ref().map(|r| &r.code), ":message": i.reason.as_ref().map(|r| &r.message),
        ":public": i.is_public, ":imported": i.imported,
        ":format": i.file.as_ref().map(|f| &f.format), ":size": i.file.as_ref().map(|f| f.size as i64),
        ":virtual": i.file.as_ref().map(|f| f.virtual_size as i64), ":digest": i.file.as_ref().map(|f| &f.digest),
        ":manifest": manifest, ":origin": origin, ":capture": capture_of, ":details": details,
        ":launched": i.last_launched, ":created": i.created_at,
    })?;
    for account in &i.launch_permissions {
        permit(c, &i.id, account, true)?;
    }
    volumes::insert(c, &i.id, &i.volumes)
}

/// One image, whatever its state.
pub fn get(c: &Conn, id: &str) -> Result<Option<Image>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {COLUMNS} FROM images WHERE id = ?1"))?;
    let found = q.query_row([id], |r| Ok(image(r))).optional()?;
    match found {
        None => Ok(None),
        Some(row) => Ok(Some(whole(c, row?)?)),
    }
}

/// The images that `select` asks for, oldest first.
pub fn select(c: &Conn, select: &Select) -> Result<Vec<Image>, Error> {
    let ids = match &select.ids {
        Some(ids) if ids.is_empty() => return Ok(Vec::new()),
        Some(ids) => ids.as_slice(),
        None => &[],
    };
    let mut sql = format!("SELECT {COLUMNS} FROM images WHERE state <> 'deregistered'");
    let mut values: Vec<&str> = Vec::new();
    if let Some(region) = &select.region {
        values.push(region);
        sql += &format!(" AND (region IS NULL OR region = ?{})", values.len());
    }
    if let Some(viewer) = &select.viewer {
        values.push(viewer);
        let n = values.len();
        sql += &format!(
            " AND (account = ?{n} OR is_public = 1
               OR id IN (SELECT image_id FROM image_launch_permissions WHERE account = ?{n}))"
        );
    }
    for (column, wanted) in [("id", ids), ("account", select.owners.as_slice())] {
        if !wanted.is_empty() {
            let first = values.len() + 1;
            values.extend(wanted.iter().map(String::as_str));
            let list: Vec<String> = (first..=values.len()).map(|n| format!("?{n}")).collect();
            sql += &format!(" AND {column} IN ({})", list.join(", "));
        }
    }
    sql += " ORDER BY created_at, id";
    let mut q = c.prepare_cached(&sql)?;
    let rows = q.query_map(params_from_iter(values), |r| Ok(image(r)))?;
    let all = rows.collect::<Result<Result<Vec<_>, Error>, _>>()??;
    all.into_iter().map(|i| whole(c, i)).collect()
}

/// The id of the image that holds `name` in this account and region, if one does.
pub fn named(c: &Conn, account: &str, region: Option<&str>, name: &str) -> Result<Option<String>, Error> {
    let mut q = c.prepare_cached(
        "SELECT id FROM images WHERE account = ?1 AND (region = ?2 OR region IS NULL OR ?2 IS NULL) AND name = ?3
         AND state IN ('pending', 'available', 'disabled')",
    )?;
    Ok(q.query_row((account, region, name), |r| r.get(0)).optional()?)
}

/// The image that is not deregistered and has the same number as `id`, whatever its prefix: they share a folder.
pub fn holder_of_number(c: &Conn, id: &str) -> Result<Option<String>, Error> {
    let number = id.rsplit_once('-').map_or(id, |(_, number)| number);
    let mut q = c.prepare_cached(
        "SELECT id FROM images WHERE id IN ('ami-' || ?1, 'aki-' || ?1, 'ari-' || ?1) AND state <> 'deregistered'",
    )?;
    Ok(q.query_row([number], |r| r.get(0)).optional()?)
}

/// Deregister an image; `false` if it was already.
pub fn set_deregistered(c: &Conn, id: &str) -> Result<bool, Error> {
    let changed = c
        .prepare_cached(
            "UPDATE images SET state = 'deregistered', manifest = NULL, origin = NULL, capture_of = NULL
             WHERE id = ?1 AND state <> 'deregistered'",
        )?
        .execute([id])?;
    c.prepare_cached("DELETE FROM image_launch_permissions WHERE image_id = ?1")?.execute([id])?;
    volumes::forget(c, id)?;
    Ok(changed == 1)
}

/// Remove an image's row, so that its id may be used again: for the operator.
pub fn delete(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM image_launch_permissions WHERE image_id = ?1")?.execute([id])?;
    volumes::forget(c, id)?;
    c.prepare_cached("DELETE FROM images WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Let everybody launch the image, or not any more.
pub fn set_public(c: &Conn, id: &str, public: bool) -> Result<(), Error> {
    c.prepare_cached("UPDATE images SET is_public = ?2 WHERE id = ?1")?.execute((id, public))?;
    Ok(())
}

/// Take an available image out of use, or a disabled one back; `false` if it is neither.
pub fn set_disabled(c: &Conn, id: &str, disabled: bool) -> Result<bool, Error> {
    let (from, to) = if disabled { ("available", "disabled") } else { ("disabled", "available") };
    let changed = c
        .prepare_cached("UPDATE images SET state = ?3 WHERE id = ?1 AND state IN (?2, ?3)")?
        .execute((id, from, to))?;
    Ok(changed == 1)
}

/// Give the image other details.
pub fn set_details(c: &Conn, id: &str, details: &Details) -> Result<(), Error> {
    let json = serde_json::to_string(details).map_err(|e| Error::Damaged(e.to_string()))?;
    c.prepare_cached("UPDATE images SET details = ?2 WHERE id = ?1")?.execute((id, json))?;
    Ok(())
}

/// An instance was launched from the image at `now`.
pub fn launched(c: &Conn, id: &str, now: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE images SET last_launched = ?2 WHERE id = ?1")?.execute((id, now))?;
    Ok(())
}

/// Nobody but its owner may launch the image any more.
pub fn keep_private(c: &Conn, id: &str) -> Result<(), Error> {
    set_public(c, id, false)?;
    c.prepare_cached("DELETE FROM image_launch_permissions WHERE image_id = ?1")?.execute([id])?;
    Ok(())
}

/// Give the image a new description.
pub fn set_description(c: &Conn, id: &str, description: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE images SET description = ?2 WHERE id = ?1")?.execute((id, description))?;
    Ok(())
}

/// Let `account` launch the image, or not any more.
pub fn permit(c: &Conn, id: &str, account: &str, may: bool) -> Result<(), Error> {
    let sql = if may {
        "INSERT INTO image_launch_permissions (image_id, account) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM image_launch_permissions WHERE image_id = ?1 AND account = ?2"
    };
    c.prepare_cached(sql)?.execute((id, account))?;
    Ok(())
}

/// Forget every image that accounts registered; returns their ids. What the operator imported stays, as imported.
pub fn reset(c: &Conn) -> Result<Vec<String>, Error> {
    let ids = {
        let mut q = c.prepare_cached("SELECT id FROM images WHERE imported = 0")?;
        let rows = q.query_map([], |r| r.get(0))?;
        rows.collect::<Result<Vec<String>, _>>()?
    };
    for id in &ids {
        delete(c, id)?;
    }
    Ok(ids)
}
