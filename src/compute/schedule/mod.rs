//! Placement: which host carries an instance. Pure: hosts and a demand in, a host or the reason out.
//!
//! Filters say no, one after the other; what is left is weighed and the best taken. A filter or a weigher is a function
//! of its own: adding one is adding a line to a list.

use crate::db::instances::HostRow;

/// A host and what it has already promised.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub host: HostRow,
    pub used_vcpus: i64,
    pub used_memory_mib: i64,
}

/// What an instance needs.
#[derive(Debug, Clone)]
pub struct Demand<'a> {
    pub zone: &'a str,
    pub vcpus: i64,
    pub memory_mib: i64,
}

/// Says why a host will not do, or nothing.
type Filter = fn(&Candidate, &Demand<'_>) -> Option<String>;
/// The larger, the better.
type Weigher = fn(&Candidate, &Demand<'_>) -> i64;

const FILTERS: &[Filter] = &[is_up, in_zone, has_vcpus, has_memory];
const WEIGHERS: &[Weigher] = &[free_memory];

/// The id of the best host, or why there is none.
pub fn place(hosts: &[Candidate], demand: &Demand<'_>) -> Result<String, String> {
    let mut whys = Vec::new();
    let mut fit: Vec<&Candidate> = Vec::new();
    for c in hosts {
        match FILTERS.iter().find_map(|filter| filter(c, demand)) {
            Some(why) => whys.push(format!("host {}: {why}", c.host.id)),
            None => fit.push(c),
        }
    }
    let weight = |c: &Candidate| WEIGHERS.iter().map(|w| w(c, demand)).sum::<i64>();
    fit.into_iter().max_by_key(|c| weight(c)).map(|c| c.host.id.clone()).ok_or_else(|| match whys.is_empty() {
        true => "there is no host".to_owned(),
        false => whys.join("; "),
    })
}

fn is_up(c: &Candidate, _: &Demand<'_>) -> Option<String> {
    (!c.host.up).then(|| if c.host.why_down.is_empty() { "it is down".into() } else { c.host.why_down.clone() })
}

fn in_zone(c: &Candidate, d: &Demand<'_>) -> Option<String> {
    (!c.host.zone.is_empty() && c.host.zone != d.zone).then(|| format!("it carries zone {}", c.host.zone))
}

fn has_vcpus(c: &Candidate, d: &Demand<'_>) -> Option<String> {
    let free = c.host.vcpus - c.used_vcpus;
    (free < d.vcpus).then(|| format!("{free} vCPUs free, {} needed", d.vcpus))
}

fn has_memory(c: &Candidate, d: &Demand<'_>) -> Option<String> {
    let free = c.host.memory_mib - c.used_memory_mib;
    (free < d.memory_mib).then(|| format!("{free} MiB of memory free, {} needed", d.memory_mib))
}

fn free_memory(c: &Candidate, _: &Demand<'_>) -> i64 {
    c.host.memory_mib - c.used_memory_mib
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(id: &str, zone: &str, memory_mib: i64, used: i64) -> Candidate {
        let host = HostRow {
            id: id.into(),
            uri: String::new(),
            zone: zone.into(),
            vcpus: 8,
            memory_mib,
            up: true,
            why_down: String::new(),
        };
        Candidate { host, used_vcpus: 0, used_memory_mib: used }
    }

    const SMALL: Demand<'static> = Demand { zone: "r1a", vcpus: 1, memory_mib: 512 };

    #[test]
    fn the_emptiest_host_of_the_zone_is_taken() {
        let hosts = [host("x", "r1b", 9000, 0), host("a", "", 4096, 3000), host("b", "r1a", 4096, 100)];
        assert_eq!(place(&hosts, &SMALL), Ok("b".into()));
    }

    #[test]
    fn a_refusal_tells_of_every_host_why() {
        let mut down = host("d", "", 4096, 0);
        (down.host.up, down.host.why_down) = (false, "no QEMU".into());
        let why = place(&[down, host("f", "", 1024, 1000)], &SMALL).unwrap_err();
        assert!(why.contains("host d: no QEMU") && why.contains("host f: 24 MiB of memory free"), "{why}");
        assert_eq!(place(&[], &SMALL), Err("there is no host".into()));
    }
}
