//! The caller's DHCP options sets.

use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::dhcp_options::DhcpOptions;
use crate::network::records::Kept;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeDhcpOptions(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    dhcp_options_set: Vec<Item>,
    next_token: Option<String>,
}

/// One set.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    dhcp_options_id: String,
    owner_id: String,
    dhcp_configuration_set: Vec<Configuration>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    key: String,
    value_set: Vec<OptionValue>,
}

#[derive(Serialize)]
struct OptionValue {
    value: String,
}

impl Item {
    /// A set with its tags.
    pub(super) fn new(set: Kept<DhcpOptions>, tags: Vec<Tag>) -> Item {
        let configuration = |(key, values): (String, Vec<String>)| Configuration {
            key,
            value_set: values.into_iter().map(|value| OptionValue { value }).collect(),
        };
        Item {
            owner_id: set.account,
            dhcp_configuration_set: set.it.options.into_iter().map(configuration).collect(),
            tag_set: tags,
            dhcp_options_id: set.id,
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("dhcp-options-id", |d| vec![d.dhcp_options_id.as_str().into()]),
        ("key", |d| d.dhcp_configuration_set.iter().map(|c| c.key.as_str().into()).collect()),
        ("owner-id", |d| vec![d.owner_id.as_str().into()]),
        ("value", |d| {
            d.dhcp_configuration_set.iter().flat_map(|c| &c.value_set).map(|v| v.value.as_str().into()).collect()
        }),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeDhcpOptions {
    const NAME: &'static str = "DescribeDhcpOptions";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeDhcpOptions(Listing::read(p, Kind::DhcpOptions, "DhcpOptionsId", "dhcpOptionsIds")?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (dhcp_options_set, next_token) = self.0.of_records(cx, Item::new).await?;
        Ok(Output { dhcp_options_set, next_token })
    }
}
