//! The caller's placement groups.

use crate::compute::placement::{self, Name};
use crate::db;
use crate::db::placement_groups::PlacementGroupRow;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribePlacementGroups {
    names: Vec<Name>,
    filters: Filters<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    placement_group_set: Vec<Item>,
}

/// One group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    group_name: String,
    state: &'static str,
    strategy: String,
    partition_count: Option<u32>,
    group_id: String,
    tag_set: Vec<Tag>,
    group_arn: String,
    spread_level: Option<&'static str>,
}

impl Item {
    /// A group with its tags.
    pub(super) fn new(g: PlacementGroupRow, tag_set: Vec<Tag>) -> Item {
        Item {
            state: "available",
            partition_count: g.partitions,
            tag_set,
            group_arn: resource::arn(&g.region, &g.account, "placement-group", &g.name),
            spread_level: (g.strategy == "spread").then_some("rack"),
            group_name: g.name,
            strategy: g.strategy,
            group_id: g.id,
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("group-arn", |g| vec![g.group_arn.as_str().into()]),
        ("group-name", |g| vec![g.group_name.as_str().into()]),
        ("spread-level", |g| g.spread_level.iter().map(|level| (*level).into()).collect()),
        ("state", |g| vec![g.state.into()]),
        ("strategy", |g| vec![g.strategy.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribePlacementGroups {
    const NAME: &'static str = "DescribePlacementGroups";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids = p.ids("GroupId", Kind::PlacementGroup)?.into_iter().map(|id| Name::Id(id.to_owned()));
        let names = p.list("GroupName").into_iter().map(|name| Name::Name(name.to_owned()));
        Ok(DescribePlacementGroups { names: ids.chain(names).collect(), filters: Filters::read(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (groups, mut tags) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, "placement-group")?;
                if self.names.is_empty() {
                    return Ok((placement::all(c, account, region)?, tags));
                }
                let named = self.names.iter().map(|name| placement::need(c, account, region, name));
                Ok((named.collect::<Result<Vec<_>, _>>()?, tags))
            })
            .await?;
        let item = |g: PlacementGroupRow| {
            let tags = tags.remove(&g.id).unwrap_or_default();
            Item::new(g, tags)
        };
        let placement_group_set = groups.into_iter().map(item).filter(|item| self.filters.accept(item)).collect();
        Ok(Output { placement_group_set })
    }
}
