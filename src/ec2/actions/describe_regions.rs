//! The regions of this cloud, all at the endpoint that was asked.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeRegions {
    names: Vec<String>,
    filters: Filters<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    region_info: Vec<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    region_name: String,
    region_endpoint: String,
    opt_in_status: &'static str,
}

impl Filtered for Region {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("endpoint", |r| vec![r.region_endpoint.as_str().into()]),
        ("opt-in-status", |r| vec![r.opt_in_status.into()]),
        ("region-name", |r| vec![r.region_name.as_str().into()]),
    ];
}

impl Action for DescribeRegions {
    const NAME: &'static str = "DescribeRegions";
    /// Every region is opted in.
    const IGNORED: &'static [&'static str] = &["AllRegions"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeRegions {
            names: p.list("RegionName").into_iter().map(str::to_owned).collect(),
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let known = &cx.cloud.config.regions;
        if let Some(unknown) = self.names.iter().find(|name| !known.contains(name)) {
            return Err(Error::ParameterValue(format!("Invalid region provided: {unknown}")));
        }
        let wanted = |name: &&String| self.names.is_empty() || self.names.contains(name);
        let region = |name: &String| Region {
            region_name: name.clone(),
            region_endpoint: cx.endpoint.clone(),
            opt_in_status: "opt-in-not-required",
        };
        let region_info = known.iter().filter(wanted).map(region).filter(|r| self.filters.accept(r)).collect();
        Ok(Output { region_info })
    }
}
