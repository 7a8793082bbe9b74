//! What spare capacity costs: nothing, for every type in every zone, ever since.

use crate::clock;
use crate::compute::types;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::spot::{PRICE, time};
use crate::ec2::{Cx, Error, zone};
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSpotPriceHistory {
    types: Vec<String>,
    products: Vec<String>,
    zone: Option<String>,
    zone_id: Option<String>,
    start: Option<i64>,
    filters: Filters<Price>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    spot_price_history_set: Vec<Price>,
    next_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    instance_type: &'static str,
    product_description: &'static str,
    spot_price: &'static str,
    timestamp: Time,
    availability_zone: String,
    availability_zone_id: String,
}

/// What can run on an instance, in AWS's words.
const PRODUCTS: &[&str] = &["Linux/UNIX", "Windows"];

impl Filtered for Price {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("availability-zone", |p| vec![p.availability_zone.as_str().into()]),
        ("availability-zone-id", |p| vec![p.availability_zone_id.as_str().into()]),
        ("instance-type", |p| vec![p.instance_type.into()]),
        ("product-description", |p| {
            vec![p.product_description.into(), format!("{} (Amazon VPC)", p.product_description).into()]
        }),
        ("spot-price", |p| vec![p.spot_price.into()]),
        ("timestamp", |p| vec![p.timestamp.to_string().into()]),
    ];
}

impl Action for DescribeSpotPriceHistory {
    const NAME: &'static str = "DescribeSpotPriceHistory";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let list = |name| p.list(name).into_iter().map(str::to_owned).collect();
        // The price never changes: the time at which the history ends makes no difference.
        time(p, "EndTime")?;
        Ok(DescribeSpotPriceHistory {
            types: list("InstanceType"),
            products: list("ProductDescription"),
            zone: owned("AvailabilityZone"),
            zone_id: owned("AvailabilityZoneId"),
            start: time(p, "StartTime")?,
            filters: Filters::read(p)?,
            page: Page::within(p, None, 1..=1000)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let zones = cx.zones();
        if let Some(zone) = self.zone.as_ref().filter(|zone| !zones.contains(zone)) {
            return Err(Error::ParameterValue(format!("Invalid availability zone: [{zone}]")));
        }
        let timestamp = Time(self.start.map_or(cx.now, clock::from_ms).min(cx.now));
        let plain = |product: &str| product.trim_end_matches(" (Amazon VPC)").to_owned();
        let products: Vec<String> = self.products.iter().map(|p| plain(p)).collect();
        let mut all = Vec::new();
        for size in types::all().iter().filter(|t| self.types.is_empty() || self.types.contains(&t.name)) {
            for at in zones.iter().filter(|z| self.zone.as_ref().is_none_or(|only| only == *z)) {
                for product in PRODUCTS.iter().filter(|p| products.is_empty() || products.iter().any(|o| o == *p)) {
                    let price = Price {
                        instance_type: &size.name,
                        product_description: product,
                        spot_price: PRICE,
                        timestamp,
                        availability_zone_id: zone::id(at),
                        availability_zone: at.clone(),
                    };
                    if self.zone_id.as_ref().is_none_or(|id| *id == price.availability_zone_id)
                        && self.filters.accept(&price)
                    {
                        all.push(price);
                    }
                }
            }
        }
        let key = |p: &Price| format!("{} {} {}", p.instance_type, p.availability_zone, p.product_description);
        let (spot_price_history_set, next_token) = self.page.cut(all, key);
        // AWS says an empty token at the end.
        Ok(Output { spot_price_history_set, next_token: next_token.unwrap_or_default() })
    }
}
