//! The entries of a prefix list, in its newest version or in another one.

use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, prefix_lists};
use crate::id::Kind;
use crate::network::prefix_lists::{Entry, PrefixList};
use crate::network::{self, records};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetManagedPrefixListEntries {
    id: String,
    version: Option<i64>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    entry_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
struct Item {
    cidr: String,
    description: Option<String>,
}

impl Action for GetManagedPrefixListEntries {
    const NAME: &'static str = "GetManagedPrefixListEntries";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetManagedPrefixListEntries {
            id: p.id("PrefixListId", Kind::PrefixList)?.to_owned(),
            version: p.opt_int("TargetVersion", 1..=i64::MAX)?,
            page: Page::within(p, None, 1..=100)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let amazons = prefix_lists::of_amazon(cx);
        let entries: Vec<Entry> = if amazons.id == self.id {
            amazons.cidrs.into_iter().map(|cidr| Entry { cidr, description: None }).collect()
        } else {
            cx.look(|c, account, region| {
                let list = records::need::<PrefixList>(c, account, region, &self.id)?;
                let missing = || network::Error::NoPrefixVersion(self.id.clone(), self.version.unwrap_or_default());
                Ok(list.it.entries(self.version).ok_or_else(missing)?.to_vec())
            })
            .await?
        };
        let item = |entry: Entry| Item { cidr: entry.cidr, description: entry.description };
        let items = entries.into_iter().map(item).collect();
        let (entry_set, next_token) = self.page.cut(items, |one: &Item| one.cidr.clone());
        Ok(Output { entry_set, next_token })
    }
}
