//! The interfaces of a launch, out of `NetworkInterface.N` or of the plain parameters that describe the only one.

use super::Error;
use super::interfaces::{NO_IPV6, WantedAddresses, address};
use crate::compute::InterfaceWish;
use crate::id::Kind;
use crate::wire::query::Params;

/// Read them; the first one has device index 0.
pub fn read(p: &Params<'_>) -> Result<Vec<InterfaceWish>, Error> {
    let plain = plain(p)?;
    let listed = p.structs("NetworkInterface");
    if listed.is_empty() {
        if plain.subnet_id.is_some() && !plain.group_names.is_empty() {
            return Err(Error::ParameterCombination(
                "The parameter groupName cannot be used with the parameter subnet".into(),
            ));
        }
        return Ok(vec![plain]);
    }
    if plain.subnet_id.is_some() || !plain.group_ids.is_empty() || !plain.group_names.is_empty() {
        return Err(Error::ParameterCombination(
            "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request"
                .into(),
        ));
    }
    if plain.ip.is_some() && listed.len() > 1 {
        return Err(Error::ParameterCombination(
            "Network interfaces and an instance-level private IP address may not be specified on the same request"
                .into(),
        ));
    }
    let mut all = listed.iter().map(|p| one(p)).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|wish| wish.index);
    check(&all)?;
    all[0].ip = all[0].ip.or(plain.ip);
    Ok(all)
}

fn plain(p: &Params<'_>) -> Result<InterfaceWish, Error> {
    Ok(InterfaceWish {
        subnet_id: p.opt_id("SubnetId", Kind::Subnet)?.map(str::to_owned),
        group_ids: p.ids("SecurityGroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect(),
        group_names: p.list("SecurityGroup").into_iter().map(str::to_owned).collect(),
        ip: address(p, "PrivateIpAddress")?,
        ..InterfaceWish::default()
    })
}

/// An error for interfaces that cannot be together.
fn check(all: &[InterfaceWish]) -> Result<(), Error> {
    let indexes: Vec<u32> = all.iter().map(|wish| wish.index).collect();
    if indexes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::ParameterValue("Each network interface requires a unique device index.".into()));
    }
    if indexes[0] != 0 {
        return Err(Error::ParameterCombination("One of the network interfaces must have the device index 0".into()));
    }
    if all.len() > 1 && all.iter().any(|wish| wish.public == Some(true)) {
        return Err(Error::ParameterCombination(
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces"
                .into(),
        ));
    }
    let mut existing: Vec<&String> = all.iter().filter_map(|wish| wish.existing.as_ref()).collect();
    existing.sort();
    if existing.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::ParameterValue("A network interface may not be specified more than once.".into()));
    }
    Ok(())
}

fn one(p: &Params<'_>) -> Result<InterfaceWish, Error> {
    if let Some(name) = NO_IPV6.iter().find(|name| p.asks(name)) {
        return Err(Error::Unsupported(format!("NetworkInterface.{name}")));
    }
    NO_IPV6.iter().for_each(|name| p.ignore(name));
    // AWS's types have one network card.
    p.opt_int("NetworkCardIndex", 0..=0)?;
    if let Some(kind) = p.opt("InterfaceType").filter(|kind| !["", "interface"].contains(kind)) {
        return Err(Error::Unsupported(format!("network interfaces of the type {kind}")));
    }
    let public = p.opt_bool("AssociatePublicIpAddress")?;
    let delete = p.opt_bool("DeleteOnTermination")?;
    let mut wish = InterfaceWish {
        index: p.opt_int("DeviceIndex", 0..=31)?.unwrap_or(0) as u32,
        description: p.opt("Description").unwrap_or_default().to_owned(),
        keep: delete == Some(false),
        public,
        ..InterfaceWish::default()
    };
    if let Some(id) = p.opt_id("NetworkInterfaceId", Kind::NetworkInterface)? {
        wish.existing = Some(id.to_owned());
        return check_existing(p, wish, delete);
    }
    let addresses = WantedAddresses::read(p)?;
    wish.subnet_id = p.opt_id("SubnetId", Kind::Subnet)?.map(str::to_owned);
    wish.group_ids = p.ids("SecurityGroupId", Kind::SecurityGroup)?.into_iter().map(str::to_owned).collect();
    (wish.ip, wish.secondary, wish.more) = (addresses.first, addresses.secondary, addresses.more);
    Ok(wish)
}

/// What goes with an interface that is there already.
fn check_existing(p: &Params<'_>, wish: InterfaceWish, delete: Option<bool>) -> Result<InterfaceWish, Error> {
    let other = ["SubnetId", "SecurityGroupId", "PrivateIpAddress", "PrivateIpAddresses"];
    if let Some(name) = other.iter().find(|name| p.values().iter().any(|(full, _)| full.contains(**name))) {
        return Err(Error::ParameterCombination(format!(
            "The parameter {name} cannot be used with the parameter networkInterfaceId"
        )));
    }
    if wish.public == Some(true) {
        return Err(Error::ParameterCombination(
            "The associatePublicIPAddress parameter cannot be specified for a network interface with an ID.".into(),
        ));
    }
    if delete == Some(true) {
        return Err(Error::ParameterCombination(
            "A network interface that is there already may not be deleted on termination".into(),
        ));
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.small&MinCount=1&MaxCount=1";
    const TWO: &str = "NetworkInterface.1.DeviceIndex=1&NetworkInterface.2.DeviceIndex=0";

    async fn bench() -> Bench {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench
    }

    async fn subnet(bench: &Bench, zone: &str) -> String {
        let filter = format!("Filter.1.Name=availability-zone&Filter.1.Value.1={zone}");
        bench.call(&format!("Action=DescribeSubnets&{filter}")).await.get("subnetId").unwrap().to_owned()
    }

    #[tokio::test]
    async fn an_instance_comes_with_all_its_interfaces() {
        let bench = bench().await;
        let subnet = subnet(&bench, "us-east-1b").await;
        let cards = format!(
            "{TWO}&NetworkInterface.1.Description=second&NetworkInterface.1.SubnetId={subnet}&NetworkInterface.1.DeleteOnTermination=false\
             &NetworkInterface.2.SubnetId={subnet}&NetworkInterface.2.SecondaryPrivateIpAddressCount=1"
        );
        let tag = "TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=a";
        let run = bench.call(&format!("{RUN}&{cards}&{tag}")).await;
        assert_eq!(run.all("deviceIndex"), ["0", "1"], "{}", run.xml);
        assert_eq!(run.all("deleteOnTermination"), ["true", "false"]);
        assert_eq!((run.get("availabilityZone"), run.get("ipAddress")), (Some("us-east-1b"), None));
        let tagged = bench.call("Action=DescribeNetworkInterfaces&Filter.1.Name=tag-key&Filter.1.Value.1=a").await;
        assert_eq!(tagged.all("instanceId").len(), 2, "{}", tagged.xml);
    }

    #[tokio::test]
    async fn interfaces_that_cannot_be_together_are_refused() {
        let bench = bench().await;
        let ids = [subnet(&bench, "us-east-1a").await, subnet(&bench, "us-east-1c").await];
        let four: Vec<String> = (0..4).map(|n| format!("NetworkInterface.{n}.DeviceIndex={n}")).collect();
        for (form, code) in [
            ("NetworkInterface.1.DeviceIndex=0&NetworkInterface.2.DeviceIndex=0".to_owned(), "InvalidParameterValue"),
            ("NetworkInterface.1.DeviceIndex=1".to_owned(), "InvalidParameterCombination"),
            (format!("{TWO}&NetworkInterface.2.AssociatePublicIpAddress=true"), "InvalidParameterCombination"),
            (
                format!("{TWO}&NetworkInterface.1.SubnetId={}&NetworkInterface.2.SubnetId={}", ids[0], ids[1]),
                "InvalidParameterCombination",
            ),
            (format!("SubnetId={}&Placement.AvailabilityZone=us-east-1b", ids[0]), "InvalidParameterValue"),
            (four.join("&"), "AttachmentLimitExceeded"),
            ("NetworkInterface.1.SecondaryPrivateIpAddressCount=9".to_owned(), "PrivateIpAddressLimitExceeded"),
            (format!("{TWO}&SubnetId={}", ids[0]), "InvalidParameterCombination"),
            ("NetworkInterface.1.InterfaceType=efa".to_owned(), "UnsupportedOperation"),
            ("NetworkInterface.1.Ipv6AddressCount=1".to_owned(), "UnsupportedOperation"),
        ] {
            let answer = bench.call(&format!("{RUN}&{form}")).await;
            assert_eq!(answer.code(), code, "{form}: {}", answer.xml);
        }
        assert!(bench.call("Action=DescribeInstances").await.all("instanceId").is_empty());
        assert!(bench.call("Action=DescribeNetworkInterfaces").await.all("networkInterfaceId").is_empty());
    }

    #[tokio::test]
    async fn where_a_vpc_gives_no_names_addresses_have_none() {
        let bench = bench().await;
        let run = bench.call(RUN).await;
        let private = run.get("privateDnsName").unwrap();
        assert_eq!((run.all("privateDnsName").len(), run.all("publicDnsName").len()), (3, 2), "{}", run.xml);
        let vpc = run.get("vpcId").unwrap();
        bench.call(&format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=false")).await;
        let seen = bench.call("Action=DescribeInstances").await;
        assert_eq!((seen.get("dnsName"), seen.get("publicDnsName")), (Some(""), Some("")), "{}", seen.xml);
        assert_eq!(seen.all("privateDnsName"), [private], "the instance's own stays");
        assert_eq!(seen.get("ipAddress"), run.get("ipAddress"));
        let card = bench.call("Action=DescribeNetworkInterfaces").await;
        assert_eq!((card.get("privateDnsName"), card.get("publicDnsName")), (None, Some("")), "{}", card.xml);
        let named = "Action=DescribeNetworkInterfaces&Filter.1.Name=private-dns-name&Filter.1.Value.1=*";
        assert!(bench.call(named).await.all("networkInterfaceId").is_empty());
    }

    #[tokio::test]
    async fn who_asks_for_no_ipv6_gets_none() {
        let bench = bench().await;
        let none = "NetworkInterface.1.Ipv6AddressCount=0&NetworkInterface.1.Ipv6PrefixCount=0&NetworkInterface.1.Ipv6Addresses=";
        let run = bench.call(&format!("{RUN}&{none}")).await;
        assert_eq!((run.status, run.get("ipv6AddressesSet")), (200, Some("")), "{}", run.xml);
    }

    #[tokio::test]
    async fn a_running_instance_has_the_public_address_that_its_subnet_gives() {
        let bench = bench().await;
        let run = bench.call(RUN).await;
        assert_eq!(run.get("ipAddress"), Some("203.0.113.1"), "{}", run.xml);
        assert_eq!((run.get("ipOwnerId"), run.get("allocationId")), (Some("amazon"), None));
        assert!(run.get("dnsName").unwrap().starts_with("ec2-203-0-113-1."));
        assert!(bench.call("Action=DescribeAddresses").await.all("publicIp").is_empty());
        let without = bench.call(&format!("{RUN}&NetworkInterface.1.AssociatePublicIpAddress=false")).await;
        assert_eq!((without.get("ipAddress"), without.get("dnsName")), (None, Some("")), "{}", without.xml);

        // An Elastic address takes its place, and the next one is not it.
        let kept = bench.call("Action=AllocateAddress").await;
        assert_eq!(kept.get("publicIp"), Some("203.0.113.2"));
        let (id, instance) = (kept.get("allocationId").unwrap(), run.get("instanceId").unwrap());
        let card = run.get("networkInterfaceId").unwrap();
        bench.call(&format!("Action=AssociateAddress&AllocationId={id}&NetworkInterfaceId={card}")).await;
        let seen = bench.call(&format!("Action=DescribeInstances&InstanceId.1={instance}")).await;
        assert_eq!((seen.get("ipAddress"), seen.get("ipOwnerId")), (Some("203.0.113.2"), Some("123456789012")));
        let next = bench.call(RUN).await;
        assert_eq!(next.get("ipAddress"), Some("203.0.113.1"));

        // When the Elastic one leaves, another comes.
        let address = |id: &str| format!("Action=DescribeInstances&InstanceId.1={id}");
        bench.call(&format!("Action=DisassociateAddress&PublicIp={}", kept.get("publicIp").unwrap())).await;
        let again = bench.call(&address(instance)).await;
        assert_eq!((again.get("ipAddress"), again.get("ipOwnerId")), (Some("203.0.113.3"), Some("amazon")));
        let bare = without.get("networkInterfaceId").unwrap();
        for card in [card, bare, card] {
            bench.call(&format!("Action=AssociateAddress&AllocationId={id}&NetworkInterfaceId={card}")).await;
        }
        let never = bench.call(&address(without.get("instanceId").unwrap())).await;
        assert_eq!(never.get("ipAddress"), None, "it never had one of its own");
        bench.call(&format!("Action=AssociateAddress&AllocationId={id}&NetworkInterfaceId={bare}")).await;
        assert_eq!(bench.call(&address(instance)).await.get("ipAddress"), Some("203.0.113.3"), "the address moved on");
    }
}
