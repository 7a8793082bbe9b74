//! The reservations of a subnet.

use super::create_subnet_cidr_reservation::Item;
use crate::db;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::{self, reservations};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetSubnetCidrReservations {
    subnet: String,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    subnet_ipv4_cidr_reservation_set: Vec<Item>,
    subnet_ipv6_cidr_reservation_set: Vec<Item>,
    next_token: Option<String>,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("reservationType", |r| vec![r.reservation_type.as_str().into()]),
        ("subnet-id", |r| vec![r.subnet_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for GetSubnetCidrReservations {
    const NAME: &'static str = "GetSubnetCidrReservations";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetSubnetCidrReservations {
            subnet: p.id("SubnetId", Kind::Subnet)?.to_owned(),
            filters: Filters::read(p)?,
            page: Page::read(p, None)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (all, mut tags) = cx
            .look(|c, account, region| {
                let subnet = network::subnet(c, account, region, &self.subnet)?;
                let tags = db::tags::by_resource(c, account, region, "subnet-cidr-reservation")?;
                Ok((reservations::of_subnet(c, &subnet.vpc_id, &subnet.id)?, tags))
            })
            .await?;
        let item = |one: network::records::Kept<reservations::Reservation>| {
            let tags = tags.remove(&one.id).unwrap_or_default();
            Item::new(one, tags)
        };
        let items = all.into_iter().map(item).filter(|item| self.filters.accept(item)).collect();
        let (subnet_ipv4_cidr_reservation_set, next_token) =
            self.page.cut(items, |one: &Item| one.subnet_cidr_reservation_id.clone());
        Ok(Output { subnet_ipv4_cidr_reservation_set, subnet_ipv6_cidr_reservation_set: Vec::new(), next_token })
    }
}
