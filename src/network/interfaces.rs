//! Network interfaces as accounts make, change and delete them. Runs inside a caller's transaction.

use super::{CardRequest, Error, Nic, Subnet, address};
use crate::clock;
use crate::db::Conn;
use crate::db::network as rows;
use crate::id::Kind;

/// All interfaces of an account in a region.
pub fn all(c: &Conn, account: &str, region: &str) -> Result<Vec<Nic>, Error> {
    Nic::all(rows::nics_of_account(c, account, region)?)
}

/// Ids of the interfaces that instances have.
pub fn at(c: &Conn, instances: &[String]) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    for instance in instances {
        ids.extend(rows::nics_of(c, instance)?.into_iter().map(|row| row.id));
    }
    Ok(ids)
}

/// The account's interface of that id, if there is one.
pub fn get(c: &Conn, account: &str, region: &str, id: &str) -> Result<Option<Nic>, Error> {
    Ok(address::nic(c, id)?.filter(|n| n.account == account && n.subnet.region == region))
}

/// The account's interface of that id.
pub fn need(c: &Conn, account: &str, region: &str, id: &str) -> Result<Nic, Error> {
    get(c, account, region, id)?.ok_or_else(|| Error::NoSuch(Kind::NetworkInterface, id.to_owned()))
}

/// [`need`] one that no service has for its own.
pub fn need_own(c: &Conn, account: &str, region: &str, id: &str) -> Result<Nic, Error> {
    let nic = need(c, account, region, id)?;
    if nic.details.service.is_some() { Err(Error::Managed) } else { Ok(nic) }
}

/// The account's interface whose attachment has that id.
pub fn need_attached(c: &Conn, account: &str, region: &str, attachment: &str) -> Result<Nic, Error> {
    let id = attachment.replacen(Kind::Attachment.prefix(), Kind::NetworkInterface.prefix(), 1);
    let attached = get(c, account, region, &id)?.filter(|n| n.instance_id.is_some());
    attached.ok_or_else(|| Error::NoSuch(Kind::Attachment, attachment.to_owned()))
}

/// Make an interface that is attached to nothing.
pub fn create(c: &Conn, account: &str, subnet: &Subnet, mut card: CardRequest) -> Result<Nic, Error> {
    card.details.delete_on_termination = false;
    card.details.requester = Some(account.to_owned());
    address::allocate(c, account, subnet, &card)
}

/// Delete an interface that is attached to nothing.
pub fn delete(c: &Conn, nic: &Nic) -> Result<(), Error> {
    if nic.is_used() {
        return Err(Error::InterfaceInUse(nic.eni_id.clone()));
    }
    address::release(c, &nic.eni_id)
}

/// An error if the interface is attached to something.
pub fn check_free(nic: &Nic) -> Result<(), Error> {
    if nic.is_used() { Err(Error::InterfaceTaken(nic.eni_id.clone())) } else { Ok(()) }
}

/// Attach a free interface to an instance as its `index`-th one.
pub fn attach(c: &Conn, nic: &mut Nic, instance: &str, index: u32, delete_on_termination: bool) -> Result<(), Error> {
    check_free(nic)?;
    let details = nic.details_mut();
    details.delete_on_termination = delete_on_termination;
    details.attached_at = Some(clock::now_ms());
    address::update_nic(c, nic)?;
    address::attach(c, &nic.eni_id, instance, index)?;
    (nic.instance_id, nic.device_index) = (Some(instance.to_owned()), Some(index));
    Ok(())
}

/// Take an interface from its instance.
pub fn detach(c: &Conn, nic: &Nic) -> Result<(), Error> {
    Ok(rows::detach_nic(c, &nic.eni_id)?)
}

/// An instance is terminated: its interfaces go, or are free, as each is to.
pub fn leave(c: &Conn, instance: &str) -> Result<(), Error> {
    for nic in address::nics_of(c, instance)? {
        match nic.details.delete_on_termination {
            true => address::release(c, &nic.eni_id)?,
            false => detach(c, &nic)?,
        }
    }
    Ok(())
}
