//! Disks of running machines: plugged in, pulled out, grown, and moved on to another file.
//!
//! Only the running machine is changed: its stored definition is written anew before every start.

use super::super::{Disk, Error};
use super::{Libvirt, domain_xml, failed, live};
use quick_xml::escape::escape;
use std::path::{Path, PathBuf};
use virt::domain::Domain;
use virt::sys;

fn disks(found: Vec<[Option<String>; 2]>) -> Vec<(String, PathBuf)> {
    found.into_iter().filter_map(|[target, file]| Some((target?, PathBuf::from(file?)))).collect()
}

/// Target and file of each.
const PARTS: [(&str, &str); 2] = [("target", "dev"), ("source", "file")];

fn of(id: &str, domain: &Domain) -> Result<Vec<(String, PathBuf)>, Error> {
    Ok(disks(live::of(id, domain, "disk", PARTS)?))
}

impl Libvirt {
    pub(super) fn disks_of(&self, id: &str) -> Result<Vec<(String, PathBuf)>, Error> {
        of(id, &self.running(id)?)
    }

    pub(super) fn plug_in(&self, id: &str, disk: &Disk) -> Result<(), Error> {
        let domain = self.running(id)?;
        if of(id, &domain)?.iter().any(|(target, _)| *target == disk.target) {
            return Ok(());
        }
        crate::fault::effect("attach disk");
        domain
            .attach_device_flags(&domain_xml::disk(disk), sys::VIR_DOMAIN_AFFECT_LIVE)
            .map_err(|e| failed(&format!("attaching {} to {id}", disk.path.display()), &e))
    }

    pub(super) fn pull_out(&self, id: &str, target: &str) -> Result<bool, Error> {
        let domain = self.running(id)?;
        let there = |domain: &Domain| Ok::<_, Error>(of(id, domain)?.into_iter().find(|(has, _)| has == target));
        let Some((_, path)) = there(&domain)? else { return Ok(true) };
        let disk = Disk { path, format: "qcow2", target: target.to_owned(), serial: String::new(), read_only: false };
        crate::fault::effect("detach disk");
        if let Err(e) = domain.detach_device_flags(&domain_xml::disk(&disk), sys::VIR_DOMAIN_AFFECT_LIVE) {
            // The guest was asked before and has not answered.
            tracing::debug!(error = %e.message(), "detaching");
        }
        Ok(there(&domain)?.is_none())
    }

    pub(super) fn move_on(&self, id: &str, target: &str, to: &Path) -> Result<(), Error> {
        let domain = self.running(id)?;
        let disks = of(id, &domain)?;
        match disks.iter().find(|(has, _)| has == target) {
            Some((_, path)) if path == to => return Ok(()),
            Some(_) => {}
            None => return Err(Error::Failed(format!("{id} has no disk {target}"))),
        }
        let others = disks.iter().filter(|(has, _)| has != target);
        let others: String = others.map(|(has, _)| format!("<disk name='{}' snapshot='no'/>", escape(has))).collect();
        let xml = format!(
            "<domainsnapshot><disks>{others}<disk name='{}' snapshot='external'><driver type='qcow2'/><source file='{}'/></disk>\
             </disks></domainsnapshot>",
            escape(target),
            escape(to.to_string_lossy()),
        );
        let flags = sys::VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
            | sys::VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
            | sys::VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
            | sys::VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;
        crate::fault::effect("move disk on");
        let done = domain.create_snapshot_xml(&xml, flags);
        done.map(drop).map_err(|e| failed(&format!("moving {target} of {id} on to {}", to.display()), &e))
    }

    pub(super) fn grow(&self, id: &str, target: &str, bytes: u64) -> Result<(), Error> {
        crate::fault::effect("grow disk");
        self.running(id)?
            .block_resize(target, bytes, sys::VIR_DOMAIN_BLOCK_RESIZE_BYTES)
            .map_err(|e| failed(&format!("growing {target} of {id}"), &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disks_file_is_the_one_that_it_writes_to() {
        let xml = "<domain><devices><disk type='file'><driver name='qemu'/><source file='/v/a.1' index='2'><privateData/></source>\
             <backingStore type='file'><format type='qcow2'/><source file='/v/a.0'/><backingStore/></backingStore>\
             <target dev='vdb' bus='virtio'/></disk><disk><target dev='sda'/></disk>\
             <disk><source file='/v/&lt;b'/><target dev='vda'/></disk><interface><source bridge='n'/><target dev='t'/></interface>\
             </devices></domain>";
        let found = disks(live::in_xml(xml, "disk", PARTS).unwrap());
        assert_eq!(found, [("vdb".into(), "/v/a.1".into()), ("vda".to_owned(), PathBuf::from("/v/<b"))]);
    }
}
