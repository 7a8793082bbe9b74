//! Make the default VPC's subnet of a zone again, after it was deleted.

use super::create_subnet::{Output, pick};
use super::describe_subnets::Item;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::network::{self, vpcs};
use crate::wire::query::{self, Params};

pub struct CreateDefaultSubnet {
    zone: String,
}

impl Action for CreateDefaultSubnet {
    const NAME: &'static str = "CreateDefaultSubnet";
    const REFUSED: &'static [&'static str] = &["Ipv6Native"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let zone = p.opt("AvailabilityZone").or(p.opt("AvailabilityZoneId")).filter(|text| !text.is_empty());
        let zone = zone.ok_or_else(|| query::Error::Missing("AvailabilityZone".into()))?.to_owned();
        Ok(CreateDefaultSubnet { zone })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let zone = pick(&cx.zones(), Some(&self.zone))?;
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = network::create_default_subnet(c, account, region, &zone)?;
            let row = vpcs::need_subnet(c, account, region, &made.id)?;
            Ok(Output { subnet: Item::new(row, 0, Vec::new())? })
        };
        cx.change(job).await
    }
}
