//! The zones of the caller's region.

use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, zone};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeAvailabilityZones {
    names: Vec<String>,
    ids: Vec<String>,
    filters: Filters<Zone>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    availability_zone_info: Vec<Zone>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Zone {
    zone_name: String,
    zone_id: String,
    zone_state: &'static str,
    region_name: String,
    group_name: String,
    group_long_name: String,
    opt_in_status: &'static str,
    network_border_group: String,
    zone_type: &'static str,
    message_set: Vec<String>,
}

impl Filtered for Zone {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("all-availability-zones", |_| flag(true)),
        ("group-long-name", |z| vec![z.group_long_name.as_str().into()]),
        ("group-name", |z| vec![z.group_name.as_str().into()]),
        ("message", |_| vec![]),
        ("opt-in-status", |z| vec![z.opt_in_status.into()]),
        ("parent-zone-id", |_| vec![]),
        ("parent-zone-name", |_| vec![]),
        ("region-name", |z| vec![z.region_name.as_str().into()]),
        ("state", |z| vec![z.zone_state.into()]),
        ("zone-id", |z| vec![z.zone_id.as_str().into()]),
        ("zone-name", |z| vec![z.zone_name.as_str().into()]),
        ("zone-type", |z| vec![z.zone_type.into()]),
    ];
}

impl Action for DescribeAvailabilityZones {
    const NAME: &'static str = "DescribeAvailabilityZones";
    /// Every zone is opted in.
    const IGNORED: &'static [&'static str] = &["AllAvailabilityZones"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.list(name).into_iter().map(str::to_owned);
        Ok(DescribeAvailabilityZones {
            // Tools of nova's days ask for the zone `verbose` to see hosts; they get the zones.
            names: owned("ZoneName").filter(|name| name != "verbose").collect(),
            ids: owned("ZoneId").collect(),
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let mut zones: Vec<Zone> = cx.zones().into_iter().map(|name| describe(name, &cx.region)).collect();
        let unknown = |wanted: &[String], of: fn(&Zone) -> &str| {
            wanted.iter().find(|w| !zones.iter().any(|z| of(z) == *w)).cloned()
        };
        if let Some(name) = unknown(&self.names, |z| &z.zone_name).or_else(|| unknown(&self.ids, |z| &z.zone_id)) {
            return Err(Error::ParameterValue(format!("Invalid availability zone: [{name}]")));
        }
        zones.retain(|z| {
            let named = self.names.is_empty() || self.names.contains(&z.zone_name);
            named && (self.ids.is_empty() || self.ids.contains(&z.zone_id)) && self.filters.accept(z)
        });
        Ok(Output { availability_zone_info: zones })
    }
}

fn describe(name: String, region: &str) -> Zone {
    Zone {
        zone_id: zone::id(&name),
        zone_name: name,
        zone_state: "available",
        region_name: region.to_owned(),
        group_name: region.to_owned(),
        group_long_name: region.to_owned(),
        opt_in_status: "opt-in-not-required",
        network_border_group: region.to_owned(),
        zone_type: "availability-zone",
        message_set: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn zones_are_chosen_by_name_id_and_filter() {
        let bench = Bench::new();
        let all = bench.call("Action=DescribeAvailabilityZones").await;
        assert_eq!(all.all("zoneName"), ["us-east-1a", "us-east-1b", "us-east-1c"]);
        let one = bench.call("Action=DescribeAvailabilityZones&ZoneName.1=us-east-1b").await;
        assert_eq!(one.all("zoneId"), ["use1-az2"]);
        let none = bench.call("Action=DescribeAvailabilityZones&ZoneId.1=use1-az9").await;
        assert_eq!(
            (none.code(), none.get("Message")),
            ("InvalidParameterValue", Some("Invalid availability zone: [use1-az9]"))
        );
        let filtered = bench.call("Action=DescribeAvailabilityZones&Filter.1.Name=zone-id&Filter.1.Value.1=*3").await;
        assert_eq!(filtered.all("zoneName"), ["us-east-1c"]);
    }
}
