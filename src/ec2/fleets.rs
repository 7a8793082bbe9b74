//! Fleets as requests describe them and as answers write them.

use super::actions::run_instances::{RunInstances, merged, template_tags};
use super::filter::{Filtered, Values, flag};
use super::launch::Launch;
use super::registry::read_form;
use super::requirements::Requirements;
use super::templates::{Written, element, kept, named, version};
use super::{Cx, Error};
use crate::clock;
use crate::compute::fleet::{Failure, Fleet, Kind, Lifecycle, Pool, State, Told};
use crate::compute::records::Kept;
use crate::compute::templates::{self, Name, Version};
use crate::db::tags::Tag;
use crate::wire::ec2_xml::Time;
use crate::wire::query::{Params, Tree};
use serde::Serialize;

/// A template with the overrides under which it is to be launched.
pub struct Config {
    template: Name,
    version: Version,
    overrides: Vec<Tree>,
}

impl Config {
    /// Read one of `LaunchTemplateConfigs`.
    pub fn read(p: &Params<'_>) -> Result<Config, Error> {
        let template = p.nested("LaunchTemplateSpecification").ok_or_else(|| {
            Error::MissingEither("The request must contain the parameter LaunchTemplateSpecification".into())
        })?;
        let text = template.opt("Version").filter(|text| !text.is_empty()).unwrap_or("$Default");
        let version = version(&template, "Version", text)?;
        let overrides: Vec<Tree> = p.structs("Overrides").iter().map(Params::tree).collect();
        let none = Tree::members([]);
        let overrides = if overrides.is_empty() { vec![none] } else { overrides };
        Ok(Config { template: named(&template)?, version, overrides })
    }

    /// The pools of this, with the instances' tags.
    pub async fn pools(self, cx: &Cx, tags: &[Tag]) -> Result<Vec<Pool>, Error> {
        let found = cx.look(|c, account, region| {
            let template = templates::need(c, account, region, &self.template)?;
            let version = templates::version(c, &template, self.version)?;
            Ok((template, version))
        });
        let (template, version) = found.await?;
        let Tree::Members(mut data) = kept(&version)? else {
            return Err(Error::Internal("a launch template without parameters".into()));
        };
        let by_template = data.remove("InstanceRequirements");
        let specification = Tree::members([
            ("LaunchTemplateId", Some(Tree::Value(template.id.clone()))),
            ("Version", Some(Tree::Value(version.number.to_string()))),
        ]);
        let mut pools = Vec::new();
        for one in self.overrides {
            let requirements = one.member("InstanceRequirements").or(by_template.as_ref());
            let named = one.member("InstanceType").is_some();
            let each = match requirements.filter(|_| !named) {
                Some(tree) => Requirements::of_tree(tree)?.types(),
                None => vec![None],
            };
            for kind in each {
                let mut shown = one.clone();
                if let (Some(kind), Tree::Members(members)) = (kind, &mut shown) {
                    members.remove("InstanceRequirements");
                    members.insert("InstanceType".into(), Tree::Value(kind.to_owned()));
                }
                let request = over(&shown, &data);
                let form = merged(request, Tree::Members(data.clone()))?.to_form();
                let mut launch = read_form::<RunInstances, _>(&form, Launch::read)?;
                launch.tags.retain(|t| !tags.iter().any(|mine| mine.key == t.key));
                launch.tags.extend(tags.iter().cloned());
                launch.tags.extend(template_tags(&template.id, version.number));
                let number = |name: &str| text(&shown, name).and_then(|text| text.parse::<f64>().ok());
                pools.push(Pool {
                    retired: false,
                    weight: number("WeightedCapacity").filter(|n| *n > 0.0).unwrap_or(1.0),
                    priority: number("Priority"),
                    launch: launch.request(cx)?,
                    shown: Tree::members([
                        ("LaunchTemplateSpecification", Some(specification.clone())),
                        ("Overrides", Some(shown)),
                    ])
                    .to_json(),
                });
            }
        }
        Ok(pools)
    }
}

fn text<'a>(tree: &'a Tree, name: &str) -> Option<&'a str> {
    match tree.member(name) {
        Some(Tree::Value(text)) => Some(text),
        Some(Tree::List(_) | Tree::Members(_)) | None => None,
    }
}

/// The request for one instance that an override makes over a template's parameters.
fn over(one: &Tree, data: &std::collections::BTreeMap<String, Tree>) -> Tree {
    let count = || Some(Tree::Value("1".into()));
    let same = |name: &'static str| (name, one.member(name).cloned());
    let zone = text(one, "AvailabilityZone").map(|zone| Tree::Value(zone.to_owned()));
    let placement = match (one.member("Placement").cloned(), zone) {
        (Some(Tree::Members(mut members)), Some(zone)) => {
            members.insert("AvailabilityZone".into(), zone);
            Some(Tree::Members(members))
        }
        (placement, zone) => placement.or(zone.map(|zone| Tree::members([("AvailabilityZone", Some(zone))]))),
    };
    // Where the template describes interfaces, the subnet is its first one's.
    let subnet = one.member("SubnetId").cloned();
    let (subnet, cards) = match (subnet, data.get("NetworkInterface").cloned()) {
        (Some(subnet), Some(Tree::List(mut cards))) => {
            if let Some(Tree::Members(first)) = cards.first_mut() {
                first.insert("SubnetId".into(), subnet);
            }
            (None, Some(Tree::List(cards)))
        }
        (subnet, _) => (subnet, None),
    };
    Tree::members([
        ("MinCount", count()),
        ("MaxCount", count()),
        same("InstanceType"),
        same("ImageId"),
        same("KeyName"),
        same("IamInstanceProfile"),
        same("MetadataOptions"),
        same("BlockDeviceMapping"),
        ("Placement", placement),
        ("SubnetId", subnet),
        ("NetworkInterface", cards),
    ])
}

/// An error for templates of which nothing can be launched.
pub fn no_empty(pools: &[Pool]) -> Result<(), Error> {
    let nothing = || Error::ParameterValue("No instance type meets the requirements".into());
    if pools.is_empty() { Err(nothing()) } else { Ok(()) }
}

/// Show other configurations than those that the fleet was made with.
pub fn show_configs(fleet: &mut Fleet, configs: Vec<Tree>) -> Result<(), Error> {
    let new = Tree::members([("LaunchTemplateConfigs", Some(Tree::List(configs)))]);
    fleet.shown = new.over(shown(fleet)?).to_json();
    Ok(())
}

/// A fleet's parameters, as its maker sent them.
fn shown(fleet: &Fleet) -> Result<Tree, Error> {
    serde_json::from_str(&fleet.shown).map_err(|e| Error::Internal(format!("what a fleet shows: {e}")))
}

/// A failed launch, as it is told.
pub fn told(failure: &Failure) -> Told {
    // The code of an error can be told without the error itself.
    let (code, _) = super::error::compute(&failure.error);
    Told { pool: failure.pool, lifecycle: failure.lifecycle, code: code.to_owned(), message: failure.error.to_string() }
}

/// What a fleet could not launch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorItem {
    launch_template_and_overrides: Written,
    lifecycle: &'static str,
    error_code: String,
    error_message: String,
}

/// What an instant fleet has launched out of one pool.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchedItem {
    launch_template_and_overrides: Written,
    lifecycle: &'static str,
    instance_ids: Vec<String>,
    instance_type: String,
}

fn written(json: &str) -> Result<Written, Error> {
    let tree = serde_json::from_str(json).map_err(|e| Error::Internal(format!("what a fleet shows: {e}")))?;
    Ok(Written { tree, name: element })
}

/// What a fleet could not launch.
pub fn errors(fleet: &Fleet) -> Result<Vec<ErrorItem>, Error> {
    let item = |told: &Told| {
        Ok(ErrorItem {
            launch_template_and_overrides: written(&fleet.pools[told.pool].shown)?,
            lifecycle: told.lifecycle.text(),
            error_code: told.code.clone(),
            error_message: told.message.clone(),
        })
    };
    fleet.errors.iter().map(item).collect()
}

/// What an instant fleet has launched, pool by pool.
pub fn launched(fleet: &Fleet) -> Result<Vec<LaunchedItem>, Error> {
    let mut items = Vec::new();
    for lifecycle in [Lifecycle::OnDemand, Lifecycle::Spot] {
        for (n, pool) in fleet.pools.iter().enumerate() {
            let mine = fleet.members.iter().filter(|m| m.pool == n && m.lifecycle == lifecycle);
            let instance_ids: Vec<String> = mine.map(|m| m.instance.clone()).collect();
            if !instance_ids.is_empty() {
                items.push(LaunchedItem {
                    launch_template_and_overrides: written(&pool.shown)?,
                    lifecycle: lifecycle.text(),
                    instance_ids,
                    instance_type: pool.launch.instance_type.clone(),
                });
            }
        }
    }
    Ok(items)
}

/// One fleet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    activity_status: Option<&'static str>,
    create_time: Time,
    pub fleet_id: String,
    fleet_state: &'static str,
    client_token: Option<String>,
    fulfilled_capacity: f64,
    fulfilled_on_demand_capacity: f64,
    target_capacity_specification: TargetItem,
    r#type: &'static str,
    excess_capacity_termination_policy: &'static str,
    /// What its maker sent, for the rest.
    #[serde(flatten)]
    shown: Shown,
    tag_set: Vec<Tag>,
    error_set: Vec<ErrorItem>,
    fleet_instance_set: Vec<LaunchedItem>,
}

/// Parameters, member by member.
struct Shown(Tree);

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Written { tree: self.0.clone(), name: element }.serialize(s)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetItem {
    total_target_capacity: i64,
    on_demand_target_capacity: i64,
    spot_target_capacity: i64,
    default_target_capacity_type: &'static str,
}

impl Item {
    /// A fleet with its tags. `living` has only the members that live.
    pub fn new(kept: Kept<Fleet>, living: &Fleet, tag_set: Vec<Tag>) -> Result<Item, Error> {
        let Kept { id, it, created_at, .. } = kept;
        let shown = shown(&it)?;
        let capacity = living.capacity(None);
        let activity = match it.state {
            State::Active if capacity >= it.target.total as f64 || it.kind == Kind::Instant => Some("fulfilled"),
            State::Active if it.errors.is_empty() => Some("pending_fulfillment"),
            State::Active => Some("error"),
            State::DeletedTerminating => Some("pending_termination"),
            State::DeletedRunning | State::Deleted => None,
        };
        Ok(Item {
            activity_status: activity,
            create_time: Time(clock::from_ms(created_at)),
            fleet_id: id,
            fleet_state: it.state.text(),
            client_token: it.client_token.clone(),
            fulfilled_capacity: capacity,
            fulfilled_on_demand_capacity: living.capacity(Some(Lifecycle::OnDemand)),
            target_capacity_specification: TargetItem {
                total_target_capacity: it.target.total,
                on_demand_target_capacity: it.target.on_demand,
                spot_target_capacity: it.target.spot,
                default_target_capacity_type: it.target.default.text(),
            },
            r#type: it.kind.text(),
            excess_capacity_termination_policy: if it.ends_excess { "termination" } else { "no-termination" },
            shown: Shown(shown),
            tag_set,
            error_set: errors(&it)?,
            fleet_instance_set: if it.kind == Kind::Instant { launched(&it)? } else { Vec::new() },
        })
    }
}

fn word<'a>(text: &'a str) -> Vec<std::borrow::Cow<'a, str>> {
    // AWS's documentation has dashes where its answers have underscores.
    vec![text.into(), text.replace('_', "-").into()]
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("activity-status", |i| i.activity_status.iter().flat_map(|s| word(s)).collect()),
        ("excess-capacity-termination-policy", |i| {
            let ends = i.excess_capacity_termination_policy == "termination";
            [vec![i.excess_capacity_termination_policy.into()], flag(ends)].concat()
        }),
        ("fleet-state", |i| word(i.fleet_state)),
        ("replace-unhealthy-instances", |i| {
            vec![text(&i.shown.0, "ReplaceUnhealthyInstances").unwrap_or("false").into()]
        }),
        ("type", |i| vec![i.r#type.into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
