//! What a bare id names, for actions that take any resource.

use super::Error;
use crate::db::{self, Conn};
use crate::id::Kind;

/// Kinds of resources that can be tagged, under the names that tags know them by.
const TAGGABLE: &[(Kind, &str)] = &[
    (Kind::Instance, "instance"),
    (Kind::Image, "image"),
    (Kind::KernelImage, "image"),
    (Kind::RamdiskImage, "image"),
    (Kind::KeyPair, "key-pair"),
    (Kind::Volume, "volume"),
    (Kind::Snapshot, "snapshot"),
    (Kind::NetworkInterface, "network-interface"),
    (Kind::Vpc, "vpc"),
    (Kind::Subnet, "subnet"),
    (Kind::SecurityGroup, "security-group"),
];

/// The kind of an id, and the kind's name in tags.
pub fn kind(id: &str) -> Result<(Kind, &'static str), Error> {
    let found = TAGGABLE.iter().find(|(kind, _)| kind.accepts(id)).copied();
    found.ok_or_else(|| Error::InvalidId(id.to_owned()))
}

/// An error unless the account sees the resource in the region.
pub fn check(c: &Conn, account: &str, region: &str, id: &str) -> Result<(), Error> {
    let (kind, _) = kind(id)?;
    let here = |a: &str, r: &str| a == account && r == region;
    let exists = match kind {
        Kind::Instance => db::instances::get(c, id)?.is_some_and(|i| here(&i.account, &i.region)),
        Kind::Image | Kind::KernelImage | Kind::RamdiskImage => {
            let select = db::images::Select {
                region: Some(region.into()),
                viewer: Some(account.into()),
                ids: vec![id.into()],
                owners: Vec::new(),
            };
            !db::images::select(c, &select)?.is_empty()
        }
        Kind::KeyPair => db::keypairs::by_id(c, account, region, id)?.is_some(),
        Kind::NetworkInterface => db::network::nic(c, id)?.is_some_and(|n| here(&n.account, &n.subnet.region)),
        Kind::Subnet => db::network::subnet(c, id)?.is_some_and(|s| here(&s.account, &s.region)),
        Kind::Vpc => db::network::default_vpc(c, account, region)?.is_some_and(|v| v.id == id),
        Kind::SecurityGroup => {
            db::network::default_vpc(c, account, region)?.is_some_and(|v| crate::compute::default_group(&v.id).id == id)
        }
        Kind::Volume | Kind::Snapshot | Kind::Reservation | Kind::Attachment => false,
    };
    if exists { Ok(()) } else { Err(Error::no_such(kind, id)) }
}
