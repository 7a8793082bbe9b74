//! The forms of ids. All are the longer ones, and AWS has let nobody choose since 2018.

use super::Error;
use crate::wire::query::Params;
use serde::Serialize;

/// Kinds of resources whose ids once were short, as AWS lists them.
const RESOURCES: &[&str] = &[
    "bundle",
    "conversion-task",
    "customer-gateway",
    "dhcp-options",
    "elastic-ip-allocation",
    "elastic-ip-association",
    "export-task",
    "flow-log",
    "image",
    "import-task",
    "instance",
    "internet-gateway",
    "network-acl",
    "network-acl-association",
    "network-interface",
    "network-interface-attachment",
    "prefix-list",
    "reservation",
    "route-table",
    "route-table-association",
    "security-group",
    "snapshot",
    "subnet",
    "subnet-cidr-block-association",
    "volume",
    "vpc",
    "vpc-cidr-block-association",
    "vpc-endpoint",
    "vpc-peering-connection",
    "vpn-connection",
    "vpn-gateway",
];

/// The form of the ids of one kind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Format {
    resource: &'static str,
    use_long_ids: bool,
}

/// The forms of the kinds of these names, or of all kinds.
pub fn formats(names: &[String]) -> Vec<Format> {
    let wanted = RESOURCES.iter().filter(|r| names.is_empty() || names.iter().any(|name| name == *r));
    wanted.map(|resource| Format { resource, use_long_ids: true }).collect()
}

/// The kinds that `Resource` names; one that there is not is an error.
pub fn named(p: &Params<'_>) -> Result<Vec<String>, Error> {
    let names: Vec<String> =
        p.list("Resource").into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    match names.iter().find(|name| !RESOURCES.contains(&name.as_str()) && *name != "all-current") {
        Some(unknown) => Err(p.invalid("Resource", unknown, "Unknown resource.").into()),
        None => Ok(names.into_iter().filter(|name| name != "all-current").collect()),
    }
}

/// Read a wish for long or short ids: short ones are refused.
pub fn wish(p: &Params<'_>) -> Result<(), Error> {
    p.req("Resource")?;
    named(p)?;
    match p.opt_bool("UseLongIds")? {
        Some(false) => Err(Error::ParameterValue("Ids are the longer ones; there is no way back.".into())),
        Some(true) => Ok(()),
        None => Err(crate::wire::query::Error::Missing("UseLongIds".into()).into()),
    }
}
