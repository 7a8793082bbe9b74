//! What a launch asked for, and an instance as other rooms see it.

use super::options::Options;
use super::state::{Desired, Observed, State, visible};
use crate::db::instances::InstanceRow;
use crate::db::volumes::AttachmentRow;
use crate::db::{self, Conn};
use crate::network::groups::GroupRef;
use crate::network::{self, Nic};
use crate::volumes::attachments;
use crate::{clock, id};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// The parts of an instance that no loop decides on: kept as JSON in its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    pub image_id: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    /// `x86_64`, `i386`
    pub architecture: String,
    pub platform: Option<String>,
    pub key: Option<Key>,
    /// Base64, as the client sent it.
    pub user_data: Option<String>,
    /// Size of the root disk in bytes, at the launch.
    pub root_bytes: u64,
    /// The root disk is a volume, attached at the root device, rather than a file of the instance's own.
    #[serde(default)]
    pub root_volume: bool,
    /// `/dev/sda1`
    pub root_device_name: String,
    /// Location of the image's manifest.
    pub image_location: String,
    /// The bundle's device mapping: virtual name and device.
    pub mappings: Vec<(String, String)>,
    /// Names in `_base` that the disk stands on; filled when the disk is made.
    #[serde(default)]
    pub bases: Vec<String>,
    /// The machine was defined with other figures: define it again before it is switched on.
    #[serde(default)]
    pub redefine: bool,
    #[serde(default)]
    pub profile: Option<InstanceProfile>,
    pub options: Options,
}

/// The instance profile that an instance has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    pub arn: String,
    /// `AIPA…`
    pub id: String,
    /// `iip-assoc-…`
    pub association: String,
    /// Since when the instance has it, in milliseconds since the epoch.
    pub since: i64,
}

impl InstanceProfile {
    /// A new association with the profile of this ARN and id.
    pub fn new(arn: String, profile_id: String) -> InstanceProfile {
        InstanceProfile {
            arn,
            id: profile_id,
            association: id::new(id::Kind::ProfileAssociation),
            since: clock::now_ms(),
        }
    }
}

/// A key pair's public half, as it was at launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub name: String,
    /// One line in OpenSSH's form.
    pub public_key: String,
}

impl Spec {
    /// Read a row's JSON.
    pub fn parse(json: &str) -> Result<Spec, db::Error> {
        serde_json::from_str(json).map_err(|e| db::Error::Damaged(format!("an instance's spec: {e}")))
    }

    /// The JSON that a row keeps.
    pub fn to_json(&self) -> Arc<str> {
        serde_json::to_string(self).expect("plain data becomes JSON").into()
    }
}

/// An instance: its row, its spec and its interface.
#[derive(Debug, Clone)]
pub struct Instance {
    pub row: InstanceRow,
    /// Shared by the instances that were read with it.
    pub spec: Arc<Spec>,
    pub state: State,
    /// Its network interfaces by device index; none once it is terminated.
    pub nics: Vec<Nic>,
    /// Its volumes, in the order of its disks; none once it is terminated.
    pub volumes: Vec<AttachmentRow>,
}

impl Instance {
    pub(super) fn load(c: &Conn, row: InstanceRow) -> Result<Instance, db::Error> {
        let nics =
            network::nics_of(c, &row.id).map_err(|e| db::Error::Damaged(format!("interfaces of {}: {e}", row.id)))?;
        let volumes = attachments::at(c, &row.id)?;
        let spec = Spec::parse(&row.spec)?.into();
        Instance::of(row, spec, nics, volumes)
    }

    /// Instances of one account in a region, whose interfaces and volumes are read at once.
    pub(super) fn load_all(
        c: &Conn,
        account: &str,
        region: &str,
        rows: Vec<InstanceRow>,
    ) -> Result<Vec<Instance>, db::Error> {
        let nics = network::attached_nics_of(c, account, region)
            .map_err(|e| db::Error::Damaged(format!("interfaces of account {account}: {e}")))?;
        let place: HashMap<&str, usize> = rows.iter().enumerate().map(|(n, row)| (row.id.as_str(), n)).collect();
        let mut devices: Vec<(Vec<Nic>, Vec<AttachmentRow>)> = Vec::new();
        devices.resize_with(rows.len(), Default::default);
        for nic in nics {
            if let Some(at) = nic.instance_id.as_deref().and_then(|instance| place.get(instance)) {
                let nics = &mut devices[*at].0;
                // Most have one, and interfaces are large.
                nics.reserve_exact(1);
                nics.push(nic);
            }
        }
        for volume in attachments::of_account(c, account)? {
            if let Some(at) = place.get(volume.instance.as_str()) {
                devices[*at].1.push(volume);
            }
        }
        // Instances of one launch have one spec, and reading JSON is what costs most here.
        let mut last: Option<(Arc<str>, Arc<Spec>)> = None;
        rows.into_iter()
            .zip(devices)
            .map(|(row, (mut nics, volumes))| {
                nics.sort_by_key(|nic| nic.device_index);
                let spec = match &last {
                    Some((json, spec)) if Arc::ptr_eq(json, &row.spec) => spec.clone(),
                    Some(_) | None => last.insert((row.spec.clone(), Spec::parse(&row.spec)?.into())).1.clone(),
                };
                Instance::of(row, spec, nics, volumes)
            })
            .collect()
    }

    fn of(
        row: InstanceRow,
        spec: Arc<Spec>,
        nics: Vec<Nic>,
        volumes: Vec<AttachmentRow>,
    ) -> Result<Instance, db::Error> {
        let (desired, observed) = both(&row)?;
        Ok(Instance { spec, state: visible(desired, observed), nics, volumes, row })
    }
}

impl Instance {
    /// Its first interface; none once it is terminated.
    pub fn nic(&self) -> Option<&Nic> {
        self.nics.first()
    }

    /// Its volumes but for the root one.
    pub fn data_volumes(&self) -> impl Iterator<Item = &AttachmentRow> {
        self.volumes.iter().filter(|v| v.target != attachments::ROOT)
    }

    /// Its security groups: those of its first interface.
    pub fn groups(&self) -> &[GroupRef] {
        self.nic().map_or(&[], |nic| &nic.groups)
    }
}

/// The typed halves of a row's state.
pub(super) fn both(row: &InstanceRow) -> Result<(Desired, Observed), db::Error> {
    let damaged = || db::Error::Damaged(format!("state of {}: {} / {}", row.id, row.desired, row.observed));
    Ok((Desired::parse(&row.desired).ok_or_else(damaged)?, Observed::parse(&row.observed).ok_or_else(damaged)?))
}
