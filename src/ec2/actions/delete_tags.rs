//! Take tags off resources: by key, by key and value, or all of them.

use super::create_tags::resources;
use crate::db;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct DeleteTags {
    resources: Vec<String>,
    /// Keys, each with the value that the tag must have to go.
    tags: Vec<(String, Option<String>)>,
}

impl Action for DeleteTags {
    const NAME: &'static str = "DeleteTags";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let one = |tag: &Params<'_>| Ok((tag.req("Key")?.to_owned(), tag.opt("Value").map(str::to_owned)));
        let tags = p.structs("Tag").iter().map(one).collect::<Result<Vec<_>, Error>>()?;
        if let Some((key, _)) = tags.iter().find(|(key, _)| key.starts_with("aws:")) {
            return Err(Error::ParameterValue(format!(
                "Value ( {key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use"
            )));
        }
        Ok(DeleteTags { resources: resources(p)?, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let account = cx.caller.account.clone();
        let removed = cx.cloud.db.write(move |c| {
            for id in &self.resources {
                if self.tags.is_empty() {
                    db::tags::remove_all(c, &account, id)?;
                }
                for (key, value) in &self.tags {
                    db::tags::remove(c, &account, id, key, value.as_deref())?;
                }
            }
            Ok(Done::YES)
        });
        removed.await
    }
}
