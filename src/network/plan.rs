//! What must exist on the host for subnets and ports, as names, commands and rules (pure).
//!
//! Commands are for `ip -batch -`, rules for `nft -f -`, so that a whole step is one process and rules change atomically.

use super::{Cidr, Mac, Nic, Port, Subnet};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where guests find metadata.
pub const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// Bytes that a packet on a subnet may have; the veth's and the bridge's own default.
pub const MTU: u16 = 1500;
/// The gateway's device in its namespace.
pub const GATEWAY_DEVICE: &str = "gw0";

/// Names of this installation's things in the kernel: a two-letter kind, five hex digits of the installation and
/// eight of the subnet or interface, which is just the 15 characters that a device's name may have.
#[derive(Debug, Clone)]
pub struct Names {
    installation: String,
}

impl Names {
    /// Names for the installation of this id.
    pub fn new(installation: &str) -> Names {
        Names { installation: hex::encode(digest(&[installation]))[..5].to_owned() }
    }

    /// The bridge of a subnet.
    pub fn bridge(&self, subnet_id: &str) -> String {
        self.device("nb", subnet_id)
    }

    /// The host's end of a subnet's veth.
    pub fn veth(&self, subnet_id: &str) -> String {
        self.device("nv", subnet_id)
    }

    /// The tap of an interface, which libvirt makes.
    pub fn tap(&self, eni_id: &str) -> String {
        self.device("nt", eni_id)
    }

    /// The namespace of a subnet's gateway.
    pub fn namespace(&self, subnet_id: &str) -> String {
        format!("{}{}", self.namespace_prefix(), &hex::encode(digest(&[subnet_id]))[..8])
    }

    /// What every namespace of this installation begins with.
    pub fn namespace_prefix(&self) -> String {
        format!("novella-{}-", self.installation)
    }

    /// Whether a device's name is one of our bridges or veths.
    pub fn is_ours(&self, device: &str) -> bool {
        let kind = device.strip_prefix("nb").or_else(|| device.strip_prefix("nv"));
        device.len() == 15 && kind.is_some_and(|rest| rest.starts_with(&self.installation))
    }

    fn device(&self, kind: &str, of: &str) -> String {
        format!("{kind}{}{}", self.installation, &hex::encode(digest(&[of]))[..8])
    }

    fn table(&self) -> String {
        format!("novella_{}", self.installation)
    }

    /// The MAC of the host (`nb`) or of the gateway (`gw`) in a subnet: stable, as guests remember it.
    fn mac(&self, role: &str, subnet_id: &str) -> Mac {
        let d = digest(&[&self.installation, role, subnet_id]);
        Mac::local([d[0], d[1], d[2], d[3], d[4]])
    }

    /// Where an interface plugs in.
    pub fn port(&self, nic: &Nic) -> Port {
        Port { bridge: self.bridge(&nic.subnet.id), tap: self.tap(&nic.eni_id), mac: nic.mac }
    }
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

/// What is on the host already, for one subnet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found {
    pub bridge: bool,
    pub veth: bool,
    pub namespace: bool,
}

/// Commands in the host's namespace: the bridge stays if it is there (guests hang on it), the gateway's namespace and its veth
/// are always made anew, as what a dead process left of them may be out of sight.
pub fn subnet_outside(names: &Names, subnet: &Subnet, found: Found) -> String {
    let (bridge, veth, space) = (names.bridge(&subnet.id), names.veth(&subnet.id), names.namespace(&subnet.id));
    let mut batch = String::new();
    let mut line = |text: String| {
        batch.push_str(&text);
        batch.push('\n');
    };
    if found.veth {
        line(format!("link del dev {veth}"));
    }
    if found.namespace {
        line(format!("netns del {space}"));
    }
    line(format!("netns add {space}"));
    if !found.bridge {
        line(format!("link add name {bridge} type bridge forward_delay 0 mcast_snooping 0"));
    }
    let host_mac = names.mac("nb", &subnet.id);
    line(format!("link set dev {bridge} address {host_mac} addrgenmode none up"));
    line(format!("addr replace {}/{} dev {bridge}", subnet.cidr.nth(3), subnet.cidr.prefix()));
    let gateway_mac = names.mac("gw", &subnet.id);
    line(format!("link add name {veth} type veth peer name {GATEWAY_DEVICE} address {gateway_mac} netns {space}"));
    line(format!("link set dev {veth} master {bridge} addrgenmode none up"));
    batch
}

/// Commands inside of the gateway's namespace.
pub fn subnet_inside(subnet: &Subnet) -> String {
    format!(
        "link set dev lo up\n\
         link set dev {GATEWAY_DEVICE} addrgenmode none\n\
         addr replace {}/{} dev {GATEWAY_DEVICE}\n\
         addr replace {METADATA}/32 dev {GATEWAY_DEVICE}\n\
         link set dev {GATEWAY_DEVICE} up\n",
        subnet.cidr.nth(1),
        subnet.cidr.prefix(),
    )
}

/// Commands inside of the gateway's namespace: it has the addresses of these doors, or has them no longer.
pub fn doors(doors: &[SocketAddrV4], open: bool) -> String {
    // An address is not there when an earlier try got only as far as the others: `replace` makes it no error to take it away.
    let line = |door: &SocketAddrV4| {
        let address = format!("{}/32 dev {GATEWAY_DEVICE}\n", door.ip());
        let gone = if open { String::new() } else { format!("addr del {address}") };
        format!("addr replace {address}{gone}")
    };
    doors.iter().map(line).collect()
}

/// The tables with their chains; sets keep what they hold. Idempotent.
///
/// `guest` sees every frame that comes from a tap of ours. It is closed by default: a tap that no port was made for, or any
/// protocol but ARP and IPv4, gets nowhere.
pub fn tables(names: &Names) -> String {
    let (table, inst) = (names.table(), &names.installation);
    format!(
        r#"table bridge {table} {{
  set macs {{ type ifname . ether_addr; }}
  set addresses {{ type ifname . ipv4_addr; }}
  chain guest {{ }}
  chain prerouting {{ type filter hook prerouting priority -300; }}
  chain forward {{ type filter hook forward priority -200; }}
}}
flush chain bridge {table} guest
flush chain bridge {table} prerouting
flush chain bridge {table} forward
table bridge {table} {{
  chain guest {{
    iifname . ether saddr != @macs drop
    ether type arp iifname . arp saddr ether != @macs drop
    ether type arp arp saddr ip 0.0.0.0 accept
    ether type arp iifname . arp saddr ip @addresses accept
    ether type ip udp sport 67 drop
    ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
    ether type ip iifname . ip saddr @addresses accept
    drop
  }}
  chain prerouting {{
    iifname "nt{inst}*" jump guest
  }}
  chain forward {{
    oifname "nt{inst}*" udp dport 67 drop
  }}
}}
table inet {table} {{
  set bridges {{ type ifname . ifname; }}
  chain input {{ type filter hook input priority 0; }}
  chain forward {{ type filter hook forward priority 0; }}
}}
flush chain inet {table} input
flush chain inet {table} forward
table inet {table} {{
  chain input {{
    iifname != "nb{inst}*" accept
    ct state established,related accept
    icmp type echo-request accept
    drop
  }}
  chain forward {{
    iifname . oifname @bridges accept
    iifname "nb{inst}*" drop
    oifname "nb{inst}*" drop
  }}
}}
"#
    )
}

/// One port's entries in the sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRule {
    pub port: Port,
    pub private_ip: Ipv4Addr,
}

/// Let each of `ports` speak, with its own MAC and address only.
pub fn admit<'a>(names: &Names, ports: impl IntoIterator<Item = &'a PortRule>) -> String {
    let table = names.table();
    let mut text = String::new();
    for PortRule { port: Port { bridge, tap, mac }, private_ip } in ports {
        let _ = write!(
            text,
            "add element bridge {table} macs {{ \"{tap}\" . {mac} }}\n\
             add element bridge {table} addresses {{ \"{tap}\" . {private_ip} }}\n\
             add element inet {table} bridges {{ \"{bridge}\" . \"{bridge}\" }}\n",
        );
    }
    text
}

/// Silence a port. The entries are added first, so that it is no error when they are gone.
pub fn silence(names: &Names, rule: &PortRule) -> String {
    let (table, tap) = (names.table(), &rule.port.tap);
    let mut text = admit(names, [rule]);
    let _ = write!(
        text,
        "delete element bridge {table} macs {{ \"{tap}\" . {} }}\n\
         delete element bridge {table} addresses {{ \"{tap}\" . {} }}\n",
        rule.port.mac, rule.private_ip,
    );
    text
}

/// The tables with exactly `ports` admitted, whatever was there.
pub fn all_rules<'a>(names: &Names, ports: impl IntoIterator<Item = &'a PortRule>) -> String {
    let table = names.table();
    format!(
        "{}flush set bridge {table} macs\nflush set bridge {table} addresses\nflush set inet {table} bridges\n{}",
        tables(names),
        admit(names, ports)
    )
}

/// Remove the tables, there or not.
pub fn no_rules(names: &Names) -> String {
    let table = names.table();
    format!("table bridge {table}\ndelete table bridge {table}\ntable inet {table}\ndelete table inet {table}\n")
}

/// The first of `routes` (device, range) that leads a part of `range` somewhere else than to `bridge`.
pub fn conflict<'a>(range: Cidr, bridge: &str, routes: &'a [(String, Cidr)]) -> Option<&'a (String, Cidr)> {
    routes.iter().find(|(device, other)| device != bridge && other.overlaps(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet() -> Subnet {
        Subnet {
            id: "subnet-1".into(),
            vpc_id: "vpc-1".into(),
            vpc_cidrs: vec!["172.31.0.0/16".parse().unwrap()],
            cidr: "172.31.16.0/20".parse().unwrap(),
            region: "us-east-1".into(),
            zone: "us-east-1b".into(),
            dns_hostnames: true,
        }
    }

    #[test]
    fn device_names_fit_and_differ_by_installation() {
        let (one, two) = (Names::new("one"), Names::new("two"));
        assert_eq!(one.bridge("subnet-1").len(), 15);
        assert_ne!(one.bridge("subnet-1"), two.bridge("subnet-1"));
        assert_ne!(one.tap("eni-1"), one.tap("eni-2"));
        assert!(one.is_ours(&one.veth("subnet-1")) && !one.is_ours(&two.veth("subnet-1")));
        assert!(!one.is_ours(&one.tap("eni-1")), "taps are libvirt's");
        assert_ne!(one.mac("nb", "subnet-1"), one.mac("gw", "subnet-1"));
    }

    #[test]
    fn a_bridge_with_guests_on_it_is_kept_and_the_gateway_is_made_anew() {
        let names = Names::new("one");
        let fresh = subnet_outside(&names, &subnet(), Found::default());
        assert!(fresh.contains("type bridge") && !fresh.contains(" del "));
        let after_a_crash = subnet_outside(&names, &subnet(), Found { bridge: true, veth: true, namespace: true });
        assert!(!after_a_crash.contains("type bridge"));
        assert!(after_a_crash.contains("link del dev nv") && after_a_crash.contains("netns del"));
        assert!(after_a_crash.contains("addr replace 172.31.16.3/20 dev nb"));
        assert!(
            subnet_inside(&subnet()).contains("addr replace 172.31.16.1/20 dev gw0\naddr replace 169.254.169.254/32")
        );
    }

    #[test]
    fn a_port_is_admitted_with_its_own_mac_and_address() {
        let names = Names::new("one");
        let port = Port { bridge: "nb".into(), tap: "nt".into(), mac: Mac::local([1; 5]) };
        let rule = PortRule { port, private_ip: [172, 31, 16, 4].into() };
        let text = admit(&names, [&rule]);
        assert!(text.contains("macs { \"nt\" . 02:01:01:01:01:01 }"));
        assert!(text.contains("addresses { \"nt\" . 172.31.16.4 }"));
        assert!(silence(&names, &rule).contains("delete element"));
        let all = all_rules(&names, [&rule]);
        assert!(all.find("flush set").unwrap() < all.find("add element").unwrap());
    }

    #[test]
    fn a_range_routed_elsewhere_is_a_conflict_and_our_own_bridge_is_none() {
        let routes = [("nb1".to_owned(), "172.31.16.0/20".parse().unwrap())];
        let range = "172.31.16.0/20".parse().unwrap();
        assert!(conflict(range, "nb1", &routes).is_none());
        assert!(conflict(range, "nb2", &routes).is_some());
        assert!(conflict("172.30.0.0/20".parse().unwrap(), "nb2", &routes).is_none());
    }
}
