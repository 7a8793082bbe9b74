//! Network interfaces and the addresses that they hold.

use super::{SubnetRow, subnet};
use crate::db::{Conn, Error, address_marks, shared};
use rusqlite::OptionalExtension;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// One network interface with the subnet it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NicRow {
    pub id: String,
    pub account: String,
    pub mac: String,
    pub private_ip: Ipv4Addr,
    /// The instance and the device index there, while attached.
    pub attached: Option<(String, u32)>,
    /// JSON of its security groups. This and the next two are shared by the interfaces that were read with it.
    pub groups: Arc<str>,
    /// JSON of `network::NicDetails`.
    pub details: Arc<str>,
    pub subnet: Arc<SubnetRow>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// Its addresses beside `private_ip`, in the order in which it got them.
    pub secondary: Vec<Ipv4Addr>,
    pub public: Vec<PublicRow>,
}

/// A public address that leads to one of an interface's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRow {
    pub allocation: String,
    pub association: String,
    pub ip: Ipv4Addr,
    pub private_ip: Ipv4Addr,
    /// The interface has it while its instance runs; else it is an Elastic one.
    pub automatic: bool,
}

/// Which interfaces are read: the same condition on them and on the tables of their further and of public addresses.
struct Which {
    nics: &'static str,
    secondary: &'static str,
    public: &'static str,
}

const BY_ID: Which = Which { nics: "n.id = ?1", secondary: "a.interface = ?1", public: "e.interface = ?1" };
const OF_INSTANCE: Which = Which {
    nics: "n.instance = ?1",
    secondary: "a.interface IN (SELECT id FROM network_interfaces WHERE instance = ?1)",
    public: "e.interface IN (SELECT id FROM network_interfaces WHERE instance = ?1)",
};
const IN_VPC: Which = Which {
    nics: "n.subnet IN (SELECT id FROM subnets WHERE vpc = ?1)",
    secondary: "a.subnet IN (SELECT id FROM subnets WHERE vpc = ?1)",
    public: "e.interface IN (SELECT n.id FROM subnets s JOIN network_interfaces n ON n.subnet = s.id WHERE s.vpc = ?1)",
};
const OF_ACCOUNT: Which = Which {
    nics: "n.subnet IN (SELECT s.id FROM vpcs v JOIN subnets s ON s.vpc = v.id WHERE v.account = ?1 AND v.region = ?2)",
    secondary: "a.subnet IN (SELECT s.id FROM vpcs v JOIN subnets s ON s.vpc = v.id WHERE v.account = ?1 AND v.region = ?2)",
    public: "e.account = ?1 AND e.region = ?2 AND e.interface IS NOT NULL",
};
const ATTACHED: Which =
    Which { nics: "n.instance IS NOT NULL", secondary: "a.interface <> ''", public: "e.interface IS NOT NULL" };

const NIC: &str =
    "n.id, n.account, n.mac, n.private_ip, n.instance, n.device_index, n.groups, n.details, n.created_at, n.subnet";

/// The interfaces themselves, `order` first.
fn cards(c: &Conn, filter: &str, order: &str, params: impl rusqlite::Params) -> Result<Vec<NicRow>, Error> {
    let mut q = c.prepare_cached(&format!("SELECT {NIC} FROM network_interfaces n WHERE {filter} {order}"))?;
    let mut rows = q.query(params)?;
    let (mut groups, mut details) = (None, None);
    let mut subnets: HashMap<String, Arc<SubnetRow>> = HashMap::new();
    let mut nics = Vec::new();
    while let Some(r) = rows.next()? {
        let subnet_id = r.get_ref(9)?.as_str().map_err(rusqlite::Error::from)?;
        let subnet = match subnets.get(subnet_id) {
            Some(subnet) => subnet.clone(),
            None => {
                let gone = || Error::Damaged(format!("an interface in the subnet {subnet_id}, which is not there"));
                let row = Arc::new(subnet(c, subnet_id)?.ok_or_else(gone)?);
                subnets.entry(row.id.clone()).or_insert(row).clone()
            }
        };
        let instance: Option<String> = r.get(4)?;
        let index: Option<u32> = r.get(5)?;
        nics.push(NicRow {
            id: r.get(0)?,
            account: r.get(1)?,
            mac: r.get(2)?,
            private_ip: Ipv4Addr::from(r.get::<_, u32>(3)?),
            attached: instance.zip(index),
            groups: shared(r, 6, &mut groups)?,
            details: shared(r, 7, &mut details)?,
            created_at: r.get(8)?,
            subnet,
            secondary: Vec::new(),
            public: Vec::new(),
        });
    }
    Ok(nics)
}

/// Interfaces with all their addresses, by instance and device index.
fn nics(c: &Conn, which: Which, params: impl rusqlite::Params + Clone) -> Result<Vec<NicRow>, Error> {
    let nics = cards(c, which.nics, "ORDER BY n.instance, n.device_index, n.id", params.clone())?;
    with_addresses(c, nics, which, params)
}

fn with_addresses(
    c: &Conn,
    mut nics: Vec<NicRow>,
    which: Which,
    params: impl rusqlite::Params + Clone,
) -> Result<Vec<NicRow>, Error> {
    if nics.is_empty() {
        return Ok(nics);
    }
    let mut q = c.prepare_cached(&format!(
        "SELECT a.interface, a.private_ip FROM secondary_addresses a WHERE {} ORDER BY a.assigned_at, a.private_ip",
        which.secondary
    ))?;
    let mut others: HashMap<String, Vec<Ipv4Addr>> = HashMap::new();
    let mut rows = q.query(params.clone())?;
    while let Some(r) = rows.next()? {
        others.entry(r.get(0)?).or_default().push(r.get::<_, u32>(1)?.into());
    }
    if !others.is_empty() {
        nics.iter_mut().for_each(|nic| nic.secondary = others.remove(&nic.id).unwrap_or_default());
    }
    let mut q = c.prepare_cached(&format!(
        "SELECT e.interface, e.id, e.association, e.public_ip, e.private_ip, e.automatic
         FROM elastic_addresses e WHERE {} ORDER BY e.public_ip",
        which.public
    ))?;
    let mut public: HashMap<String, Vec<PublicRow>> = HashMap::new();
    let mut rows = q.query(params)?;
    while let Some(r) = rows.next()? {
        public.entry(r.get(0)?).or_default().push(PublicRow {
            allocation: r.get(1)?,
            association: r.get(2)?,
            ip: r.get::<_, u32>(3)?.into(),
            private_ip: r.get::<_, u32>(4)?.into(),
            automatic: r.get(5)?,
        });
    }
    if !public.is_empty() {
        nics.iter_mut().for_each(|nic| nic.public = public.remove(&nic.id).unwrap_or_default());
    }
    Ok(nics)
}

/// The lowest address of `first ..= last` that no interface of the subnet has.
pub fn lowest_free(c: &Conn, subnet: &str, first: Ipv4Addr, last: Ipv4Addr) -> Result<Option<Ipv4Addr>, Error> {
    address_marks::lowest_free(c, subnet, first, last, |from| lowest_from(c, subnet, from, last))
}

fn lowest_from(c: &Conn, subnet: &str, mut from: Ipv4Addr, last: Ipv4Addr) -> Result<Option<Ipv4Addr>, Error> {
    while from <= last {
        let Some(ip) = lowest_without_primary(c, subnet, from, last)? else { return Ok(None) };
        let taken = c
            .prepare_cached("SELECT 1 FROM secondary_addresses WHERE subnet = ?1 AND private_ip = ?2")?
            .exists((subnet, u32::from(ip)))?;
        if !taken {
            return Ok(Some(ip));
        }
        from = Ipv4Addr::from(u32::from(ip) + 1);
    }
    Ok(None)
}

/// The lowest address of `first ..= last` that is no interface's first one.
fn lowest_without_primary(c: &Conn, subnet: &str, first: Ipv4Addr, last: Ipv4Addr) -> Result<Option<Ipv4Addr>, Error> {
    let (low, high) = (u32::from(first), u32::from(last));
    // Either the first address is free, or the one right after an address in use is: the index is walked to the first gap.
    let taken = c
        .prepare_cached("SELECT 1 FROM network_interfaces WHERE subnet = ?1 AND private_ip = ?2")?
        .exists((subnet, low))?;
    if !taken {
        return Ok((low <= high).then_some(first));
    }
    let before: Option<u32> = c
        .prepare_cached(
            "SELECT n.private_ip FROM network_interfaces n
             WHERE n.subnet = ?1 AND n.private_ip >= ?2 AND n.private_ip < ?3 AND NOT EXISTS
               (SELECT 1 FROM network_interfaces m WHERE m.subnet = n.subnet AND m.private_ip = n.private_ip + 1)
             ORDER BY n.private_ip LIMIT 1",
        )?
        .query_row((subnet, low, high), |r| r.get(0))
        .optional()?;
    Ok(before.map(|ip| Ipv4Addr::from(ip + 1)))
}

/// A new interface, as it is written.
#[derive(Debug)]
pub struct NewNic<'a> {
    pub id: &'a str,
    pub account: &'a str,
    pub subnet: &'a str,
    pub mac: &'a str,
    pub ip: Ipv4Addr,
    /// JSON of its security groups.
    pub groups: &'a str,
    /// JSON of `network::NicDetails`.
    pub details: &'a str,
    pub now: i64,
}

/// Make an unattached interface. `false` when the address or the MAC is taken.
pub fn insert_nic(c: &Conn, n: &NewNic<'_>) -> Result<bool, Error> {
    let made = c
        .prepare_cached(
            "INSERT INTO network_interfaces (id, account, subnet, mac, private_ip, groups, details, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?
        .execute((n.id, n.account, n.subnet, n.mac, u32::from(n.ip), n.groups, n.details, n.now))?;
    Ok(made == 1)
}

/// Write an interface's security groups and details, both JSON.
pub fn update_nic(c: &Conn, id: &str, groups: &str, details: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE network_interfaces SET groups = ?2, details = ?3 WHERE id = ?1")?
        .execute((id, groups, details))?;
    Ok(())
}

/// Attach an interface to an instance; `false` when there is no such unattached interface.
pub fn attach_nic(c: &Conn, id: &str, instance: &str, device_index: u32) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "UPDATE network_interfaces SET instance = ?2, device_index = ?3 WHERE id = ?1 AND instance IS NULL",
        )?
        .execute((id, instance, device_index))?;
    Ok(n == 1)
}

/// Take an interface from its instance.
pub fn detach_nic(c: &Conn, id: &str) -> Result<(), Error> {
    c.prepare_cached("UPDATE network_interfaces SET instance = NULL, device_index = NULL WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Give an interface another address. `false`: another interface has it as a secondary one.
pub fn assign_address(c: &Conn, interface: &str, subnet: &str, ip: Ipv4Addr, now: i64) -> Result<bool, Error> {
    let n = c
        .prepare_cached(
            "INSERT INTO secondary_addresses (subnet, private_ip, interface, assigned_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute((subnet, u32::from(ip), interface, now))?;
    Ok(n == 1)
}

/// Take a secondary address away from whoever has it.
pub fn unassign_address(c: &Conn, subnet: &str, ip: Ipv4Addr) -> Result<(), Error> {
    c.prepare_cached("DELETE FROM secondary_addresses WHERE subnet = ?1 AND private_ip = ?2")?
        .execute((subnet, u32::from(ip)))?;
    address_marks::freed(c, subnet, ip)
}

/// Forget an interface; its addresses are free again.
pub fn delete_nic(c: &Conn, id: &str) -> Result<(), Error> {
    let addresses: Vec<(String, u32)> = c
        .prepare_cached(
            "SELECT subnet, private_ip FROM network_interfaces WHERE id = ?1
             UNION ALL SELECT subnet, private_ip FROM secondary_addresses WHERE interface = ?1",
        )?
        .query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Result<_, _>>()?;
    c.prepare_cached("DELETE FROM network_interfaces WHERE id = ?1")?.execute([id])?;
    addresses.into_iter().try_for_each(|(subnet, ip)| address_marks::freed(c, &subnet, ip.into()))
}

/// One interface by id.
pub fn nic(c: &Conn, id: &str) -> Result<Option<NicRow>, Error> {
    Ok(nics(c, BY_ID, [id])?.pop())
}

/// The interface that holds an address of a subnet, as its first or another one.
pub fn nic_at(c: &Conn, subnet: &str, ip: Ipv4Addr) -> Result<Option<NicRow>, Error> {
    let at = (subnet, u32::from(ip));
    let first = c
        .prepare_cached("SELECT id FROM network_interfaces WHERE subnet = ?1 AND private_ip = ?2")?
        .query_row(at, |r| r.get::<_, String>(0))
        .optional()?;
    let mut holder =
        c.prepare_cached("SELECT interface FROM secondary_addresses WHERE subnet = ?1 AND private_ip = ?2")?;
    match first {
        Some(id) => nic(c, &id),
        None => match holder.query_row(at, |r| r.get::<_, String>(0)).optional()? {
            Some(id) => nic(c, &id),
            None => Ok(None),
        },
    }
}

/// The interfaces of an account in a region.
pub fn nics_of_account(c: &Conn, account: &str, region: &str) -> Result<Vec<NicRow>, Error> {
    nics(c, OF_ACCOUNT, (account, region))
}

/// Interfaces of an instance, by device index.
pub fn nics_of(c: &Conn, instance: &str) -> Result<Vec<NicRow>, Error> {
    nics(c, OF_INSTANCE, [instance])
}

/// Attached interfaces of an account in a region, in no order.
pub fn attached_nics_of(c: &Conn, account: &str, region: &str) -> Result<Vec<NicRow>, Error> {
    let filter = format!("{} AND n.instance IS NOT NULL", OF_ACCOUNT.nics);
    let nics = cards(c, &filter, "", (account, region))?;
    with_addresses(c, nics, OF_ACCOUNT, (account, region))
}

/// Interfaces in a VPC.
pub fn nics_in_vpc(c: &Conn, vpc: &str) -> Result<Vec<NicRow>, Error> {
    nics(c, IN_VPC, [vpc])
}

/// Every attached interface.
pub fn attached_nics(c: &Conn) -> Result<Vec<NicRow>, Error> {
    nics(c, ATTACHED, ())
}

/// How many addresses of a subnet interfaces have.
pub fn addresses_in_use(c: &Conn, subnet: &str) -> Result<i64, Error> {
    let sql = "SELECT (SELECT count(*) FROM network_interfaces WHERE subnet = ?1)
                    + (SELECT count(*) FROM secondary_addresses WHERE subnet = ?1)";
    Ok(c.prepare_cached(sql)?.query_row([subnet], |r| r.get(0))?)
}
