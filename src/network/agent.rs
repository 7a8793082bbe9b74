//! The agent: makes this machine's network carry the ports it is told of.

use super::{Error, Listener, Nic, Port, Subnet, Why, dhcp, host, plan};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddrV4;
use std::sync::{Mutex, MutexGuard, RwLock};
use tokio::sync::{Notify, mpsc, watch};

/// The agent for this machine's guest networks. Blocking and idempotent: every call makes the kernel's state what it
/// must be, whatever was there. Calls take turns.
pub struct Network {
    names: plan::Names,
    runtime: tokio::runtime::Handle,
    metadata: mpsc::UnboundedSender<Listener>,
    s3: mpsc::UnboundedSender<Listener>,
    state: Mutex<State>,
    /// Rows of networks changed, or a subnet came up.
    change: Notify,
}

/// Sockets to be served in subnets, as they come.
pub struct Listeners {
    /// Bound to 169.254.169.254:80, for `imds::serve`.
    pub metadata: mpsc::UnboundedReceiver<Listener>,
    /// For S3.
    pub s3: mpsc::UnboundedReceiver<Listener>,
}

/// What this process has made so far.
#[derive(Default)]
struct State {
    subnets: HashMap<String, Served>,
    ports: BTreeMap<String, Plugged>,
    /// The tables are there and hold `ports`.
    tables: bool,
    /// `ports` are all there are: what belongs to none of them may go.
    restored: bool,
}

/// A subnet whose sockets this process holds.
struct Served {
    leases: dhcp::Leases,
    dhcp: tokio::task::AbortHandle,
    /// Dropped to end the metadata listener.
    _open: watch::Sender<()>,
    /// Dropped to end the listeners for S3, if there are any.
    s3: Option<watch::Sender<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.dhcp.abort();
    }
}

struct Plugged {
    subnet_id: String,
    rule: plan::PortRule,
    lease: dhcp::Lease,
}

impl Network {
    /// An agent for the installation of this id (a random text kept in the settings), and the sockets that it will open.
    /// Touches nothing yet. Must be called inside of the tokio runtime, which carries DHCP.
    pub fn open(installation: &str) -> (Network, Listeners) {
        let (metadata, to_metadata) = mpsc::unbounded_channel();
        let (s3, to_s3) = mpsc::unbounded_channel();
        let network = Network {
            names: plan::Names::new(installation),
            runtime: tokio::runtime::Handle::current(),
            metadata,
            s3,
            state: Mutex::default(),
            change: Notify::new(),
        };
        (network, Listeners { metadata: to_metadata, s3: to_s3 })
    }

    /// Whether this machine can carry guest networks at all.
    pub fn capable() -> Result<(), Why> {
        host::capable()
    }

    /// What may keep guests from being reached on a machine that is [`Network::capable`]; one line each, with its remedy.
    pub fn hindrances() -> Vec<String> {
        host::hindrances()
    }

    /// An error when the machine routes a part of the subnet's range elsewhere, so that it cannot be made here.
    pub fn check_range(&self, subnet: &Subnet) -> Result<(), Error> {
        let foreign: Vec<_> = host::routes().into_iter().filter(|(device, _)| !self.names.is_ours(device)).collect();
        match plan::conflict(subnet.cidr, &self.names.bridge(&subnet.id), &foreign) {
            Some((device, range)) => Err(Error::RangeTaken(subnet.cidr, *range, device.clone())),
            None => Ok(()),
        }
    }

    /// Where the interface plugs in; known without doing anything.
    pub fn port(&self, nic: &Nic) -> Port {
        self.names.port(nic)
    }

    /// Whether some machine has a card in the interface's port now. The kernel does not tell which.
    pub fn is_plugged(&self, nic: &Nic) -> bool {
        host::device_exists(&self.names.port(nic).tap)
    }

    /// Make all that the interface needs before its machine starts: bridge, gateway, DHCP, metadata, rules.
    pub fn ensure_port(&self, nic: &Nic) -> Result<Port, Error> {
        let mut state = self.lock();
        self.ensure_subnet(&mut state, &nic.subnet)?;
        let rule = self.plug(&mut state, nic);
        let admitted = state.tables && host::nft(&plan::admit(&self.names, [&rule])).is_ok();
        if !admitted {
            // First use, or somebody flushed the tables.
            let rules = state.ports.values().map(|p| &p.rule);
            host::nft(&format!("{}{}", plan::tables(&self.names), plan::admit(&self.names, rules)))?;
            state.tables = true;
        }
        Ok(rule.port)
    }

    /// Whether the interface's port was made, and not removed.
    pub fn carries(&self, eni_id: &str) -> bool {
        self.lock().ports.contains_key(eni_id)
    }

    /// Take the interface's rules and lease away. Unknown ids are fine.
    pub fn remove_port(&self, eni_id: &str) -> Result<(), Error> {
        let mut state = self.lock();
        let Some(gone) = state.ports.remove(eni_id) else { return Ok(()) };
        if let Some(served) = state.subnets.get(&gone.subnet_id) {
            served.leases.write().expect("no holder of the leases panics").remove(&gone.rule.port.mac);
        }
        host::nft(&plan::silence(&self.names, &gone.rule))
            .or_else(|_| host::nft(&plan::all_rules(&self.names, state.ports.values().map(|p| &p.rule))))
    }

    /// Make exactly `nics` so, once at start, before any other call: what an earlier process left is taken over.
    pub fn restore(&self, nics: &[Nic]) -> Result<(), Error> {
        let mut state = self.lock();
        for nic in nics {
            self.plug(&mut state, nic);
        }
        state.restored = true;
        if nics.is_empty() && !self.anything_left() {
            return Ok(());
        }
        // Rules first: guests of the earlier process may be speaking.
        host::nft(&plan::all_rules(&self.names, state.ports.values().map(|p| &p.rule)))?;
        state.tables = true;
        // A subnet that cannot be made keeps none of the others away.
        let subnets: BTreeMap<&str, &Subnet> = nics.iter().map(|n| (n.subnet.id.as_str(), &*n.subnet)).collect();
        let made: Vec<_> = subnets.values().map(|subnet| self.ensure_subnet(&mut state, subnet)).collect();
        self.sweep(&mut state)?;
        made.into_iter().collect()
    }

    /// Have the loop of the gateway endpoints look at the rows now.
    pub fn wake(&self) {
        self.change.notify_one();
    }

    /// Resolves once something changed since the last time.
    pub(super) async fn changed(&self) {
        self.change.notified().await;
    }

    /// Ids of the subnets that are up.
    pub fn served(&self) -> Vec<String> {
        self.lock().subnets.keys().cloned().collect()
    }

    /// Have S3 at `doors` in exactly these of the subnets that are up.
    pub fn open_s3(&self, with: &BTreeSet<String>, doors: &[SocketAddrV4]) -> Result<(), Error> {
        let mut state = self.lock();
        for (id, served) in &mut state.subnets {
            let namespace = self.names.namespace(id);
            match (with.contains(id), served.s3.is_some()) {
                (true, false) => {
                    host::ip(Some(&namespace), &plan::doors(doors, true))?;
                    let (open, closed) = watch::channel(());
                    for socket in host::listeners(&namespace, doors)? {
                        // Nobody takes them when the server is going down.
                        let _ = self.s3.send(Listener { subnet_id: id.clone(), socket, closed: closed.clone() });
                    }
                    served.s3 = Some(open);
                    tracing::info!(subnet = id, "guests reach S3");
                }
                (false, true) => {
                    host::ip(Some(&namespace), &plan::doors(doors, false))?;
                    served.s3 = None;
                    tracing::info!(subnet = id, "guests no longer reach S3");
                }
                (true, true) | (false, false) => {}
            }
        }
        Ok(())
    }

    /// Take down subnets that have no interface. For the server's orderly end. Does nothing before [`Network::restore`]:
    /// guests of an earlier process may be on bridges that this one does not know.
    pub fn tidy(&self) -> Result<(), Error> {
        let mut state = self.lock();
        if state.restored { self.sweep(&mut state) } else { Ok(()) }
    }

    /// Remove every bridge, namespace and rule of this installation, guests or not.
    pub fn teardown_all(&self) -> Result<(), Error> {
        let mut state = self.lock();
        state.ports.clear();
        self.sweep(&mut state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the agent's calls do not panic")
    }

    /// Note the interface's port and, if its subnet is served, its lease.
    fn plug(&self, state: &mut State, nic: &Nic) -> plan::PortRule {
        let rule = plan::PortRule { port: self.names.port(nic), private_ip: nic.private_ip };
        let lease = dhcp::Lease::of(nic);
        if let Some(served) = state.subnets.get(&nic.subnet.id) {
            served.leases.write().expect("no holder of the leases panics").insert(nic.mac, lease.clone());
        }
        let plugged = Plugged { subnet_id: nic.subnet.id.clone(), rule: rule.clone(), lease };
        state.ports.insert(nic.eni_id.clone(), plugged);
        rule
    }

    fn ensure_subnet(&self, state: &mut State, subnet: &Subnet) -> Result<(), Error> {
        let (bridge, veth) = (self.names.bridge(&subnet.id), self.names.veth(&subnet.id));
        let namespace = self.names.namespace(&subnet.id);
        let there = || (host::device_exists(&bridge), host::device_exists(&veth));
        if state.subnets.contains_key(&subnet.id) && there() == (true, true) {
            return Ok(());
        }
        host::capable()?;
        let taken = || plan::conflict(subnet.cidr, &bridge, &host::routes()).cloned();
        if state.restored && taken().is_some_and(|(device, _)| self.names.is_ours(&device)) {
            // A subnet that nobody is in any more may have held the range.
            self.sweep(state)?;
        }
        if let Some((device, range)) = taken() {
            return Err(Error::RangeTaken(subnet.cidr, range, device));
        }
        let (bridge_is, veth_is) = there();
        let found =
            plan::Found { bridge: bridge_is, veth: veth_is, namespace: host::namespace_file(&namespace).exists() };
        // Sockets of before are in a namespace that goes.
        state.subnets.remove(&subnet.id);
        host::ip(None, &plan::subnet_outside(&self.names, subnet, found))?;
        host::ip(Some(&namespace), &plan::subnet_inside(subnet))?;
        let sockets = host::sockets(&namespace)?;
        let here = state.ports.values().filter(|p| p.subnet_id == subnet.id);
        let leases = here.map(|p| (p.rule.port.mac, p.lease.clone())).collect();
        let served = self.serve(subnet, sockets, dhcp::Leases::new(RwLock::new(leases)))?;
        state.subnets.insert(subnet.id.clone(), served);
        self.wake();
        tracing::info!(subnet = subnet.id, cidr = %subnet.cidr, bridge, namespace, "subnet is up");
        Ok(())
    }

    fn serve(&self, subnet: &Subnet, sockets: host::Sockets, leases: dhcp::Leases) -> Result<Served, Error> {
        let _inside = self.runtime.enter();
        let socket = tokio::net::UdpSocket::from_std(sockets.dhcp)
            .map_err(|e| Error::Host { doing: "serving DHCP".into(), cause: e.to_string() })?;
        let dhcp = self.runtime.spawn(dhcp::serve(socket, leases.clone())).abort_handle();
        let (open, closed) = watch::channel(());
        // Nobody takes metadata sockets when the server is going down.
        let _ = self.metadata.send(Listener { subnet_id: subnet.id.clone(), socket: sockets.metadata, closed });
        Ok(Served { leases, dhcp, _open: open, s3: None })
    }

    /// Whether the kernel holds a device or namespace of this installation.
    fn anything_left(&self) -> bool {
        host::devices().iter().any(|d| self.names.is_ours(d))
            || !host::namespaces(&self.names.namespace_prefix()).is_empty()
    }

    /// Remove what no port needs, made by this process or an earlier one; with no port at all, the tables too.
    fn sweep(&self, state: &mut State) -> Result<(), Error> {
        let needed: BTreeSet<String> = state.ports.values().map(|p| p.subnet_id.clone()).collect();
        state.subnets.retain(|id, _| needed.contains(id));
        let keep: BTreeSet<String> = needed
            .iter()
            .flat_map(|id| [self.names.bridge(id), self.names.veth(id), self.names.namespace(id)])
            .collect();
        let devices = host::devices();
        let doomed = devices.iter().filter(|d| self.names.is_ours(d) && !keep.contains(*d));
        let mut batch: String = doomed.map(|device| format!("link del dev {device}\n")).collect();
        for namespace in host::namespaces(&self.names.namespace_prefix()).iter().filter(|n| !keep.contains(*n)) {
            batch.push_str(&format!("netns del {namespace}\n"));
        }
        if !batch.is_empty() {
            host::ip(None, &batch)?;
        }
        if state.ports.is_empty() && (state.tables || !batch.is_empty()) {
            host::nft(&plan::no_rules(&self.names))?;
            state.tables = false;
        }
        Ok(())
    }
}
