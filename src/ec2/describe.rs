//! What most Describe actions do: resources of one kind, all of the caller's or those of some ids, filtered, a page of them.

use super::filter::{Filtered, Filters};
use super::page::Page;
use super::{Cx, Error, resource};
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id::Kind;
use crate::network::records::{self, Kept, Record};
use crate::wire::query::Params;
use std::collections::{BTreeSet, HashMap, HashSet};
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

/// Which resources an answer can be about: what it need not look at is not read.
pub enum Wanted {
    All,
    /// None but these. They need not be there.
    Ids(Vec<String>),
}

/// So many resources are looked up one by one; more are read with all the others.
const MANY: usize = 200;
/// The same of what may be as quick to read with all the others: tags, and who has a tag.
const FEW: usize = 32;

impl From<Option<&[String]>> for Wanted {
    /// None but these, if there is such a list; a long one is not worth it.
    fn from(ids: Option<&[String]>) -> Wanted {
        let Some(ids) = ids.filter(|ids| ids.len() <= MANY) else { return Wanted::All };
        let each: BTreeSet<&String> = ids.iter().collect();
        Wanted::Ids(each.into_iter().cloned().collect())
    }
}

impl Wanted {
    /// What a request for resources of a kind leaves: those of its ids, or of the ids or tags that its filters name.
    pub fn of<T: Filtered>(
        c: &Conn,
        account: &str,
        region: &str,
        kind: Kind,
        ids: &[String],
        filters: &Filters<T>,
    ) -> Result<Wanted, Error> {
        let named = Some(ids).filter(|ids| !ids.is_empty()).or(filters.only(T::ID));
        if named.is_some() {
            return Ok(named.into());
        }
        if let Some((key, values)) = filters.only_tagged() {
            let tagged = db::tags::having(c, account, region, resource::tagged_as(kind), key, values, FEW + 1)?;
            if tagged.len() <= FEW {
                return Ok(Some(&*tagged).into());
            }
        }
        Ok(Wanted::All)
    }

    /// The resources: each looked up with `one`, or `all` of them.
    pub fn read<S, E>(
        &self,
        one: impl FnMut(&String) -> Result<Option<S>, E>,
        all: impl FnOnce() -> Result<Vec<S>, E>,
    ) -> Result<Vec<S>, E> {
        match self {
            Wanted::All => all(),
            Wanted::Ids(ids) => ids.iter().map(one).filter_map(Result::transpose).collect(),
        }
    }

    /// The tags that an account has put on them, by resource id; `kind` is what tags call them.
    pub fn tags(&self, c: &Conn, account: &str, region: &str, kind: &str) -> Result<HashMap<String, Vec<Tag>>, Error> {
        match self {
            Wanted::Ids(ids) if ids.len() <= FEW => {
                let mut of: HashMap<String, Vec<Tag>> = HashMap::new();
                for tag in db::tags::of_these(c, account, region, ids)? {
                    of.entry(tag.resource_id).or_default().push(Tag { key: tag.key, value: tag.value });
                }
                Ok(of)
            }
            Wanted::Ids(_) | Wanted::All => Ok(db::tags::by_resource(c, account, region, kind)?),
        }
    }
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

    /// [`Filters::only`].
    pub fn only(&self, property: &str) -> Option<&[String]> {
        self.filters.only(property)
    }

    /// Which resources its answer can be about.
    pub fn wanted(&self, c: &Conn, account: &str, region: &str) -> Result<Wanted, Error> {
        Wanted::of(c, account, region, self.kind, &self.ids, &self.filters)
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
                let wanted = self.wanted(c, account, region)?;
                let tags = wanted.tags(c, account, region, resource::tagged_as(R::KIND))?;
                let one = |id: &String| records::get::<R>(c, account, region, id);
                Ok((wanted.read(one, || records::all::<R>(c, account, region))?, tags))
            })
            .await?;
        self.answer(all, tags, |one| &one.id, |one, tags| Ok(item(one, tags)))
    }
}

/// Those of `all` that have one of the ids, or all of them if there are no ids. Ids that nothing has are an error.
pub fn pick<S>(kind: Kind, ids: &[String], all: Vec<S>, id: impl Fn(&S) -> &str) -> Result<Vec<S>, Error> {
    let there: HashSet<&str> = if ids.is_empty() { HashSet::new() } else { all.iter().map(&id).collect() };
    let missing: Vec<String> = ids.iter().filter(|wanted| !there.contains(wanted.as_str())).cloned().collect();
    if !missing.is_empty() {
        return Err(Error::NoSuch { kind, ids: missing });
    }
    Ok(keep(ids, all, id))
}

fn keep<S>(ids: &[String], mut all: Vec<S>, id: impl Fn(&S) -> &str) -> Vec<S> {
    let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
    all.retain(|one| wanted.is_empty() || wanted.contains(id(one)));
    all
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn what_is_looked_up_is_what_would_be_found_among_all() {
        let bench = Bench::new();
        let mut ids = Vec::new();
        for name in ["a", "b"] {
            let tag = format!(
                "TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value={name}"
            );
            let made = bench.call(&format!("Action=CreateVolume&AvailabilityZone=us-east-1a&Size=1&{tag}")).await;
            ids.push(made.get("volumeId").unwrap().to_owned());
        }
        let [a, b] = &ids[..] else { panic!("two were made") };
        let filter = |n: u32, name: &str, value: &str| format!("&Filter.{n}.Name={name}&Filter.{n}.Value.1={value}");
        for (form, found) in [
            (format!("&VolumeId.1={a}&VolumeId.2={a}"), vec![a]),
            (filter(1, "volume-id", a), vec![a]),
            (filter(1, "tag:Name", "b"), vec![b]),
            (filter(1, "tag:Name", "b*"), vec![b]),
            (filter(1, "tag:Name", "none"), vec![]),
            (filter(1, "tag:Name", "b") + &filter(2, "volume-id", a), vec![]),
            (filter(1, "volume-id", "vol-12345678"), vec![]),
            (filter(1, "attachment.instance-id", "i-12345678"), vec![]),
        ] {
            let answer = bench.call(&format!("Action=DescribeVolumes{form}")).await;
            assert_eq!(answer.all("volumeId"), found, "{form}: {}", answer.xml);
            assert_eq!(answer.all("key").len(), found.len(), "with its tag: {}", answer.xml);
            let others = bench.call_other(&format!("Action=DescribeVolumes{}", filter(1, "volume-id", a))).await;
            assert!(others.all("volumeId").is_empty());
        }
    }
}
