//! Virtual networks: who has which address, and the agent that makes a host's network so.
//!
//! ```text
//!   host's namespace                                     namespace novella-…
//!   guest --- tap nt… --+-- bridge nb… (.3) --- veth nv… ==== gw0 (.1, 169.254.169.254)
//!   guest --- tap nt… --+        |                               |        |
//!                          the host reaches guests             DHCP    metadata, S3 where an endpoint leads there
//! ```
//!
//! A subnet is a bridge in the server's network namespace and a namespace of its own, joined to the bridge by a veth,
//! which holds the gateway and the sockets of DHCP and metadata. Rules are keyed by the name of an interface's tap, so they
//! are there before libvirt makes the tap. Invariants:
//!
//! - from a tap come only frames with the interface's MAC and address: the source address says who asks;
//! - a guest opens no connection to the host, the host reaches every guest;
//! - all names carry a hash of the installation, so servers on one machine do not meet;
//! - everything can be made again from the rows at any time, over what an earlier process left.

pub mod acls;
mod address;
mod agent;
pub mod amazon;
mod cidr;
pub mod cidr_blocks;
mod defaults;
mod dhcp;
pub mod dhcp_options;
pub mod elastic;
pub mod endpoints;
pub mod ends;
pub mod flow_logs;
pub mod gateways;
pub mod groups;
mod host;
pub mod interfaces;
pub mod lifecycle;
pub mod nat_gateways;
mod nics;
pub mod peerings;
mod plan;
pub mod prefix_lists;
pub mod public;
pub mod records;
pub mod reservations;
pub mod routes;
pub mod s3_gateway;
pub mod secondary;
pub mod vpcs;

pub use address::{
    CardRequest, allocate, attach, attached_nics, attached_nics_of, check_reachable, default_subnet, nic, nic_at,
    nics_of, release, subnet, subnets_in_use, update_nic,
};
pub use agent::{Listeners, Network};
pub use cidr::{
    Cidr, Mac, PrivateName, PublicName, canonical_v4, canonical_v6, host_name, private_dns_name, private_domain,
};
pub use defaults::{begin_region, create_default_subnet, create_default_vpc};

use crate::db;
use crate::id::Kind;
use groups::GroupRef;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A subnet, as far as a host must know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    pub id: String,
    pub vpc_id: String,
    /// The ranges of its VPC, the first one first.
    pub vpc_cidrs: Vec<Cidr>,
    pub cidr: Cidr,
    pub region: String,
    /// Full name: `us-east-1a`.
    pub zone: String,
    /// Whether addresses have names in its VPC (`enableDnsHostnames`).
    pub dns_hostnames: bool,
}

/// A network interface: an address and a MAC in a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    pub eni_id: String,
    pub account: String,
    pub mac: Mac,
    pub private_ip: Ipv4Addr,
    /// Further addresses, which guests do not have by themselves.
    pub secondary: Vec<Ipv4Addr>,
    /// Public addresses that lead to its own.
    pub public: Vec<public::Public>,
    pub instance_id: Option<String>,
    pub device_index: Option<u32>,
    /// This and the next two are shared by the interfaces that were read with it.
    pub groups: Arc<[GroupRef]>,
    pub details: Arc<NicDetails>,
    pub subnet: Arc<Subnet>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// What can be changed of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NicDetails {
    pub description: String,
    pub source_dest_check: bool,
    /// Whether it goes when its instance is terminated.
    pub delete_on_termination: bool,
    /// When it was attached (milliseconds since the epoch); `None`: when it was made, by a launch.
    pub attached_at: Option<i64>,
    /// The account that made it by itself, rather than by a launch.
    pub requester: Option<String>,
    /// Whether it is to have a public address while its instance runs.
    pub public_while_running: bool,
    /// What it belongs to, if not to its account's own use.
    pub service: Option<Service>,
}

/// What has interfaces of its own in its owner's subnets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    NatGateway,
    VpcEndpoint,
}

impl Default for NicDetails {
    fn default() -> NicDetails {
        NicDetails {
            description: String::new(),
            source_dest_check: true,
            delete_on_termination: true,
            attached_at: None,
            requester: None,
            public_while_running: false,
            service: None,
        }
    }
}

impl Nic {
    /// Its details, to be changed.
    pub fn details_mut(&mut self) -> &mut NicDetails {
        Arc::make_mut(&mut self.details)
    }

    /// The private DNS name of one of its addresses, where they have any.
    pub fn private_name(&self, ip: Ipv4Addr) -> Option<PrivateName<'_>> {
        self.subnet.dns_hostnames.then_some(PrivateName { region: &self.subnet.region, ip })
    }

    /// The name of a public address that leads to it, where they have any.
    pub fn public_name(&self, ip: Ipv4Addr) -> Option<PublicName<'_>> {
        self.subnet.dns_hostnames.then_some(PublicName { region: &self.subnet.region, ip })
    }

    /// Whether an instance or a service has it.
    pub fn is_used(&self) -> bool {
        self.instance_id.is_some() || self.details.service.is_some()
    }

    /// Its addresses, the first one first.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        std::iter::once(self.private_ip).chain(self.secondary.iter().copied())
    }

    /// The public address that leads to one of its own.
    pub fn public_of(&self, private_ip: Ipv4Addr) -> Option<&public::Public> {
        self.public.iter().find(|p| p.private_ip == private_ip)
    }

    /// The public addresses that lead to its own, in the order of these.
    pub fn public_in_order(&self) -> impl Iterator<Item = &public::Public> + '_ {
        self.addresses().filter_map(|ip| self.public_of(ip))
    }

    /// The id of its attachment. It has one at most, so the id can follow from the interface's.
    pub fn attachment_id(&self) -> String {
        self.eni_id.replacen(Kind::NetworkInterface.prefix(), Kind::Attachment.prefix(), 1)
    }

    /// When it was attached to the instance that it is attached to.
    pub fn attached_at(&self) -> i64 {
        self.details.attached_at.unwrap_or(self.created_at)
    }
}

/// Where a machine's network card plugs in: libvirt makes the tap of this name and puts it on the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub bridge: String,
    pub tap: String,
    pub mac: Mac,
}

/// A listening socket in the namespace of a subnet's gateway.
#[derive(Debug)]
pub struct Listener {
    pub subnet_id: String,
    /// Non-blocking.
    pub socket: std::net::TcpListener,
    /// Its sender is dropped when this is to be served no longer.
    pub closed: tokio::sync::watch::Receiver<()>,
}

/// Why this machine cannot carry guest networks, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("guest networks need root (CAP_NET_ADMIN and CAP_SYS_ADMIN)")]
    NotPermitted,
    #[error("the program `{0}` is missing (Debian: apt install {1})")]
    Missing(&'static str, &'static str),
    #[error("/dev/net/tun is missing: the kernel makes no tap devices")]
    NoTun,
}

/// What can go wrong with networks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("The subnet ID '{0}' does not exist")]
    NoSubnet(String),
    #[error("The networkInterface ID '{0}' does not exist")]
    NoInterface(String),
    #[error("There are not enough free addresses in subnet '{0}' to satisfy the requested number of instances.")]
    SubnetFull(String),
    #[error("Address {0} is in use.")]
    AddressInUse(Ipv4Addr),
    #[error("Address {0} does not fall within the subnet's address range {1}")]
    AddressOutside(Ipv4Addr, Cidr),
    #[error("{}", no_such(*.0, .1))]
    NoSuch(Kind, String),

    #[error("Address '{0}' not found.")]
    NoSuchAddress(Ipv4Addr),
    #[error("The maximum number of addresses has been reached.")]
    TooManyPublicAddresses,
    #[error("Insufficient capacity to satisfy your Elastic IP address request: the operator's ranges are used up.")]
    NoPublicAddress,
    #[error("resource {id} is already associated with associate-id {association}")]
    AddressAssociated { id: String, association: String },
    #[error("Network {0} is not attached to any internet gateway")]
    NoGateway(String),

    #[error("Network interface '{0}' is currently in use.")]
    InterfaceInUse(String),
    #[error("Interface: [{0}] in use.")]
    InterfaceTaken(String),
    #[error("[{}] assigned, but move is not allowed.", list(.0))]
    AddressesTaken(Vec<Ipv4Addr>),
    #[error("Some of [{}] are not assigned to interface {eni}", list(.ips))]
    NotAssigned { ips: Vec<Ipv4Addr>, eni: String },
    #[error("The primary address {0} cannot be taken from its interface")]
    PrimaryAddress(Ipv4Addr),
    #[error("Number of private addresses will exceed limit.")]
    TooManyAddresses,
    #[error("The maximum number of security groups per interface has been reached.")]
    TooManyGroupsOnInterface,

    #[error("No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")]
    NoDefaultVpc,
    #[error("No default subnet detected in VPC. Please create a default subnet in {0}, or specify a subnet.")]
    NoDefaultSubnet(String),
    #[error("A Default VPC already exists for this account in this region.")]
    DefaultVpcExists,
    #[error("'{zone}' already has a default subnet ({id}) in the default VPC.")]
    DefaultSubnetExists { zone: String, id: String },
    #[error("The CIDR '{0}' is invalid.")]
    BadVpcRange(String),
    #[error("The maximum number of VPCs has been reached.")]
    TooManyVpcs,
    #[error("The vpc '{0}' has dependencies and cannot be deleted.")]
    VpcBusy(String),
    #[error("The CIDR '{0}' is invalid.")]
    BadSubnetRange(String),
    #[error("The CIDR '{0}' conflicts with another subnet")]
    SubnetConflict(Cidr),
    #[error("The maximum number of subnets has been reached.")]
    TooManySubnets,
    #[error("The subnet '{0}' has dependencies and cannot be deleted.")]
    SubnetBusy(String),
    #[error(
        "Instances of another subnet run at addresses of {0} on this host, which reaches only one of them: \
         launch into a subnet with a range of its own"
    )]
    RangeShared(Cidr),

    #[error("The security group '{name}' does not exist in VPC '{vpc}'")]
    NoGroupNamed { name: String, vpc: String },
    #[error("The security group '{name}' already exists for VPC '{vpc}'")]
    GroupExists { name: String, vpc: String },
    #[error("The maximum number of security groups has been reached.")]
    TooManyGroups,
    #[error("Security group {id} does not belong to VPC {vpc}")]
    GroupElsewhere { id: String, vpc: String },
    #[error("the specified group: \"{0}\" name: \"default\" cannot be deleted by a user")]
    DefaultGroup(String),
    #[error("resource {0} has a dependent object")]
    Dependent(String),
    #[error("the specified rule \"{0}\" already exists")]
    DuplicateRule(Box<groups::Allow>),
    #[error("The specified rule does not exist in this security group.")]
    NoSuchRule,
    #[error("The maximum number of rules per security group has been reached.")]
    TooManyRules,

    #[error("The route identified by {0} already exists.")]
    RouteExists(String),
    #[error("no route with {} {destination} in route table {table}", destination_kind(.destination))]
    NoRoute { destination: String, table: String },
    #[error("There is no route defined for '{0}' in the route table. Use CreateRoute instead.")]
    NoRouteToReplace(String),
    #[error("cannot remove local route {destination} in route table {table}")]
    LocalRoute { destination: String, table: String },
    #[error("Value ({0}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.")]
    BadDestination(String),
    #[error("The maximum number of routes has been reached.")]
    TooManyRoutes,
    #[error("the specified association for route table {1} conflicts with an existing association ({0})")]
    SubnetAssociated(String, String),
    #[error("cannot disassociate the main route table association {0}")]
    MainAssociation(String),
    #[error("{0} belongs to a different network than {1}")]
    ElsewhereTable(String, String),
    #[error("The routeTable '{0}' has dependencies and cannot be deleted.")]
    TableBusy(String),

    #[error("resource {id} is already attached to network {vpc}")]
    GatewayAttached { id: String, vpc: String },
    #[error("Network {0} already has an internet gateway attached")]
    HasGateway(String),
    #[error("resource {id} is not attached to network {vpc}")]
    GatewayNotAttached { id: String, vpc: String },
    #[error("The internetGateway '{0}' has dependencies and cannot be deleted.")]
    GatewayBusy(String),

    #[error(
        "Network {0} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
    )]
    MappedAddresses(String),
    #[error("You do not have permission to access the specified resource.")]
    Managed,
    #[error("The natGateway ID '{0}' does not exist")]
    NoNatTarget(String),
    #[error("{0} takes IPv6 destinations only")]
    NotV6(String),
    #[error("cannot remove VPC endpoint route {endpoint} in route table {table}")]
    EndpointRoute { endpoint: String, table: String },

    #[error("The VPC peering connection {0} already exists between these VPCs.")]
    PeeringExists(String),
    #[error("Invalid state transition for {id}, attempted to transition from {from} to {to}")]
    PeeringState { id: String, from: &'static str, to: &'static str },
    #[error("Peering {0} is not active. Peering options can be added only to active peerings.")]
    PeeringNotActive(String),
    #[error("User {account} cannot {verb} peering {id}")]
    NotAccepter { account: String, verb: &'static str, id: String },
    #[error(
        "Incorrect region ({region}) specified for this request. VPC peering connection {id} must be accepted in region {wanted}"
    )]
    OtherRegion { region: String, id: String, wanted: String },
    #[error("User {account} cannot modify the {side} peering options of {id}")]
    NotThatSide { account: String, side: &'static str, id: String },

    #[error("The CIDR {0} is not valid for the prefix list")]
    BadPrefix(String),
    #[error("The prefix list does not contain the CIDR {0}")]
    NoPrefix(String),
    #[error("The maximum number of entries of the prefix list has been reached.")]
    TooManyPrefixes,
    #[error("The maximum number of prefix lists has been reached.")]
    TooManyPrefixLists,
    #[error("The prefix list {0} has another version than the request names")]
    PrefixVersion(String),
    #[error("The prefix list {0} has no version {1}")]
    NoPrefixVersion(String, i64),
    #[error("The prefix list {0} is in use: remove it from all route tables and security groups first")]
    PrefixListBusy(String),

    #[error("The Vpc Endpoint Service '{0}' does not exist")]
    NoService(String),
    #[error("The service {0} has no endpoints of the type {1}")]
    NotThatKind(String, &'static str),
    #[error("route table {table} already has a route with destination-prefix-list-id {list}")]
    EndpointRouteExists { table: String, list: String },
    #[error("The endpoint is in another subnet of the zone {0} already")]
    EndpointInZone(String),

    #[error(
        "The CIDR '{0}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a \
         publicly-routable CIDR."
    )]
    RestrictedBlock(Cidr),
    #[error("The CIDR '{cidr}' conflicts with a CIDR block of {with}")]
    BlockConflict { cidr: Cidr, with: String },
    #[error("The vpc currently has {0} IPv4 CIDR blocks, which is the most that it can have")]
    TooManyBlocks(usize),
    #[error("The primary CIDR block of a VPC cannot be disassociated")]
    PrimaryBlock,
    #[error("The vpc CIDR block with association ID {0} cannot be disassociated: it has dependencies")]
    BlockBusy(String),
    #[error("The CIDR '{0}' is not within the subnet's CIDR block")]
    ReservationOutside(String),
    #[error("The CIDR '{0}' overlaps with another reservation of the subnet")]
    ReservationConflict(Cidr),
    #[error("Error. There is an existing Flow Log with the same configuration and log destination.")]
    FlowLogExists,

    #[error("You have specified two resources that belong to different networks.")]
    OtherNetwork,

    #[error("The maximum number of NAT Gateways has been reached.")]
    TooManyNatGateways,
    #[error("The NAT gateway {0} is not available")]
    NatState(String),
    #[error("The NAT gateway {0} is private: no public address can lead to it")]
    PrivateNat(String),
    #[error("The NAT gateway {0} is public: its addresses come with Elastic IP addresses")]
    PublicNat(String),
    #[error("The primary address of a NAT gateway cannot be taken from it")]
    PrimaryNatAddress,

    #[error("The network acl entry identified by {0} already exists.")]
    EntryExists(u32),
    #[error("The network acl entry identified by {number} in network acl {acl} does not exist.")]
    NoEntry { number: u32, acl: String },
    #[error("The maximum number of network acl entries has been reached.")]
    TooManyEntries,
    #[error("cannot delete default network ACL {0}")]
    DefaultAcl(String),
    #[error("The networkAcl '{0}' has dependencies and cannot be deleted.")]
    AclBusy(String),
    #[error("The dhcpOptions '{0}' has dependencies and cannot be deleted.")]
    DhcpOptionsBusy(String),

    #[error("no address range is left for another default VPC or subnet")]
    NoRange,
    #[error(transparent)]
    Incapable(#[from] Why),
    #[error("subnet {0} cannot be made on this machine, which already routes {1} to {2}")]
    RangeTaken(Cidr, Cidr, String),
    #[error("{doing}: {cause}")]
    Host { doing: String, cause: String },
}

fn list(ips: &[Ipv4Addr]) -> String {
    ips.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>().join(", ")
}

/// AWS's name of the parameter that such a destination comes in.
fn destination_kind(destination: &str) -> &'static str {
    match destination {
        list if Kind::PrefixList.accepts(list) => "destination-prefix-list-id",
        v6 if v6.contains(':') => "destination-ipv6-cidr-block",
        _ => "destination-cidr-block",
    }
}

/// For the log; the API has its own words for each kind.
fn no_such(kind: Kind, id: &str) -> String {
    format!("{}: {id} does not exist", kind.prefix())
}
