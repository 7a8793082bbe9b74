//! Instance metadata: what 169.254.169.254 answers a guest.
//!
//! Who asks is told by the subnet whose socket took the connection and by the source address, which anti-spoofing rules
//! make trustworthy; nothing in the request counts.

pub mod token;
mod tree;

pub use tree::{Interface, Metadata, PublicKey, SecurityGroup};

use crate::network;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Who has an address; implemented by compute. Called on a runtime thread: one short database read at most.
pub trait Directory: Send + Sync + 'static {
    /// The instance at `ip` in the subnet, or `None` if there is none (or its metadata is turned off).
    fn instance(&self, subnet_id: &str, ip: Ipv4Addr) -> Option<Metadata>;
}

/// Serve every metadata socket that arrives, until the sender is gone.
pub async fn serve(
    mut listeners: tokio::sync::mpsc::UnboundedReceiver<network::Listener>,
    directory: Arc<dyn Directory>,
    key: token::Key,
) {
    let _ = (directory, key);
    while listeners.recv().await.is_some() {}
}
