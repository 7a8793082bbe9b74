//! Give a VPC a further IPv4 range, for subnets. There is no IPv6.

use crate::db::Conn;
use crate::ec2::cidr_blocks::{BlockItem, Changed};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::{cidr_blocks, vpcs};
use crate::wire::query::Params;

pub struct AssociateVpcCidrBlock {
    vpc: String,
    cidr: String,
}

impl Action for AssociateVpcCidrBlock {
    const NAME: &'static str = "AssociateVpcCidrBlock";
    const REFUSED: &'static [&'static str] = &[
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6CidrBlockNetworkBorderGroup",
        "Ipv6IpamPoolId",
        "Ipv6NetmaskLength",
        "Ipv6Pool",
    ];
    type Output = Changed;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        if p.opt_bool("AmazonProvidedIpv6CidrBlock")?.unwrap_or(false) {
            return Err(Error::Unsupported("AmazonProvidedIpv6CidrBlock".into()));
        }
        let vpc = p.id("VpcId", Kind::Vpc)?.to_owned();
        Ok(AssociateVpcCidrBlock { vpc, cidr: p.req("CidrBlock")?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Changed, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut vpc = vpcs::need(c, account, region, &self.vpc)?;
            let block = cidr_blocks::associate(c, &mut vpc, &self.cidr)?;
            Ok(Changed { vpc_id: vpc.id, cidr_block_association: BlockItem::new(block, "associating") })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_further_range_has_subnets_and_a_local_route() {
        let bench = Bench::new();
        let vpc = bench.call("Action=CreateVpc&CidrBlock=10.1.0.0/16").await;
        let vpc = vpc.get("vpcId").unwrap();
        let associate = |cidr: &str| format!("Action=AssociateVpcCidrBlock&VpcId={vpc}&CidrBlock={cidr}");
        let made = bench.call(&associate("100.64.0.0/16")).await;
        assert_eq!(made.get("state"), Some("associating"), "{}", made.xml);
        let id = made.get("associationId").unwrap();
        for (cidr, code) in [
            ("100.64.4.0/24", "InvalidVpc.Range"),
            ("192.168.0.0/16", "InvalidVpc.Range"),
            ("10.0.0.0/8", "InvalidVpc.Range"),
            ("nonsense", "InvalidVpc.Range"),
        ] {
            assert_eq!(bench.call(&associate(cidr)).await.code(), code, "{cidr}");
        }
        let ipv6 = format!("Action=AssociateVpcCidrBlock&VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true");
        assert_eq!(bench.call(&ipv6).await.code(), "UnsupportedOperation");
        let by = "Filter.1.Name=cidr-block-association.cidr-block&Filter.1.Value.1=100.64.0.0/16";
        let seen = bench.call(&format!("Action=DescribeVpcs&{by}")).await;
        assert_eq!(seen.all("cidrBlock"), ["10.1.0.0/16", "10.1.0.0/16", "100.64.0.0/16"], "{}", seen.xml);
        let tables =
            bench.call(&format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")).await;
        assert_eq!(tables.all("destinationCidrBlock"), ["10.1.0.0/16", "100.64.0.0/16"]);
        let table = bench.call(&format!("Action=CreateRouteTable&VpcId={vpc}")).await;
        assert_eq!(table.all("gatewayId"), ["local", "local"]);
        let subnet = bench.call(&format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=100.64.1.0/24")).await;
        let subnet = subnet.get("subnetId").unwrap_or_else(|| panic!("{}", subnet.xml));
        let card = bench.call(&format!("Action=CreateNetworkInterface&SubnetId={subnet}")).await;
        assert_eq!(card.get("privateIpAddress"), Some("100.64.1.4"));
        let disassociate = |id: &str| format!("Action=DisassociateVpcCidrBlock&AssociationId={id}");
        assert_eq!(bench.call(&disassociate(id)).await.code(), "DependencyViolation");
        bench
            .call(&format!(
                "Action=DeleteNetworkInterface&NetworkInterfaceId={}",
                card.get("networkInterfaceId").unwrap()
            ))
            .await;
        bench.call(&format!("Action=DeleteSubnet&SubnetId={subnet}")).await;
        assert_eq!(bench.call_other(&disassociate(id)).await.code(), "InvalidVpcCidrBlockAssociationID.NotFound");
        assert_eq!(bench.call(&disassociate(id)).await.get("state"), Some("disassociating"));
        let primary = vpc.replacen("vpc", "vpc-cidr-assoc", 1);
        assert_eq!(bench.call(&disassociate(&primary)).await.code(), "OperationNotPermitted");
        let tables =
            bench.call(&format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")).await;
        assert_eq!(tables.all("destinationCidrBlock"), ["10.1.0.0/16", "10.1.0.0/16"]);
    }
}
