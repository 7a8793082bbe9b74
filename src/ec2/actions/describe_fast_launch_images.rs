//! Fast launch, which is for Windows images, is enabled for none.

use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeFastLaunchImages;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    fast_launch_image_set: [Item; 0],
    next_token: Option<String>,
}

/// None of them.
#[derive(Serialize)]
pub enum Item {}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("owner-id", |_| vec![]), ("resource-type", |_| vec![]), ("state", |_| vec![])];
}

impl Action for DescribeFastLaunchImages {
    const NAME: &'static str = "DescribeFastLaunchImages";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Filters::<Item>::read(p)?;
        Page::within(p, None, 0..=200)?;
        p.ids("ImageId", Kind::Image)?;
        Ok(DescribeFastLaunchImages)
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        Ok(Output { fast_launch_image_set: [], next_token: None })
    }
}
