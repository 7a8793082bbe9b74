//! Dedicated hosts as requests name them and as answers write them.

use super::filter::{Filtered, Values, maybe};
use super::unsuccessful::Unsuccessful;
use super::{Cx, Error, zone};
use crate::clock;
use crate::compute::dedicated::{DedicatedError, DedicatedHost, Free, Occupant};
use crate::compute::records::Kept;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::id::Kind;
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// One host.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    host_id: String,
    auto_placement: &'static str,
    availability_zone: String,
    availability_zone_id: String,
    available_capacity: Option<AvailableCapacity>,
    client_token: Option<String>,
    host_properties: Properties,
    instances: Vec<HostInstance>,
    state: &'static str,
    allocation_time: Time,
    release_time: Option<Time>,
    tag_set: Vec<Tag>,
    host_recovery: &'static str,
    allows_multiple_instance_types: &'static str,
    owner_id: String,
    member_of_service_linked_resource_group: bool,
    host_maintenance: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AvailableCapacity {
    available_instance_capacity: Vec<InstanceCapacity>,
    #[serde(rename = "availableVCpus")]
    available_vcpus: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceCapacity {
    available_capacity: i64,
    instance_type: String,
    total_capacity: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    cores: u32,
    instance_type: Option<String>,
    instance_family: Option<String>,
    sockets: u32,
    #[serde(rename = "totalVCpus")]
    total_vcpus: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostInstance {
    instance_id: String,
    instance_type: String,
    owner_id: String,
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

impl Item {
    /// `occupants` may be on other hosts, too.
    pub fn new(host: Kept<DedicatedHost>, occupants: &[Occupant], tag_set: Vec<Tag>) -> Item {
        let (size, free, whole) = (host.it.size(), Free::on(&host, occupants), Free::on(&host, &[]));
        let available_instance_capacity = host.it.types().map(|t| InstanceCapacity {
            available_capacity: free.fits(t),
            instance_type: t.name.clone(),
            total_capacity: whole.fits(t),
        });
        let available = AvailableCapacity {
            available_instance_capacity: available_instance_capacity.collect(),
            available_vcpus: free.vcpus,
        };
        let instances = occupants.iter().filter(|o| o.host == host.id).map(|o| HostInstance {
            instance_id: o.instance.clone(),
            instance_type: o.instance_type.clone(),
            owner_id: host.account.clone(),
        });
        let several = host.it.instance_type.is_none();
        Item {
            available_capacity: host.it.released_at.is_none().then_some(available),
            instances: instances.collect(),
            host_properties: Properties {
                cores: size.cores,
                sockets: size.sockets,
                total_vcpus: size.vcpus,
                // A host says its type, or the family of which it takes every type.
                instance_type: host.it.instance_type,
                instance_family: several.then_some(host.it.family),
            },
            state: if host.it.released_at.is_none() { "available" } else { "released" },
            host_id: host.id,
            auto_placement: on_off(host.it.auto_placement),
            availability_zone_id: zone::id(&host.it.zone),
            availability_zone: host.it.zone,
            client_token: host.it.client_token,
            allocation_time: Time(clock::from_ms(host.created_at)),
            release_time: host.it.released_at.map(|ms| Time(clock::from_ms(ms))),
            tag_set,
            host_recovery: on_off(host.it.recovery),
            allows_multiple_instance_types: on_off(several),
            owner_id: host.account,
            member_of_service_linked_resource_group: false,
            host_maintenance: on_off(host.it.maintenance),
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("auto-placement", |h| vec![h.auto_placement.into()]),
        ("availability-zone", |h| vec![h.availability_zone.as_str().into()]),
        ("client-token", |h| maybe(&h.client_token)),
        ("host-reservation-id", |_| vec![]),
        ("instance-type", |h| maybe(&h.host_properties.instance_type)),
        ("state", |h| vec![h.state.into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

/// Which of the hosts that a request names it was done to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    successful: Vec<String>,
    unsuccessful: Vec<Unsuccessful>,
}

/// The hosts that a request names; there must be some.
pub fn named(p: &Params<'_>) -> Result<Vec<String>, Error> {
    let ids: Vec<String> = p.ids("HostId", Kind::DedicatedHost)?.into_iter().map(str::to_owned).collect();
    if ids.is_empty() { Err(query::Error::Missing("HostId".into()).into()) } else { Ok(ids) }
}

/// Do something to each of the hosts.
pub async fn each(
    cx: &Cx,
    ids: Vec<String>,
    job: impl Fn(&Conn, &str, &str, &str) -> Result<(), DedicatedError> + Send + 'static,
) -> Result<Outcome, Error> {
    let all = move |c: &Conn, account: &str, region: &str| {
        let mut outcome = Outcome { successful: Vec::new(), unsuccessful: Vec::new() };
        for id in ids {
            match job(c, account, region, &id) {
                Ok(()) => outcome.successful.push(id),
                Err(DedicatedError::Db(e)) => return Err(e.into()),
                Err(e) => {
                    let e = Error::from(e);
                    outcome.unsuccessful.push(Unsuccessful::new(id, format!("Client.{}", e.wire().0), &e));
                }
            }
        }
        Ok(outcome)
    };
    cx.change(all).await
}
