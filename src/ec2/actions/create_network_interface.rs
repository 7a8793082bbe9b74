//! Make a network interface in a subnet. It serves an instance once it is attached to one.

use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::interfaces::{self, Shown, WantedAddresses};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::id::Kind;
use crate::network::{self, CardRequest, NicDetails, groups};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateNetworkInterface {
    subnet: String,
    groups: Vec<String>,
    addresses: WantedAddresses,
    description: String,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    network_interface: Shown,
    client_token: Option<String>,
}

impl Action for CreateNetworkInterface {
    const NAME: &'static str = "CreateNetworkInterface";
    /// Connections are followed as long as the host's firewall follows them.
    const IGNORED: &'static [&'static str] = &["ConnectionTrackingSpecification", "EnablePrimaryIpv6", "Operator"];
    const REFUSED: &'static [&'static str] = &[
        "InterfaceType",
        "Ipv4Prefix",
        "Ipv4PrefixCount",
        "Ipv6AddressCount",
        "Ipv6Addresses",
        "Ipv6Prefix",
        "Ipv6PrefixCount",
    ];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["network-interface"])?;
        Ok(CreateNetworkInterface {
            subnet: p.id("SubnetId", Kind::Subnet)?.to_owned(),
            groups: p.ids("SecurityGroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect(),
            addresses: WantedAddresses::read(p)?,
            description: p.opt("Description").unwrap_or_default().to_owned(),
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "network-interface"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let answer = |nic: network::Nic, tags: Vec<Tag>| {
                let mut network_interface = Shown::new(nic, tags);
                network_interface.fresh = true;
                Output { network_interface, client_token: self.token.text() }
            };
            if let Some(made) = self.token.made(c, account, region)? {
                let tags = db::tags::of(c, account, &made)?;
                return Ok(answer(network::interfaces::need(c, account, region, &made)?, tags));
            }
            let subnet = network::subnet(c, account, region, &self.subnet)?;
            let card = CardRequest {
                ip: self.addresses.first,
                secondary: self.addresses.secondary,
                more: self.addresses.more,
                groups: groups::choose(c, account, region, &subnet.vpc_id, &self.groups, &[])?,
                details: NicDetails { description: self.description, ..NicDetails::default() },
            };
            let made = network::interfaces::create(c, account, &subnet, card)?;
            interfaces::check_count(c, &made)?;
            let on = Resource { account, region, id: &made.eni_id, kind: "network-interface" };
            db::tags::put(c, on, &self.tags)?;
            self.token.keep(c, account, region, &made.eni_id)?;
            Ok(answer(made, self.tags))
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::{Answer, Bench};

    async fn subnet(bench: &Bench) -> String {
        let zone = "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a";
        bench.call(&format!("Action=DescribeSubnets&{zone}")).await.get("subnetId").unwrap().to_owned()
    }

    async fn create(bench: &Bench, more: &str) -> Answer {
        bench.call(&format!("Action=CreateNetworkInterface&SubnetId={}&{more}", subnet(bench).await)).await
    }

    #[tokio::test]
    async fn an_interface_is_made_described_and_deleted() {
        let bench = Bench::new();
        let tag = "TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=a";
        let form = format!("Description=mine&PrivateIpAddress=172.31.0.9&SecondaryPrivateIpAddressCount=2&{tag}");
        let made = create(&bench, &form).await;
        assert_eq!(made.get("status"), Some("pending"), "{}", made.xml);
        let id = made.get("networkInterfaceId").unwrap();
        let seen = bench.call("Action=DescribeNetworkInterfaces&Filter.1.Name=tag-key&Filter.1.Value.1=a").await;
        assert_eq!((seen.get("networkInterfaceId"), seen.get("status")), (Some(id), Some("available")));
        assert_eq!(
            seen.all("privateIpAddress"),
            ["172.31.0.9", "172.31.0.9", "172.31.0.4", "172.31.0.5"],
            "{}",
            seen.xml
        );
        let none = bench.call("Action=DescribeNetworkInterfaces&Filter.1.Name=description&Filter.1.Value.1=x").await;
        assert!(none.all("networkInterfaceId").is_empty());
        let group = seen.get("groupId").unwrap();
        let gone = bench.call(&format!("Action=DeleteSubnet&SubnetId={}", subnet(&bench).await)).await;
        assert_eq!(gone.code(), "DependencyViolation", "{group}");
        assert_eq!(
            bench.call_other(&format!("Action=DeleteNetworkInterface&NetworkInterfaceId={id}")).await.code(),
            "InvalidNetworkInterfaceID.NotFound"
        );
        let gone = bench.call(&format!("Action=DeleteNetworkInterface&NetworkInterfaceId={id}")).await;
        assert_eq!(gone.get("return"), Some("true"));
        let gone = bench.call(&format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={id}")).await;
        assert_eq!(gone.code(), "InvalidNetworkInterfaceID.NotFound");
        assert!(bench.call("Action=DescribeTags").await.all("key").is_empty());
    }

    #[tokio::test]
    async fn a_token_makes_one_interface() {
        let bench = Bench::new();
        let first = create(&bench, "ClientToken=t").await;
        let again = create(&bench, "ClientToken=t").await;
        assert_eq!(first.get("networkInterfaceId"), again.get("networkInterfaceId"));
        assert_eq!(create(&bench, "ClientToken=t&Description=x").await.code(), "IdempotentParameterMismatch");
        let dry = create(&bench, "DryRun=true").await;
        assert_eq!((dry.status, dry.code()), (412, "DryRunOperation"));
    }

    #[tokio::test]
    async fn addresses_are_somebodys_only_once() {
        let bench = Bench::new();
        let one =
            create(&bench, "PrivateIpAddresses.1.PrivateIpAddress=172.31.0.20&PrivateIpAddresses.1.Primary=true").await;
        assert_eq!(one.get("privateIpAddress"), Some("172.31.0.20"), "{}", one.xml);
        let (one, two) = (one.get("networkInterfaceId").unwrap(), create(&bench, "").await);
        let two = two.get("networkInterfaceId").unwrap();
        let assign = |id: &str, more: &str| format!("Action=AssignPrivateIpAddresses&NetworkInterfaceId={id}&{more}");
        let got = bench.call(&assign(one, "PrivateIpAddress.1=172.31.0.21&PrivateIpAddress.2=172.31.0.22")).await;
        assert_eq!(got.all("privateIpAddress"), ["172.31.0.21", "172.31.0.22"], "{}", got.xml);
        for (id, form, code) in [
            (two, "PrivateIpAddress.1=172.31.0.21", "InvalidParameterValue"),
            (two, "PrivateIpAddress.1=172.31.0.20&AllowReassignment=true", "InvalidParameterValue"),
            (two, "PrivateIpAddress.1=10.0.0.1", "InvalidParameterValue"),
            (two, "SecondaryPrivateIpAddressCount=60", "PrivateIpAddressLimitExceeded"),
            (two, "", "InvalidParameterCombination"),
        ] {
            assert_eq!(bench.call(&assign(id, form)).await.code(), code, "{form}");
        }
        assert_eq!(create(&bench, "PrivateIpAddress=172.31.0.21").await.code(), "InvalidIPAddress.InUse");
        let moved = bench.call(&assign(two, "PrivateIpAddress.1=172.31.0.21&AllowReassignment=true")).await;
        assert_eq!(moved.all("privateIpAddress"), ["172.31.0.21"]);
        let seen = bench.call(&format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={one}")).await;
        assert_eq!(seen.all("privateIpAddress"), ["172.31.0.20", "172.31.0.20", "172.31.0.22"]);
        let take = |id: &str, ip: &str| {
            format!("Action=UnassignPrivateIpAddresses&NetworkInterfaceId={id}&PrivateIpAddress.1={ip}")
        };
        assert_eq!(bench.call(&take(one, "172.31.0.21")).await.code(), "InvalidParameterValue");
        assert_eq!(bench.call(&take(one, "172.31.0.20")).await.code(), "InvalidParameterValue");
        assert_eq!(bench.call(&take(one, "172.31.0.22")).await.get("return"), Some("true"));
    }
}
