//! The VPCs whose groups name these groups of the caller's in their rules, over a peering.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::groups::{self, Group};
use crate::network::records;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct DescribeSecurityGroupReferences {
    ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    security_group_reference_set: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    group_id: String,
    referencing_vpc_id: String,
    vpc_peering_connection_id: String,
}

impl Action for DescribeSecurityGroupReferences {
    const NAME: &'static str = "DescribeSecurityGroupReferences";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("GroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect();
        match ids.is_empty() {
            true => Err(query::Error::Missing("groupId".into()).into()),
            false => Ok(DescribeSecurityGroupReferences { ids }),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        cx.look(|c, account, region| {
            let mut all = Vec::new();
            for id in &self.ids {
                let group = records::need::<Group>(c, account, region, id)?;
                all.extend(groups::references(c, &group)?.into_iter().map(|there| Item {
                    group_id: id.clone(),
                    referencing_vpc_id: there.vpc,
                    vpc_peering_connection_id: there.peering,
                }));
            }
            Ok(Output { security_group_reference_set: all })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_group_of_a_peer_is_named_and_goes_stale() {
        let bench = Bench::new();
        let mine = bench.call("Action=CreateVpc&CidrBlock=10.1.0.0/16").await.get("vpcId").unwrap().to_owned();
        let theirs = bench.call_other("Action=CreateVpc&CidrBlock=10.2.0.0/16").await.get("vpcId").unwrap().to_owned();
        let group = |vpc: &str| format!("Action=CreateSecurityGroup&GroupName=g&GroupDescription=d&VpcId={vpc}");
        let own = bench.call(&group(&mine)).await.get("groupId").unwrap().to_owned();
        let other = bench.call_other(&group(&theirs)).await.get("groupId").unwrap().to_owned();
        let rule = format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={own}&IpPermissions.1.IpProtocol=-1\
             &IpPermissions.1.Groups.1.GroupId={other}&IpPermissions.1.Groups.1.UserId=210987654321"
        );
        assert_eq!(bench.call(&rule).await.code(), "InvalidGroup.NotFound");
        let ask = format!("Action=CreateVpcPeeringConnection&VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId=210987654321");
        let peering = bench.call(&ask).await.get("vpcPeeringConnectionId").unwrap().to_owned();
        bench.call_other(&format!("Action=AcceptVpcPeeringConnection&VpcPeeringConnectionId={peering}")).await;
        let added = bench.call(&rule).await;
        assert_eq!(added.get("vpcPeeringConnectionId"), Some(&peering[..]), "{}", added.xml);
        let describe = format!("Action=DescribeSecurityGroups&GroupId.1={own}");
        let seen = bench.call(&describe).await;
        assert_eq!(
            (seen.get("peeringStatus"), seen.get("userId")),
            (Some("active"), Some("210987654321")),
            "{}",
            seen.xml
        );
        let references = format!("Action=DescribeSecurityGroupReferences&GroupId.1={other}");
        assert_eq!(bench.call_other(&references).await.get("referencingVpcId"), Some(&mine[..]));
        assert_eq!(bench.call(&references).await.code(), "InvalidGroup.NotFound");
        let stale = format!("Action=DescribeStaleSecurityGroups&VpcId={mine}");
        assert!(bench.call(&stale).await.all("groupName").is_empty());
        bench.call_other(&format!("Action=DeleteVpcPeeringConnection&VpcPeeringConnectionId={peering}")).await;
        let seen = bench.call(&stale).await;
        assert_eq!((seen.get("groupName"), seen.get("peeringStatus")), (Some("g"), Some("deleted")), "{}", seen.xml);
        assert_eq!(
            bench.call_other(&format!("Action=DeleteSecurityGroup&GroupId={other}")).await.get("return"),
            Some("true")
        );
        let gone = bench.call(&rule.replace("Authorize", "Revoke")).await;
        assert_eq!(gone.get("return"), Some("true"), "{}", gone.xml);
        assert!(bench.call(&stale).await.all("groupName").is_empty());
        let here = bench
            .call(&format!("Action=GetSecurityGroupsForVpc&VpcId={mine}&Filter.1.Name=group-name&Filter.1.Value.1=g"))
            .await;
        assert_eq!(here.get("primaryVpcId"), Some(&mine[..]));
    }
}
