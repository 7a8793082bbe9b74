//! Make a subnet of a VPC. Ranges of different VPCs may overlap; a host runs instances in only one of such subnets.

use super::describe_subnets::Item;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging, zone};
use crate::id::Kind;
use crate::network::{lifecycle, vpcs};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateSubnet {
    vpc: String,
    cidr: String,
    zone: Option<String>,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
pub struct Output {
    pub(super) subnet: Item,
}

impl Action for CreateSubnet {
    const NAME: &'static str = "CreateSubnet";
    const REFUSED: &'static [&'static str] = &[
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6IpamPoolId",
        "Ipv6Native",
        "Ipv6NetmaskLength",
        "OutpostArn",
    ];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let specifications = tagging::specifications(p, &["subnet"])?;
        let (zone, zone_id) = (owned("AvailabilityZone"), owned("AvailabilityZoneId"));
        Ok(CreateSubnet {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            cidr: p.req("CidrBlock")?.to_owned(),
            zone: zone.or(zone_id),
            tags: tagging::of(&specifications, "subnet"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let zone = pick(&cx.zones(), self.zone.as_deref())?;
        let job = move |c: &Conn, account: &str, region: &str| {
            let vpc = vpcs::need(c, account, region, &self.vpc)?;
            let made = lifecycle::create_subnet(c, &vpc, &zone, &self.cidr)?;
            db::tags::put(c, Resource { account, region, id: &made.id, kind: "subnet" }, &self.tags)?;
            let row = vpcs::need_subnet(c, account, region, &made.id)?;
            Ok(Output { subnet: Item::new(row, 0, self.tags)? })
        };
        cx.change(job).await
    }
}

/// The zone of that name or id; the first one when none is asked for.
pub(super) fn pick(zones: &[String], wanted: Option<&str>) -> Result<String, Error> {
    let found = match wanted {
        None => zones.first(),
        Some(wanted) => zones.iter().find(|z| *z == wanted || zone::id(z) == wanted),
    };
    found.cloned().ok_or_else(|| {
        Error::ParameterValue(format!(
            "Value ({}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following \
             availability zones: {}.",
            wanted.unwrap_or_default(),
            zones.join(", ")
        ))
    })
}
