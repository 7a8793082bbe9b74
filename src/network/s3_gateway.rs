//! Where S3's gateway endpoint leads: guests of a subnet whose route table has the endpoint find S3 at addresses of their subnet's
//! gateway, guests of other subnets find nobody there.
//!
//! The addresses are those of S3's prefix list. Which subnets have them follows from the rows: the loop makes it so, when something
//! changed and now and then. What takes the connections is in the gateway's namespace, so a guest's packets never get to
//! the host.

use super::records;
use super::routes::{RouteTable, Target};
use super::{Error, Network};
use crate::db::{self, Conn, Db};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

/// S3 as guests find it, on port 80: an address of a range that is nobody's (RFC 2544).
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 3);
/// How often to look without a wake.
const PERIOD: Duration = Duration::from_secs(30);
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Where guests reach S3 through an endpoint when the server listens at `listen`: its own address, too, if it is one.
pub fn doors(listen: SocketAddr) -> Vec<SocketAddrV4> {
    let mut all = vec![SocketAddrV4::new(ADDRESS, 80)];
    if let IpAddr::V4(ip) = listen.ip()
        && !ip.is_unspecified()
        && !ip.is_loopback()
    {
        all.push(SocketAddrV4::new(ip, listen.port()));
    }
    all
}

/// Those of the subnets whose route table leads to S3 through an endpoint.
pub fn of_subnets(c: &Conn, subnets: &[String]) -> Result<BTreeSet<String>, Error> {
    let mut with = BTreeSet::new();
    for id in subnets {
        let Some(subnet) = db::network::subnet(c, id)? else { continue };
        let tables = records::in_vpc::<RouteTable>(c, &subnet.vpc)?;
        let own = tables.iter().find(|t| t.it.associations.iter().any(|a| a.subnet == *id));
        let table = own.or_else(|| tables.iter().find(|t| t.it.main.is_some()));
        // S3's are the only gateway endpoints that there are.
        if table.is_some_and(|t| t.it.routes.iter().any(|r| matches!(r.target, Target::Endpoint(_)))) {
            with.insert(id.clone());
        }
    }
    Ok(with)
}

/// The loop; runs until the process ends.
pub async fn run(network: Arc<Network>, db: Db, doors: Vec<SocketAddrV4>) {
    loop {
        let (agent, db, doors) = (network.clone(), db.clone(), doors.clone());
        let work = tokio::task::spawn_blocking(move || {
            let with = db.read(|c| of_subnets(c, &agent.served()))?;
            agent.open_s3(&with, &doors)
        });
        let patience = match work.await {
            Ok(Ok(())) => PERIOD,
            Ok(Err(e)) => {
                tracing::warn!(error = %e, "leading guests to S3");
                AGAIN
            }
            Err(e) => {
                tracing::error!(error = %e, "leading guests to S3");
                PERIOD
            }
        };
        tokio::select! {
            () = network.changed() => {}
            () = tokio::time::sleep(patience) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_address_is_a_door_when_others_reach_it() {
        let doors = |text: &str| doors(text.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(doors("192.0.2.7:8773"), ["198.18.0.3:80", "192.0.2.7:8773"]);
        for listen in ["127.0.0.1:8773", "0.0.0.0:8773", "[::1]:8773"] {
            assert_eq!(doors(listen), ["198.18.0.3:80"]);
        }
    }
}
