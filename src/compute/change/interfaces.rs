//! Interfaces that come to an instance after its launch, and leave it.
//!
//! A stopped machine has them from its next start on, a running one as soon as the loop has plugged them in. A card that is
//! taken speaks to nobody from then on, whether the guest lets go of it or not.

use super::owned;
use crate::compute::spec::{Spec, both};
use crate::compute::state::{Desired, State, visible};
use crate::compute::{Compute, Error, types};
use crate::db;
use crate::db::instances::InstanceRow;
use crate::network::{self, Nic, interfaces};

impl Compute {
    /// Attach an interface of an account to one of its instances as its `index`-th one.
    pub async fn attach_interface(
        &self,
        account: &str,
        region: &str,
        eni_id: String,
        instance_id: String,
        index: u32,
    ) -> Result<Nic, Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let ground = self.ground();
        let attached = self.db.write(move |c| {
            let mut nic = interfaces::need(c, &account, &region, &eni_id)?;
            interfaces::check_free(&nic)?;
            let mut row = owned(c, &account, &region, vec![instance_id])?.remove(0);
            changeable(&row)?;
            if nic.subnet.zone != row.zone {
                return Err(Error::ZoneOfInterface);
            }
            let there = network::nics_of(c, &row.id)?;
            if there.iter().any(|n| n.device_index == Some(index)) {
                return Err(Error::DeviceIndexTaken { id: row.id, index });
            }
            let most = types::find(&row.instance_type).map_or(1, |t| t.interfaces as usize);
            if there.len() >= most {
                return Err(Error::TooManyInterfaces(there.len() + 1, row.instance_type));
            }
            ground.check(c, &nic.subnet)?;
            interfaces::attach(c, &mut nic, &row.id, index, false)?;
            redefine(c, &mut row)?;
            Ok(nic)
        });
        let attached = attached.await?;
        self.wake();
        Ok(attached)
    }

    /// Take an interface from its instance. Its first one stays for good.
    pub async fn detach_interface(&self, account: &str, region: &str, attachment: String) -> Result<(), Error> {
        let (account, region, real) = (account.to_owned(), region.to_owned(), self.is_real());
        let detached = self.db.write(move |c| {
            let nic = interfaces::need_attached(c, &account, &region, &attachment)?;
            if nic.device_index == Some(0) {
                return Err(Error::FirstInterface);
            }
            let mut row = owned(c, &account, &region, nic.instance_id.iter().cloned().collect())?.remove(0);
            changeable(&row)?;
            interfaces::detach(c, &nic)?;
            redefine(c, &mut row)?;
            Ok::<_, Error>(nic)
        });
        let detached = detached.await?;
        if real {
            self.network.remove_port(&detached.eni_id)?;
        }
        self.wake();
        Ok(())
    }
}

/// An Elastic address has left an interface: it has one of its own again while its instance runs, as after a start.
pub fn left_by_elastic(c: &db::Conn, pool: &network::public::Pool, eni_id: &str) -> Result<(), network::Error> {
    let instance = network::nic(c, eni_id)?.and_then(|nic| nic.instance_id);
    let row = instance.map(|id| db::instances::get(c, &id)).transpose()?.flatten();
    match row.filter(|row| row.desired == Desired::Running.text()) {
        Some(row) => network::public::give_again(c, pool, &network::nics_of(c, &row.id)?),
        None => Ok(()),
    }
}

/// An error unless the instance's cards can change now.
fn changeable(row: &InstanceRow) -> Result<(), Error> {
    let (desired, observed) = both(row)?;
    match visible(desired, observed) {
        State::Stopped | State::Running => Ok(()),
        State::Pending | State::Stopping | State::ShuttingDown | State::Terminated => {
            Err(Error::WrongState { id: row.id.clone(), verb: "given another interface, or have one taken" })
        }
    }
}

/// The machine is to be defined anew before its next start.
fn redefine(c: &db::Conn, row: &mut InstanceRow) -> Result<(), Error> {
    let mut spec = Spec::parse(&row.spec)?;
    spec.redefine = true;
    row.spec = spec.to_json();
    row.not_before = 0;
    Ok(super::write(c, row)?)
}
