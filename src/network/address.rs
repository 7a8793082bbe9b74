//! Who gets which address: default VPCs, their subnets, and the interfaces in them. Runs inside a caller's transaction.
//!
//! The first need of an account in a region makes its default VPC, a /16 of its own with a /20 for each zone
//! (`docs/decisions/0002-default-vpc-ranges.md` tells how the /16 is picked). Of every subnet the first four
//! addresses and the last are kept: `.1` gateway, `.2` resolver, `.3` the host.

use super::{Cidr, Error, Mac, Nic, Subnet};
use crate::{clock, db, id};
use rand::Rng;
use std::net::Ipv4Addr;

/// Make what is missing of the account's default VPC in `region` with a subnet for each of `zones`
/// (full names), and return those subnets.
pub fn ensure_default_vpc(
    conn: &db::Conn,
    account: &str,
    region: &str,
    zones: &[String],
) -> Result<Vec<Subnet>, Error> {
    zones.iter().map(|zone| default_subnet(conn, account, region, zone)).collect()
}

/// A new interface with the lowest free address of the account's default subnet in `zone`. The VPC and the subnet are made
/// when they are missing. Attach it with [`attach`].
pub fn allocate(conn: &db::Conn, account: &str, region: &str, zone: &str) -> Result<Nic, Error> {
    let subnet = default_subnet(conn, account, region, zone)?;
    allocate_in(conn, account, &subnet.id, None)
}

/// A new interface in a subnet that is named, with the address `wanted` or else the lowest free one.
pub fn allocate_in(conn: &db::Conn, account: &str, subnet_id: &str, wanted: Option<Ipv4Addr>) -> Result<Nic, Error> {
    let subnet = db::network::subnet(conn, subnet_id)?
        .filter(|s| s.account == account)
        .ok_or_else(|| Error::NoSubnet(subnet_id.to_owned()))?;
    let subnet = Subnet::try_from(subnet)?;
    let (first, last) = subnet.cidr.usable();
    if let Some(ip) = wanted.filter(|ip| *ip < first || *ip > last) {
        return Err(Error::AddressOutside(ip, subnet.cidr));
    }
    let eni = id::new(id::Kind::NetworkInterface);
    // A second try can only be needed when the random MAC is taken.
    for _ in 0..8 {
        let ip = match wanted {
            Some(ip) => ip,
            None => db::network::lowest_free(conn, subnet_id, first, last)?
                .ok_or_else(|| Error::SubnetFull(subnet_id.to_owned()))?,
        };
        let mac = Mac::local(rand::thread_rng().r#gen());
        if db::network::insert_nic(conn, &eni, account, subnet_id, &mac.to_string(), ip, clock::now_ms())? {
            return nic(conn, &eni)?.ok_or(Error::NoInterface(eni));
        }
        if db::network::nic_at(conn, subnet_id, ip)?.is_some() {
            return Err(Error::AddressInUse(ip));
        }
    }
    Err(Error::SubnetFull(subnet_id.to_owned()))
}

/// Attach an interface to an instance as its `device_index`-th one.
pub fn attach(conn: &db::Conn, eni_id: &str, instance_id: &str, device_index: u32) -> Result<(), Error> {
    match db::network::attach_nic(conn, eni_id, instance_id, device_index)? {
        true => Ok(()),
        false => Err(Error::NoInterface(eni_id.to_owned())),
    }
}

/// Give an interface and its address back. No such interface is fine.
pub fn release(conn: &db::Conn, eni_id: &str) -> Result<(), Error> {
    Ok(db::network::delete_nic(conn, eni_id)?)
}

/// The interface by its id.
pub fn nic(conn: &db::Conn, eni_id: &str) -> Result<Option<Nic>, Error> {
    db::network::nic(conn, eni_id)?.map(Nic::try_from).transpose()
}

/// The interface that holds `ip` in a subnet.
pub fn nic_at(conn: &db::Conn, subnet_id: &str, ip: Ipv4Addr) -> Result<Option<Nic>, Error> {
    db::network::nic_at(conn, subnet_id, ip)?.map(Nic::try_from).transpose()
}

/// Interfaces of an instance, by device index.
pub fn nics_of(conn: &db::Conn, instance_id: &str) -> Result<Vec<Nic>, Error> {
    db::network::nics_of(conn, instance_id)?.into_iter().map(Nic::try_from).collect()
}

/// The attached interfaces of an account, all at once.
pub fn attached_nics_of(conn: &db::Conn, account: &str) -> Result<Vec<Nic>, Error> {
    db::network::attached_nics_of(conn, account)?.into_iter().map(Nic::try_from).collect()
}

/// Every interface that is attached to an instance: what [`super::Network::restore`] wants at start.
pub fn attached_nics(conn: &db::Conn) -> Result<Vec<Nic>, Error> {
    db::network::attached_nics(conn)?.into_iter().map(Nic::try_from).collect()
}

fn default_subnet(conn: &db::Conn, account: &str, region: &str, zone: &str) -> Result<Subnet, Error> {
    let vpc = match db::network::default_vpc(conn, account, region)? {
        Some(vpc) => vpc,
        None => {
            let routed: Vec<Cidr> = super::host::routes().into_iter().map(|(_, range)| range).collect();
            make_default_vpc(conn, account, region, &routed)?
        }
    };
    let subnets = db::network::subnets_of(conn, &vpc.id)?;
    if let Some(found) = subnets.iter().find(|s| s.is_default && s.zone == zone) {
        return Subnet::try_from(found.clone());
    }
    let taken = subnets.iter().map(|s| parse(&s.cidr)).collect::<Result<Vec<_>, _>>()?;
    let range: Cidr = parse(&vpc.cidr)?;
    let free = range.split(20).find(|c| !taken.iter().any(|t| t.overlaps(*c))).ok_or(Error::NoRange)?;
    let id = id::new(id::Kind::Subnet);
    db::network::insert_subnet(conn, &id, &vpc.id, zone, &free.to_string(), true, clock::now_ms())?;
    db::network::subnet(conn, &id)?.ok_or(Error::NoSubnet(id)).and_then(Subnet::try_from)
}

/// Make a default VPC on the first range of the pool that no VPC has and that the host does not reach elsewhere.
fn make_default_vpc(
    conn: &db::Conn,
    account: &str,
    region: &str,
    routed: &[Cidr],
) -> Result<db::network::VpcRow, Error> {
    let taken: Vec<Cidr> = db::network::vpc_cidrs(conn)?.iter().map(|c| parse(c)).collect::<Result<_, _>>()?;
    let range =
        pool().find(|range| !taken.iter().chain(routed).any(|other| other.overlaps(*range))).ok_or(Error::NoRange)?;
    let vpc = db::network::VpcRow {
        id: id::new(id::Kind::Vpc),
        account: account.to_owned(),
        region: region.to_owned(),
        cidr: range.to_string(),
        is_default: true,
        created_at: clock::now_ms(),
    };
    db::network::insert_vpc(conn, &vpc)?;
    Ok(vpc)
}

/// Ranges of default VPCs in the order they are used: AWS's own first.
fn pool() -> impl Iterator<Item = Cidr> {
    let b_class = (16..=31).rev().map(|n| Cidr::new(Ipv4Addr::new(172, n, 0, 0), 16));
    b_class.chain((0..=255).rev().map(|n| Cidr::new(Ipv4Addr::new(10, n, 0, 0), 16)))
}

fn parse(cidr: &str) -> Result<Cidr, Error> {
    cidr.parse().map_err(|e| Error::Db(db::Error::Damaged(e)))
}

impl TryFrom<db::network::SubnetRow> for Subnet {
    type Error = Error;

    fn try_from(row: db::network::SubnetRow) -> Result<Subnet, Error> {
        Ok(Subnet {
            cidr: parse(&row.cidr)?,
            vpc_cidr: parse(&row.vpc_cidr)?,
            id: row.id,
            vpc_id: row.vpc,
            region: row.region,
            zone: row.zone,
        })
    }
}

impl TryFrom<db::network::NicRow> for Nic {
    type Error = Error;

    fn try_from(row: db::network::NicRow) -> Result<Nic, Error> {
        let (instance_id, device_index) = row.attached.unzip();
        Ok(Nic {
            eni_id: row.id,
            account: row.account,
            mac: row.mac.parse().map_err(|e| Error::Db(db::Error::Damaged(e)))?,
            private_ip: row.private_ip,
            instance_id,
            device_index,
            subnet: row.subnet.try_into()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn open() -> (tempfile::TempDir, db::Db) {
        let dir = tempfile::tempdir().unwrap();
        let db = db::Db::open(&dir.path().join("novella.db")).unwrap();
        db.write_blocking(|c| {
            for id in ["111111111111", "222222222222"] {
                let row = db::iam::AccountRow {
                    id: id.into(),
                    name: String::new(),
                    canonical_id: id.into(),
                    email: String::new(),
                };
                db::iam::upsert_account(c, &row, 0)?;
            }
            Ok::<_, db::Error>(())
        })
        .unwrap();
        (dir, db)
    }

    #[test]
    fn the_first_account_gets_the_range_of_aws_and_the_next_another() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            assert_eq!(make_default_vpc(c, "111111111111", "us-east-1", &[])?.cidr, "172.31.0.0/16");
            assert_eq!(make_default_vpc(c, "222222222222", "us-east-1", &[])?.cidr, "172.30.0.0/16");
            let docker = ["172.29.1.0/24".parse().unwrap()];
            assert_eq!(make_default_vpc(c, "111111111111", "eu-west-1", &docker)?.cidr, "172.28.0.0/16");
            Ok::<_, Error>(())
        })
        .unwrap();
        assert_eq!(pool().nth(16).unwrap().to_string(), "10.255.0.0/16");
    }

    #[test]
    fn addresses_start_after_the_kept_ones_and_are_reused_lowest_first() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            make_default_vpc(c, "111111111111", "us-east-1", &[])?;
            let nics: Vec<Nic> =
                (0..3).map(|_| allocate(c, "111111111111", "us-east-1", "us-east-1a")).collect::<Result<_, _>>()?;
            let ips: Vec<_> = nics.iter().map(|n| n.private_ip.to_string()).collect();
            assert_eq!(ips, ["172.31.0.4", "172.31.0.5", "172.31.0.6"]);
            assert_eq!(nics.iter().map(|n| n.mac).collect::<BTreeSet<_>>().len(), 3);
            assert!(nics.iter().all(|n| n.mac.0[0] == 2));
            release(c, &nics[1].eni_id)?;
            let again = allocate(c, "111111111111", "us-east-1", "us-east-1a")?;
            assert_eq!(again.private_ip, nics[1].private_ip);
            assert_eq!(again.subnet.cidr.to_string(), "172.31.0.0/20");
            let other = allocate(c, "111111111111", "us-east-1", "us-east-1b")?;
            assert_eq!(other.private_ip.to_string(), "172.31.16.4");
            attach(c, &other.eni_id, "i-1", 0)?;
            assert!(attach(c, &other.eni_id, "i-2", 0).is_err());
            assert_eq!(nics_of(c, "i-1")?[0].device_index, Some(0));
            assert_eq!(attached_nics(c)?.len(), 1);
            Ok::<_, Error>(())
        })
        .unwrap();
    }

    #[test]
    fn a_full_subnet_and_foreign_addresses_are_refused() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            let vpc = make_default_vpc(c, "111111111111", "us-east-1", &[])?;
            db::network::insert_subnet(c, "subnet-tiny", &vpc.id, "us-east-1a", "172.31.240.0/28", false, 0)?;
            let tiny = |wanted| allocate_in(c, "111111111111", "subnet-tiny", wanted);
            assert_eq!(tiny(Some([172, 31, 240, 9].into()))?.private_ip.to_string(), "172.31.240.9");
            assert!(matches!(tiny(Some([172, 31, 240, 9].into())), Err(Error::AddressInUse(_))));
            assert!(matches!(tiny(Some([172, 31, 240, 3].into())), Err(Error::AddressOutside(..))));
            for _ in 0..10 {
                tiny(None)?;
            }
            assert!(matches!(tiny(None), Err(Error::SubnetFull(_))));
            let foreign = allocate_in(c, "222222222222", "subnet-tiny", None);
            assert!(matches!(foreign, Err(Error::NoSubnet(_))));
            Ok::<_, Error>(())
        })
        .unwrap();
    }

    #[test]
    fn every_zone_gets_one_subnet_however_often_it_is_asked() {
        let (_dir, db) = open();
        let zones = ["us-east-1a", "us-east-1b", "us-east-1c"].map(String::from);
        db.write_blocking(move |c| {
            let once = ensure_default_vpc(c, "111111111111", "us-east-1", &zones)?;
            assert_eq!(ensure_default_vpc(c, "111111111111", "us-east-1", &zones)?, once);
            assert_eq!(once.len(), 3);
            Ok::<_, Error>(())
        })
        .unwrap();
    }
}
