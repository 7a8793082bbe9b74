//! Delete a prefix list that no route and no rule names.

use super::create_managed_prefix_list::Output;
use crate::db::{self, Conn};
use crate::ec2::prefix_lists::ListItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::prefix_lists::{self, PrefixList};
use crate::network::records;
use crate::wire::query::Params;

pub struct DeleteManagedPrefixList {
    id: String,
}

impl Action for DeleteManagedPrefixList {
    const NAME: &'static str = "DeleteManagedPrefixList";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteManagedPrefixList { id: p.id("PrefixListId", Kind::PrefixList)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let list = records::need::<PrefixList>(c, account, region, &self.id)?;
            let tags = db::tags::of(c, account, &self.id)?;
            prefix_lists::delete(c, &list)?;
            Ok(Output { prefix_list: ListItem::new(list, tags).while_it("delete-in-progress") })
        };
        cx.change(job).await
    }
}
