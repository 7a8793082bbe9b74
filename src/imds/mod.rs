//! Instance metadata: what 169.254.169.254 answers a guest.
//!
//! Who asks is told by the subnet whose socket took the connection and by the source address, which anti-spoofing rules
//! make trustworthy; nothing in the request counts. Version 1 is plain GETs; version 2 first takes a token by
//! `PUT /latest/api/token` and shows it with every GET. A token that is shown must be good, and an instance may demand one.

mod answer;
pub mod of_compute;
pub mod token;
mod tree;

pub use tree::{Interface, Metadata, PublicKey, SecurityGroup};

use crate::{clock, network};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Who has an address; implemented by compute. Called on a runtime thread: one short database read at most.
pub trait Directory: Send + Sync + 'static {
    /// The instance at `ip` in the subnet, or `None` if there is none.
    fn instance(&self, subnet_id: &str, ip: Ipv4Addr) -> Option<Metadata>;
}

/// Connections that one guest may hold at once; further ones are closed, so that no guest keeps its neighbours out.
const CONNECTIONS: usize = 32;
/// How far answers go that nobody limits.
const HOPS: u32 = 64;
/// How long a guest may take over the head of a request, or keep an idle connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serve every metadata socket that arrives, until the sender is gone.
pub async fn serve(
    mut listeners: tokio::sync::mpsc::UnboundedReceiver<network::Listener>,
    directory: Arc<dyn Directory>,
    key: token::Key,
) {
    while let Some(listener) = listeners.recv().await {
        tokio::spawn(serve_subnet(listener, directory.clone(), key.clone()));
    }
}

async fn serve_subnet(listener: network::Listener, directory: Arc<dyn Directory>, key: token::Key) {
    let network::Listener { subnet_id, socket, mut closed } = listener;
    let subnet_id: Arc<str> = subnet_id.into();
    let socket = match tokio::net::TcpListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => return tracing::error!(%error, %subnet_id, "metadata cannot be served"),
    };
    // A guest's entry lives while it holds a connection.
    let mut guests: HashMap<Ipv4Addr, Weak<()>> = HashMap::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = closed.changed() => return,
        };
        let (stream, ip) = match accepted {
            Ok((stream, peer)) => match peer.ip() {
                IpAddr::V4(ip) => (stream, ip),
                IpAddr::V6(_) => continue,
            },
            Err(error) => {
                tracing::warn!(%error, %subnet_id, "accepting a metadata connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let held = guests.get(&ip).and_then(Weak::upgrade).unwrap_or_default();
        // One is `held` itself.
        if Arc::strong_count(&held) > CONNECTIONS {
            tracing::debug!(%subnet_id, %ip, "too many metadata connections");
            continue;
        }
        guests.retain(|_, entry| entry.strong_count() > 0);
        guests.insert(ip, Arc::downgrade(&held));
        let (directory, key, subnet_id) = (directory.clone(), key.clone(), subnet_id.clone());
        let reach = match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => std::net::TcpStream::from(socket),
            Err(error) => {
                tracing::warn!(%error, %subnet_id, "a metadata connection");
                continue;
            }
        };
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let (head, _) = request.into_parts();
            let instance = directory.instance(&subnet_id, ip);
            // A token shall not get further than the guest allows: to its containers, say.
            let hops = instance.as_ref().filter(|_| head.method == hyper::Method::PUT).map_or(HOPS, |i| i.hop_limit);
            if let Err(error) = reach.set_ttl(hops) {
                tracing::warn!(%error, %subnet_id, %ip, "limiting how far an answer goes");
            }
            let response = answer::answer(&head, instance.as_ref(), &key, clock::now().unix_timestamp());
            tracing::debug!(%subnet_id, %ip, method = %head.method, path = head.uri.path(), status = response.status().as_u16(), "metadata");
            async move { Ok::<_, Infallible>(response) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            // Small guests ask by `nc`, which closes its half before the answer comes.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let mut closed = closed.clone();
        tokio::spawn(async move {
            let _held = held;
            tokio::select! {
                // How a guest breaks off is its own matter.
                _ = connection => {}
                _ = closed.changed() => {}
            }
        });
    }
}
