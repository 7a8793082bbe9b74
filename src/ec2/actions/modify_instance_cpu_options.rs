//! Give a stopped instance other cores and threads; its guest has as many processors as threads from its next start on.

use crate::compute::{Cpu, Edit};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct ModifyInstanceCpuOptions {
    id: String,
    cpu: Cpu,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    core_count: u32,
    threads_per_core: u32,
}

impl Action for ModifyInstanceCpuOptions {
    const NAME: &'static str = "ModifyInstanceCpuOptions";
    const REFUSED: &'static [&'static str] = &["NestedVirtualization"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let cpu = Cpu { cores: p.int("CoreCount", 1..=1024)? as u32, threads: p.int("ThreadsPerCore", 1..=2)? as u32 };
        Ok(ModifyInstanceCpuOptions { id: p.id("InstanceId", Kind::Instance)?.to_owned(), cpu })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let ids = vec![self.id.clone()];
        cx.cloud.compute.edit(&cx.caller.account, &cx.region, ids, Edit::Cpu(self.cpu)).await?;
        Ok(Output { instance_id: self.id, core_count: self.cpu.cores, threads_per_core: self.cpu.threads })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_launch_may_have_fewer_cores_and_says_other_things_of_itself() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=m5.xlarge&MinCount=1&MaxCount=1";
        let cpu =
            |cores: u32, threads: u32| format!("CpuOptions.CoreCount={cores}&CpuOptions.ThreadsPerCore={threads}");
        let names =
            "PrivateDnsNameOptions.HostnameType=resource-name&PrivateDnsNameOptions.EnableResourceNameDnsARecord=true";
        let other = "MaintenanceOptions.AutoRecovery=disabled&CreditSpecification.CpuCredits=standard";
        let launched = bench.call(&format!("{run}&{}&{names}&{other}", cpu(2, 1))).await;
        assert_eq!(
            (launched.get("coreCount"), launched.get("threadsPerCore")),
            (Some("2"), Some("1")),
            "{}",
            launched.xml
        );
        assert_eq!(
            (launched.get("hostnameType"), launched.get("autoRecovery")),
            (Some("resource-name"), Some("disabled"))
        );
        for (form, code) in
            [(cpu(3, 2), "InvalidParameterValue"), ("CpuOptions.CoreCount=2".into(), "MissingParameter")]
        {
            assert_eq!(bench.call(&format!("{run}&{form}")).await.code(), code, "{form}");
        }
        let id = launched.get("instanceId").unwrap();
        let maintain = format!("Action=ModifyInstanceMaintenanceOptions&InstanceId={id}&AutoRecovery=default");
        assert_eq!(bench.call(&maintain).await.get("autoRecovery"), Some("default"));
        let dns = format!("Action=ModifyPrivateDnsNameOptions&InstanceId={id}&PrivateDnsHostnameType=ip-name");
        assert_eq!(bench.call(&dns).await.get("return"), Some("true"));
        let seen = bench.call("Action=DescribeInstances").await;
        assert_eq!(
            (seen.get("hostnameType"), seen.get("enableResourceNameDnsARecord")),
            (Some("ip-name"), Some("true"))
        );
        let running = format!("Action=ModifyInstanceCpuOptions&InstanceId={id}&CoreCount=1&ThreadsPerCore=1");
        assert_eq!(bench.call(&running).await.code(), "IncorrectInstanceState");
        let credits = format!("Action=ModifyInstanceCreditSpecification&InstanceCreditSpecification.1.InstanceId={id}");
        let credits = bench.call(&format!("{credits}&InstanceCreditSpecification.1.CpuCredits=standard")).await;
        assert_eq!(credits.get("code"), Some("InstanceCreditSpecification.NotSupported"), "{}", credits.xml);
    }

    #[tokio::test]
    async fn quotas_are_kept_to() {
        use crate::db::quotas::set;
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        for name in ["instances", "vpcs", "elastic-ips", "key-pairs"] {
            bench.db().write_blocking(move |c| set(c, Some("123456789012"), name, Some(1))).unwrap();
        }
        for (name, most) in [("subnets-per-vpc", 3), ("security-groups", 1), ("rules-per-security-group", 1)] {
            bench.db().write_blocking(move |c| set(c, None, name, Some(most))).unwrap();
        }
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount";
        assert_eq!(bench.call(&format!("{run}=2")).await.code(), "InstanceLimitExceeded");
        let launched = bench.call(&format!("{run}=1")).await;
        assert_eq!(launched.status, 200, "{}", launched.xml);
        bench.db().write_blocking(|c| set(c, None, "vcpus", Some(1))).unwrap();
        bench.db().write_blocking(|c| set(c, Some("123456789012"), "instances", None)).unwrap();
        assert_eq!(bench.call(&format!("{run}=1")).await.code(), "VcpuLimitExceeded");
        bench.call("Action=AllocateAddress").await;
        bench.call("Action=CreateKeyPair&KeyName=one&KeyType=ed25519").await;
        let vpc = launched.get("vpcId").unwrap();
        let group = launched.get("groupId").unwrap();
        let rules = "IpProtocol=tcp&CidrIp=10.0.0.0/8&FromPort=1&ToPort=1";
        for (form, code) in [
            ("AllocateAddress".to_owned(), "AddressLimitExceeded"),
            ("CreateVpc&CidrBlock=10.0.0.0/16".into(), "VpcLimitExceeded"),
            (format!("CreateSubnet&VpcId={vpc}&CidrBlock=172.31.64.0/20"), "SubnetLimitExceeded"),
            ("CreateKeyPair&KeyName=two&KeyType=ed25519".into(), "ResourceLimitExceeded"),
            ("CreateSecurityGroup&GroupName=a&GroupDescription=b".into(), "SecurityGroupLimitExceeded"),
            (format!("AuthorizeSecurityGroupIngress&GroupId={group}&{rules}"), "RulesPerSecurityGroupLimitExceeded"),
        ] {
            assert_eq!(bench.call(&format!("Action={form}")).await.code(), code, "{form}");
        }
        let seen = bench.call("Action=DescribeAccountAttributes&AttributeName.1=vpc-max-elastic-ips").await;
        assert_eq!(seen.get("attributeValue"), Some("1"), "{}", seen.xml);
    }
}
