//! Subnets and interfaces out of their rows.

use super::groups::GroupRef;
use super::public::Public;
use super::{Cidr, Error, Nic, NicDetails, Subnet, vpcs};
use crate::db;
use crate::db::network::SubnetRow;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn parse(cidr: &str) -> Result<Cidr, Error> {
    cidr.parse().map_err(|e| Error::Db(db::Error::Damaged(e)))
}

impl TryFrom<db::network::SubnetRow> for Subnet {
    type Error = Error;

    fn try_from(row: db::network::SubnetRow) -> Result<Subnet, Error> {
        let attributes = vpcs::vpc_attributes(&row.vpc, &row.vpc_attributes)?;
        Ok(Subnet {
            cidr: parse(&row.cidr)?,
            vpc_cidrs: std::iter::once(parse(&row.vpc_cidr)?).chain(attributes.later_ranges()).collect(),
            id: row.id,
            vpc_id: row.vpc,
            region: row.region,
            zone: row.zone,
            dns_hostnames: attributes.dns_hostnames,
        })
    }
}

fn public(row: db::network::PublicRow) -> Public {
    let elastic = (!row.automatic).then_some((row.allocation, row.association));
    Public { elastic, ip: row.ip, private_ip: row.private_ip }
}

/// What rows have in common is read once, and shared.
#[derive(Default)]
struct Alike {
    subnets: HashMap<String, Arc<Subnet>>,
    groups: Seen<[GroupRef]>,
    details: Seen<NicDetails>,
}

/// Values by their JSON. Rows share the JSON with the row before, so most are found without a look at it.
struct Seen<T: ?Sized> {
    last: Option<(Arc<str>, Arc<T>)>,
    all: HashMap<Arc<str>, Arc<T>>,
}

impl<T: ?Sized> Default for Seen<T> {
    fn default() -> Seen<T> {
        Seen { last: None, all: HashMap::new() }
    }
}

impl<T: ?Sized> Seen<T> {
    fn read(&mut self, json: Arc<str>) -> Result<Arc<T>, Error>
    where
        Box<T>: DeserializeOwned,
    {
        if let Some((last, value)) = &self.last
            && Arc::ptr_eq(last, &json)
        {
            return Ok(value.clone());
        }
        let value = match self.all.get(&json) {
            Some(value) => value.clone(),
            None => {
                let damaged = |e| Error::Db(db::Error::Damaged(format!("an interface's JSON: {e}")));
                let value: Arc<T> = serde_json::from_str::<Box<T>>(&json).map_err(damaged)?.into();
                self.all.insert(json.clone(), value.clone());
                value
            }
        };
        self.last = Some((json, value.clone()));
        Ok(value)
    }
}

impl Alike {
    fn nic(&mut self, row: db::network::NicRow) -> Result<Nic, Error> {
        let subnet = match self.subnets.get(&row.subnet.id) {
            Some(subnet) => subnet.clone(),
            None => {
                let subnet = Arc::new(Subnet::try_from(SubnetRow::clone(&row.subnet))?);
                self.subnets.insert(subnet.id.clone(), subnet.clone());
                subnet
            }
        };
        let (instance_id, device_index) = row.attached.unzip();
        Ok(Nic {
            eni_id: row.id,
            account: row.account,
            mac: row.mac.parse().map_err(|e| Error::Db(db::Error::Damaged(e)))?,
            private_ip: row.private_ip,
            secondary: row.secondary,
            public: row.public.into_iter().map(public).collect(),
            created_at: row.created_at,
            instance_id,
            device_index,
            groups: self.groups.read(row.groups)?,
            details: self.details.read(row.details)?,
            subnet,
        })
    }
}

impl TryFrom<db::network::NicRow> for Nic {
    type Error = Error;

    fn try_from(row: db::network::NicRow) -> Result<Nic, Error> {
        Alike::default().nic(row)
    }
}

impl Nic {
    /// The interfaces of rows.
    pub(super) fn all(rows: Vec<db::network::NicRow>) -> Result<Vec<Nic>, Error> {
        let mut alike = Alike::default();
        rows.into_iter().map(|row| alike.nic(row)).collect()
    }
}
