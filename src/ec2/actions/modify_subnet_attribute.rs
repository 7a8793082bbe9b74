//! Change an attribute of a subnet, one a call. `MapPublicIpOnLaunch` counts where the operator names public addresses, or machines are simulated.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::network::vpcs;
use crate::wire::query::Params;

pub struct ModifySubnetAttribute {
    id: String,
    /// The attribute and its new value; `None` turns off what is never on here.
    change: Option<(&'static str, bool)>,
}

const ATTRIBUTES: &[&str] =
    &["mapPublicIpOnLaunch", "enableResourceNameDnsARecordOnLaunch", "privateDnsHostnameTypeOnLaunch"];

impl Action for ModifySubnetAttribute {
    const NAME: &'static str = "ModifySubnetAttribute";
    const REFUSED: &'static [&'static str] = &[
        "AssignIpv6AddressOnCreation",
        "CustomerOwnedIpv4Pool",
        "DisableLniAtDeviceIndex",
        "EnableDns64",
        "EnableLniAtDeviceIndex",
        "EnableResourceNameDnsAAAARecordOnLaunch",
        "MapCustomerOwnedIpOnLaunch",
    ];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = p.id("SubnetId", Kind::Subnet)?.to_owned();
        let Some((name, value)) = attribute::new_value(p, ATTRIBUTES)? else {
            return if Self::REFUSED.iter().any(|name| p.has(name)) {
                Ok(ModifySubnetAttribute { id, change: None })
            } else {
                Err(Error::ParameterCombination("No attributes specified".into()))
            };
        };
        let on = if name == "privateDnsHostnameTypeOnLaunch" {
            match value {
                "resource-name" => true,
                "ip-name" => false,
                other => return Err(p.invalid(name, other, "Expecting ip-name or resource-name.").into()),
            }
        } else {
            attribute::flag(p, name, value)?
        };
        Ok(ModifySubnetAttribute { id, change: Some((name, on)) })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let row = vpcs::need_subnet(c, account, region, &self.id)?;
            let Some((name, on)) = self.change else { return Ok(Done::YES) };
            let mut attributes = vpcs::attributes_of(&row)?;
            match name {
                "mapPublicIpOnLaunch" => attributes.map_public_ip = on,
                "enableResourceNameDnsARecordOnLaunch" => attributes.a_record = on,
                _ => attributes.resource_name_hosts = on,
            }
            vpcs::update_subnet(c, &row.id, &attributes)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
