//! The caller's egress-only internet gateways. An id that nothing has is left out, as at AWS.

use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values};
use crate::ec2::gateways::Attachment;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::gateways::EgressOnlyGateway;
use crate::network::records::Kept;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeEgressOnlyInternetGateways(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    egress_only_internet_gateway_set: Vec<Item>,
    next_token: Option<String>,
}

/// One gateway.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    egress_only_internet_gateway_id: String,
    attachment_set: [Attachment; 1],
    tag_set: Vec<Tag>,
}

impl Item {
    /// A gateway with its tags.
    pub(super) fn new(gateway: Kept<EgressOnlyGateway>, tags: Vec<Tag>) -> Item {
        Item {
            egress_only_internet_gateway_id: gateway.id,
            attachment_set: [Attachment { vpc_id: gateway.it.vpc, state: "attached" }],
            tag_set: tags,
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeEgressOnlyInternetGateways {
    const NAME: &'static str = "DescribeEgressOnlyInternetGateways";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let (kind, list) = (Kind::EgressOnlyGateway, "egressOnlyInternetGatewayIds");
        let listing = Listing::read(p, kind, "EgressOnlyInternetGatewayId", list)?;
        Ok(DescribeEgressOnlyInternetGateways(listing.forgiving()))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (egress_only_internet_gateway_set, next_token) = self.0.of_records(cx, Item::new).await?;
        Ok(Output { egress_only_internet_gateway_set, next_token })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_gateway_holds_its_vpc_and_takes_ipv6_routes_only() {
        let bench = Bench::new();
        let vpc = bench.call("Action=CreateVpc&CidrBlock=10.1.0.0/16").await;
        let vpc = vpc.get("vpcId").unwrap();
        let create = format!("Action=CreateEgressOnlyInternetGateway&VpcId={vpc}&ClientToken=t");
        let made = bench.call(&create).await;
        assert_eq!((made.get("clientToken"), made.get("state")), (Some("t"), Some("attached")), "{}", made.xml);
        let id = made.get("egressOnlyInternetGatewayId").unwrap();
        assert_eq!(bench.call(&create).await.get("egressOnlyInternetGatewayId"), Some(id));
        let tables =
            bench.call(&format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")).await;
        let table = tables.get("routeTableId").unwrap();
        let route = format!("Action=CreateRoute&RouteTableId={table}&EgressOnlyInternetGatewayId={id}");
        assert_eq!(
            bench.call(&format!("{route}&DestinationCidrBlock=0.0.0.0/0")).await.code(),
            "InvalidParameterValue"
        );
        assert_eq!(bench.call(&format!("{route}&DestinationIpv6CidrBlock=::/0")).await.get("return"), Some("true"));
        assert_eq!(bench.call(&format!("Action=DeleteVpc&VpcId={vpc}")).await.code(), "DependencyViolation");
        let delete = format!("Action=DeleteEgressOnlyInternetGateway&EgressOnlyInternetGatewayId={id}");
        assert_eq!(bench.call_other(&delete).await.code(), "InvalidGatewayID.NotFound");
        assert_eq!(bench.call(&delete).await.get("returnCode"), Some("true"));
        let seen =
            bench.call(&format!("Action=DescribeEgressOnlyInternetGateways&EgressOnlyInternetGatewayId.1={id}")).await;
        assert_eq!(seen.all("vpcId").len(), 0);
        let dead = "Action=DescribeRouteTables&Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
        assert_eq!(bench.call(dead).await.get("routeTableId"), Some(table));
        assert_eq!(bench.call(&format!("Action=DeleteVpc&VpcId={vpc}")).await.get("return"), Some("true"));
    }
}
