//! What names a prefix list of the caller's: route tables and security groups.

use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::prefix_lists::{self, PrefixList};
use crate::network::records;
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetManagedPrefixListAssociations {
    id: String,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    prefix_list_association_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    resource_id: String,
    resource_owner: String,
}

impl Action for GetManagedPrefixListAssociations {
    const NAME: &'static str = "GetManagedPrefixListAssociations";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("PrefixListId", Kind::PrefixList)?.to_owned();
        Ok(GetManagedPrefixListAssociations { id, page: Page::read(p, None)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let users = cx
            .look(|c, account, region| {
                records::need::<PrefixList>(c, account, region, &self.id)?;
                Ok(prefix_lists::users(c, account, region, &self.id)?)
            })
            .await?;
        let item = |resource_id| Item { resource_id, resource_owner: cx.caller.account.clone() };
        let items = users.into_iter().map(item).collect();
        let (prefix_list_association_set, next_token) = self.page.cut(items, |one: &Item| one.resource_id.clone());
        Ok(Output { prefix_list_association_set, next_token })
    }
}
