//! IPv4 ranges, MAC addresses, and the names and addresses that follow from them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 range: a network address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    base: u32,
    prefix: u8,
}

impl Cidr {
    /// The range of `prefix` bits that `addr` lies in; `prefix` above 32 counts as 32.
    pub fn new(addr: Ipv4Addr, prefix: u8) -> Cidr {
        let prefix = prefix.min(32);
        Cidr { base: u32::from(addr) & mask(prefix), prefix }
    }

    /// Bits of the prefix.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// The address `n` above the network address: 1 is the gateway, 2 the resolver, 3 the host.
    pub fn nth(self, n: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.base.wrapping_add(n))
    }

    /// The last address: broadcast, never given out.
    pub fn last(self) -> Ipv4Addr {
        Ipv4Addr::from(self.base | !mask(self.prefix))
    }

    /// The netmask: 255.255.240.0 for a /20.
    pub fn netmask(self) -> Ipv4Addr {
        Ipv4Addr::from(mask(self.prefix))
    }

    /// Whether `addr` lies in the range.
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        u32::from(addr) & mask(self.prefix) == self.base
    }

    /// Whether the two share an address.
    pub fn overlaps(self, other: Cidr) -> bool {
        let wider = mask(self.prefix.min(other.prefix));
        self.base & wider == other.base & wider
    }

    /// The ranges of `prefix` bits inside this one, in order.
    pub fn split(self, prefix: u8) -> impl Iterator<Item = Cidr> {
        let count = if prefix < self.prefix || prefix > 32 { 0 } else { 1u64 << (prefix - self.prefix) };
        (0..count).map(move |n| Cidr { base: self.base + ((n << (32 - u32::from(prefix))) as u32), prefix })
    }

    /// The first and last address that an interface may have: AWS keeps the first four and the last.
    pub fn usable(self) -> (Ipv4Addr, Ipv4Addr) {
        (self.nth(4), Ipv4Addr::from(u32::from(self.last()).saturating_sub(1)))
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = String;

    /// Reads `a.b.c.d/n`; bits below the prefix must be zero.
    fn from_str(text: &str) -> Result<Cidr, String> {
        let wrong = || format!("{text:?} is no IPv4 range");
        let (addr, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let addr: Ipv4Addr = addr.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().ok().filter(|p| *p <= 32).ok_or_else(wrong)?;
        let cidr = Cidr::new(addr, prefix);
        if cidr.nth(0) == addr { Ok(cidr) } else { Err(wrong()) }
    }
}

/// An Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// An address of our own making from five bytes: `02:…`, locally administered, unicast.
    pub fn local(tail: [u8; 5]) -> Mac {
        Mac([2, tail[0], tail[1], tail[2], tail[3], tail[4]])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"00:00:00:00:00:00";
        for (byte, place) in self.0.iter().zip(text.chunks_mut(3)) {
            (place[0], place[1]) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]);
        }
        f.write_str(std::str::from_utf8(&text).expect("digits and colons"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Mac, String> {
        let mut bytes = [0u8; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            *byte = parts
                .next()
                .filter(|p| p.len() == 2)
                .and_then(|p| u8::from_str_radix(p, 16).ok())
                .ok_or_else(|| format!("{text:?} is no MAC address"))?;
        }
        if parts.next().is_some() { Err(format!("{text:?} is no MAC address")) } else { Ok(Mac(bytes)) }
    }
}

/// The host's short name: `ip-172-31-0-5`.
pub fn host_name(ip: Ipv4Addr) -> String {
    let [a, b, c, d] = ip.octets();
    format!("ip-{a}-{b}-{c}-{d}")
}

/// The domain of private names in a region: `ec2.internal` in us-east-1, elsewhere `<region>.compute.internal`.
pub fn private_domain(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".into() } else { format!("{region}.compute.internal") }
}

/// The private DNS name of an address: `ip-172-31-0-5.ec2.internal`.
pub fn private_dns_name(region: &str, ip: Ipv4Addr) -> String {
    PrivateName { region, ip }.to_string()
}

/// The [`private_dns_name`] of an address, written where it is needed.
#[derive(Debug, Clone, Copy)]
pub struct PrivateName<'a> {
    pub region: &'a str,
    pub ip: Ipv4Addr,
}

impl fmt::Display for PrivateName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ip")?;
        dashed(f, self.ip)?;
        match self.region {
            "us-east-1" => f.write_str(".ec2.internal"),
            region => write!(f, ".{region}.compute.internal"),
        }
    }
}

/// `ec2-1-2-3-4.compute-1.amazonaws.com` in us-east-1, with the region's name elsewhere; written where it is needed.
#[derive(Debug, Clone, Copy)]
pub struct PublicName<'a> {
    pub region: &'a str,
    pub ip: Ipv4Addr,
}

impl fmt::Display for PublicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ec2")?;
        dashed(f, self.ip)?;
        match self.region {
            "us-east-1" => f.write_str(".compute-1.amazonaws.com"),
            region => write!(f, ".{region}.compute.amazonaws.com"),
        }
    }
}

/// `-172-31-0-5`
fn dashed(f: &mut fmt::Formatter<'_>, ip: Ipv4Addr) -> fmt::Result {
    let (mut text, mut len) = ([0; 16], 0);
    let mut put = |byte| {
        text[len] = byte;
        len += 1;
    };
    for octet in ip.octets() {
        put(b'-');
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    f.write_str(std::str::from_utf8(&text[..len]).expect("digits and dashes"))
}

/// The canonical text of an IPv4 range; bits below the prefix are cleared.
pub fn canonical_v4(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/')?;
    let (address, prefix): (Ipv4Addr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
    (prefix <= 32).then(|| Cidr::new(address, prefix).to_string())
}

/// The canonical text of an IPv6 range.
pub fn canonical_v6(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/')?;
    let (address, prefix): (Ipv6Addr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
    let mask = u128::MAX.checked_shl(128u32.checked_sub(prefix)?).unwrap_or(0);
    Some(format!("{}/{prefix}", Ipv6Addr::from(u128::from(address) & mask)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_range_knows_its_ends() {
        let c: Cidr = "172.31.16.0/20".parse().unwrap();
        assert_eq!(c.nth(1), Ipv4Addr::new(172, 31, 16, 1));
        assert_eq!(c.last(), Ipv4Addr::new(172, 31, 31, 255));
        assert_eq!(c.usable(), (Ipv4Addr::new(172, 31, 16, 4), Ipv4Addr::new(172, 31, 31, 254)));
        assert_eq!(c.netmask(), Ipv4Addr::new(255, 255, 240, 0));
        assert_eq!("0.0.0.0/0".parse::<Cidr>().unwrap().last(), Ipv4Addr::BROADCAST);
    }

    #[test]
    fn a_vpc_splits_into_sixteen_subnets() {
        let all: Vec<_> = "172.31.0.0/16".parse::<Cidr>().unwrap().split(20).map(|c| c.to_string()).collect();
        assert_eq!(all.len(), 16);
        assert_eq!(all[1], "172.31.16.0/20");
        assert_eq!(all[15], "172.31.240.0/20");
    }

    #[test]
    fn bits_below_the_prefix_are_refused() {
        assert!("172.31.0.1/16".parse::<Cidr>().is_err());
        assert!("172.31.0.0/33".parse::<Cidr>().is_err());
        assert!("172.31.0.0".parse::<Cidr>().is_err());
    }

    #[test]
    fn private_names_follow_the_region() {
        let ip = Ipv4Addr::new(172, 31, 0, 5);
        assert_eq!(private_dns_name("us-east-1", ip), "ip-172-31-0-5.ec2.internal");
        assert_eq!(private_dns_name("eu-west-1", ip), "ip-172-31-0-5.eu-west-1.compute.internal");
    }

    proptest! {
        #[test]
        fn text_forms_are_read_back(addr: u32, prefix in 0u8..=32, mac: [u8; 6]) {
            let c = Cidr::new(addr.into(), prefix);
            prop_assert_eq!(c.to_string().parse::<Cidr>().unwrap(), c);
            prop_assert!(c.contains(addr.into()) && c.overlaps(c));
            prop_assert_eq!(Mac(mac).to_string().parse::<Mac>().unwrap(), Mac(mac));
        }

        #[test]
        fn overlap_means_a_shared_end(a: u32, p in 0u8..=32, b: u32, q in 0u8..=32) {
            let (a, b) = (Cidr::new(a.into(), p), Cidr::new(b.into(), q));
            prop_assert_eq!(a.overlaps(b), a.contains(b.nth(0)) || b.contains(a.nth(0)));
        }
    }

    #[test]
    fn ranges_are_kept_in_canonical_form() {
        assert_eq!(canonical_v4("100.68.0.18/18").as_deref(), Some("100.68.0.0/18"));
        assert_eq!(canonical_v4("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(canonical_v6("2001:DB8::1/32").as_deref(), Some("2001:db8::/32"));
        assert_eq!(canonical_v6("::/0").as_deref(), Some("::/0"));
        for wrong in ["", "1.2.3.4", "1.2.3/8", "1.2.3.4/33", "::/129"] {
            assert!(canonical_v4(wrong).is_none() && canonical_v6(wrong).is_none(), "{wrong}");
        }
    }
}
