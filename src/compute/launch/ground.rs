//! The machine under a launch.

use crate::compute::Compute;
use crate::db::Conn;
use crate::{network, volumes};
use std::sync::Arc;

/// What a transaction must know of the machine that it launches on.
#[derive(Clone)]
pub(in crate::compute) struct Ground {
    /// The host's networks; `None` when machines are simulated.
    pub network: Option<Arc<network::Network>>,
    pub public: Arc<network::public::Pool>,
    /// Whether volumes have files.
    pub bytes: volumes::Bytes,
}

impl Ground {
    /// An error unless this host can carry the subnet.
    pub fn check(&self, c: &Conn, subnet: &network::Subnet) -> Result<(), network::Error> {
        let Some(host) = &self.network else { return Ok(()) };
        network::check_reachable(c, subnet)?;
        host.check_range(subnet)
    }
}

impl Compute {
    /// What a launch must know of this machine.
    pub(in crate::compute) fn ground(&self) -> Ground {
        let network = self.is_real().then(|| self.network.clone());
        Ground { network, public: self.public_addresses.clone(), bytes: self.volumes.bytes() }
    }
}
