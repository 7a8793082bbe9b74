//! Rules that come, go, or are described anew: each is the same for traffic in and out.

use super::Named;
use super::shown::{Permission, RuleItem, permissions};
use super::wanted::{Wanted, description, wanted};
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::{Cx, Done, Error, tagging};
use crate::id::Kind;
use crate::network::groups::check_size;
use crate::network::records;
use crate::network::vpcs;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// What authorizing answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    #[serde(rename = "return")]
    done: bool,
    security_group_rule_set: Vec<RuleItem>,
}

/// New rules for a group, with these tags on each.
pub struct Authorization {
    group: Named,
    rules: Vec<Wanted>,
    tags: Vec<Tag>,
}

impl Authorization {
    pub fn read(p: &Params<'_>) -> Result<Authorization, Error> {
        let rules = wanted(p)?;
        if rules.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        let specifications = tagging::specifications(p, &["security-group-rule"])?;
        let tags = tagging::of(&specifications, "security-group-rule");
        Ok(Authorization { group: Named::read(p)?, rules, tags })
    }

    pub async fn write(self, cx: &Cx, egress: bool) -> Result<Authorized, Error> {
        let Authorization { group, rules, tags } = self;
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut group = group.find(c, account, region)?;
            let rules = rules.into_iter().map(|w| w.resolve(c, &group)).collect::<Result<_, _>>()?;
            let added = group.it.authorize(egress, rules)?;
            check_size(c, &group, egress)?;
            records::update(c, &group)?;
            for rule in &added {
                let on = db::tags::Resource { account, region, id: &rule.id, kind: "security-group-rule" };
                db::tags::put(c, on, &tags)?;
            }
            let items = added.into_iter().map(|rule| RuleItem::new(&group, rule, tags.clone())).collect();
            Ok(Authorized { done: true, security_group_rule_set: items })
        };
        cx.change(job).await
    }
}

/// What revoking answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    #[serde(rename = "return")]
    done: bool,
    unknown_ip_permission_set: Vec<Permission>,
    revoked_security_group_rule_set: Vec<RuleItem>,
}

/// Rules that are to go from a group, by what they say or by their ids. What a group of the default VPC does not say is an error;
/// elsewhere the answer tells it.
pub struct Revocation {
    group: Named,
    rules: Vec<Wanted>,
    ids: Vec<String>,
}

impl Revocation {
    pub fn read(p: &Params<'_>) -> Result<Revocation, Error> {
        let ids = p.ids("SecurityGroupRuleId", Kind::SecurityGroupRule)?.into_iter().map(str::to_owned).collect();
        let revocation = Revocation { group: Named::read(p)?, rules: wanted(p)?, ids };
        if revocation.rules.is_empty() && revocation.ids.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        Ok(revocation)
    }

    pub async fn write(self, cx: &Cx, egress: bool) -> Result<Revoked, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut group = self.group.find(c, account, region)?;
            let mut allows = Vec::new();
            for rule in self.rules {
                allows.push(rule.resolve(c, &group)?.0);
            }
            let mut gone = group.it.revoke_ids(egress, &self.ids)?;
            let (more, unknown) = group.it.revoke(egress, allows);
            if !unknown.is_empty() && vpcs::need(c, account, region, &group.it.vpc)?.is_default {
                return Err(crate::network::Error::NoSuchRule.into());
            }
            gone.extend(more);
            records::update(c, &group)?;
            gone.iter().try_for_each(|rule| db::tags::forget(c, &rule.id))?;
            Ok(Revoked {
                done: true,
                unknown_ip_permission_set: permissions(unknown.into_iter().map(|allow| (allow, None))),
                revoked_security_group_rule_set: gone.into_iter().map(|r| RuleItem::revoked(&group, r)).collect(),
            })
        };
        cx.change(job).await
    }
}

/// New descriptions for rules: by what they say, or by their ids.
pub struct Descriptions {
    group: Named,
    rules: Vec<Wanted>,
    by_id: Vec<(String, Option<String>)>,
}

impl Descriptions {
    pub fn read(p: &Params<'_>) -> Result<Descriptions, Error> {
        let mut by_id = Vec::new();
        for item in p.structs("SecurityGroupRuleDescription") {
            let id = item.id("SecurityGroupRuleId", Kind::SecurityGroupRule)?.to_owned();
            by_id.push((id, description(item.opt("Description"))?));
        }
        let rules = wanted(p)?;
        if rules.is_empty() && by_id.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        Ok(Descriptions { group: Named::read(p)?, rules, by_id })
    }

    pub async fn write(self, cx: &Cx, egress: bool) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut group = self.group.find(c, account, region)?;
            for rule in self.rules {
                let (allow, text) = rule.resolve(c, &group)?;
                group.it.describe(egress, &allow, text)?;
            }
            for (id, text) in self.by_id {
                group.it.rule(&id)?.description = text;
            }
            records::update(c, &group)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
