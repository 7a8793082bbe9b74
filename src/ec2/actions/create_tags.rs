//! Put tags on resources; a tag that is there gets its new value. All of them, or none.

use crate::db;
use crate::db::tags::{Resource, Tag};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, resource, tagging};
use crate::wire::query::{self, Params};

pub struct CreateTags {
    resources: Vec<String>,
    tags: Vec<Tag>,
}

/// The resources that a tag action names: there must be some, and all must be ids.
pub(super) fn resources(p: &Params<'_>) -> Result<Vec<String>, Error> {
    let resources: Vec<String> = p.list("ResourceId").into_iter().map(str::to_owned).collect();
    if resources.is_empty() {
        return Err(query::Error::Missing("resourceIdSet".into()).into());
    }
    resources.iter().try_for_each(|id| resource::kind(id).map(|_| ()))?;
    Ok(resources)
}

impl Action for CreateTags {
    const NAME: &'static str = "CreateTags";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let (resources, tags) = (resources(p)?, tagging::tags(p)?);
        if tags.is_empty() {
            return Err(query::Error::Missing("tagSet".into()).into());
        }
        Ok(CreateTags { resources, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let (account, region) = (cx.caller.account.clone(), cx.region.clone());
        let put = cx.cloud.db.write(move |c| {
            for id in &self.resources {
                resource::check(c, &account, &region, id)?;
                let (_, kind) = resource::kind(id)?;
                db::tags::put(c, Resource { account: &account, region: &region, id, kind }, &self.tags)?;
                let own = db::tags::of(c, &account, id)?.iter().filter(|tag| !tag.key.starts_with("aws:")).count();
                if own > tagging::MOST_TAGS {
                    return Err(Error::TagLimit);
                }
            }
            Ok(Done::YES)
        });
        put.await
    }
}
