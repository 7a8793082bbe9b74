//! Ask another VPC, of whichever account and region, to peer with one of the caller's. What cannot be is made as `failed`, as at
//! AWS. A peering is a record: packets do not go from VPC to VPC yet.

use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::peerings::PeeringItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::id::Kind;
use crate::network::peerings::{self, Options, Side};
use crate::network::vpcs;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateVpcPeeringConnection {
    vpc: String,
    peer_vpc: String,
    peer_account: Option<String>,
    peer_region: Option<String>,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    vpc_peering_connection: PeeringItem,
}

impl Action for CreateVpcPeeringConnection {
    const NAME: &'static str = "CreateVpcPeeringConnection";
    const REFUSED: &'static [&'static str] = &["RequesterPeeringConnectionOptions"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let specifications = tagging::specifications(p, &["vpc-peering-connection"])?;
        let peer = p.opt_id("PeerVpcId", Kind::Vpc)?.ok_or_else(|| query::Error::Missing("peerVpcId".into()))?;
        Ok(CreateVpcPeeringConnection {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            peer_vpc: peer.to_owned(),
            peer_account: owned("PeerOwnerId"),
            peer_region: owned("PeerRegion"),
            tags: tagging::of(&specifications, "vpc-peering-connection"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        if let Some(region) = self.peer_region.as_ref().filter(|r| !cx.cloud.config.regions.contains(r)) {
            return Err(Error::ParameterValue(format!(
                "Value ({region}) for parameter peerRegion is invalid. There is no such region."
            )));
        }
        let job = move |c: &Conn, account: &str, region: &str| {
            let vpc = vpcs::need(c, account, region, &self.vpc)?;
            let accepter = Side {
                account: self.peer_account.unwrap_or_else(|| account.to_owned()),
                region: self.peer_region.unwrap_or_else(|| region.to_owned()),
                vpc: self.peer_vpc,
                options: Options::default(),
            };
            let made = peerings::ask(c, &vpc, accepter)?;
            resource::put_tags(c, account, region, Kind::PeeringConnection, &made.id, &self.tags)?;
            Ok(Output { vpc_peering_connection: PeeringItem::new(c, &made, self.tags)?.initiating() })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::{Answer, Bench};

    async fn vpc(answer: &Answer) -> String {
        answer.get("vpcId").unwrap().to_owned()
    }

    async fn two(bench: &Bench) -> (String, String) {
        let mine = vpc(&bench.call("Action=CreateVpc&CidrBlock=10.1.0.0/16").await).await;
        let theirs = vpc(&bench.call_other("Action=CreateVpc&CidrBlock=10.2.0.0/16").await).await;
        (mine, theirs)
    }

    #[tokio::test]
    async fn one_account_asks_and_the_other_accepts() {
        let bench = Bench::new();
        let (mine, theirs) = two(&bench).await;
        let ask = format!("Action=CreateVpcPeeringConnection&VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId=210987654321");
        let tag = "TagSpecification.1.ResourceType=vpc-peering-connection&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("{ask}&{tag}")).await;
        assert_eq!(made.get("code"), Some("initiating-request"), "{}", made.xml);
        let id = made.get("vpcPeeringConnectionId").unwrap();
        assert_eq!(bench.call(&ask).await.code(), "VpcPeeringConnectionAlreadyExists");
        let describe = format!("Action=DescribeVpcPeeringConnections&VpcPeeringConnectionId.1={id}");
        let seen = bench.call_other(&describe).await;
        assert_eq!((seen.get("code"), seen.get("key")), (Some("pending-acceptance"), None), "{}", seen.xml);
        assert_eq!(bench.call(&describe).await.get("key"), Some("a"));
        let on = |action: &str| format!("Action={action}VpcPeeringConnection&VpcPeeringConnectionId={id}");
        assert_eq!(bench.call(&on("Accept")).await.code(), "OperationNotPermitted");
        assert_eq!(bench.call_other(&on("Delete")).await.code(), "OperationNotPermitted");
        let accepted = bench.call_other(&on("Accept")).await;
        assert_eq!(accepted.get("code"), Some("active"), "{}", accepted.xml);
        assert_eq!(bench.call_other(&on("Accept")).await.code(), "InvalidStateTransition");
        let filter = "Filter.1.Name=accepter-vpc-info.cidr-block&Filter.1.Value.1=10.2.0.0/16";
        let seen = bench.call(&format!("{describe}&{filter}")).await;
        assert_eq!(seen.all("vpcPeeringConnectionId"), [id]);

        let options = format!("Action=ModifyVpcPeeringConnectionOptions&VpcPeeringConnectionId={id}");
        let requester = "RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true";
        assert_eq!(bench.call_other(&format!("{options}&{requester}")).await.code(), "OperationNotPermitted");
        let changed = bench.call(&format!("{options}&{requester}")).await;
        assert_eq!(changed.get("allowDnsResolutionFromRemoteVpc"), Some("true"), "{}", changed.xml);

        let tables =
            bench.call(&format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={mine}")).await;
        let table = tables.get("routeTableId").unwrap();
        let route = format!("RouteTableId={table}&DestinationCidrBlock=10.2.0.0/16&VpcPeeringConnectionId={id}");
        assert_eq!(bench.call(&format!("Action=CreateRoute&{route}")).await.get("return"), Some("true"));
        let by =
            format!("Action=DescribeRouteTables&Filter.1.Name=route.vpc-peering-connection-id&Filter.1.Value.1={id}");
        assert_eq!(bench.call(&by).await.all("state"), ["active", "active", "associated"]);
        assert_eq!(bench.call_other(&format!("Action=DeleteVpc&VpcId={theirs}")).await.code(), "DependencyViolation");
        assert_eq!(bench.call_other(&on("Delete")).await.get("return"), Some("true"));
        assert_eq!(bench.call(&by).await.all("state"), ["active", "blackhole", "associated"]);
        let seen = bench.call(&describe).await;
        assert_eq!(seen.get("message"), Some("Deleted by 210987654321"), "{}", seen.xml);
        assert_eq!(bench.call_other(&format!("Action=DeleteVpc&VpcId={theirs}")).await.get("return"), Some("true"));
    }

    #[tokio::test]
    async fn what_cannot_be_fails_and_who_does_not_want_rejects() {
        let bench = Bench::new();
        let (mine, theirs) = two(&bench).await;
        let same = vpc(&bench.call("Action=CreateVpc&CidrBlock=10.1.8.0/24").await).await;
        let ask =
            |peer: &str, more: &str| format!("Action=CreateVpcPeeringConnection&VpcId={mine}&PeerVpcId={peer}&{more}");
        for form in [ask(&same, ""), ask("vpc-12345678", ""), ask(&theirs, "")] {
            let made = bench.call(&form).await;
            let id = made.get("vpcPeeringConnectionId").unwrap();
            let describe = format!("Action=DescribeVpcPeeringConnections&VpcPeeringConnectionId.1={id}");
            assert_eq!(bench.call(&describe).await.get("code"), Some("failed"), "{form}");
            assert_eq!(bench.call_other(&describe).await.code(), "InvalidVpcPeeringConnectionID.NotFound");
            let delete = format!("Action=DeleteVpcPeeringConnection&VpcPeeringConnectionId={id}");
            let refused = bench.call(&delete).await;
            assert_eq!(refused.code(), "InvalidStateTransition");
            assert!(refused.xml.contains("attempted to transition from failed to deleting"), "{}", refused.xml);
        }
        assert_eq!(bench.call(&ask(&same, "PeerRegion=mars-1")).await.code(), "InvalidParameterValue");
        let made = bench.call(&ask(&theirs, "PeerOwnerId=210987654321")).await;
        let id = made.get("vpcPeeringConnectionId").unwrap();
        let reject = format!("Action=RejectVpcPeeringConnection&VpcPeeringConnectionId={id}");
        assert_eq!(bench.call(&reject).await.code(), "OperationNotPermitted");
        assert_eq!(bench.call_other(&reject).await.get("return"), Some("true"));
        let seen =
            bench.call("Action=DescribeVpcPeeringConnections&Filter.1.Name=status-code&Filter.1.Value.1=rejected");
        assert_eq!(seen.await.all("vpcPeeringConnectionId"), [id]);
    }
}
