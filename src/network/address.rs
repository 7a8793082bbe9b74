//! Who gets which address: subnets, and the interfaces in them. Runs inside a caller's transaction.
//!
//! Of every subnet the first four addresses and the last are kept: `.1` gateway, `.2` resolver, `.3` the host.

use super::groups::GroupRef;
use super::{Error, Mac, Nic, NicDetails, Subnet, reservations, secondary, vpcs};
use crate::{clock, db, id};
use rand::Rng;
use std::net::Ipv4Addr;

/// The account's default subnet in a zone.
pub fn default_subnet(conn: &db::Conn, account: &str, region: &str, zone: &str) -> Result<Subnet, Error> {
    let vpc = vpcs::need_default(conn, account, region)?;
    let found = db::network::subnets_of(conn, &vpc.id)?.into_iter().find(|s| s.is_default && s.zone == zone);
    found.ok_or_else(|| Error::NoDefaultSubnet(zone.to_owned()))?.try_into()
}

/// The account's subnet of that id.
pub fn subnet(conn: &db::Conn, account: &str, region: &str, id: &str) -> Result<Subnet, Error> {
    vpcs::need_subnet(conn, account, region, id)?.try_into()
}

/// What a new interface is to be like.
#[derive(Debug, Clone, Default)]
pub struct CardRequest {
    /// The address; `None`: the lowest free one.
    pub ip: Option<Ipv4Addr>,
    /// Further addresses.
    pub secondary: Vec<Ipv4Addr>,
    /// How many more are to be picked.
    pub more: u32,
    pub groups: Vec<GroupRef>,
    pub details: NicDetails,
}

/// A new interface in one of the account's subnets. Attach it with [`attach`].
pub fn allocate(conn: &db::Conn, account: &str, subnet: &Subnet, card: &CardRequest) -> Result<Nic, Error> {
    let (first, last) = subnet.cidr.usable();
    if let Some(ip) = card.ip {
        if ip < first || ip > last {
            return Err(Error::AddressOutside(ip, subnet.cidr));
        }
        if db::network::nic_at(conn, &subnet.id, ip)?.is_some() {
            return Err(Error::AddressInUse(ip));
        }
    }
    let eni = id::new(id::Kind::NetworkInterface);
    let (groups, details) = texts(&card.groups, &card.details);
    // A second try can only be needed when the random MAC is taken.
    for _ in 0..8 {
        let ip = match card.ip {
            Some(ip) => ip,
            None => reservations::lowest_free(conn, subnet)?,
        };
        let mac = Mac::local(rand::thread_rng().r#gen());
        let now = clock::now_ms();
        let new = db::network::NewNic {
            id: &eni,
            account,
            subnet: &subnet.id,
            mac: &mac.to_string(),
            ip,
            groups: &groups,
            details: &details,
            now,
        };
        if db::network::insert_nic(conn, &new)? {
            let mut made = Nic {
                eni_id: eni,
                account: account.to_owned(),
                mac,
                private_ip: ip,
                secondary: Vec::new(),
                public: Vec::new(),
                instance_id: None,
                device_index: None,
                groups: card.groups.as_slice().into(),
                details: card.details.clone().into(),
                subnet: subnet.clone().into(),
                created_at: now,
            };
            if card.more > 0 || !card.secondary.is_empty() {
                secondary::assign(conn, &mut made, &card.secondary, card.more, false)?;
            }
            return Ok(made);
        }
    }
    Err(Error::SubnetFull(subnet.id.clone()))
}

/// Keep an interface's changed groups and details.
pub fn update_nic(conn: &db::Conn, nic: &Nic) -> Result<(), Error> {
    let (groups, details) = texts(&nic.groups, &nic.details);
    Ok(db::network::update_nic(conn, &nic.eni_id, &groups, &details)?)
}

fn texts(groups: &[GroupRef], details: &NicDetails) -> (String, String) {
    const WHY: &str = "plain data becomes JSON";
    (serde_json::to_string(groups).expect(WHY), serde_json::to_string(details).expect(WHY))
}

/// Attach an interface to an instance as its `device_index`-th one.
pub fn attach(conn: &db::Conn, eni_id: &str, instance_id: &str, device_index: u32) -> Result<(), Error> {
    match db::network::attach_nic(conn, eni_id, instance_id, device_index)? {
        true => Ok(()),
        false => Err(Error::NoInterface(eni_id.to_owned())),
    }
}

/// Give an interface and its addresses back. No such interface is fine.
pub fn release(conn: &db::Conn, eni_id: &str) -> Result<(), Error> {
    db::elastic_addresses::lead_away(conn, eni_id, None)?;
    db::network::delete_nic(conn, eni_id)?;
    Ok(db::tags::forget(conn, eni_id)?)
}

/// An error when instances of another subnet run at addresses of this one: the host is in every subnet that runs here, so what
/// it can reach must have one range each.
pub fn check_reachable(conn: &db::Conn, subnet: &Subnet) -> Result<(), Error> {
    let shares = |other: &Subnet| other.id != subnet.id && other.cidr.overlaps(subnet.cidr);
    if subnets_in_use(conn)?.iter().any(shares) { Err(Error::RangeShared(subnet.cidr)) } else { Ok(()) }
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
    Nic::all(db::network::nics_of(conn, instance_id)?)
}

/// The attached interfaces of an account in a region, all at once and in no order.
pub fn attached_nics_of(conn: &db::Conn, account: &str, region: &str) -> Result<Vec<Nic>, Error> {
    Nic::all(db::network::attached_nics_of(conn, account, region)?)
}

/// The subnets in which an interface is attached to an instance.
pub fn subnets_in_use(conn: &db::Conn) -> Result<Vec<Subnet>, Error> {
    db::network::subnets_in_use(conn)?.into_iter().map(Subnet::try_from).collect()
}

/// Every interface that is attached to an instance: what [`super::Network::restore`] wants at start.
pub fn attached_nics(conn: &db::Conn) -> Result<Vec<Nic>, Error> {
    Nic::all(db::network::attached_nics(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::defaults::{begin_region, create_default_subnet, create_default_vpc, make_default_vpc, pool};
    use crate::network::lifecycle;
    use std::collections::BTreeSet;

    const ONE: &str = "111111111111";

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
            assert_eq!(make_default_vpc(c, "111111111111", "us-east-1", &[])?.cidr.to_string(), "172.31.0.0/16");
            assert_eq!(make_default_vpc(c, "222222222222", "us-east-1", &[])?.cidr.to_string(), "172.30.0.0/16");
            let docker = ["172.29.1.0/24".parse().unwrap()];
            assert_eq!(make_default_vpc(c, "111111111111", "eu-west-1", &docker)?.cidr.to_string(), "172.28.0.0/16");
            Ok::<_, Error>(())
        })
        .unwrap();
        assert_eq!(pool().nth(16).unwrap().to_string(), "10.255.0.0/16");
    }

    #[test]
    fn addresses_start_after_the_kept_ones_and_are_reused_lowest_first() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            make_default_vpc(c, ONE, "us-east-1", &[])?;
            let first = create_default_subnet(c, ONE, "us-east-1", "us-east-1a")?;
            let second = create_default_subnet(c, ONE, "us-east-1", "us-east-1b")?;
            let any = CardRequest::default();
            let nics: Vec<Nic> = (0..3).map(|_| allocate(c, ONE, &first, &any)).collect::<Result<_, _>>()?;
            let ips: Vec<_> = nics.iter().map(|n| n.private_ip.to_string()).collect();
            assert_eq!(ips, ["172.31.0.4", "172.31.0.5", "172.31.0.6"]);
            assert_eq!(nics.iter().map(|n| n.mac).collect::<BTreeSet<_>>().len(), 3);
            assert!(nics.iter().all(|n| n.mac.0[0] == 2));
            release(c, &nics[1].eni_id)?;
            let again = allocate(c, ONE, &first, &any)?;
            assert_eq!(again.private_ip, nics[1].private_ip);
            assert_eq!(again.subnet.cidr.to_string(), "172.31.0.0/20");
            let other = allocate(c, ONE, &second, &any)?;
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
    fn the_lowest_address_that_was_given_back_is_found_behind_many_that_are_taken() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            make_default_vpc(c, ONE, "us-east-1", &[])?;
            let subnet = create_default_subnet(c, ONE, "us-east-1", "us-east-1a")?;
            let any = || allocate(c, ONE, &subnet, &CardRequest::default());
            let mut nics: Vec<Nic> = (0..100).map(|_| any()).collect::<Result<_, _>>()?;
            let of = |nic: &Nic| u32::from(nic.private_ip) - u32::from(subnet.cidr.nth(4));
            assert_eq!(of(&nics[99]), 99);
            secondary::assign(c, &mut nics[3], &[], 2, false)?;
            release(c, &nics[40].eni_id)?;
            release(c, &nics[3].eni_id)?;
            assert_eq!([of(&any()?), of(&any()?)], [3, 40]);
            assert_eq!([of(&any()?), of(&any()?), of(&any()?)], [100, 101, 102], "its further addresses are free, too");
            Ok::<_, Error>(())
        })
        .unwrap();
    }

    #[test]
    fn a_full_subnet_and_foreign_addresses_are_refused() {
        let (_dir, db) = open();
        db.write_blocking(|c| {
            let vpc = make_default_vpc(c, ONE, "us-east-1", &[])?;
            let small = lifecycle::create_subnet(c, &vpc, "us-east-1a", "172.31.240.0/28")?;
            let tiny = |ip| allocate(c, ONE, &small, &CardRequest { ip, ..CardRequest::default() });
            assert_eq!(tiny(Some([172, 31, 240, 9].into()))?.private_ip.to_string(), "172.31.240.9");
            assert!(matches!(tiny(Some([172, 31, 240, 9].into())), Err(Error::AddressInUse(_))));
            assert!(matches!(tiny(Some([172, 31, 240, 3].into())), Err(Error::AddressOutside(..))));
            for _ in 0..10 {
                tiny(None)?;
            }
            assert!(matches!(tiny(None), Err(Error::SubnetFull(_))));
            assert!(matches!(subnet(c, "222222222222", "us-east-1", &small.id), Err(Error::NoSubnet(_))));
            Ok::<_, Error>(())
        })
        .unwrap();
    }

    #[test]
    fn a_region_is_handed_over_once_with_a_subnet_for_every_zone() {
        let (_dir, db) = open();
        let zones = ["us-east-1a", "us-east-1b", "us-east-1c"].map(String::from);
        db.write_blocking(move |c| {
            begin_region(c, ONE, "us-east-1", &zones)?;
            begin_region(c, ONE, "us-east-1", &zones)?;
            let vpc = vpcs::need_default(c, ONE, "us-east-1")?;
            let subnets = db::network::subnets_of(c, &vpc.id)?;
            assert_eq!(subnets.len(), 3);
            assert!(matches!(create_default_vpc(c, ONE, "us-east-1", &zones), Err(Error::DefaultVpcExists)));
            let again = create_default_subnet(c, ONE, "us-east-1", "us-east-1a");
            assert!(matches!(again, Err(Error::DefaultSubnetExists { .. })));
            subnets.iter().try_for_each(|s| lifecycle::delete_subnet(c, s))?;
            assert!(matches!(lifecycle::delete_vpc(c, &vpc), Err(Error::VpcBusy(_))), "its gateway is attached");
            let gateway = super::super::records::in_vpc(c, &vpc.id)?.remove(0);
            super::super::gateways::detach(c, gateway, &vpc.id)?;
            lifecycle::delete_vpc(c, &vpc)?;
            begin_region(c, ONE, "us-east-1", &zones)?;
            assert!(matches!(default_subnet(c, ONE, "us-east-1", "us-east-1a"), Err(Error::NoDefaultVpc)));
            create_default_vpc(c, ONE, "us-east-1", &zones)?;
            default_subnet(c, ONE, "us-east-1", "us-east-1a").map(drop)
        })
        .unwrap();
    }
}
