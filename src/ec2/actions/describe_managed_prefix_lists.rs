//! The caller's prefix lists, and AWS's own: S3's only.

use crate::db;
use crate::ec2::describe::Listing;
use crate::ec2::prefix_lists::{self, ListItem};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::prefix_lists::PrefixList;
use crate::network::records;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeManagedPrefixLists(Listing<ListItem>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    prefix_list_set: Vec<ListItem>,
    next_token: Option<String>,
}

impl Action for DescribeManagedPrefixLists {
    const NAME: &'static str = "DescribeManagedPrefixLists";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeManagedPrefixLists(Listing::sized(p, Kind::PrefixList, "PrefixListId", 1..=100)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (own, tags) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, "prefix-list")?;
                Ok((records::all::<PrefixList>(c, account, region)?, tags))
            })
            .await?;
        let amazons = ListItem::of_amazon(&cx.region, prefix_lists::of_amazon(cx));
        let all = own.into_iter().map(|list| ListItem::new(list, Vec::new())).chain([amazons]).collect();
        let item = |mut list: ListItem, tags| {
            list.tag_set = tags;
            Ok(list)
        };
        let (prefix_list_set, next_token) = self.0.answer(all, tags, |list| &list.prefix_list_id, item)?;
        Ok(Output { prefix_list_set, next_token })
    }
}
