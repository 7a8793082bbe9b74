//! AWS's own prefix lists with their ranges: S3's only, with the addresses at which guests reach it through a gateway endpoint.

use crate::ec2::describe;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, prefix_lists};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribePrefixLists {
    ids: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    prefix_list_set: Vec<Item>,
    next_token: Option<String>,
}

/// One list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    prefix_list_id: String,
    prefix_list_name: String,
    cidr_set: Vec<String>,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("prefix-list-id", |l| vec![l.prefix_list_id.as_str().into()]),
        ("prefix-list-name", |l| vec![l.prefix_list_name.as_str().into()]),
    ];
}

impl Action for DescribePrefixLists {
    const NAME: &'static str = "DescribePrefixLists";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribePrefixLists {
            ids: p.ids("PrefixListId", Kind::PrefixList)?.into_iter().map(str::to_owned).collect(),
            filters: Filters::read(p)?,
            page: Page::read(p, None)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let list = prefix_lists::of_amazon(cx);
        let item = Item { prefix_list_id: list.id, prefix_list_name: list.name, cidr_set: list.cidrs };
        let mut items = describe::pick(Kind::PrefixList, &self.ids, vec![item], |one| &one.prefix_list_id)?;
        items.retain(|item| self.filters.accept(item));
        let (prefix_list_set, next_token) = self.page.cut(items, |one: &Item| one.prefix_list_id.clone());
        Ok(Output { prefix_list_set, next_token })
    }
}
