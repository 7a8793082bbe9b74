//! Make a DHCP options set. It is a record: guests are told the same whatever it says.

use super::describe_dhcp_options::Item;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::network::dhcp_options::DhcpOptions;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateDhcpOptions {
    options: Vec<(String, Vec<String>)>,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    dhcp_options: Item,
}

/// The options that a set may have.
const KNOWN: &[&str] = &[
    "domain-name",
    "domain-name-servers",
    "ipv6-address-preferred-lease-time",
    "netbios-name-servers",
    "netbios-node-type",
    "ntp-servers",
];

impl Action for CreateDhcpOptions {
    const NAME: &'static str = "CreateDhcpOptions";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let mut options = Vec::new();
        for configuration in p.structs("DhcpConfiguration") {
            let key = configuration.req("Key")?;
            if !KNOWN.contains(&key) {
                return Err(configuration.invalid("Key", key, "Unknown DHCP option.").into());
            }
            let values: Vec<String> = configuration.list("Value").into_iter().map(str::to_owned).collect();
            if values.is_empty() {
                return Err(query::Error::Missing(configuration.name("Value")).into());
            }
            options.push((key.to_owned(), values));
        }
        if options.is_empty() {
            return Err(query::Error::Missing("dhcpConfigurations".into()).into());
        }
        let specifications = tagging::specifications(p, &["dhcp-options"])?;
        Ok(CreateDhcpOptions { options, tags: tagging::of(&specifications, "dhcp-options") })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let set = DhcpOptions { options: self.options, is_default: false };
            let made = resource::make(c, account, region, set, &self.tags)?;
            Ok(Output { dhcp_options: Item::new(made, self.tags) })
        };
        cx.change(job).await
    }
}
