//! Network cards of running machines: plugged in and pulled out. Only the running machine is changed: its stored definition
//! is written anew before every start.

use super::super::{Error, NicSpec};
use super::{Libvirt, domain_xml, failed, live};
use virt::domain::Domain;
use virt::sys;

fn of(id: &str, domain: &Domain) -> Result<Vec<NicSpec>, Error> {
    let wanted = [("source", "bridge"), ("target", "dev"), ("mac", "address")];
    let cards = live::of(id, domain, "interface", wanted)?;
    let card =
        |[bridge, tap, mac]: [Option<String>; 3]| Some(NicSpec { bridge: bridge?, tap: tap?, mac: mac?, mtu: None });
    Ok(cards.into_iter().filter_map(card).collect())
}

impl Libvirt {
    pub(super) fn nics_of(&self, id: &str) -> Result<Vec<NicSpec>, Error> {
        of(id, &self.running(id)?)
    }

    pub(super) fn plug_nic(&self, id: &str, nic: &NicSpec) -> Result<(), Error> {
        let domain = self.running(id)?;
        if of(id, &domain)?.iter().any(|has| has.mac == nic.mac) {
            return Ok(());
        }
        crate::fault::effect("attach card");
        domain
            .attach_device_flags(&domain_xml::nic(nic), sys::VIR_DOMAIN_AFFECT_LIVE)
            .map_err(|e| failed(&format!("attaching the card {} to {id}", nic.mac), &e))
    }

    pub(super) fn pull_nic(&self, id: &str, nic: &NicSpec) -> Result<bool, Error> {
        let domain = self.running(id)?;
        let there = || Ok::<_, Error>(of(id, &domain)?.iter().any(|has| has.mac == nic.mac));
        if !there()? {
            return Ok(true);
        }
        crate::fault::effect("detach card");
        if let Err(e) = domain.detach_device_flags(&domain_xml::nic(nic), sys::VIR_DOMAIN_AFFECT_LIVE) {
            // The guest was asked before and has not answered.
            tracing::debug!(error = %e.message(), "detaching");
        }
        Ok(!there()?)
    }
}
