//! Make a security group in a VPC. Its rules are kept and answered; guests' traffic is not held to them yet.

use crate::db;
use crate::db::tags::{Resource, Tag};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, groups, resource, tagging};
use crate::id::Kind;
use crate::network::groups::DEFAULT;
use crate::network::{self, vpcs};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateSecurityGroup {
    name: String,
    description: String,
    vpc: Option<String>,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    #[serde(rename = "return")]
    done: bool,
    group_id: String,
    tag_set: Vec<Tag>,
    security_group_arn: String,
}

fn text(p: &Params<'_>, name: &str) -> Result<String, Error> {
    let text = p.req(name)?;
    if text.len() > 255 {
        return Err(p.invalid(name, text, "Expecting at most 255 characters.").into());
    }
    if !groups::is_plain(text) {
        return Err(p.invalid(name, text, "Character sets beyond ASCII are not supported.").into());
    }
    Ok(text.to_owned())
}

impl Action for CreateSecurityGroup {
    const NAME: &'static str = "CreateSecurityGroup";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let (name, description) = (text(p, "GroupName")?, text(p, "GroupDescription")?);
        if name == DEFAULT {
            return Err(Error::ParameterValue(format!("Cannot use reserved security group name: {name}")));
        }
        if name.starts_with("sg-") {
            return Err(Error::ParameterValue("Group names may not be in the format sg-*".into()));
        }
        let specifications = tagging::specifications(p, &["security-group"])?;
        Ok(CreateSecurityGroup {
            name,
            description,
            vpc: p.opt_id("VpcId", Kind::Vpc)?.map(str::to_owned),
            tags: tagging::of(&specifications, "security-group"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &db::Conn, account: &str, region: &str| {
            let vpc = match &self.vpc {
                Some(id) => vpcs::need(c, account, region, id)?,
                None => vpcs::need_default(c, account, region)?,
            };
            let group = network::groups::create(c, account, region, &vpc.id, &self.name, &self.description)?;
            let on = Resource { account, region, id: &group.id, kind: "security-group" };
            db::tags::put(c, on, &self.tags)?;
            let security_group_arn = resource::arn(region, account, "security-group", &group.id);
            Ok(Output { done: true, group_id: group.id, tag_set: self.tags, security_group_arn })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const MAKE: &str = "Action=CreateSecurityGroup&GroupDescription=for+tests&GroupName";
    const SSH: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
                       &IpPermissions.1.IpRanges.1.CidrIp=10.1.2.3/8&IpPermissions.1.IpRanges.1.Description=home";

    #[tokio::test]
    async fn a_group_and_its_rules_come_and_go() {
        let bench = Bench::new();
        let made = bench.call(&format!("{MAKE}=web")).await;
        let id = made.get("groupId").unwrap_or_else(|| panic!("{}", made.xml));
        assert_eq!(bench.call(&format!("{MAKE}=web")).await.code(), "InvalidGroup.Duplicate");
        let allow = format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&{SSH}");
        let rule = bench.call(&allow).await;
        assert_eq!((rule.get("cidrIpv4"), rule.get("return")), (Some("10.0.0.0/8"), Some("true")), "{}", rule.xml);
        let twice = bench.call(&allow).await;
        assert_eq!(twice.code(), "InvalidPermission.Duplicate");
        assert!(twice.get("Message").unwrap().contains("peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW"));

        let seen = bench.call(&format!("Action=DescribeSecurityGroups&GroupId.1={id}")).await;
        assert_eq!((seen.get("fromPort"), seen.get("description")), (Some("22"), Some("home")), "{}", seen.xml);
        let filter =
            "Filter.1.Name=ip-permission.cidr&Filter.1.Value.1=10.*&Filter.2.Name=vpc-id&Filter.2.Value.1=vpc-*";
        assert_eq!(bench.call(&format!("Action=DescribeSecurityGroups&{filter}")).await.all("groupName"), ["web"]);
        let rule_id = rule.get("securityGroupRuleId").unwrap();
        let edit = format!(
            "Action=ModifySecurityGroupRules&GroupId={id}&SecurityGroupRule.1.SecurityGroupRuleId={rule_id}\
             &SecurityGroupRule.1.SecurityGroupRule.IpProtocol=6&SecurityGroupRule.1.SecurityGroupRule.FromPort=80\
             &SecurityGroupRule.1.SecurityGroupRule.ToPort=81&SecurityGroupRule.1.SecurityGroupRule.ReferencedGroupId={id}"
        );
        assert_eq!(bench.call(&edit).await.get("return"), Some("true"));
        let rules = format!("Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={id}");
        let rules = bench.call(&rules).await;
        assert_eq!((rules.all("isEgress").len(), rules.get("userId")), (2, Some("123456789012")), "{}", rules.xml);

        let gone = bench
            .call(&format!("Action=RevokeSecurityGroupIngress&GroupId={id}&SecurityGroupRuleId.1={rule_id}"))
            .await;
        assert_eq!(gone.all("referencedGroupId"), [id], "{}", gone.xml);
        let again = format!("Action=RevokeSecurityGroupIngress&GroupId={id}&{SSH}");
        assert_eq!(bench.call(&again).await.code(), "InvalidPermission.NotFound");
        assert_eq!(
            bench.call_other(&format!("Action=DeleteSecurityGroup&GroupId={id}")).await.code(),
            "InvalidGroup.NotFound"
        );
        assert_eq!(bench.call("Action=DeleteSecurityGroup&GroupName=web").await.get("return"), Some("true"));
        assert_eq!(bench.call("Action=DeleteSecurityGroup&GroupName=web").await.code(), "InvalidGroup.NotFound");
        assert_eq!(bench.call("Action=DeleteSecurityGroup&GroupName=default").await.code(), "CannotDelete");
    }

    #[tokio::test]
    async fn a_group_in_use_stays_and_instances_change_their_groups() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let web = bench.call(&format!("{MAKE}=web")).await.get("groupId").unwrap().to_owned();
        let db = bench.call(&format!("{MAKE}=db")).await.get("groupId").unwrap().to_owned();
        let run = "Action=RunInstances&ImageId=ami-12345678&MinCount=1&MaxCount=1&SecurityGroup.1=web";
        let run = bench.call(run).await;
        let instance = run.get("instanceId").unwrap_or_else(|| panic!("{}", run.xml));
        assert!(run.all("groupName").iter().all(|name| *name == "web"));
        let delete = |id: &str| format!("Action=DeleteSecurityGroup&GroupId={id}");
        assert_eq!(bench.call(&delete(&web)).await.code(), "DependencyViolation");
        let change = format!("Action=ModifyInstanceAttribute&InstanceId={instance}&GroupId.1={db}");
        assert_eq!(bench.call(&change).await.get("return"), Some("true"));
        let refer = format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={db}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={web}"
        );
        assert_eq!(bench.call(&refer).await.status, 200);
        assert_eq!(bench.call(&delete(&web)).await.code(), "DependencyViolation", "a rule names it");
        let stop = refer.replace("Authorize", "Revoke");
        assert_eq!(bench.call(&stop).await.status, 200);
        assert_eq!(bench.call(&delete(&web)).await.status, 200);
        assert_eq!(bench.call(&delete(&db)).await.code(), "DependencyViolation");
    }

    #[tokio::test]
    async fn what_a_rule_cannot_be_is_said_in_awss_words() {
        let bench = Bench::new();
        bench.call(&format!("{MAKE}=web")).await;
        for (form, code) in [
            ("IpProtocol=tcp&FromPort=22&CidrIp=0.0.0.0/0", "InvalidParameterValue"),
            ("IpProtocol=tcp&FromPort=22&ToPort=21&CidrIp=0.0.0.0/0", "InvalidParameterValue"),
            ("IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0", "InvalidParameterValue"),
            ("IpProtocol=warp&CidrIp=0.0.0.0/0", "InvalidParameterValue"),
            ("IpProtocol=tcp&FromPort=22&ToPort=22", "MissingParameter"),
            ("IpPermissions.1.IpProtocol=-1", "MissingParameter"),
            ("SourceSecurityGroupName=nobody", "InvalidGroup.NotFound"),
            ("", "MissingParameter"),
            ("IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0&DryRun=true", "DryRunOperation"),
        ] {
            let answer = bench.call(&format!("Action=AuthorizeSecurityGroupIngress&GroupName=web&{form}")).await;
            assert_eq!(answer.code(), code, "{form}: {}", answer.xml);
        }
        for (name, code) in
            [("default", "InvalidParameterValue"), ("sg-1", "InvalidParameterValue"), ("", "MissingParameter")]
        {
            assert_eq!(bench.call(&format!("{MAKE}={name}")).await.code(), code, "{name}");
        }
        let flat = "Action=AuthorizeSecurityGroupIngress&GroupName=web&SourceSecurityGroupName=default";
        assert_eq!(bench.call(flat).await.all("ipProtocol"), ["tcp", "udp", "icmp"]);
    }
}
