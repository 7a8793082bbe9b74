//! Change a prefix list: its entries, which makes a new version, its name, or how many entries it may have.

use super::create_managed_prefix_list::{Output, name};
use crate::db::{self, Conn};
use crate::ec2::prefix_lists::{ListItem, entries};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::prefix_lists::{Entry, MOST_ENTRIES, PrefixList};
use crate::network::records;
use crate::wire::query::Params;

pub struct ModifyManagedPrefixList {
    id: String,
    current: Option<i64>,
    name: Option<String>,
    added: Vec<Entry>,
    gone: Vec<String>,
    max_entries: Option<u32>,
}

impl Action for ModifyManagedPrefixList {
    const NAME: &'static str = "ModifyManagedPrefixList";
    const REFUSED: &'static [&'static str] = &["IpamPrefixListResolverSyncEnabled"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let named = p.opt("PrefixListName").is_some_and(|text| !text.is_empty());
        let (added, gone) = (entries(p, "AddEntry")?, entries(p, "RemoveEntry")?);
        let max_entries = p.opt_int("MaxEntries", 1..=i64::from(MOST_ENTRIES))?.map(|n| n as u32);
        if max_entries.is_some() && !(added.is_empty() && gone.is_empty()) {
            return Err(Error::ParameterCombination(
                "You cannot modify the entries of a prefix list and modify the size of a prefix list at the same time."
                    .into(),
            ));
        }
        Ok(ModifyManagedPrefixList {
            id: p.id("PrefixListId", Kind::PrefixList)?.to_owned(),
            current: p.opt_int("CurrentVersion", 0..=i64::MAX)?,
            name: named.then(|| name(p)).transpose()?.map(str::to_owned),
            added,
            gone: gone.into_iter().map(|entry| entry.cidr).collect(),
            max_entries,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut list = records::need::<PrefixList>(c, account, region, &self.id)?;
            if let Some(current) = self.current {
                list.it.check_version(&self.id, current)?;
            }
            if !(self.added.is_empty() && self.gone.is_empty()) {
                list.it.change(&self.gone, self.added)?;
            }
            if let Some(most) = self.max_entries {
                list.it.resize(most)?;
            }
            if let Some(name) = self.name {
                list.it.name = name;
            }
            records::update(c, &list)?;
            let tags = db::tags::of(c, account, &self.id)?;
            Ok(Output { prefix_list: ListItem::new(list, tags).while_it("modify-in-progress") })
        };
        cx.change(job).await
    }
}
