//! This machine: what it says of its own network, and how it is changed.

use super::{Cidr, Error, Why, plan};
use nix::{libc, setsockopt_impl, sockopt_impl};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where `ip netns` keeps named namespaces.
const NAMESPACES: &str = "/var/run/netns";

/// Whether this process may change networks and the programs for it are there.
pub fn capable() -> Result<(), Why> {
    const NET_ADMIN: u64 = 1 << 12;
    const SYS_ADMIN: u64 = 1 << 21;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|l| l.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = |program: &str| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    if effective & NET_ADMIN == 0 || effective & SYS_ADMIN == 0 {
        return Err(Why::NotPermitted);
    }
    if !installed("ip") {
        return Err(Why::Missing("ip", "iproute2"));
    }
    if !installed("nft") {
        return Err(Why::Missing("nft", "nftables"));
    }
    if !Path::new("/dev/net/tun").exists() {
        return Err(Why::NoTun);
    }
    Ok(())
}

/// What on this machine may keep guests from being reached although all is made, in words for the operator.
pub fn hindrances() -> Vec<String> {
    let on = |path: &str| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == "1");
    let mut found = Vec::new();
    if on("/proc/sys/net/bridge/bridge-nf-call-iptables") {
        found.push(
            "iptables sees frames on bridges (Docker turns that on, and then drops them): \
             sysctl -w net.bridge.bridge-nf-call-iptables=0, or iptables -I FORWARD -i nb+ -o nb+ -j ACCEPT"
                .to_owned(),
        );
    }
    found
}

/// Ranges that the machine routes already (without the default route), each with its device.
/// Empty where the kernel does not tell.
pub fn routes() -> Vec<(String, Cidr)> {
    std::fs::read_to_string("/proc/thread-self/net/route").map(|text| parse_routes(&text)).unwrap_or_default()
}

/// Reads the kernel's table: one route a line, addresses as hex numbers in the machine's byte order.
fn parse_routes(text: &str) -> Vec<(String, Cidr)> {
    let route = |line: &str| {
        let mut fields = line.split_whitespace();
        let device = fields.next()?;
        let base = u32::from_str_radix(fields.next()?, 16).ok()?;
        let mask = u32::from_str_radix(fields.nth(5)?, 16).ok()?;
        let range = Cidr::new(Ipv4Addr::from(base.to_ne_bytes()), mask.count_ones() as u8);
        (range.prefix() > 0).then(|| (device.to_owned(), range))
    };
    text.lines().skip(1).filter_map(route).collect()
}

/// Whether a network device of this name exists here.
pub fn device_exists(name: &str) -> bool {
    nix::net::if_::if_nametoindex(name).is_ok()
}

/// Names of all network devices here.
pub fn devices() -> Vec<String> {
    let all = nix::net::if_::if_nameindex();
    all.map(|all| all.iter().map(|i| i.name().to_string_lossy().into_owned()).collect()).unwrap_or_default()
}

/// The file that stands for a named namespace; it may be a leftover that leads nowhere.
pub fn namespace_file(name: &str) -> PathBuf {
    Path::new(NAMESPACES).join(name)
}

/// Names of namespaces that begin with `prefix`.
pub fn namespaces(prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(NAMESPACES).into_iter().flatten().flatten();
    entries.filter_map(|e| e.file_name().into_string().ok()).filter(|name| name.starts_with(prefix)).collect()
}

/// Run commands of `ip`, one a line, in this namespace or a named one; the first failure ends the batch.
pub fn ip(namespace: Option<&str>, batch: &str) -> Result<(), Error> {
    let mut command = Command::new("ip");
    if let Some(name) = namespace {
        command.args(["-n", name]);
    }
    feed(command.args(["-batch", "-"]), batch)
}

/// Apply rules of `nft` as one transaction.
pub fn nft(rules: &str) -> Result<(), Error> {
    feed(Command::new("nft").args(["-f", "-"]), rules)
}

fn feed(command: &mut Command, input: &str) -> Result<(), Error> {
    crate::fault::effect("host network");
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |cause: String| Error::Host { doing: format!("running `{program}`"), cause };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A program that stopped early has said why on stderr: that tells more than the broken pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
    tracing::trace!(%program, %input, status = %output.status, "host network");
    if output.status.success() {
        return Ok(());
    }
    Err(failed(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
}

sockopt_impl!(
    /// Datagrams without a checksum (zero, as UDP over IPv4 allows). Between a veth and a tap the kernel leaves checksums
    /// to be filled in by hardware that is not there; clients that read raw frames would find them wrong.
    NoChecksum, SetOnly, libc::SOL_SOCKET, libc::SO_NO_CHECK, bool
);

/// The sockets of a subnet, which stay in its namespace whoever holds them.
pub struct Sockets {
    /// Port 67, able to broadcast. Non-blocking.
    pub dhcp: std::net::UdpSocket,
    /// Port 80 of the metadata address. Non-blocking.
    pub metadata: std::net::TcpListener,
}

/// Open a subnet's sockets in its namespace.
pub fn sockets(namespace: &str) -> Result<Sockets, Error> {
    let open = || -> std::io::Result<Sockets> {
        // Namespaces are copied from the first one's settings: the machine may be a router, a gateway is none by itself.
        let routing = "/proc/sys/net/ipv4/ip_forward";
        if std::fs::read_to_string(routing)?.trim() != "0" {
            std::fs::write(routing, "0")?;
        }
        let dhcp = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
        dhcp.bind_device(Some(plan::GATEWAY_DEVICE.as_bytes()))?;
        dhcp.set_broadcast(true)?;
        nix::sys::socket::setsockopt(&dhcp, NoChecksum, &true)?;
        dhcp.set_nonblocking(true)?;
        dhcp.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 67).into())?;
        let metadata = std::net::TcpListener::bind((plan::METADATA, 80))?;
        metadata.set_nonblocking(true)?;
        Ok(Sockets { dhcp: dhcp.into(), metadata })
    };
    in_namespace(namespace, open)?
        .map_err(|e| Error::Host { doing: format!("opening the sockets of {namespace}"), cause: e.to_string() })
}

/// Listen at these addresses in a namespace. The sockets do not block.
pub fn listeners(namespace: &str, at: &[SocketAddrV4]) -> Result<Vec<std::net::TcpListener>, Error> {
    let listen = |address: &SocketAddrV4| {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    in_namespace(namespace, || at.iter().map(listen).collect::<std::io::Result<_>>())?
        .map_err(|e| Error::Host { doing: format!("listening in {namespace}"), cause: e.to_string() })
}

/// Run `work` on a thread of its own inside a named namespace.
fn in_namespace<T: Send>(namespace: &str, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let failed = |cause: String| Error::Host { doing: format!("entering the network namespace {namespace}"), cause };
    let file = std::fs::File::open(namespace_file(namespace)).map_err(|e| failed(e.to_string()))?;
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            nix::sched::setns(&file, nix::sched::CloneFlags::CLONE_NEWNET)?;
            Ok::<T, nix::Error>(work())
        });
        thread.join().map_err(|_| failed("the thread failed".into()))?.map_err(|e| failed(e.to_string()))
    })
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
        assert_eq!(parse_routes(text), [("eth0".to_owned(), "192.0.2.0/24".parse().unwrap())]);
    }
}
