//! Change an attribute of a subnet, one a call. `MapPublicIpOnLaunch` counts where the operator names public addresses, or machines are simulated.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::id::Kind;
use crate::network::vpcs;
use crate::wire::query::Params;

pub struct ModifySubnetAttribute {
    id: String,
    name: &'static str,
    on: bool,
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
        let named = attribute::new_value(p, ATTRIBUTES)?;
        let (name, value) = named.ok_or_else(|| Error::ParameterCombination("No attributes specified".into()))?;
        let on = if name == "privateDnsHostnameTypeOnLaunch" {
            match value {
                "resource-name" => true,
                "ip-name" => false,
                other => return Err(p.invalid(name, other, "Expecting ip-name or resource-name.").into()),
            }
        } else {
            attribute::flag(p, name, value)?
        };
        Ok(ModifySubnetAttribute { id, name, on })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let row = vpcs::need_subnet(c, account, region, &self.id)?;
            let mut attributes = vpcs::attributes_of(&row)?;
            match self.name {
                "mapPublicIpOnLaunch" => attributes.map_public_ip = self.on,
                "enableResourceNameDnsARecordOnLaunch" => attributes.a_record = self.on,
                _ => attributes.resource_name_hosts = self.on,
            }
            vpcs::update_subnet(c, &row.id, &attributes)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}
