//! The rules of the caller's security groups, one by one.

use crate::db;
use crate::db::tags::Tag;
use crate::ec2::describe::Wanted;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::groups::{RuleItem, peering_statuses};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, describe};
use crate::id::Kind;
use crate::network::groups::Group;
use crate::network::records;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSecurityGroupRules {
    ids: Vec<String>,
    filters: Filters<RuleItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    security_group_rule_set: Vec<RuleItem>,
    next_token: Option<String>,
}

impl Filtered for RuleItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("group-id", |r| vec![r.group_id.as_str().into()]),
        ("security-group-rule-id", |r| vec![r.security_group_rule_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        self.tag_set.as_deref()
    }
}

impl Action for DescribeSecurityGroupRules {
    const NAME: &'static str = "DescribeSecurityGroupRules";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> =
            p.ids("SecurityGroupRuleId", Kind::SecurityGroupRule)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("securityGroupRuleIds"))?;
        Ok(DescribeSecurityGroupRules { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (groups, mut tags, statuses) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, "security-group-rule")?;
                let statuses = peering_statuses(c, account, region)?;
                let groups = Wanted::from(self.filters.only("group-id"));
                let one = |id: &String| records::get::<Group>(c, account, region, id);
                Ok((groups.read(one, || records::all::<Group>(c, account, region))?, tags, statuses))
            })
            .await?;
        let mut items: Vec<RuleItem> = Vec::new();
        for mut group in groups {
            for rule in std::mem::take(&mut group.it.rules) {
                let tags = tags.remove(&rule.id).unwrap_or_default();
                let mut item = RuleItem::new(&group, rule, tags);
                item.referenced_group_info.iter_mut().for_each(|pair| pair.look(&statuses));
                items.push(item);
            }
        }
        let mut items = describe::pick(Kind::SecurityGroupRule, &self.ids, items, |r| &r.security_group_rule_id)?;
        items.retain(|r| self.filters.accept(r));
        // A group's rules together, what goes out first: an order that is the same at every call.
        let place = |r: &RuleItem| format!("{} {} {}", r.group_id, u8::from(!r.is_egress), r.security_group_rule_id);
        let (security_group_rule_set, next_token) = self.page.cut(items, place);
        Ok(Output { security_group_rule_set, next_token })
    }
}
