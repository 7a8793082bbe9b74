//! Virtual networks: who has which address, and the agent that makes a host's network so.
//!
//! ```text
//!   host's namespace                                     namespace novella-…
//!   guest --- tap nt… --+-- bridge nb… (.3) --- veth nv… ==== gw0 (.1, 169.254.169.254)
//!   guest --- tap nt… --+        |                               |        |
//!                          the host reaches guests             DHCP    metadata
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

mod address;
mod agent;
mod cidr;
mod dhcp;
mod host;
mod plan;

pub use address::{
    allocate, allocate_in, attach, attached_nics, attached_nics_of, ensure_default_vpc, nic, nic_at, nics_of, release,
};
pub use agent::Network;
pub use cidr::{Cidr, Mac, host_name, private_dns_name, private_domain};

use crate::db;
use std::net::Ipv4Addr;

/// A subnet, as far as a host must know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    pub id: String,
    pub vpc_id: String,
    pub vpc_cidr: Cidr,
    pub cidr: Cidr,
    pub region: String,
    /// Full name: `us-east-1a`.
    pub zone: String,
}

/// A network interface: an address and a MAC in a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    pub eni_id: String,
    pub account: String,
    pub mac: Mac,
    pub private_ip: Ipv4Addr,
    pub instance_id: Option<String>,
    pub device_index: Option<u32>,
    pub subnet: Subnet,
}

impl Nic {
    /// `ip-172-31-0-5.ec2.internal`.
    pub fn private_dns_name(&self) -> String {
        private_dns_name(&self.subnet.region, self.private_ip)
    }
}

/// Where a machine's network card plugs in: libvirt makes the tap of this name and puts it on the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub bridge: String,
    pub tap: String,
    pub mac: Mac,
}

/// A listening metadata socket of one subnet, to be served by `imds`.
#[derive(Debug)]
pub struct Listener {
    pub subnet_id: String,
    /// Non-blocking, bound to 169.254.169.254:80 in the subnet's namespace.
    pub socket: std::net::TcpListener,
    /// Its sender is dropped when the subnet is taken down; stop serving then.
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
    #[error("no address range is left for another default VPC or subnet")]
    NoRange,
    #[error(transparent)]
    Incapable(#[from] Why),
    #[error("subnet {0} cannot be made on this machine, which already routes {1} to {2}")]
    RangeTaken(Cidr, Cidr, String),
    #[error("{doing}: {cause}")]
    Host { doing: String, cause: String },
}
