//! Prefix lists: ranges under one name, for routes and for rules of security groups.
//!
//! An account's lists keep every version of their entries; routes and rules mean the newest. AWS's own list that exists here is
//! S3's, with the addresses at which guests reach it. Runs inside a caller's transaction.

use super::groups::{Group, Peer};
use super::records::{self, Kept, Record};
use super::routes::RouteTable;
use super::{Error, amazon, cidr};
use crate::db::Conn;
use crate::id::Kind;
use serde::{Deserialize, Serialize};

/// AWS's limits.
pub const MOST_ENTRIES: u32 = 1000;
const MOST_LISTS: usize = 100;

/// A list of an account's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrefixList {
    pub name: String,
    pub v6: bool,
    pub max_entries: u32,
    /// Entries by version; the first is version 1.
    versions: Vec<Vec<Entry>>,
    /// What was done last.
    pub last: Done,
}

/// One range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Canonical.
    pub cidr: String,
    pub description: Option<String>,
}

/// What can be done to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Create,
    Modify,
    Restore,
}

impl Record for PrefixList {
    const KIND: Kind = Kind::PrefixList;

    fn vpc(&self) -> &str {
        ""
    }
}

impl PrefixList {
    /// A list in its first version.
    pub fn new(name: &str, v6: bool, max_entries: u32, entries: Vec<Entry>) -> Result<PrefixList, Error> {
        let mut list = PrefixList { name: name.to_owned(), v6, max_entries, versions: Vec::new(), last: Done::Create };
        list.push(Vec::new(), entries)?;
        Ok(list)
    }

    /// The number of its newest version.
    pub fn version(&self) -> i64 {
        self.versions.len() as i64
    }

    /// The entries of a version, or of the newest.
    pub fn entries(&self, version: Option<i64>) -> Option<&[Entry]> {
        let version = version.unwrap_or(self.version());
        self.versions.get(usize::try_from(version - 1).ok()?).map(Vec::as_slice)
    }

    /// `entries` beside those of `base` are a new version.
    fn push(&mut self, base: Vec<Entry>, entries: Vec<Entry>) -> Result<(), Error> {
        let mut all = base;
        for entry in entries {
            let canonical = if self.v6 { cidr::canonical_v6(&entry.cidr) } else { cidr::canonical_v4(&entry.cidr) };
            let cidr = canonical.ok_or_else(|| Error::BadPrefix(entry.cidr.clone()))?;
            let entry = Entry { cidr, description: entry.description };
            match all.iter_mut().find(|old| old.cidr == entry.cidr) {
                Some(old) => *old = entry,
                None => all.push(entry),
            }
        }
        if all.len() > self.max_entries as usize {
            return Err(Error::TooManyPrefixes);
        }
        self.versions.push(all);
        Ok(())
    }

    /// An error if the list has another version than the caller thinks.
    pub fn check_version(&self, id: &str, current: i64) -> Result<(), Error> {
        if self.version() == current { Ok(()) } else { Err(Error::PrefixVersion(id.to_owned())) }
    }

    /// Make a new version: without `gone`, with `added`. A range that is there gets its new description.
    pub fn change(&mut self, gone: &[String], added: Vec<Entry>) -> Result<(), Error> {
        let mut entries = self.entries(None).unwrap_or_default().to_vec();
        for cidr in gone {
            let canonical = cidr::canonical_v4(cidr).or_else(|| cidr::canonical_v6(cidr));
            let at = entries.iter().position(|e| Some(&e.cidr) == canonical.as_ref());
            entries.remove(at.ok_or_else(|| Error::NoPrefix(cidr.clone()))?);
        }
        self.push(entries, added)?;
        self.last = Done::Modify;
        Ok(())
    }

    /// Change how many entries it may have.
    pub fn resize(&mut self, max_entries: u32) -> Result<(), Error> {
        if self.entries(None).unwrap_or_default().len() > max_entries as usize {
            return Err(Error::TooManyPrefixes);
        }
        (self.max_entries, self.last) = (max_entries, Done::Modify);
        Ok(())
    }

    /// Make a new version that is as an older one was.
    pub fn restore(&mut self, id: &str, older: i64) -> Result<(), Error> {
        let entries = self.entries(Some(older)).ok_or_else(|| Error::NoPrefixVersion(id.to_owned(), older))?;
        self.versions.push(entries.to_vec());
        self.last = Done::Restore;
        Ok(())
    }
}

/// Make a list.
pub fn create(c: &Conn, account: &str, region: &str, list: PrefixList) -> Result<Kept<PrefixList>, Error> {
    if records::all::<PrefixList>(c, account, region)?.len() >= MOST_LISTS {
        return Err(Error::TooManyPrefixLists);
    }
    records::keep(c, account, region, list)
}

/// What names a list: route tables and security groups of an account, each with its id.
pub fn users(c: &Conn, account: &str, region: &str, list: &str) -> Result<Vec<String>, Error> {
    let tables = records::all::<RouteTable>(c, account, region)?.into_iter();
    let groups = records::all::<Group>(c, account, region)?.into_iter();
    let named = |peer: &Peer| matches!(peer, Peer::PrefixList(id) if id == list);
    let tables = tables.filter(|t| t.it.routes.iter().any(|r| r.destination == list)).map(|t| t.id);
    let groups = groups.filter(|g| g.it.rules.iter().any(|r| named(&r.allow.peer))).map(|g| g.id);
    Ok(tables.chain(groups).collect())
}

/// Delete a list that nothing names.
pub fn delete(c: &Conn, list: &Kept<PrefixList>) -> Result<(), Error> {
    if !users(c, &list.account, &list.region, &list.id)?.is_empty() {
        return Err(Error::PrefixListBusy(list.id.clone()));
    }
    records::delete(c, &list.id)
}

/// An error unless routes and rules of an account can name the list.
pub fn check(c: &Conn, account: &str, region: &str, id: &str) -> Result<(), Error> {
    match amazon::prefix_list(region, &[]).id == id {
        true => Ok(()),
        false => records::need::<PrefixList>(c, account, region, id).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(cidr: &str) -> Entry {
        Entry { cidr: cidr.into(), description: None }
    }

    #[test]
    fn versions_are_kept_and_come_back() {
        let mut list = PrefixList::new("offices", false, 3, vec![entry("10.0.0.1/8")]).unwrap();
        assert_eq!((list.version(), &list.entries(None).unwrap()[0].cidr[..]), (1, "10.0.0.0/8"));
        let named = Entry { description: Some("all".into()), ..entry("10.0.0.0/8") };
        list.change(&[], vec![named.clone(), entry("192.168.0.0/16")]).unwrap();
        assert_eq!(list.entries(None).unwrap(), [named, entry("192.168.0.0/16")]);
        list.change(&["192.168.0.0/16".into()], Vec::new()).unwrap();
        assert!(matches!(list.change(&["192.168.0.0/16".into()], Vec::new()), Err(Error::NoPrefix(_))));
        list.restore("pl-1", 1).unwrap();
        assert_eq!((list.version(), list.entries(None)), (4, list.entries(Some(1))));
        assert!(list.restore("pl-1", 9).is_err() && list.entries(Some(0)).is_none());
        assert!(matches!(list.change(&[], vec![entry("::/0")]), Err(Error::BadPrefix(_))));
        let many = (0..4).map(|n| entry(&format!("{n}.0.0.0/8"))).collect();
        assert!(matches!(list.change(&[], many), Err(Error::TooManyPrefixes)));
        assert!(list.resize(0).is_err() && list.check_version("pl-1", 3).is_err());
    }
}
