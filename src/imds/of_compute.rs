//! Instance metadata out of the instances' rows.

use super::{Directory, Interface, Metadata, PublicKey, SecurityGroup};
use crate::compute::{Compute, Instance};
use crate::{clock, compute, config, db, network};
use base64::Engine;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Looks instances up by the address of their interface.
pub struct OfCompute {
    pub db: db::Db,
    pub compute: Arc<Compute>,
}

impl Directory for OfCompute {
    fn instance(&self, subnet_id: &str, ip: Ipv4Addr) -> Option<Metadata> {
        let found = self.db.read(|c| {
            let Some(nic) = network::nic_at(c, subnet_id, ip)? else { return Ok(None) };
            let Some(id) = nic.instance_id else { return Ok(None) };
            let tags = db::tags::of(c, &nic.account, &id)?;
            Ok::<_, network::Error>(Some((nic.account, nic.subnet.region.clone(), id, tags)))
        });
        let looked = found.map_err(|e| e.to_string()).and_then(|found| match found {
            None => Ok(None),
            Some((account, region, id, tags)) => self
                .compute
                .instance(&account, &region, &id)
                .map(|instance| instance.map(|i| (i, tags)))
                .map_err(|e| e.to_string()),
        });
        match looked {
            Ok(Some((instance, tags))) => {
                let tags = tags.into_iter().map(|t| (t.key, t.value)).collect();
                Some(metadata(instance, tags))
            }
            Ok(None) => None,
            Err(e) => {
                tracing::error!(error = e, "looking up who asks for metadata");
                None
            }
        }
    }
}

fn metadata(i: Instance, tags: BTreeMap<String, String>) -> Metadata {
    let data_devices: Vec<String> = i.data_volumes().map(|v| v.device.trim_start_matches("/dev/").to_owned()).collect();
    let compute::Instance { row, spec, nics, .. } = i;
    let spec = Arc::unwrap_or_clone(spec);
    let root = spec.root_device_name.trim_start_matches("/dev/").trim_end_matches(|c: char| c.is_ascii_digit());
    let mut block_devices: BTreeMap<String, String> = spec.mappings.iter().cloned().collect();
    block_devices.entry("ami".into()).or_insert_with(|| root.to_owned());
    block_devices.entry("root".into()).or_insert_with(|| spec.root_device_name.clone());
    for (n, device) in data_devices.into_iter().enumerate() {
        block_devices.insert(format!("ebs{}", n + 1), device);
    }
    let interfaces = nics
        .into_iter()
        .map(|nic| Interface {
            public_name: nic.public_of(nic.private_ip).and_then(|p| nic.public_name(p.ip)).map(|name| name.to_string()),
            eni_id: nic.eni_id,
            mac: nic.mac,
            device_index: nic.device_index.unwrap_or(0),
            private_ip: nic.private_ip,
            public_ip: nic.public.iter().find(|p| p.private_ip == nic.private_ip).map(|p| p.ip),
            vpc_id: nic.subnet.vpc_id.clone(),
            vpc_cidrs: nic.subnet.vpc_cidrs.clone(),
            subnet_id: nic.subnet.id.clone(),
            subnet_cidr: nic.subnet.cidr,
            security_groups: nic
                .groups
                .iter()
                .map(|g| SecurityGroup { id: g.id.clone(), name: g.name.clone() })
                .collect(),
        })
        .collect();
    Metadata {
        zone_id: config::zone_id(&row.region, &row.zone),
        account: row.account,
        region: row.region,
        zone: row.zone,
        instance_id: row.id,
        instance_type: row.instance_type,
        image_id: spec.image_id,
        kernel_id: spec.kernel_id,
        ramdisk_id: spec.ramdisk_id,
        architecture: spec.architecture,
        reservation_id: row.reservation_id,
        launch_index: row.launch_index as u32,
        manifest_path: Some(spec.image_location).filter(|l| l.ends_with(".manifest.xml")),
        pending_at: clock::from_ms(row.launched_at),
        block_devices,
        public_keys: spec.key.into_iter().map(|k| PublicKey { name: k.name, openssh: k.public_key }).collect(),
        user_data: spec
            .user_data
            .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok())
            .map(Into::into),
        interfaces,
        tags: spec.options.metadata.tags.then_some(tags),
        dedicated_host: spec.options.host,
        is_spot: spec.options.spot.is_some(),
        profile: spec.profile.map(|p| (p.arn, p.id, clock::from_ms(p.since))),
        enabled: spec.options.metadata.enabled,
        hop_limit: spec.options.metadata.hop_limit,
        tokens_required: spec.options.metadata.tokens_required,
    }
}
