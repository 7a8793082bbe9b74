//! Make a prefix list's entries what they were in an older version, as a new one.

use super::create_managed_prefix_list::Output;
use crate::db::{self, Conn};
use crate::ec2::prefix_lists::ListItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::prefix_lists::PrefixList;
use crate::network::records;
use crate::wire::query::Params;

pub struct RestoreManagedPrefixListVersion {
    id: String,
    previous: i64,
    current: i64,
}

impl Action for RestoreManagedPrefixListVersion {
    const NAME: &'static str = "RestoreManagedPrefixListVersion";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RestoreManagedPrefixListVersion {
            id: p.id("PrefixListId", Kind::PrefixList)?.to_owned(),
            previous: p.int("PreviousVersion", 1..=i64::MAX)?,
            current: p.int("CurrentVersion", 1..=i64::MAX)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut list = records::need::<PrefixList>(c, account, region, &self.id)?;
            list.it.check_version(&self.id, self.current)?;
            list.it.restore(&self.id, self.previous)?;
            records::update(c, &list)?;
            let tags = db::tags::of(c, account, &self.id)?;
            Ok(Output { prefix_list: ListItem::new(list, tags).while_it("restore-in-progress") })
        };
        cx.change(job).await
    }
}
