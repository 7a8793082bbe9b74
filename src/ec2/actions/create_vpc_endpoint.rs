//! Make an endpoint of a service that is here: S3 by routes (gateway), EC2, S3, SSM and STS by interfaces in subnets. Guests whose
//! routes have a gateway endpoint reach S3 at the addresses of its prefix list; endpoints with interfaces are records. Names are not
//! resolved, and policies not applied yet.

use crate::clock;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::ec2::endpoints::{self, EVERYTHING, EndpointItem};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::endpoints::{EndpointKind, VpcEndpoint};
use crate::network::{self, groups, vpcs};
use crate::wire::query::{self, Params};
use serde::Serialize;
use std::net::Ipv4Addr;

pub struct CreateVpcEndpoint {
    vpc: String,
    service: String,
    kind: EndpointKind,
    policy: Option<String>,
    tables: Vec<String>,
    subnets: Vec<(String, Option<Ipv4Addr>)>,
    groups: Vec<String>,
    private_dns: bool,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_endpoint: EndpointItem,
    client_token: Option<String>,
}

impl Action for CreateVpcEndpoint {
    const NAME: &'static str = "CreateVpcEndpoint";
    /// Names are not resolved yet.
    const IGNORED: &'static [&'static str] = &["DnsOptions"];
    const REFUSED: &'static [&'static str] = &["ResourceConfigurationArn", "ServiceNetworkArn", "ServiceRegion"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        endpoints::check_ipv4(p)?;
        let kind = match p.opt("VpcEndpointType").filter(|text| !text.is_empty()).unwrap_or("Gateway") {
            "Gateway" => EndpointKind::Gateway,
            "Interface" => EndpointKind::Interface,
            other @ ("GatewayLoadBalancer" | "Resource" | "ServiceNetwork" | "Tunnel") => {
                return Err(Error::Unsupported(format!("endpoints of the type {other}")));
            }
            other => return Err(p.invalid("VpcEndpointType", other, "Expecting Gateway or Interface.").into()),
        };
        let specifications = tagging::specifications(p, &["vpc-endpoint"])?;
        let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<Vec<String>>();
        let asked = p.opt_bool("PrivateDnsEnabled")?;
        let endpoint = CreateVpcEndpoint {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            service: p.opt("ServiceName").ok_or_else(|| query::Error::Missing("ServiceName".into()))?.to_owned(),
            kind,
            policy: endpoints::policy(p)?,
            tables: owned(p.ids("RouteTableId", Kind::RouteTable)?),
            subnets: endpoints::subnets(p, "SubnetId")?,
            groups: owned(p.ids("SecurityGroupId", Kind::SecurityGroup)?),
            private_dns: kind == EndpointKind::Interface && asked.unwrap_or(true),
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "vpc-endpoint"),
        };
        let foreign = match kind {
            EndpointKind::Gateway if asked == Some(true) => Some("PrivateDnsEnabled"),
            EndpointKind::Gateway if !endpoint.subnets.is_empty() => Some("SubnetIds"),
            EndpointKind::Gateway if !endpoint.groups.is_empty() => Some("SecurityGroupIds"),
            EndpointKind::Interface if !endpoint.tables.is_empty() => Some("RouteTableIds"),
            EndpointKind::Gateway | EndpointKind::Interface => None,
        };
        match foreign {
            Some(name) => Err(Error::Parameter(format!("{name} is not supported for {} endpoints", kind.text()))),
            None => Ok(endpoint),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let text = self.token.text();
            let made = self.token.once(c, account, region, || {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                if self.private_dns && !(vpc.attributes.dns_support && vpc.attributes.dns_hostnames) {
                    return Err(Error::Parameter(format!(
                        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to \
                         true for {}",
                        vpc.id
                    )));
                }
                let groups = match self.kind {
                    EndpointKind::Gateway => Vec::new(),
                    EndpointKind::Interface => groups::choose(c, account, region, &vpc.id, &self.groups, &[])?,
                };
                let endpoint = VpcEndpoint {
                    vpc: vpc.id,
                    service: self.service,
                    kind: self.kind,
                    policy: self.policy.unwrap_or_else(|| EVERYTHING.into()),
                    route_tables: Vec::new(),
                    interfaces: Vec::new(),
                    groups,
                    private_dns: self.private_dns,
                    created_at: clock::now_ms(),
                };
                let mut made = network::endpoints::create(c, account, region, endpoint)?;
                for table in &self.tables {
                    network::endpoints::enter_table(c, &mut made, table)?;
                }
                for (subnet, ip) in &self.subnets {
                    network::endpoints::enter_subnet(c, &mut made, subnet, *ip)?;
                }
                resource::put_tags(c, account, region, Kind::VpcEndpoint, &made.id, &self.tags)?;
                Ok(made)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            Ok(Output { vpc_endpoint: EndpointItem::new(made, tags).fresh(), client_token: text })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;
    use crate::network::s3_gateway;

    const S3: &str = "ServiceName=com.amazonaws.us-east-1.s3";

    #[tokio::test]
    async fn a_gateway_endpoint_has_a_route_in_its_tables() {
        let bench = Bench::new();
        let tables = bench.call("Action=DescribeRouteTables").await;
        let (table, vpc) = (tables.get("routeTableId").unwrap(), tables.get("vpcId").unwrap());
        let create = format!("Action=CreateVpcEndpoint&VpcId={vpc}&{S3}");
        let tag = "TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("{create}&RouteTableId.1={table}&ClientToken=t&{tag}")).await;
        assert_eq!(
            (made.get("state"), made.get("vpcEndpointType")),
            (Some("available"), Some("Gateway")),
            "{}",
            made.xml
        );
        let id = made.get("vpcEndpointId").unwrap();
        assert_eq!(bench.call(&format!("{create}&RouteTableId.1={table}")).await.code(), "RouteAlreadyExists");
        let by = format!("Action=DescribeRouteTables&Filter.1.Name=route.gateway-id&Filter.1.Value.1={id}");
        let seen = bench.call(&by).await;
        let list = seen.get("destinationPrefixListId").unwrap();
        let subnets = bench.call("Action=DescribeSubnets").await;
        let subnets: Vec<String> = subnets.all("subnetId").into_iter().map(str::to_owned).collect();
        let own = bench.call(&format!("Action=CreateRouteTable&VpcId={vpc}")).await;
        let own = own.get("routeTableId").unwrap();
        let moved = format!("Action=AssociateRouteTable&RouteTableId={own}&SubnetId={}", subnets[0]);
        let moved = bench.call(&moved).await.get("associationId").unwrap().to_owned();
        let with = bench.db().read(|c| s3_gateway::of_subnets(c, &subnets)).unwrap();
        assert!(!with.contains(&subnets[0]) && with.len() == subnets.len() - 1, "those of the main table: {with:?}");
        bench.call(&format!("Action=DisassociateRouteTable&AssociationId={moved}")).await;
        bench.call(&format!("Action=DeleteRouteTable&RouteTableId={own}")).await;
        let route = format!("RouteTableId={table}&DestinationPrefixListId={list}");
        assert_eq!(bench.call(&format!("Action=DeleteRoute&{route}")).await.code(), "InvalidParameterValue");
        assert_eq!(
            bench.call(&format!("Action=CreateRoute&{route}&GatewayId={id}")).await.code(),
            "InvalidParameterValue"
        );
        let modify = format!("Action=ModifyVpcEndpoint&VpcEndpointId={id}");
        let policy = "PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%7D";
        assert_eq!(
            bench.call(&format!("{modify}&{policy}&RemoveRouteTableId.1={table}")).await.get("return"),
            Some("true")
        );
        assert_eq!(bench.call(&format!("{modify}&PolicyDocument=none")).await.code(), "InvalidPolicyDocument");
        assert!(bench.call(&by).await.all("vpcId").is_empty());
        assert_eq!(bench.call(&format!("{modify}&AddRouteTableId.1={table}")).await.get("return"), Some("true"));
        let tagged =
            format!("Action=DescribeVpcEndpoints&VpcEndpointId.1={id}&Filter.1.Name=tag-key&Filter.1.Value.1=a");
        let seen = bench.call(&tagged).await;
        assert!(seen.get("policyDocument").unwrap().contains("2012-10-17"), "{}", seen.xml);
        let delete = format!("Action=DeleteVpcEndpoints&VpcEndpointId.1={id}&VpcEndpointId.2=vpce-12345678");
        assert_eq!(bench.call_other(&delete).await.all("resourceId").len(), 2);
        let gone = bench.call(&delete).await;
        assert_eq!(
            (gone.all("resourceId"), gone.get("code")),
            (vec!["vpce-12345678"], Some("InvalidVpcEndpoint.NotFound"))
        );
        assert!(bench.call(&by).await.all("vpcId").is_empty());
        let none = bench.call(&format!("Action=DescribeVpcEndpoints&VpcEndpointId.1={id}")).await;
        assert_eq!(none.code(), "InvalidVpcEndpointId.NotFound");
    }

    #[tokio::test]
    async fn an_interface_endpoint_has_interfaces_in_subnets() {
        let bench = Bench::new();
        let subnets = bench.call("Action=DescribeSubnets").await;
        let (subnet, vpc) = (subnets.all("subnetId"), subnets.get("vpcId").unwrap());
        let create = format!("Action=CreateVpcEndpoint&VpcId={vpc}&VpcEndpointType=Interface");
        let ec2 = "ServiceName=com.amazonaws.us-east-1.ec2";
        let made = bench.call(&format!("{create}&{ec2}&SubnetId.1={}&SubnetId.2={}", subnet[0], subnet[1])).await;
        assert_eq!(made.get("state"), Some("pending"), "{}", made.xml);
        let id = made.get("vpcEndpointId").unwrap();
        let cards = "Action=DescribeNetworkInterfaces&Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
        assert_eq!(bench.call(cards).await.all("networkInterfaceId").len(), 2);
        assert_eq!(
            bench.call(&format!("Action=DeleteSubnet&SubnetId={}", subnet[0])).await.code(),
            "DependencyViolation"
        );
        let group =
            bench.call(&format!("Action=CreateSecurityGroup&GroupName=web&GroupDescription=x&VpcId={vpc}")).await;
        let group = group.get("groupId").unwrap();
        let modify = format!("Action=ModifyVpcEndpoint&VpcEndpointId={id}");
        let change =
            format!("{modify}&AddSecurityGroupId.1={group}&RemoveSubnetId.1={}&AddSubnetId.1={}", subnet[0], subnet[2]);
        assert_eq!(bench.call(&change).await.get("return"), Some("true"));
        assert_eq!(
            bench.call(&format!("Action=DeleteSecurityGroup&GroupId={group}")).await.code(),
            "DependencyViolation"
        );
        let seen =
            bench.call("Action=DescribeVpcEndpoints&Filter.1.Name=vpc-endpoint-type&Filter.1.Value.1=Interface").await;
        assert_eq!((seen.get("state"), seen.all("groupId").len()), (Some("available"), 2), "{}", seen.xml);
        for (form, code) in [
            (format!("Action=CreateVpcEndpoint&VpcId={vpc}&{ec2}"), "InvalidParameter"),
            (format!("{create}&ServiceName=com.amazonaws.us-east-1.dynamodb"), "InvalidServiceName"),
            (format!("{create}&{ec2}&RouteTableId.1=rtb-12345678"), "InvalidParameter"),
            (format!("{create}&{ec2}&SubnetId.1=subnet-12345678"), "InvalidSubnetID.NotFound"),
            (format!("{create}&{ec2}&IpAddressType=dualstack"), "UnsupportedOperation"),
            (format!("Action=CreateVpcEndpoint&VpcId={vpc}&{S3}&VpcEndpointType=Tunnel"), "UnsupportedOperation"),
        ] {
            assert_eq!(bench.call(&form).await.code(), code, "{form}");
        }
        assert_eq!(bench.call(&format!("Action=DeleteVpcEndpoints&VpcEndpointId.1={id}")).await.status, 200);
        assert!(bench.call(cards).await.all("networkInterfaceId").is_empty());
        let services =
            bench.call("Action=DescribeVpcEndpointServices&Filter.1.Name=service-type&Filter.1.Value.1=Gateway").await;
        assert_eq!(services.all("serviceName"), ["com.amazonaws.us-east-1.s3"], "{}", services.xml);
    }
}
