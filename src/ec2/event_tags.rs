//! The tags that notifications of instances' events are to carry, as requests say them and as answers write them.

use super::{Cx, Error};
use crate::compute::defaults::{self, EventTags};
use crate::db::Conn;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// What answers show.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_tag_attribute: Item,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    instance_tag_key_set: Vec<String>,
    include_all_tags_of_instance: bool,
}

impl From<EventTags> for Output {
    fn from(tags: EventTags) -> Output {
        let (keys, all) = (tags.keys.into_iter().collect(), tags.all);
        Output { instance_tag_attribute: Item { instance_tag_key_set: keys, include_all_tags_of_instance: all } }
    }
}

/// Read `InstanceTagAttribute`: all tags, or some keys.
pub fn read(p: &Params<'_>) -> Result<EventTags, Error> {
    let attribute = p.nested("InstanceTagAttribute");
    let attribute = attribute.ok_or_else(|| query::Error::Missing("InstanceTagAttribute".into()))?;
    let all = attribute.opt_bool("IncludeAllTagsOfInstance")?.unwrap_or(false);
    let keys: std::collections::BTreeSet<String> =
        attribute.list("InstanceTagKey").into_iter().map(str::to_owned).collect();
    match all == keys.is_empty() {
        true => Ok(EventTags { all, keys }),
        false => Err(Error::ParameterCombination(
            "Either IncludeAllTagsOfInstance or InstanceTagKeys must be specified, but not both".into(),
        )),
    }
}

/// Say it anew.
pub async fn change(cx: &Cx, change: impl FnOnce(&mut EventTags) + Send + 'static) -> Result<Output, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let mut tags = defaults::event_tags(c, account, region)?;
        change(&mut tags);
        defaults::set_event_tags(c, account, region, &tags)?;
        Ok(tags.into())
    };
    cx.change(job).await
}
