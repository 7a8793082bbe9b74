//! Prefix lists as answers write them.

use super::filter::{Filtered, Values};
use super::{Cx, resource};
use crate::db::tags::Tag;
use crate::network::Cidr;
use crate::network::amazon::{self, AmazonList};
use crate::network::prefix_lists::{Done, Entry, PrefixList};
use crate::network::records::Kept;
use crate::network::s3_gateway;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// One list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListItem {
    pub prefix_list_id: String,
    prefix_list_name: String,
    prefix_list_arn: String,
    address_family: &'static str,
    state: &'static str,
    /// AWS tells neither of its own lists.
    max_entries: Option<u32>,
    version: Option<i64>,
    owner_id: String,
    pub tag_set: Vec<Tag>,
}

impl ListItem {
    /// An account's list.
    pub fn new(list: Kept<PrefixList>, tag_set: Vec<Tag>) -> ListItem {
        ListItem {
            prefix_list_arn: resource::arn(&list.region, &list.account, "prefix-list", &list.id),
            address_family: if list.it.v6 { "IPv6" } else { "IPv4" },
            state: match list.it.last {
                Done::Create => "create-complete",
                Done::Modify => "modify-complete",
                Done::Restore => "restore-complete",
            },
            max_entries: Some(list.it.max_entries),
            version: Some(list.it.version()),
            prefix_list_name: list.it.name,
            owner_id: list.account,
            prefix_list_id: list.id,
            tag_set,
        }
    }

    /// A list of AWS's.
    pub fn of_amazon(region: &str, list: AmazonList) -> ListItem {
        ListItem {
            prefix_list_arn: resource::arn(region, "aws", "prefix-list", &list.id),
            address_family: "IPv4",
            state: "create-complete",
            max_entries: None,
            version: None,
            prefix_list_name: list.name,
            owner_id: "AWS".into(),
            prefix_list_id: list.id,
            tag_set: Vec::new(),
        }
    }

    /// The same as the call that changes it answers: `create-in-progress` and the like.
    pub fn while_it(mut self, state: &'static str) -> ListItem {
        self.state = state;
        self
    }
}

impl Filtered for ListItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("owner-id", |l| vec![l.owner_id.as_str().into()]),
        ("prefix-list-id", |l| vec![l.prefix_list_id.as_str().into()]),
        ("prefix-list-name", |l| vec![l.prefix_list_name.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

/// The entries that a request describes.
pub fn entries(p: &Params<'_>, name: &str) -> Result<Vec<Entry>, query::Error> {
    let entry = |e: &Params<'_>| {
        let description = e.opt("Description").filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Entry { cidr: e.req("Cidr")?.to_owned(), description })
    };
    p.structs(name).iter().map(entry).collect()
}

/// AWS's own list in the region, with the addresses at which guests reach S3 through an endpoint.
pub fn of_amazon(cx: &Cx) -> AmazonList {
    let doors = s3_gateway::doors(cx.cloud.config.listen);
    let addresses: Vec<Cidr> = doors.iter().map(|door| Cidr::new(*door.ip(), 32)).collect();
    amazon::prefix_list(&cx.region, &addresses)
}
