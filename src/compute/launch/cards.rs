//! The interfaces of a launch: new ones are made for each instance, one that is there already goes to the only instance.

use super::ground::Ground;
use super::request::{InterfaceWish, LaunchRequest};
use crate::compute::types::InstanceType;
use crate::compute::{Error, dedicated};
use crate::db::tags::{self, Resource};
use crate::db::{self, Conn};
use crate::network::{self, CardRequest, Nic, NicDetails, Subnet, groups, interfaces, public};

/// The interfaces of each instance of a launch, looked up.
pub(super) struct Cards {
    /// In which all of them are.
    pub zone: String,
    all: Vec<Card>,
}

struct Card {
    index: u32,
    source: Source,
}

enum Source {
    There(Nic),
    /// To be made. `insists`: without a public address the launch fails.
    New {
        subnet: Subnet,
        request: CardRequest,
        insists: bool,
    },
}

impl Card {
    fn subnet(&self) -> &Subnet {
        match &self.source {
            Source::There(nic) => &nic.subnet,
            Source::New { subnet, .. } => subnet,
        }
    }
}

impl Cards {
    /// Look up what the request names, and see that an instance of this size may have it.
    pub fn look_up(c: &Conn, r: &LaunchRequest, size: &InstanceType, ground: &Ground) -> Result<Cards, Error> {
        if r.interfaces.len() > size.interfaces as usize {
            return Err(Error::TooManyInterfaces(r.interfaces.len(), size.name.clone()));
        }
        let default = default_zone(c, r)?;
        let all = r.interfaces.iter().map(|wish| card(c, r, wish, &default, ground)).collect::<Result<Vec<_>, _>>()?;
        let zone = all.first().map_or(default, |first| first.subnet().zone.clone());
        for card in &all {
            let subnet = card.subnet();
            if let Some(wanted) = r.zone.as_ref().filter(|zone| **zone != subnet.zone) {
                let (wanted, subnet, zone) = (wanted.clone(), subnet.id.clone(), subnet.zone.clone());
                return Err(Error::OtherZone { wanted, subnet, zone });
            }
            if subnet.zone != zone {
                return Err(Error::SeveralZones);
            }
            if let Source::New { request, .. } = &card.source
                && 1 + request.secondary.len() + request.more as usize > size.addresses as usize
            {
                return Err(network::Error::TooManyAddresses.into());
            }
            ground.check(c, subnet)?;
        }
        Ok(Cards { zone, all })
    }

    /// The interfaces of one instance, in the order of the request; attached to nothing yet.
    pub fn make(&self, c: &Conn, r: &LaunchRequest) -> Result<Vec<Nic>, Error> {
        let make = |card: &Card| match &card.source {
            Source::There(nic) => Ok(nic.clone()),
            Source::New { subnet, request, .. } => {
                let nic = network::allocate(c, &r.account, subnet, request)?;
                let on =
                    Resource { account: &r.account, region: &r.region, id: &nic.eni_id, kind: "network-interface" };
                tags::put(c, on, &r.interface_tags)?;
                Ok(nic)
            }
        };
        self.all.iter().map(make).collect()
    }

    /// Give them to their instance.
    pub fn attach(&self, c: &Conn, nics: Vec<Nic>, instance: &str, pool: &public::Pool) -> Result<(), Error> {
        for (card, mut nic) in self.all.iter().zip(nics) {
            match card.source {
                Source::There(_) => interfaces::attach(c, &mut nic, instance, card.index, false)?,
                Source::New { insists, .. } => {
                    network::attach(c, &nic.eni_id, instance, card.index)?;
                    if !public::give(c, pool, &nic)? && insists {
                        return Err(network::Error::NoPublicAddress.into());
                    }
                }
            }
        }
        Ok(())
    }
}

fn card(c: &Conn, r: &LaunchRequest, wish: &InterfaceWish, zone: &str, ground: &Ground) -> Result<Card, Error> {
    if let Some(id) = &wish.existing {
        let nic = interfaces::need(c, &r.account, &r.region, id)?;
        interfaces::check_free(&nic)?;
        return Ok(Card { index: wish.index, source: Source::There(nic) });
    }
    let subnet = match &wish.subnet_id {
        Some(id) => network::subnet(c, &r.account, &r.region, id)?,
        None => network::default_subnet(c, &r.account, &r.region, zone)?,
    };
    // Of several interfaces AWS gives none a public address.
    let given = r.interfaces.len() == 1 && public::given_by(c, &ground.public, &subnet.id)?;
    let details = NicDetails {
        description: wish.description.clone(),
        delete_on_termination: !wish.keep,
        public_while_running: wish.public.unwrap_or(given),
        ..NicDetails::default()
    };
    let (ids, names) = (&wish.group_ids, &wish.group_names);
    let request = CardRequest {
        ip: wish.ip,
        secondary: wish.secondary.clone(),
        more: wish.more,
        groups: groups::choose(c, &r.account, &r.region, &subnet.vpc_id, ids, names)?,
        details,
    };
    let insists = wish.public == Some(true);
    Ok(Card { index: wish.index, source: Source::New { subnet, request, insists } })
}

/// The zone whose default subnet takes interfaces that say none: the request's, the first interface's, the dedicated host's, or the
/// region's first.
fn default_zone(c: &Conn, r: &LaunchRequest) -> Result<String, Error> {
    if let Some(zone) = &r.zone {
        return if r.zones.contains(zone) { Ok(zone.clone()) } else { Err(Error::UnknownZone(zone.clone())) };
    }
    let first = r.interfaces.first();
    let of_subnet = match first.and_then(|wish| wish.subnet_id.as_deref()) {
        Some(subnet) => db::network::subnet(c, subnet)?.map(|row| row.zone),
        None => None,
    };
    let of_host = match &r.options.host {
        Some(host) => Some(dedicated::need(c, &r.account, &r.region, host)?.it.zone),
        None => None,
    };
    let region_first = || r.zones.first().cloned().unwrap_or_else(|| format!("{}a", r.region));
    Ok(of_subnet.or(of_host).unwrap_or_else(region_first))
}
