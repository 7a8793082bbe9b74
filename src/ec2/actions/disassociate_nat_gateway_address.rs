//! Take further Elastic IP addresses away from a public NAT gateway, with the private addresses that they led to.

use crate::db::Conn;
use crate::ec2::nat_gateways::Addresses;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::nat_gateways;
use crate::wire::query::Params;

pub struct DisassociateNatGatewayAddress {
    id: String,
    associations: Vec<String>,
}

impl Action for DisassociateNatGatewayAddress {
    const NAME: &'static str = "DisassociateNatGatewayAddress";
    /// Nothing goes through it that would have to drain.
    const IGNORED: &'static [&'static str] = &["MaxDrainDurationSeconds"];
    type Output = Addresses;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let associations: Vec<String> =
            p.ids("AssociationId", Kind::AddressAssociation)?.into_iter().map(str::to_owned).collect();
        if associations.is_empty() {
            p.req("AssociationId")?;
        }
        Ok(DisassociateNatGatewayAddress { id: p.id("NatGatewayId", Kind::NatGateway)?.to_owned(), associations })
    }

    async fn run(self, cx: &Cx) -> Result<Addresses, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            Ok(Addresses::from(nat_gateways::disassociate(c, account, region, &self.id, &self.associations)?))
        };
        cx.change(job).await
    }
}
