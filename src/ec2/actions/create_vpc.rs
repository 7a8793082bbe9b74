//! Make a VPC, with the default group, the main route table and the default network ACL that every VPC has.

use super::describe_vpcs::Item;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::network::lifecycle;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateVpc {
    cidr: String,
    tenancy: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
pub struct Output {
    vpc: Item,
}

impl Action for CreateVpc {
    const NAME: &'static str = "CreateVpc";
    const REFUSED: &'static [&'static str] = &[
        "AmazonProvidedIpv6CidrBlock",
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6IpamPoolId",
        "Ipv6NetmaskLength",
        "Ipv6Pool",
    ];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let cidr = p.req("CidrBlock")?.to_owned();
        let tenancy = match p.opt("InstanceTenancy").filter(|text| !text.is_empty()).unwrap_or("default") {
            known @ ("default" | "dedicated") => known.to_owned(),
            other => return Err(p.invalid("InstanceTenancy", other, "Expecting default or dedicated.").into()),
        };
        let specifications = tagging::specifications(p, &["vpc"])?;
        Ok(CreateVpc { cidr, tenancy, tags: tagging::of(&specifications, "vpc") })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let vpc = lifecycle::create_vpc(c, account, region, &self.cidr, &self.tenancy)?;
            db::tags::put(c, Resource { account, region, id: &vpc.id, kind: "vpc" }, &self.tags)?;
            Ok(Output { vpc: Item::new(vpc, self.tags) })
        };
        let output = cx.change(job).await?;
        Ok(Output { vpc: output.vpc.of_version(&cx.version) })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_vpc_is_built_used_and_taken_down_in_order() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let ok = async |form: &str| {
            let answer = bench.call(form).await;
            assert_eq!(answer.status, 200, "{form}: {}", answer.xml);
            answer
        };
        let made = ok("Action=CreateVpc&CidrBlock=10.7.0.9/16").await;
        assert_eq!(made.get("cidrBlock"), Some("10.7.0.0/16"));
        let vpc = made.get("vpcId").unwrap();
        let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let tables = ok(&format!("Action=DescribeRouteTables&{filter}")).await;
        assert_eq!((tables.get("main"), tables.get("gatewayId")), (Some("true"), Some("local")), "{}", tables.xml);
        assert_eq!(ok(&format!("Action=DescribeSecurityGroups&{filter}")).await.all("groupName"), ["default"]);
        assert_eq!(ok(&format!("Action=DescribeNetworkAcls&{filter}")).await.all("ruleNumber").len(), 4);

        let subnet =
            ok(&format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.7.1.0/24&AvailabilityZone=us-east-1b")).await;
        let subnet = subnet.get("subnetId").unwrap();
        let gateway = ok("Action=CreateInternetGateway").await;
        let gateway = gateway.get("internetGatewayId").unwrap();
        ok(&format!("Action=AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}")).await;
        let table = ok(&format!("Action=CreateRouteTable&VpcId={vpc}")).await;
        let table = table.get("routeTableId").unwrap();
        let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
        ok(&format!("Action=CreateRoute&{route}")).await;
        assert_eq!(bench.call(&format!("Action=CreateRoute&{route}")).await.code(), "RouteAlreadyExists");
        let association = ok(&format!("Action=AssociateRouteTable&RouteTableId={table}&SubnetId={subnet}")).await;
        let association = association.get("associationId").unwrap();
        let run = format!("Action=RunInstances&ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}");
        assert_eq!(ok(&run).await.get("privateIpAddress"), Some("10.7.1.4"));

        for (form, code) in [
            (format!("DeleteVpc&VpcId={vpc}"), "DependencyViolation"),
            (format!("DeleteSubnet&SubnetId={subnet}"), "DependencyViolation"),
            (format!("DeleteRouteTable&RouteTableId={table}"), "DependencyViolation"),
            (format!("DeleteInternetGateway&InternetGatewayId={gateway}"), "DependencyViolation"),
            (format!("AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"), "Resource.AlreadyAssociated"),
            (format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.7.1.128/25"), "InvalidSubnet.Conflict"),
            (format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.8.1.0/24"), "InvalidSubnet.Range"),
            (
                format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.7.2.0/24&AvailabilityZone=mars-1a"),
                "InvalidParameterValue",
            ),
            ("CreateVpc&CidrBlock=10.0.0.0/8".into(), "InvalidVpc.Range"),
            ("DeleteVpc&VpcId=vpc-12345678".into(), "InvalidVpcID.NotFound"),
            ("CreateDefaultVpc".into(), "DefaultVpcAlreadyExists"),
        ] {
            assert_eq!(bench.call(&format!("Action={form}")).await.code(), code, "{form}");
        }
        assert_eq!(bench.call_other(&format!("Action=DeleteVpc&VpcId={vpc}")).await.code(), "InvalidVpcID.NotFound");
        ok(&format!("Action=DisassociateRouteTable&AssociationId={association}")).await;
        ok(&format!("Action=DetachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}")).await;
        let seen = ok(&format!("Action=DescribeRouteTables&RouteTableId.1={table}")).await;
        assert!(seen.all("state").contains(&"blackhole"), "{}", seen.xml);
        ok(&format!("Action=DeleteInternetGateway&InternetGatewayId={gateway}")).await;
        ok(&format!("Action=DeleteRouteTable&RouteTableId={table}")).await;
    }

    #[tokio::test]
    async fn attributes_of_vpcs_and_subnets_are_kept() {
        let bench = Bench::new();
        let dual = "Action=CreateVpc&CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=";
        assert_eq!(bench.call(&format!("{dual}true")).await.code(), "UnsupportedOperation");
        let made = bench.call(&format!("{dual}false")).await;
        let vpc = made.get("vpcId").unwrap();
        let read = format!("Action=DescribeVpcAttribute&VpcId={vpc}&Attribute=enableDnsHostnames");
        assert_eq!(bench.call(&read).await.get("value"), Some("false"));
        let write = format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=true");
        assert_eq!(bench.call(&write).await.get("return"), Some("true"));
        assert_eq!(bench.call(&read).await.get("value"), Some("true"));
        let made = bench.call(&format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/24")).await;
        assert_eq!(made.get("mapPublicIpOnLaunch"), Some("false"), "{}", made.xml);
        let subnet = made.get("subnetId").unwrap();
        bench.call(&format!("Action=ModifySubnetAttribute&SubnetId={subnet}&MapPublicIpOnLaunch.Value=true")).await;
        let seen = bench.call(&format!("Action=DescribeSubnets&SubnetId.1={subnet}")).await;
        assert_eq!(seen.get("mapPublicIpOnLaunch"), Some("true"));
        assert_eq!(bench.call(&format!("Action=DeleteSubnet&SubnetId={subnet}")).await.status, 200);
        assert_eq!(bench.call(&format!("Action=DeleteVpc&VpcId={vpc}")).await.status, 200);
        assert_eq!(bench.call("Action=DescribeVpcs").await.all("vpcId").len(), 1);
    }
}
