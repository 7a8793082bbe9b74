//! The volumes and network cards of an instance as the loop has its machine have them.

use super::failure::StepError;
use crate::compute::Compute;
use crate::compute::driver::{self, Driver, Machine};
use crate::db::instances::InstanceRow;
use crate::db::volumes::AttachmentRow;
use crate::volumes::{Bytes, attachments};
use crate::{db, network};
use std::time::{Duration, Instant};

/// How long a guest takes to be done with a device that left it. One that came sooner into the same slot would be taken
/// for the old one, and be lost until the next boot (Linux, by ACPI).
const LETTING_GO: Duration = Duration::from_secs(2);

impl Compute {
    /// The volumes of the instance, as disks of its machine. The simulated one has none.
    pub(super) fn disks(&self, row: &InstanceRow) -> Result<Vec<driver::Disk>, StepError> {
        if self.volumes.bytes() == Bytes::None {
            return Ok(Vec::new());
        }
        let disks = self.db.read(|c| self.volumes.disks(c, &row.id))?;
        Ok(disks.into_iter().map(as_disk).collect())
    }

    /// The machine is about to be switched on: its volumes' files are its own from now on. Whether it has any.
    pub(super) fn plug(&self, row: &InstanceRow, machine: Machine) -> Result<bool, StepError> {
        if machine != Machine::Halted {
            self.check_all_free(row)?;
        }
        if self.volumes.bytes() == Bytes::None {
            return Ok(false);
        }
        let disks = self.db.read(|c| self.volumes.disks(c, &row.id))?;
        let (id, volumes): (_, Vec<String>) = (row.id.clone(), disks.into_iter().map(|d| d.volume).collect());
        let any = !volumes.is_empty();
        if any {
            self.volumes.finish_for(&id)?;
            self.db.write_blocking(move |c| attachments::plug(c, &id, &volumes))?;
        }
        Ok(any)
    }

    /// Nothing is left to do but for the volumes: those of a running machine come and go, one that is off has none.
    pub(super) fn settle_disks(&self, row: &InstanceRow, machine: Machine) -> Result<(), StepError> {
        if self.volumes.bytes() == Bytes::None {
            return Ok(());
        }
        let there = self.db.read(|c| attachments::at(c, &row.id))?;
        match machine {
            Machine::Running | Machine::Halted => {
                let driver = self.driver.as_deref().expect("no pass without a driver");
                there.iter().try_for_each(|a| self.settle_disk(driver, a))
            }
            Machine::Absent | Machine::Off(_) if there.iter().any(|a| a.plugged || a.state != "attached") => {
                let id = row.id.clone();
                self.db.write_blocking(move |c| attachments::all_unplugged(c, &id))?;
                self.volumes.wake();
                Ok(())
            }
            Machine::Absent | Machine::Off(_) => Ok(()),
        }
    }

    /// Nothing is left to do but for the cards: a running machine's come and go. One that is off is defined with those it
    /// has. The simulated machine has none.
    pub(super) fn settle_nics(&self, row: &InstanceRow, machine: Machine) -> Result<(), StepError> {
        let driver = self.driver.as_deref().expect("no pass without a driver");
        if !driver.is_real() || !matches!(machine, Machine::Running | Machine::Halted) {
            return Ok(());
        }
        let there = driver.nics(&row.id).map_err(StepError::Unseen)?;
        let wanted = self.db.read(|c| network::nics_of(c, &row.id))?;
        for nic in &wanted {
            let plugged = there.iter().any(|card| card.mac == nic.mac.to_string());
            if plugged && self.network.carries(&nic.eni_id) {
                continue;
            }
            if !plugged {
                self.check_free(nic)?;
            }
            let card = self.ensure_port(nic)?;
            if !plugged {
                self.check_let_go(&row.id)?;
                driver.attach_nic(&row.id, &card).map_err(StepError::Device)?;
                tracing::info!(interface = nic.eni_id, "attached");
            }
        }
        for card in there.iter().filter(|card| !wanted.iter().any(|nic| nic.mac.to_string() == card.mac)) {
            self.pulled(&row.id);
            if !driver.detach_nic(&row.id, card).map_err(StepError::Device)? {
                return Err(StepError::HeldByGuest(card.mac.clone()));
            }
            tracing::info!(card = card.mac, "detached");
            self.let_next_have(card)?;
        }
        Ok(())
    }

    /// A machine has let go of a card: whoever is to have its interface now need wait no longer.
    fn let_next_have(&self, card: &driver::NicSpec) -> Result<(), StepError> {
        let attached = self.db.read(network::attached_nics)?;
        let next = attached.into_iter().find(|nic| nic.mac.to_string() == card.mac).and_then(|nic| nic.instance_id);
        if let Some(id) = next {
            self.db.write_blocking(move |c| db::instances::touch(c, &id))?;
            self.wake();
        }
        Ok(())
    }

    /// An error while another machine, which the interface was taken from, still has it. Its port stays closed until then, so the
    /// other guest does not speak for this one.
    pub(super) fn check_free(&self, nic: &network::Nic) -> Result<(), StepError> {
        match self.is_real() && self.network.is_plugged(nic) {
            true => Err(StepError::HeldByGuest(nic.eni_id.clone())),
            false => Ok(()),
        }
    }

    /// [`Compute::check_free`] of all cards of a machine that is off.
    pub(super) fn check_all_free(&self, row: &InstanceRow) -> Result<(), StepError> {
        self.db.read(|c| network::nics_of(c, &row.id))?.iter().try_for_each(|nic| self.check_free(nic))
    }

    /// A device is to leave the instance's machine now.
    fn pulled(&self, id: &str) {
        if !self.is_real() {
            return;
        }
        let mut pulled = self.work.pulled.lock().expect("no panic while held");
        pulled.retain(|_, then| then.elapsed() < LETTING_GO);
        pulled.insert(id.to_owned(), Instant::now());
    }

    fn check_let_go(&self, id: &str) -> Result<(), StepError> {
        let pulled = self.work.pulled.lock().expect("no panic while held");
        let recent = pulled.get(id).is_some_and(|then| then.elapsed() < LETTING_GO);
        if recent { Err(StepError::TooSoon) } else { Ok(()) }
    }

    /// Make the port of an interface on the host; gives the card that plugs into it.
    pub(super) fn ensure_port(&self, nic: &network::Nic) -> Result<driver::NicSpec, network::Error> {
        let port = self.network.ensure_port(nic)?;
        Ok(driver::NicSpec { bridge: port.bridge, tap: port.tap, mac: port.mac.to_string(), mtu: None })
    }

    /// Have a running machine have a volume as its rows say.
    fn settle_disk(&self, driver: &dyn Driver, at: &AttachmentRow) -> Result<(), StepError> {
        let (instance, volume) = (at.instance.clone(), at.volume.clone());
        match at.state.as_str() {
            "attaching" => {
                self.volumes.finish_for(&instance)?;
                let one = [volume.clone()];
                self.db.write_blocking(move |c| attachments::plug(c, &instance, &one))?;
                let disks = self.db.read(|c| self.volumes.disks(c, &at.instance))?;
                if let Some(disk) = disks.into_iter().find(|d| d.volume == volume) {
                    self.check_let_go(&at.instance)?;
                    driver.attach_disk(&at.instance, &as_disk(disk)).map_err(StepError::Device)?;
                }
                let instance = at.instance.clone();
                self.db.write_blocking(move |c| attachments::plugged(c, &instance, &volume))?;
                tracing::info!(volume = at.volume, target = at.target, "attached");
            }
            "detaching" => {
                self.pulled(&at.instance);
                if !driver.detach_disk(&instance, &at.target).map_err(StepError::Device)? {
                    return Err(StepError::HeldByGuest(volume));
                }
                self.db.write_blocking(move |c| attachments::unplugged(c, &instance, &volume))?;
                self.volumes.wake();
                tracing::info!(volume = at.volume, target = at.target, "detached");
            }
            _ => {
                let Some(row) = self.db.read(|c| db::volumes::get(c, &volume))?.filter(|_| at.plugged) else {
                    return Ok(());
                };
                if let Some(next) = &row.next_layer {
                    self.volumes.make_next(&row)?;
                    driver.switch_disk(&instance, &at.target, &self.volumes.path(next)).map_err(StepError::Device)?;
                    let switched = volume.clone();
                    self.db.write_blocking(move |c| attachments::switched(c, &switched))?;
                }
                if let Some(bytes) = attachments::to_grow_to(&row) {
                    driver.grow_disk(&instance, &at.target, bytes as u64).map_err(StepError::Device)?;
                    self.db.write_blocking(move |c| attachments::grown(c, &volume, bytes))?;
                }
            }
        }
        Ok(())
    }
}

fn as_disk(d: attachments::Disk) -> driver::Disk {
    driver::Disk { path: d.path, format: "qcow2", target: d.target, serial: d.serial, read_only: false }
}
