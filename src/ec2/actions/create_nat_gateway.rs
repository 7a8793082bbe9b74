//! Make a NAT gateway in a subnet, with an interface of its own and, unless it is private, Elastic IP addresses. It is a record:
//! nothing is translated yet.

use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::interfaces::{address, addresses};
use crate::ec2::nat_gateways::NatItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network;
use crate::network::nat_gateways::{self, Wanted};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateNatGateway {
    subnet: String,
    wanted: Wanted,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    client_token: Option<String>,
    nat_gateway: NatItem,
}

impl Action for CreateNatGateway {
    const NAME: &'static str = "CreateNatGateway";
    const REFUSED: &'static [&'static str] = &["AvailabilityZoneAddress", "VpcId"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        if let Some(mode) = p.opt("AvailabilityMode").filter(|mode| !["", "zonal"].contains(mode)) {
            return Err(Error::Unsupported(format!("the availability mode {mode}")));
        }
        let specifications = tagging::specifications(p, &["natgateway"])?;
        let first = p.opt_id("AllocationId", Kind::ElasticAddress)?.map(str::to_owned);
        let others = p.ids("SecondaryAllocationId", Kind::ElasticAddress)?.into_iter().map(str::to_owned);
        let allocations: Vec<String> = first.iter().cloned().chain(others).collect();
        match p.opt("ConnectivityType").filter(|text| !text.is_empty()).unwrap_or("public") {
            "public" if first.is_none() => return Err(query::Error::Missing("AllocationId".into()).into()),
            "private" if !allocations.is_empty() => {
                return Err(Error::ParameterCombination(
                    "Elastic IP addresses cannot be associated with a private NAT gateway".into(),
                ));
            }
            "public" | "private" => {}
            other => return Err(p.invalid("ConnectivityType", other, "Expecting public or private.").into()),
        }
        let wanted = Wanted {
            first: address(p, "PrivateIpAddress")?,
            secondary: addresses(p, "SecondaryPrivateIpAddress")?,
            more: p.opt_int("SecondaryPrivateIpAddressCount", 1..=31)?.unwrap_or(0) as u32,
            allocations,
        };
        if wanted.more > 0 && !(wanted.secondary.is_empty() && wanted.allocations.is_empty()) {
            return Err(Error::ParameterCombination(
                "SecondaryPrivateIpAddressCount is for private NAT gateways whose addresses are not listed".into(),
            ));
        }
        Ok(CreateNatGateway {
            subnet: p.id("SubnetId", Kind::Subnet)?.to_owned(),
            wanted,
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "natgateway"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = self.token.once(c, account, region, || {
                let subnet = network::subnet(c, account, region, &self.subnet)?;
                let made = nat_gateways::create(c, account, &subnet, self.wanted)?;
                resource::put_tags(c, account, region, Kind::NatGateway, &made.id, &self.tags)?;
                Ok(made)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            Ok(Output { client_token: self.token.text(), nat_gateway: NatItem::new(made, tags).pending() })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    async fn subnet(bench: &Bench) -> String {
        bench.call("Action=DescribeSubnets").await.get("subnetId").unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_gateway_has_an_interface_and_an_address_until_it_is_deleted() {
        let bench = Bench::new();
        let subnet = subnet(&bench).await;
        let address = bench.call("Action=AllocateAddress").await;
        let allocation = address.get("allocationId").unwrap();
        let create = format!("Action=CreateNatGateway&SubnetId={subnet}&ClientToken=t&AllocationId={allocation}");
        let tag = "TagSpecification.1.ResourceType=natgateway&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("{create}&{tag}")).await;
        assert_eq!((made.get("state"), made.get("publicIp")), (Some("pending"), None), "{}", made.xml);
        let id = made.get("natGatewayId").unwrap();
        assert_eq!(bench.call(&format!("{create}&{tag}")).await.get("natGatewayId"), Some(id));
        let describe = format!("Action=DescribeNatGateways&NatGatewayId.1={id}");
        let seen = bench.call(&format!("{describe}&Filter.1.Name=tag-key&Filter.1.Value.1=a")).await;
        assert_eq!(
            (seen.get("state"), seen.get("publicIp")),
            (Some("available"), address.get("publicIp")),
            "{}",
            seen.xml
        );
        let eni = seen.get("networkInterfaceId").unwrap();
        let card = bench.call(&format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={eni}")).await;
        assert_eq!(
            (card.get("status"), card.get("interfaceType"), card.get("requesterManaged")),
            (Some("in-use"), Some("nat_gateway"), Some("true")),
            "{}",
            card.xml
        );
        let association = seen.get("associationId").unwrap();
        let disassociate = format!("Action=DisassociateAddress&AssociationId={association}");
        assert_eq!(bench.call(&disassociate).await.code(), "AuthFailure");
        let delete_card = format!("Action=DeleteNetworkInterface&NetworkInterfaceId={eni}");
        assert_eq!(bench.call(&delete_card).await.code(), "InvalidParameterValue");
        assert_eq!(bench.call(&format!("Action=DeleteSubnet&SubnetId={subnet}")).await.code(), "DependencyViolation");
        let gateways = bench.call("Action=DescribeInternetGateways").await;
        let (gateway, vpc) = (gateways.get("internetGatewayId").unwrap(), gateways.get("vpcId").unwrap());
        let detach = format!("Action=DetachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}");
        assert_eq!(bench.call(&detach).await.code(), "DependencyViolation");

        let tables = bench.call("Action=DescribeRouteTables").await;
        let table = tables.get("routeTableId").unwrap();
        let route = format!("RouteTableId={table}&DestinationCidrBlock=10.0.0.0/8&NatGatewayId={id}");
        assert_eq!(bench.call(&format!("Action=CreateRoute&{route}")).await.get("return"), Some("true"));
        let dead = "Action=DescribeRouteTables&Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
        assert_eq!(bench.call(dead).await.get("routeTableId"), None);
        let delete = format!("Action=DeleteNatGateway&NatGatewayId={id}");
        assert_eq!(bench.call_other(&delete).await.code(), "NatGatewayNotFound");
        assert_eq!(bench.call(&delete).await.get("natGatewayId"), Some(id));
        assert_eq!(bench.call(&delete).await.code(), "NatGatewayNotFound");
        assert_eq!(bench.call(dead).await.get("natGatewayId"), Some(id));
        let seen = bench.call(&describe).await;
        assert_eq!((seen.get("state"), seen.get("key")), (Some("deleted"), Some("a")), "{}", seen.xml);
        assert_eq!(bench.call(&format!("Action=ReplaceRoute&{route}")).await.code(), "InvalidNatGatewayID.NotFound");
        assert_eq!(bench.call(&detach).await.get("return"), Some("true"));
        let released = bench.call(&format!("Action=ReleaseAddress&AllocationId={allocation}")).await;
        assert_eq!(released.get("return"), Some("true"));
    }

    #[tokio::test]
    async fn a_gateway_that_cannot_work_has_failed() {
        let bench = Bench::new();
        let subnet = subnet(&bench).await;
        let address = bench.call("Action=AllocateAddress").await;
        let allocation = address.get("allocationId").unwrap();
        let create = format!("Action=CreateNatGateway&SubnetId={subnet}&AllocationId={allocation}");
        bench.call(&create).await;
        let second = bench.call(&create).await;
        assert_eq!(second.get("state"), Some("pending"), "{}", second.xml);
        let seen = bench.call("Action=DescribeNatGateways&Filter.1.Name=state&Filter.1.Value.1=failed").await;
        assert_eq!(seen.get("failureCode"), Some("Resource.AlreadyAssociated"), "{}", seen.xml);
        for (form, code) in [
            (format!("SubnetId={subnet}"), "MissingParameter"),
            (format!("SubnetId={subnet}&ConnectivityType=both"), "InvalidParameterValue"),
            (
                format!("SubnetId={subnet}&ConnectivityType=private&AllocationId={allocation}"),
                "InvalidParameterCombination",
            ),
            (format!("SubnetId={subnet}&AllocationId=eipalloc-12345678"), "InvalidAllocationID.NotFound"),
            ("SubnetId=subnet-12345678&ConnectivityType=private".into(), "InvalidSubnetID.NotFound"),
            (format!("SubnetId={subnet}&AvailabilityMode=regional"), "UnsupportedOperation"),
        ] {
            assert_eq!(bench.call(&format!("Action=CreateNatGateway&{form}")).await.code(), code, "{form}");
        }
    }

    #[tokio::test]
    async fn gateways_get_and_lose_further_addresses() {
        let bench = Bench::new();
        let subnet = subnet(&bench).await;
        let private = format!("Action=CreateNatGateway&SubnetId={subnet}&ConnectivityType=private");
        let made = bench.call(&format!("{private}&SecondaryPrivateIpAddressCount=1")).await;
        let id = made.get("natGatewayId").unwrap();
        let got = bench
            .call(&format!("Action=AssignPrivateNatGatewayAddress&NatGatewayId={id}&PrivateIpAddressCount=1"))
            .await;
        let all: Vec<String> = got.all("privateIp").into_iter().map(str::to_owned).collect();
        assert_eq!(all.len(), 3, "{}", got.xml);
        let unassign = format!("Action=UnassignPrivateNatGatewayAddress&NatGatewayId={id}&PrivateIpAddress.1=");
        assert_eq!(bench.call(&format!("{unassign}{}", all[0])).await.code(), "InvalidParameterValue");
        assert_eq!(bench.call(&format!("{unassign}{}", all[1])).await.all("privateIp").len(), 2);
        let mut allocations = Vec::new();
        for _ in 0..2 {
            allocations.push(bench.call("Action=AllocateAddress").await.get("allocationId").unwrap().to_owned());
        }
        let associate =
            |id: &str| format!("Action=AssociateNatGatewayAddress&NatGatewayId={id}&AllocationId.1={}", allocations[1]);
        assert_eq!(bench.call(&associate(id)).await.code(), "InvalidParameter");
        let public =
            bench.call(&format!("Action=CreateNatGateway&SubnetId={subnet}&AllocationId={}", allocations[0])).await;
        let id = public.get("natGatewayId").unwrap();
        let both = bench.call(&associate(id)).await;
        let associations: Vec<String> = both.all("associationId").into_iter().map(str::to_owned).collect();
        assert_eq!((associations.len(), both.all("isPrimary")), (2, vec!["true", "false"]), "{}", both.xml);
        let off = |n: usize| {
            format!("Action=DisassociateNatGatewayAddress&NatGatewayId={id}&AssociationId.1={}", associations[n])
        };
        assert_eq!(bench.call(&off(0)).await.code(), "InvalidParameter");
        assert_eq!(bench.call(&off(1)).await.all("associationId"), [associations[0].as_str()]);
    }
}
