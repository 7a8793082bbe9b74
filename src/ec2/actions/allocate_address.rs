//! Keep a public address, out of the ranges that the operator configures (by default one for documentation, RFC 5737).
//! Addresses are records: nothing brings packets for them to a guest yet.

use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::interfaces::address;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::network::elastic;
use crate::wire::query::Params;
use serde::Serialize;
use std::net::Ipv4Addr;

pub struct AllocateAddress {
    wanted: Option<Ipv4Addr>,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    public_ip: String,
    domain: &'static str,
    allocation_id: String,
    public_ipv4_pool: &'static str,
    network_border_group: String,
}

impl Action for AllocateAddress {
    const NAME: &'static str = "AllocateAddress";
    /// Every address is for a VPC and of the whole region.
    const IGNORED: &'static [&'static str] = &["Domain", "NetworkBorderGroup"];
    const REFUSED: &'static [&'static str] = &["CustomerOwnedIpv4Pool", "IpamPoolId"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["elastic-ip"])?;
        if let Some(pool) = p.opt("PublicIpv4Pool").filter(|pool| !["", "amazon"].contains(pool)) {
            return Err(Error::Unsupported(format!("the address pool {pool}")));
        }
        Ok(AllocateAddress { wanted: address(p, "Address")?, tags: tagging::of(&specifications, "elastic-ip") })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let pool = cx.cloud.public_addresses.clone();
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = elastic::allocate(c, account, region, &pool.ranges, self.wanted)?;
            db::tags::put(c, Resource { account, region, id: &made.id, kind: "elastic-ip" }, &self.tags)?;
            Ok(Output {
                public_ip: made.public_ip.to_string(),
                domain: "vpc",
                allocation_id: made.id,
                public_ipv4_pool: "amazon",
                network_border_group: made.region,
            })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn an_address_leads_to_an_interface_and_is_shown_there() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let tag = "TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("Action=AllocateAddress&Domain=vpc&{tag}")).await;
        assert_eq!(made.get("publicIp"), Some("203.0.113.1"), "{}", made.xml);
        let id = made.get("allocationId").unwrap();
        let subnets = bench.call("Action=DescribeSubnets").await;
        let subnet = subnets.get("subnetId").unwrap();
        let card = bench
            .call(&format!("Action=CreateNetworkInterface&SubnetId={subnet}&SecondaryPrivateIpAddressCount=1"))
            .await;
        let eni = card.get("networkInterfaceId").unwrap();
        let associate = format!("Action=AssociateAddress&AllocationId={id}&NetworkInterfaceId={eni}");
        let first = bench.call(&associate).await;
        let association = first.get("associationId").unwrap();
        assert_eq!(bench.call(&associate).await.get("associationId"), Some(association), "nothing changes");
        let secondary = card.all("privateIpAddress")[2];
        let moving = format!("{associate}&PrivateIpAddress={secondary}");
        let forbidden = bench.call(&format!("{moving}&AllowReassociation=false")).await;
        assert_eq!(forbidden.code(), "Resource.AlreadyAssociated");
        let moved = bench.call(&moving).await;
        assert_ne!(moved.get("associationId"), Some(association), "{}", moved.xml);
        let seen = bench.call("Action=DescribeAddresses&Filter.1.Name=tag-key&Filter.1.Value.1=a").await;
        assert_eq!((seen.get("privateIpAddress"), seen.get("networkInterfaceId")), (Some(secondary), Some(eni)));
        let back = bench.call(&format!("{associate}&AllowReassociation=true")).await;
        let association = back.get("associationId").unwrap();

        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        bench
            .call(&format!("{run}&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId={eni}"))
            .await;
        let filter = "Filter.1.Name=ip-address&Filter.1.Value.1=203.0.113.1";
        let seen = bench.call(&format!("Action=DescribeInstances&{filter}")).await;
        assert_eq!(seen.get("ipAddress"), Some("203.0.113.1"), "{}", seen.xml);
        assert_eq!(seen.get("dnsName"), Some("ec2-203-0-113-1.compute-1.amazonaws.com"));
        let filter = "Filter.1.Name=association.public-ip&Filter.1.Value.1=203.0.113.1";
        let seen = bench.call(&format!("Action=DescribeNetworkInterfaces&{filter}")).await;
        assert_eq!((seen.get("allocationId"), seen.get("associationId")), (Some(id), Some(association)));

        let release = format!("Action=ReleaseAddress&AllocationId={id}");
        assert_eq!(bench.call(&release).await.code(), "InvalidIPAddress.InUse");
        let off = format!("Action=DisassociateAddress&AssociationId={association}");
        assert_eq!(bench.call(&off).await.get("return"), Some("true"));
        assert_eq!(bench.call(&off).await.code(), "InvalidAssociationID.NotFound");
        assert_eq!(bench.call_other(&release).await.code(), "InvalidAllocationID.NotFound");
        assert_eq!(bench.call(&release).await.get("return"), Some("true"));
        assert_eq!(bench.call(&release).await.code(), "InvalidAllocationID.NotFound");
        assert!(bench.call("Action=DescribeTags").await.all("key").is_empty());
    }

    #[tokio::test]
    async fn addresses_end_with_their_ranges_and_the_accounts_limit() {
        let bench = Bench::new();
        let wanted = bench.call("Action=AllocateAddress&Address=203.0.113.77").await;
        assert_eq!(wanted.get("publicIp"), Some("203.0.113.77"));
        for (form, code) in [
            ("Address=203.0.113.77", "InvalidAddress.NotFound"),
            ("Address=198.51.100.1", "InvalidAddress.NotFound"),
            ("Address=nonsense", "InvalidParameterValue"),
            ("PublicIpv4Pool=mine", "UnsupportedOperation"),
            ("DryRun=true", "DryRunOperation"),
        ] {
            assert_eq!(bench.call(&format!("Action=AllocateAddress&{form}")).await.code(), code, "{form}");
        }
        for _ in 0..4 {
            assert_eq!(bench.call("Action=AllocateAddress").await.status, 200);
        }
        assert_eq!(bench.call("Action=AllocateAddress").await.code(), "AddressLimitExceeded");
        let seen = bench.call("Action=DescribeAddresses&PublicIp.1=203.0.113.77").await;
        assert_eq!(seen.all("publicIp"), ["203.0.113.77"]);
        assert_eq!(
            bench.call("Action=DescribeAddresses&PublicIp.1=203.0.113.99").await.code(),
            "InvalidAddress.NotFound"
        );
    }

    #[tokio::test]
    async fn a_deleted_interface_leaves_its_address() {
        let bench = Bench::new();
        let made = bench.call("Action=AllocateAddress").await;
        let id = made.get("allocationId").unwrap();
        let subnets = bench.call("Action=DescribeSubnets").await;
        let card =
            bench.call(&format!("Action=CreateNetworkInterface&SubnetId={}", subnets.get("subnetId").unwrap())).await;
        let eni = card.get("networkInterfaceId").unwrap();
        bench.call(&format!("Action=AssociateAddress&AllocationId={id}&NetworkInterfaceId={eni}")).await;
        let modify = format!("Action=ModifyAddressAttribute&AllocationId={id}&DomainName=www.example.org");
        assert_eq!(bench.call(&modify).await.get("ptrRecord"), Some("www.example.org."));
        let gone = bench.call(&format!("Action=DeleteNetworkInterface&NetworkInterfaceId={eni}")).await;
        assert_eq!(gone.get("return"), Some("true"), "{}", gone.xml);
        let seen = bench.call("Action=DescribeAddresses").await;
        assert_eq!((seen.get("allocationId"), seen.get("associationId")), (Some(id), None));
        let seen =
            bench.call(&format!("Action=DescribeAddressesAttribute&AllocationId.1={id}&Attribute=domain-name")).await;
        assert_eq!(seen.get("ptrRecord"), Some("www.example.org."));
        let reset = format!("Action=ResetAddressAttribute&AllocationId={id}&Attribute=domain-name");
        assert_eq!(bench.call(&reset).await.get("ptrRecord"), None);
    }
}
