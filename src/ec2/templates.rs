//! Launch templates as requests name them and as answers write them.

use super::Error;
use crate::clock;
use crate::compute::templates::{Name, Version};
use crate::db::launch_templates::{TemplateRow, VersionRow};
use crate::db::tags::Tag;
use crate::id::Kind;
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Params, Tree};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The template that a request names by id or by name.
pub fn named(p: &Params<'_>) -> Result<Name, Error> {
    opt_named(p)?.ok_or_else(|| query::Error::Missing("launchTemplateId".into()).into())
}

/// [`named`], where it may be neither.
pub fn opt_named(p: &Params<'_>) -> Result<Option<Name>, Error> {
    let id = p.opt_id("LaunchTemplateId", Kind::LaunchTemplate)?.map(|id| Name::Id(id.to_owned()));
    let name = p.opt("LaunchTemplateName").filter(|name| !name.is_empty()).map(|name| Name::Name(name.to_owned()));
    match (id, name) {
        (Some(_), Some(_)) => Err(Error::ParameterCombination(
            "Either a launch template ID or a launch template name must be specified, but not both.".into(),
        )),
        (id, name) => Ok(id.or(name)),
    }
}

/// A version's number or alias.
pub fn version(p: &Params<'_>, name: &str, text: &str) -> Result<Version, query::Error> {
    Version::parse(text).ok_or_else(|| p.invalid(name, text, "Expecting $Default, $Latest or a version's number."))
}

/// The parameters that `LaunchTemplateData` may have.
const PARAMETERS: &[&str] = &[
    "BlockDeviceMapping",
    "CapacityReservationSpecification",
    "CpuOptions",
    "CreditSpecification",
    "DisableApiStop",
    "DisableApiTermination",
    "EbsOptimized",
    "ElasticGpuSpecification",
    "ElasticInferenceAccelerator",
    "EnclaveOptions",
    "HibernationOptions",
    "IamInstanceProfile",
    "ImageId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceMarketOptions",
    "InstanceRequirements",
    "InstanceType",
    "KernelId",
    "KeyName",
    "LicenseSpecification",
    "MaintenanceOptions",
    "MetadataOptions",
    "Monitoring",
    "NetworkInterface",
    "NetworkPerformanceOptions",
    "Operator",
    "Placement",
    "PrivateDnsNameOptions",
    "RamDiskId",
    "SecondaryInterface",
    "SecurityGroup",
    "SecurityGroupId",
    "TagSpecification",
    "UserData",
];

/// `LaunchTemplateData`, as it was sent.
pub fn data(p: &Params<'_>) -> Result<Tree, Error> {
    let data = p.nested("LaunchTemplateData");
    let data = data.ok_or_else(|| query::Error::Missing("launchTemplateData".into()))?;
    let tree = data.tree();
    match &tree {
        Tree::Members(members) => match members.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
            Some(name) => Err(query::Error::Unknown(data.name(name)).into()),
            None => Ok(tree),
        },
        Tree::Value(_) | Tree::List(_) => Err(query::Error::Missing("launchTemplateData".into()).into()),
    }
}

/// The parameters that a version keeps.
pub fn kept(version: &VersionRow) -> Result<Tree, Error> {
    serde_json::from_str(&version.data).map_err(|e| Error::Internal(format!("a launch template's data: {e}")))
}

/// Parameters, as answers write them.
pub struct Data(pub Tree);

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Element { tree: &self.0, parent: "", name: element }.serialize(s)
    }
}

/// Parameters of another kind: `name` gives each element's name, from the parameter above it and its own.
pub struct Written {
    pub tree: Tree,
    pub name: fn(&str, &str) -> String,
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Element { tree: &self.tree, parent: "", name: self.name }.serialize(s)
    }
}

/// A tree below the parameter of that name.
struct Element<'a> {
    tree: &'a Tree,
    parent: &'a str,
    name: fn(&str, &str) -> String,
}

impl Serialize for Element<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.tree {
            Tree::Value(text) => s.serialize_str(text),
            Tree::List(items) => s.collect_seq(items.iter().map(|tree| Element { tree, ..*self })),
            Tree::Members(members) => {
                let mut map = s.serialize_map(Some(members.len()))?;
                for (name, tree) in members {
                    map.serialize_entry(
                        &(self.name)(self.parent, name),
                        &Element { tree, parent: name, name: self.name },
                    )?;
                }
                map.end()
            }
        }
    }
}

/// Parameters that hold lists and do not end in `s`, so that AWS adds `Set` to their names; and the two that it calls otherwise.
pub fn element(parent: &str, name: &str) -> String {
    const LISTS: &[&str] = &[
        "BlockDeviceMapping",
        "NetworkInterface",
        "TagSpecification",
        "Tag",
        "ElasticGpuSpecification",
        "ElasticInferenceAccelerator",
        "SecurityGroup",
        "SecurityGroupId",
        "SecondaryInterface",
        "PrivateIpAddresses",
        "Ipv6Addresses",
        "Ipv4Prefix",
        "Ipv6Prefix",
        "CpuManufacturer",
        "ExcludedInstanceType",
        "InstanceGeneration",
        "LocalStorageType",
        "AcceleratorType",
        "AcceleratorManufacturer",
        "AcceleratorName",
        "AllowedInstanceType",
        "Reference",
        "MetricCategoryId",
    ];
    let plain = name[..1].to_ascii_lowercase() + &name[1..];
    match (parent, name) {
        ("NetworkInterface", "SecurityGroupId") => "groupSet".into(),
        ("SecondaryInterface", "PrivateIpAddress") => "privateIpAddressesSet".into(),
        (_, "LicenseSpecification") => "licenseSet".into(),
        ("NetworkInterface", "Ipv4Prefix" | "Ipv6Prefix") | ("", _) | (_, _) if LISTS.contains(&name) => plain + "Set",
        (_, _) => plain,
    }
}

/// Who makes templates: the account itself.
fn made_by(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// Who manages a template on its owner's behalf: nobody.
#[derive(Serialize)]
struct Operator {
    managed: bool,
}

/// One template.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateItem {
    pub launch_template_id: String,
    pub launch_template_name: String,
    pub create_time: Time,
    created_by: String,
    default_version_number: i64,
    latest_version_number: i64,
    pub tag_set: Vec<Tag>,
    operator: Operator,
}

impl TemplateItem {
    /// A template with its tags.
    pub fn new(t: TemplateRow, tag_set: Vec<Tag>) -> TemplateItem {
        TemplateItem {
            create_time: Time(clock::from_ms(t.created_at)),
            created_by: made_by(&t.account),
            default_version_number: t.default_version,
            latest_version_number: t.made,
            tag_set,
            operator: Operator { managed: false },
            launch_template_id: t.id,
            launch_template_name: t.name,
        }
    }
}

/// One version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionItem {
    pub launch_template_id: String,
    launch_template_name: String,
    pub version_number: i64,
    version_description: Option<String>,
    pub create_time: Time,
    created_by: String,
    pub default_version: bool,
    pub launch_template_data: Data,
    operator: Operator,
}

impl VersionItem {
    pub fn new(t: &TemplateRow, version: VersionRow) -> Result<VersionItem, Error> {
        Ok(VersionItem {
            launch_template_id: t.id.clone(),
            launch_template_name: t.name.clone(),
            version_number: version.number,
            create_time: Time(clock::from_ms(version.created_at)),
            created_by: made_by(&t.account),
            default_version: version.number == t.default_version,
            launch_template_data: Data(kept(&version)?),
            version_description: version.description,
            operator: Operator { managed: false },
        })
    }
}
