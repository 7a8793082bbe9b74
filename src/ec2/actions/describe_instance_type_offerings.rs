//! Where instance types can be had: all of them in every zone.

use crate::compute::types;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, zone};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceTypeOfferings {
    by: &'static str,
    filters: Filters<Offering>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_type_offering_set: Vec<Offering>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offering {
    instance_type: String,
    location_type: &'static str,
    location: String,
}

impl Filtered for Offering {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("instance-type", |o| vec![o.instance_type.as_str().into()]),
        ("location", |o| vec![o.location.as_str().into()]),
    ];
}

/// The kinds of places, as AWS spells them.
const PLACES: &[&str] = &["region", "availability-zone", "availability-zone-id", "outpost"];

impl Action for DescribeInstanceTypeOfferings {
    const NAME: &'static str = "DescribeInstanceTypeOfferings";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let wanted = p.opt("LocationType").filter(|text| !text.is_empty()).unwrap_or("region");
        let by = PLACES.iter().find(|place| **place == wanted);
        let by =
            by.ok_or_else(|| p.invalid("LocationType", wanted, format!("Expecting one of {}.", PLACES.join(", "))))?;
        Ok(DescribeInstanceTypeOfferings { by, filters: Filters::read(p)?, page: Page::read(p, None)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let places: Vec<String> = match self.by {
            "region" => vec![cx.region.clone()],
            "availability-zone" => cx.zones(),
            "availability-zone-id" => cx.zones().iter().map(|z| zone::id(z)).collect(),
            // Outposts are AWS's racks at somebody's place.
            _ => Vec::new(),
        };
        let offering = |name: &str, place: &String| Offering {
            instance_type: name.to_owned(),
            location_type: self.by,
            location: place.clone(),
        };
        let all = types::all().iter().flat_map(|t| places.iter().map(|place| offering(&t.name, place)));
        let all = all.filter(|o| self.filters.accept(o)).collect();
        let (instance_type_offering_set, next_token) =
            self.page.cut(all, |o| format!("{} {}", o.instance_type, o.location));
        Ok(Output { instance_type_offering_set, next_token })
    }
}
