//! What most Describe actions do: resources of one kind, all of the caller's or those of some ids, filtered, a page of them.

use super::filter::{Filtered, Filters};
use super::page::Page;
use super::{Cx, Error, resource};
use crate::db;
use crate::db::tags::Tag;
use crate::id::Kind;
use crate::network::records::{self, Kept, Record};
use crate::wire::query::Params;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// What such a request asks for. `T` is what its answer shows of one resource.
pub struct Listing<T> {
    kind: Kind,
    ids: Vec<String>,
    filters: Filters<T>,
    page: Page,
    /// Whether ids that nothing has are left out rather than an error.
    forgiving: bool,
}

/// A page of items, and the token of the next one.
pub type Listed<T> = (Vec<T>, Option<String>);

impl<T: Filtered> Listing<T> {
    /// Read ids, filters and page. The ids are called `parameter` in the form, and `list` where AWS says that they
    /// exclude `MaxResults`.
    pub fn read(p: &Params<'_>, kind: Kind, parameter: &str, list: &str) -> Result<Listing<T>, Error> {
        let ids: Vec<String> = p.ids(parameter, kind)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some(list))?;
        Ok(Listing { kind, ids, filters: Filters::read(p)?, page, forgiving: false })
    }

    /// [`Listing::read`] where ids and pages do not exclude each other, and pages have other sizes.
    pub fn sized(p: &Params<'_>, kind: Kind, parameter: &str, sizes: RangeInclusive<i64>) -> Result<Listing<T>, Error> {
        let ids = p.ids(parameter, kind)?.into_iter().map(str::to_owned).collect();
        let page = Page::within(p, None, sizes)?;
        Ok(Listing { kind, ids, filters: Filters::read(p)?, page, forgiving: false })
    }

    /// [`Listing::read`] of an action that knows no pages.
    pub fn whole(p: &Params<'_>, kind: Kind, parameter: &str) -> Result<Listing<T>, Error> {
        let ids = p.ids(parameter, kind)?.into_iter().map(str::to_owned).collect();
        Ok(Listing { kind, ids, filters: Filters::read(p)?, page: Page::default(), forgiving: false })
    }

    /// The same where AWS leaves out ids that nothing has.
    pub fn forgiving(self) -> Listing<T> {
        Listing { forgiving: true, ..self }
    }

    /// Ask for these beside the ids of the form.
    pub fn add(&mut self, ids: impl IntoIterator<Item = String>) {
        self.ids.extend(ids);
    }

    /// The items of `all`, which is what the caller sees; `item` makes one with its tags.
    pub fn answer<S>(
        self,
        all: Vec<S>,
        mut tags: HashMap<String, Vec<Tag>>,
        id: impl Fn(&S) -> &str,
        mut item: impl FnMut(S, Vec<Tag>) -> Result<T, Error>,
    ) -> Result<Listed<T>, Error> {
        let chosen = match self.forgiving {
            true => keep(&self.ids, all, &id),
            false => pick(self.kind, &self.ids, all, &id)?,
        };
        let mut items = Vec::new();
        for one in chosen {
            let id = id(&one).to_owned();
            let made = item(one, tags.remove(&id).unwrap_or_default())?;
            if self.filters.accept(&made) {
                items.push((id, made));
            }
        }
        let (items, next_token) = self.page.cut(items, |(id, _)| id.clone());
        Ok((items.into_iter().map(|(_, item)| item).collect(), next_token))
    }

    /// [`Listing::answer`] of the caller's records.
    pub async fn of_records<R: Record + Send>(
        self,
        cx: &Cx,
        mut item: impl FnMut(Kept<R>, Vec<Tag>) -> T,
    ) -> Result<Listed<T>, Error> {
        let (all, tags) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, resource::tagged_as(R::KIND))?;
                Ok((records::all::<R>(c, account, region)?, tags))
            })
            .await?;
        self.answer(all, tags, |one| &one.id, |one, tags| Ok(item(one, tags)))
    }
}

/// Those of `all` that have one of the ids, or all of them if there are no ids. Ids that nothing has are an error.
pub fn pick<S>(kind: Kind, ids: &[String], all: Vec<S>, id: impl Fn(&S) -> &str) -> Result<Vec<S>, Error> {
    let missing: Vec<String> =
        ids.iter().filter(|wanted| !all.iter().any(|one| id(one) == **wanted)).cloned().collect();
    if !missing.is_empty() {
        return Err(Error::NoSuch { kind, ids: missing });
    }
    Ok(keep(ids, all, id))
}

fn keep<S>(ids: &[String], mut all: Vec<S>, id: impl Fn(&S) -> &str) -> Vec<S> {
    all.retain(|one| ids.is_empty() || ids.iter().any(|wanted| id(one) == wanted));
    all
}
