//! What this machine says about its own network.

use super::Cidr;
use std::net::Ipv4Addr;

/// Ranges that the machine routes somewhere already (without the default route): a new VPC must not hide them.
/// Empty where the kernel does not tell.
pub fn routed_ranges() -> Vec<Cidr> {
    std::fs::read_to_string("/proc/net/route").map(|text| parse_routes(&text)).unwrap_or_default()
}

/// Reads the kernel's table: one route a line, addresses as hex numbers in the machine's byte order.
fn parse_routes(text: &str) -> Vec<Cidr> {
    let range = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let base = u32::from_str_radix(fields.next()?, 16).ok()?;
        let mask = u32::from_str_radix(fields.nth(5)?, 16).ok()?;
        let addr = Ipv4Addr::from(base.to_ne_bytes());
        Some(Cidr::new(addr, mask.count_ones() as u8)).filter(|c| c.prefix() > 0)
    };
    text.lines().skip(1).filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn routes_are_read_and_the_default_route_is_left_out() {
        let text = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(parse_routes(text), ["192.0.2.0/24".parse().unwrap()]);
    }
}
