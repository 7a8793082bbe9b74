//! Spot requests as requests describe them and as answers write them.

use super::filter::{Filtered, Values, maybe};
use super::images::platform_details;
use super::templates::Written;
use super::{Cx, Error, zone};
use crate::clock;
use crate::compute::records::{self, Kept};
use crate::compute::spot::{Interruption, SpotRequest, SpotWish};
use crate::db;
use crate::db::tags::Tag;
use crate::network::groups::Group;
use crate::network::records as network_records;
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Form, Params, Tree};
use crate::wire::timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// What capacity costs, as AWS writes prices.
pub const PRICE: &str = "0.000000";

/// Parameters of a launch that a spot request shows.
const SHOWN: &[&str] = &[
    "AddressingType",
    "BlockDeviceMapping",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "InstanceType",
    "KernelId",
    "KeyName",
    "Monitoring",
    "NetworkInterface",
    "Placement",
    "RamdiskId",
    "SecurityGroup",
    "SecurityGroupId",
    "SubnetId",
];

/// What is said of a request in RequestSpotInstances, or in the `SpotOptions` of a launch: the names differ.
pub struct Names {
    pub kind: &'static str,
    pub price: &'static str,
}

/// Read what a request wants beside the launch. `specification` are the launch's parameters.
pub fn wish(p: &Params<'_>, names: &Names, specification: Tree, tags: Vec<Tag>) -> Result<SpotWish, Error> {
    let persistent = match p.opt(names.kind).filter(|text| !text.is_empty()) {
        None | Some("one-time") => false,
        Some("persistent") => true,
        Some(other) => return Err(p.invalid(names.kind, other, "Expecting one-time or persistent.").into()),
    };
    let interruption = match p.opt("InstanceInterruptionBehavior").filter(|text| !text.is_empty()) {
        None => Interruption::Terminate,
        Some(text) => Interruption::parse(text).ok_or_else(|| {
            p.invalid("InstanceInterruptionBehavior", text, "Expecting hibernate, stop or terminate.")
        })?,
    };
    if !persistent && interruption != Interruption::Terminate {
        return Err(Error::ParameterCombination(format!(
            "The instance interruption behavior {} is for persistent Spot requests only",
            interruption.text()
        )));
    }
    if p.opt("BlockDurationMinutes").is_some() {
        return Err(Error::Unsupported("BlockDurationMinutes".into()));
    }
    let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(SpotWish {
        persistent,
        price: price(p, names.price)?,
        interruption,
        valid_from: time(p, "ValidFrom")?,
        valid_until: time(p, "ValidUntil")?,
        launch_group: owned("LaunchGroup"),
        zone_group: owned("AvailabilityZoneGroup"),
        specification: specification.to_json(),
        tags,
    })
}

/// What a launch says by `InstanceMarketOptions`.
pub fn of_launch(p: &Params<'_>, tags: Vec<Tag>) -> Result<Option<SpotWish>, Error> {
    let Some(market) = p.nested("InstanceMarketOptions") else { return Ok(None) };
    match market.opt("MarketType").filter(|text| !text.is_empty()) {
        None | Some("spot") => {}
        Some(other @ ("capacity-block" | "interruptible-capacity-reservation")) => {
            return Err(Error::Unsupported(format!("the market {other}")));
        }
        Some(other) => return Err(market.invalid("MarketType", other, "Expecting spot.").into()),
    }
    let names = Names { kind: "SpotInstanceType", price: "MaxPrice" };
    let nothing = Form::default();
    let options = market.nested("SpotOptions");
    let specification = shown(p);
    wish(options.as_ref().unwrap_or(&nothing.params()), &names, specification, tags).map(Some)
}

/// The parameters of a launch that its spot request shows. They are not read by this.
fn shown(p: &Params<'_>) -> Tree {
    let mut form = Form::default();
    for (name, value) in p.values() {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        if SHOWN.contains(&path[0].as_str()) {
            form.set(&path, value.to_owned());
        }
    }
    form.params().tree()
}

/// A price, in AWS's form.
fn price(p: &Params<'_>, name: &str) -> Result<String, Error> {
    let Some(text) = p.opt(name).filter(|text| !text.is_empty()) else { return Ok(PRICE.into()) };
    match text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0) {
        Some(n) => Ok(format!("{n:.6}")),
        None => Err(p.invalid(name, text, "Expecting a price.").into()),
    }
}

/// A time that may be absent, in milliseconds since the epoch.
pub fn time(p: &Params<'_>, name: &str) -> Result<Option<i64>, query::Error> {
    let Some(text) = p.opt(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let at = timestamp::parse(text).ok_or_else(|| p.invalid(name, text, "Expecting a time in ISO 8601."))?;
    Ok(Some(clock::to_ms(at)))
}

/// What a request shows: the launch's parameters, its groups with their names.
fn specification(json: &str, groups: &HashMap<String, String>) -> Result<Tree, Error> {
    let tree: Tree =
        serde_json::from_str(json).map_err(|e| Error::Internal(format!("a spot request's specification: {e}")))?;
    let Tree::Members(mut members) = tree else { return Ok(tree) };
    members.remove("UserData");
    let mut listed = Vec::new();
    let value = |text: &str| Some(Tree::Value(text.to_owned()));
    for name in ["SecurityGroupId", "SecurityGroup"] {
        let Some(Tree::List(of_this)) = members.remove(name) else { continue };
        for one in of_this {
            let Tree::Value(text) = one else { continue };
            let by_name = || groups.iter().find(|(_, name)| **name == text).map(|(id, _)| id.clone());
            let id = if name == "SecurityGroupId" { Some(text.clone()) } else { by_name() };
            let name = id.as_ref().and_then(|id| groups.get(id)).cloned().unwrap_or(text);
            listed.push(Tree::members([("GroupId", id.as_deref().and_then(value)), ("GroupName", value(&name))]));
        }
    }
    members.insert("Group".into(), Tree::List(listed));
    // What AWS always shows.
    members.entry("Monitoring".into()).or_insert(Tree::members([("Enabled", value("false"))]));
    members.entry("EbsOptimized".into()).or_insert(Tree::Value("false".into()));
    members.entry("BlockDeviceMapping".into()).or_insert(Tree::List(Vec::new()));
    Ok(Tree::Members(members))
}

/// Names of elements, where a spot request has its own.
fn element(parent: &str, name: &str) -> String {
    match (parent, name) {
        ("NetworkInterface", "SecurityGroupId") => name.to_owned(),
        ("", "NetworkInterface" | "Group") | ("NetworkInterface", "PrivateIpAddresses") => {
            name[..1].to_ascii_lowercase() + &name[1..] + "Set"
        }
        (_, _) => name[..1].to_ascii_lowercase() + &name[1..],
    }
}

/// One request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub spot_instance_request_id: String,
    spot_price: String,
    r#type: &'static str,
    state: &'static str,
    fault: Option<Fault>,
    status: StatusItem,
    valid_from: Option<Time>,
    valid_until: Option<Time>,
    launch_group: Option<String>,
    availability_zone_group: Option<String>,
    launch_specification: Written,
    instance_id: Option<String>,
    create_time: Time,
    product_description: &'static str,
    tag_set: Vec<Tag>,
    launched_availability_zone: Option<String>,
    launched_availability_zone_id: Option<String>,
    instance_interruption_behavior: &'static str,
}

/// Why a request failed.
#[derive(Serialize)]
struct Fault {
    code: String,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusItem {
    code: &'static str,
    update_time: Time,
    message: &'static str,
}

impl Item {
    fn new(
        kept: Kept<SpotRequest>,
        tag_set: Vec<Tag>,
        groups: &HashMap<String, String>,
        platform: Option<&str>,
    ) -> Result<Item, Error> {
        let Kept { id, it, created_at, .. } = kept;
        let at = |ms: i64| Time(clock::from_ms(ms));
        let (code, message) = it.status.texts();
        Ok(Item {
            spot_instance_request_id: id,
            spot_price: it.wish.price,
            r#type: if it.wish.persistent { "persistent" } else { "one-time" },
            state: it.state.text(),
            fault: it.fault.map(|(code, message)| Fault { code, message }),
            status: StatusItem { code, update_time: at(it.changed_at), message },
            valid_from: it.wish.valid_from.map(at),
            valid_until: it.wish.valid_until.map(at),
            launch_group: it.wish.launch_group,
            availability_zone_group: it.wish.zone_group,
            launch_specification: Written { tree: specification(&it.wish.specification, groups)?, name: element },
            instance_id: it.instance,
            create_time: at(created_at),
            product_description: platform_details(platform).0,
            tag_set,
            launched_availability_zone_id: it.zone.as_deref().map(zone::id),
            launched_availability_zone: it.zone,
            instance_interruption_behavior: it.wish.interruption.text(),
        })
    }
}

/// The items of requests, with their tags.
pub fn items(cx: &Cx, requests: Vec<Kept<SpotRequest>>) -> Result<Vec<Item>, Error> {
    cx.cloud.db.read(|c| {
        let (account, region) = (&cx.caller.account, &cx.region);
        let groups = network_records::all::<Group>(c, account, region)?;
        let groups: HashMap<String, String> = groups.into_iter().map(|g| (g.id, g.it.name)).collect();
        let mut tags = db::tags::by_resource(c, account, region, "spot-instances-request")?;
        let item = |request: Kept<SpotRequest>| {
            let platform = db::images::get(c, &request.it.launch.image_id)?.and_then(|image| image.platform);
            let tags = tags.remove(&request.id).unwrap_or_default();
            Item::new(request, tags, &groups, platform.as_deref())
        };
        requests.into_iter().map(item).collect()
    })
}

/// The account's requests.
pub fn all(cx: &Cx) -> Result<Vec<Kept<SpotRequest>>, Error> {
    Ok(cx.cloud.db.read(|c| records::all::<SpotRequest>(c, &cx.caller.account, &cx.region))?)
}

/// The texts below the launch specification at this path; lists are walked through.
fn under<'a>(i: &'a Item, path: &[&str]) -> Vec<Cow<'a, str>> {
    fn walk<'a>(tree: &'a Tree, path: &[&str], found: &mut Vec<Cow<'a, str>>) {
        match (tree, path) {
            (Tree::List(items), _) => items.iter().for_each(|item| walk(item, path, found)),
            (Tree::Members(members), [name, rest @ ..]) => {
                if let Some(member) = members.get(*name) {
                    walk(member, rest, found);
                }
            }
            (Tree::Value(text), []) => found.push(text.as_str().into()),
            (Tree::Value(_), [_, ..]) | (Tree::Members(_), []) => {}
        }
    }
    let mut found = Vec::new();
    walk(&i.launch_specification.tree, path, &mut found);
    found
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("availability-zone-group", |i| maybe(&i.availability_zone_group)),
        ("create-time", |i| vec![i.create_time.to_string().into()]),
        ("fault-code", |i| i.fault.iter().map(|f| f.code.as_str().into()).collect()),
        ("fault-message", |i| i.fault.iter().map(|f| f.message.as_str().into()).collect()),
        ("instance-id", |i| maybe(&i.instance_id)),
        ("launch-group", |i| maybe(&i.launch_group)),
        ("launch.block-device-mapping.delete-on-termination", |i| {
            under(i, &["BlockDeviceMapping", "Ebs", "DeleteOnTermination"])
        }),
        ("launch.block-device-mapping.device-name", |i| under(i, &["BlockDeviceMapping", "DeviceName"])),
        ("launch.block-device-mapping.snapshot-id", |i| under(i, &["BlockDeviceMapping", "Ebs", "SnapshotId"])),
        ("launch.block-device-mapping.volume-size", |i| under(i, &["BlockDeviceMapping", "Ebs", "VolumeSize"])),
        ("launch.block-device-mapping.volume-type", |i| under(i, &["BlockDeviceMapping", "Ebs", "VolumeType"])),
        ("launch.group-id", |i| under(i, &["Group", "GroupId"])),
        ("launch.group-name", |i| under(i, &["Group", "GroupName"])),
        ("launch.image-id", |i| under(i, &["ImageId"])),
        ("launch.instance-type", |i| under(i, &["InstanceType"])),
        ("launch.kernel-id", |i| under(i, &["KernelId"])),
        ("launch.key-name", |i| under(i, &["KeyName"])),
        ("launch.monitoring-enabled", |i| under(i, &["Monitoring", "Enabled"])),
        ("launch.ramdisk-id", |i| under(i, &["RamdiskId"])),
        ("launched-availability-zone", |i| maybe(&i.launched_availability_zone)),
        ("launched-availability-zone-id", |i| maybe(&i.launched_availability_zone_id)),
        ("network-interface.addresses.primary", |i| under(i, &["NetworkInterface", "PrivateIpAddresses", "Primary"])),
        ("network-interface.delete-on-termination", |i| under(i, &["NetworkInterface", "DeleteOnTermination"])),
        ("network-interface.description", |i| under(i, &["NetworkInterface", "Description"])),
        ("network-interface.device-index", |i| under(i, &["NetworkInterface", "DeviceIndex"])),
        ("network-interface.group-id", |i| under(i, &["NetworkInterface", "SecurityGroupId"])),
        ("network-interface.network-interface-id", |i| under(i, &["NetworkInterface", "NetworkInterfaceId"])),
        ("network-interface.private-ip-address", |i| under(i, &["NetworkInterface", "PrivateIpAddress"])),
        ("network-interface.subnet-id", |i| under(i, &["NetworkInterface", "SubnetId"])),
        ("product-description", |i| vec![i.product_description.into()]),
        ("spot-instance-request-id", |i| vec![i.spot_instance_request_id.as_str().into()]),
        ("spot-price", |i| vec![i.spot_price.as_str().into()]),
        ("state", |i| vec![i.state.into()]),
        ("status-code", |i| vec![i.status.code.into()]),
        ("status-message", |i| vec![i.status.message.into()]),
        ("type", |i| vec![i.r#type.into()]),
        ("valid-from", |i| i.valid_from.iter().map(|t| t.to_string().into()).collect()),
        ("valid-until", |i| i.valid_until.iter().map(|t| t.to_string().into()).collect()),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}
