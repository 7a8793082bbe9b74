//! Network ACLs: numbered entries for whole subnets. Every subnet is in exactly one ACL of its VPC.

use super::Error;
use super::records::{self, Kept, Record};
use super::routes::Association;
use crate::db::Conn;
use crate::id::{self, Kind};
use serde::{Deserialize, Serialize};

/// The entry that ends every ACL: nobody can change it.
pub const LAST: u32 = 32767;
/// Most entries of a direction.
const MOST_ENTRIES: usize = 40;

/// A network ACL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NetworkAcl {
    pub vpc: String,
    pub is_default: bool,
    pub entries: Vec<AclEntry>,
    pub associations: Vec<Association>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclEntry {
    pub egress: bool,
    pub number: u32,
    pub allow: bool,
    /// The protocol's number; `-1`: all.
    pub protocol: String,
    /// A canonical IPv4 or IPv6 range.
    pub cidr: String,
    pub ports: Option<(i32, i32)>,
    pub icmp: Option<(i32, i32)>,
}

impl Record for NetworkAcl {
    const KIND: Kind = Kind::NetworkAcl;

    fn vpc(&self) -> &str {
        &self.vpc
    }
}

impl NetworkAcl {
    /// An ACL that lets nothing through.
    pub fn new(vpc: &str) -> NetworkAcl {
        let entries = [true, false].map(|egress| AclEntry::all(egress, LAST, false)).to_vec();
        NetworkAcl { vpc: vpc.to_owned(), is_default: false, entries, associations: Vec::new() }
    }

    fn at(&self, egress: bool, number: u32) -> Option<usize> {
        self.entries.iter().position(|e| e.egress == egress && e.number == number)
    }

    /// Add an entry under a number that is free.
    pub fn add(&mut self, entry: AclEntry) -> Result<(), Error> {
        if self.at(entry.egress, entry.number).is_some() {
            return Err(Error::EntryExists(entry.number));
        }
        if self.entries.iter().filter(|e| e.egress == entry.egress).count() > MOST_ENTRIES {
            return Err(Error::TooManyEntries);
        }
        self.entries.push(entry);
        self.entries.sort_by_key(|e| (!e.egress, e.number));
        Ok(())
    }

    /// Put an entry into the place of another of the same number.
    pub fn replace(&mut self, id: &str, entry: AclEntry) -> Result<(), Error> {
        let at = self.at(entry.egress, entry.number);
        let at = at.ok_or_else(|| Error::NoEntry { number: entry.number, acl: id.to_owned() })?;
        self.entries[at] = entry;
        Ok(())
    }

    /// Take an entry away.
    pub fn remove(&mut self, id: &str, egress: bool, number: u32) -> Result<(), Error> {
        let at = self.at(egress, number).ok_or_else(|| Error::NoEntry { number, acl: id.to_owned() })?;
        self.entries.remove(at);
        Ok(())
    }
}

impl AclEntry {
    /// All protocols, from or to everywhere.
    fn all(egress: bool, number: u32, allow: bool) -> AclEntry {
        let (protocol, cidr) = ("-1".into(), "0.0.0.0/0".into());
        AclEntry { egress, number, allow, protocol, cidr, ports: None, icmp: None }
    }
}

/// Make the default ACL of a new VPC, which lets everything through.
pub(super) fn create_default(c: &Conn, account: &str, region: &str, vpc: &str) -> Result<(), Error> {
    let mut acl = NetworkAcl { is_default: true, ..NetworkAcl::new(vpc) };
    for egress in [true, false] {
        acl.add(AclEntry::all(egress, 100, true))?;
    }
    records::insert(c, account, region, acl).map(drop)
}

/// A new subnet enters the default ACL of its VPC.
pub(super) fn enter(c: &Conn, vpc: &str, subnet: &str) -> Result<(), Error> {
    for mut acl in records::in_vpc::<NetworkAcl>(c, vpc)?.into_iter().filter(|a| a.it.is_default) {
        acl.it.associations.push(Association { id: id::new(Kind::NetworkAclAssociation), subnet: subnet.to_owned() });
        records::update(c, &acl)?;
    }
    Ok(())
}

/// A subnet goes.
pub(super) fn leave(c: &Conn, vpc: &str, subnet: &str) -> Result<(), Error> {
    for mut acl in records::in_vpc::<NetworkAcl>(c, vpc)? {
        let before = acl.it.associations.len();
        acl.it.associations.retain(|a| a.subnet != subnet);
        if acl.it.associations.len() < before {
            records::update(c, &acl)?;
        }
    }
    Ok(())
}

/// Put the subnet of an association into another ACL of its VPC; gives the new association's id.
pub fn reassociate(c: &Conn, account: &str, region: &str, association: &str, acl: &str) -> Result<String, Error> {
    let mut new = records::need::<NetworkAcl>(c, account, region, acl)?;
    let all = records::all::<NetworkAcl>(c, account, region)?;
    let holds = |a: &NetworkAcl| a.associations.iter().position(|one| one.id == association);
    let found = all.into_iter().find_map(|a| holds(&a.it).map(|at| (a, at)));
    let (mut old, at) = found.ok_or_else(|| Error::NoSuch(Kind::NetworkAclAssociation, association.to_owned()))?;
    if new.it.vpc != old.it.vpc {
        return Err(Error::ElsewhereTable(new.id, old.it.vpc));
    }
    if new.id == old.id {
        return Ok(association.to_owned());
    }
    let subnet = old.it.associations.remove(at).subnet;
    let fresh = id::new(Kind::NetworkAclAssociation);
    new.it.associations.push(Association { id: fresh.clone(), subnet });
    records::update(c, &old)?;
    records::update(c, &new)?;
    Ok(fresh)
}

/// Delete an ACL that no subnet is in and that is not the default.
pub fn delete(c: &Conn, acl: &Kept<NetworkAcl>) -> Result<(), Error> {
    if acl.it.is_default {
        return Err(Error::DefaultAcl(acl.id.clone()));
    }
    if !acl.it.associations.is_empty() {
        return Err(Error::AclBusy(acl.id.clone()));
    }
    records::delete(c, &acl.id)
}
