//! The network agent on a real kernel, with guests that are network namespaces.
//!
//! Every test runs again inside of a network namespace of its own (a child process under `unshare`), so nothing of it
//! touches the machine's network. Needs root, `ip` and `nft`; says so and passes where they are missing.

use dhcproto::v4::{DhcpOption, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable};
use novella::network::{Cidr, Mac, Network, Nic, Subnet};
use novella::{db, imds};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const INSIDE: &str = "NOVELLA_TEST_INSIDE";
/// How long something that must not happen is given to happen.
const NEVER: Duration = Duration::from_millis(400);
/// How long something that must happen may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// Whether this process is the one inside; the one outside starts it and checks that it passes.
fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if let Err(why) = Network::capable() {
        eprintln!("SKIPPED {test}: {why}");
        return false;
    }
    let script = "mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up && exec \"$0\" \"$@\"";
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--propagation", "private", "sh", "-ec", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed inside of its namespace");
    false
}

fn sh(script: &str) -> String {
    let output = Command::new("sh").args(["-ec", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn nic(n: u8, range: &str) -> Nic {
    let cidr: Cidr = range.parse().unwrap();
    Nic {
        groups: Vec::new().into(),
        details: novella::network::NicDetails::default().into(),
        eni_id: format!("eni-{n}"),
        account: "123456789012".into(),
        mac: Mac::local([0, 0, 0, 0, n]),
        private_ip: cidr.nth(n.into()),
        secondary: Vec::new(),
        public: Vec::new(),
        created_at: 0,
        instance_id: Some(format!("i-{n}")),
        device_index: Some(0),
        subnet: std::sync::Arc::new(Subnet {
            id: format!("subnet-{range}"),
            vpc_id: "vpc-1".into(),
            vpc_cidrs: vec![Cidr::new(cidr.nth(0), 16)],
            cidr,
            region: "us-east-1".into(),
            zone: "us-east-1a".into(),
            dns_hostnames: true,
        }),
    }
}

/// An agent with its metadata service, as the server runs them.
struct Server {
    network: Network,
    /// Sockets that S3 would serve.
    doors: tokio::sync::mpsc::UnboundedReceiver<novella::network::Listener>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start(installation: &str, nics: &[Nic], key: &imds::token::Key) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _entered = runtime.enter();
        let (network, listeners) = Network::open(installation);
        runtime.spawn(imds::serve(listeners.metadata, Arc::new(Everybody(nics.to_vec())), key.clone()));
        drop(_entered);
        Server { network, doors: listeners.s3, _runtime: runtime }
    }
}

struct Everybody(Vec<Nic>);

impl imds::Directory for Everybody {
    fn instance(&self, subnet_id: &str, ip: Ipv4Addr) -> Option<imds::Metadata> {
        let nic = self.0.iter().find(|n| n.subnet.id == subnet_id && n.private_ip == ip)?;
        Some(imds::Metadata {
            account: nic.account.clone(),
            region: "us-east-1".into(),
            zone: "us-east-1a".into(),
            zone_id: "use1-az1".into(),
            dedicated_host: None,
            instance_id: nic.instance_id.clone()?,
            instance_type: "t3.micro".into(),
            image_id: "ami-1".into(),
            kernel_id: None,
            ramdisk_id: None,
            architecture: "x86_64".into(),
            reservation_id: "r-1".into(),
            launch_index: 0,
            manifest_path: None,
            pending_at: novella::clock::now(),
            block_devices: BTreeMap::new(),
            public_keys: Vec::new(),
            user_data: None,
            interfaces: Vec::new(),
            tags: None,
            is_spot: false,
            profile: None,
            enabled: true,
            hop_limit: 1,
            tokens_required: true,
        })
    }
}

/// A network namespace that plays a machine on a tap.
struct Guest {
    namespace: String,
    nic: Nic,
}

impl Guest {
    /// What libvirt does: make the tap and put it on the bridge.
    fn boot(network: &Network, nic: &Nic) -> Guest {
        let port = network.ensure_port(nic).unwrap();
        let namespace = format!("guest-{}", nic.eni_id);
        sh(&format!(
            "ip netns add {namespace}
             ip link add {tap} type veth peer name eth0 address {mac} netns {namespace}
             ip link set {tap} master {bridge} up
             ip -n {namespace} link set lo up
             ip -n {namespace} link set eth0 up",
            tap = port.tap,
            bridge = port.bridge,
            mac = port.mac,
        ));
        Guest { namespace, nic: nic.clone() }
    }

    /// Run `work` inside.
    fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = std::fs::File::open(format!("/run/netns/{}", self.namespace)).unwrap();
        std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                nix::sched::setns(file, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            inside.join().unwrap()
        })
    }

    fn ip(&self, command: &str) -> String {
        sh(&format!("ip -n {} {command}", self.namespace))
    }

    /// Get an address by DHCP and use it; panics if none comes.
    fn dhcp(&self) -> Message {
        let ack = self.within(|| {
            let offer = exchange(self.nic.mac, MessageType::Discover, None, SOON).expect("an offer");
            exchange(self.nic.mac, MessageType::Request, Some(offer.yiaddr()), SOON).expect("an acknowledgement")
        });
        let Some(DhcpOption::SubnetMask(mask)) = ack.opts().get(OptionCode::SubnetMask) else { panic!("no mask") };
        let Some(DhcpOption::Router(routers)) = ack.opts().get(OptionCode::Router) else { panic!("no router") };
        self.ip(&format!("addr add {}/{} dev eth0", ack.yiaddr(), u32::from(*mask).count_ones()));
        self.ip(&format!("route add default via {}", routers[0]));
        ack
    }

    /// One HTTP request to the metadata service: status and body.
    fn metadata(&self, method: &str, path: &str, header: &str) -> std::io::Result<(u16, String)> {
        self.within(|| {
            let mut stream = TcpStream::connect_timeout(&SocketAddr::from((METADATA, 80)), NEVER * 5)?;
            stream.set_read_timeout(Some(SOON))?;
            write!(stream, "{method} {path} HTTP/1.1\r\nHost: m\r\n{header}\r\nConnection: close\r\n\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            Ok((head[9..12].parse().unwrap(), body.to_owned()))
        })
    }

    /// Whether somebody listens at this address.
    fn reaches(&self, door: SocketAddrV4) -> bool {
        self.within(|| TcpStream::connect_timeout(&door.into(), NEVER).is_ok())
    }

    /// Who the metadata service says this guest is, the IMDSv2 way.
    fn who_am_i(&self) -> String {
        let (status, token) =
            self.metadata("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60").unwrap();
        assert_eq!(status, 200);
        let header = format!("X-aws-ec2-metadata-token: {token}");
        self.metadata("GET", "/latest/meta-data/instance-id", &header).unwrap().1
    }

    /// Send a datagram from an address of ours, true or not.
    fn send(&self, from: Ipv4Addr, to: SocketAddrV4, text: &str) {
        self.within(|| UdpSocket::bind((from, 0)).unwrap().send_to(text.as_bytes(), to)).unwrap();
    }
}

/// Send a DHCP message from a device without an address; the answer, if one comes in time.
fn exchange(mac: Mac, kind: MessageType, wanted: Option<Ipv4Addr>, patience: Duration) -> Option<Message> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.bind_device(Some(b"eth0")).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68).into()).unwrap();
    let socket = UdpSocket::from(socket);
    let mut message = Message::default();
    message.set_chaddr(&mac.0);
    message.opts_mut().insert(DhcpOption::MessageType(kind));
    wanted.map(|ip| message.opts_mut().insert(DhcpOption::RequestedIpAddress(ip)));
    socket.send_to(&message.to_vec().unwrap(), (Ipv4Addr::BROADCAST, 67)).unwrap();
    socket.set_read_timeout(Some(patience)).unwrap();
    let mut buffer = [0; 1500];
    let length = socket.recv(&mut buffer).ok()?;
    let reply = Message::decode(&mut Decoder::new(&buffer[..length])).unwrap();
    (reply.xid() == message.xid()).then_some(reply)
}

fn key() -> imds::token::Key {
    let dir = tempfile::tempdir().unwrap();
    db::Db::open(&dir.path().join("novella.db")).unwrap().write_blocking(imds::token::Key::load).unwrap()
}

#[test]
fn guests_get_addresses_and_metadata_and_cannot_pretend() {
    if !inside("guests_get_addresses_and_metadata_and_cannot_pretend") {
        return;
    }
    let nics = [nic(4, "172.31.0.0/20"), nic(5, "172.31.0.0/20")];
    let server = Server::start("installation", &nics, &key());
    let [one, two] = [0, 1].map(|n| Guest::boot(&server.network, &nics[n]));
    let (ip_one, ip_two) = (one.nic.private_ip, two.nic.private_ip);
    assert!(server.network.is_plugged(&nics[0]) && !server.network.is_plugged(&nic(6, "172.31.0.0/20")));

    // Addresses and identity.
    assert_eq!(one.dhcp().yiaddr(), ip_one);
    assert_eq!(two.dhcp().yiaddr(), ip_two);
    assert_eq!((one.who_am_i(), two.who_am_i()), ("i-4".to_owned(), "i-5".to_owned()));
    assert_eq!(one.metadata("GET", "/latest/meta-data/instance-id", "A: b").unwrap().0, 401);

    // A guest that hoards connections harms itself only.
    let hoard: Vec<_> = (0..40).map(|_| one.within(|| TcpStream::connect((METADATA, 80)).unwrap())).collect();
    assert_eq!(two.who_am_i(), "i-5");
    let closed = |mut s: &TcpStream| s.set_nonblocking(true).is_ok() && s.read(&mut [0]).is_ok_and(|n| n == 0);
    let patience = std::time::Instant::now() + SOON;
    while hoard.iter().filter(|s| closed(s)).count() < 8 {
        assert!(std::time::Instant::now() < patience, "every connection of one guest is held");
        std::thread::yield_now();
    }
    drop(hoard);

    // The host reaches guests, guests reach each other, and no guest reaches the host.
    let in_guest = one.within(|| TcpListener::bind((ip_one, 8080)).unwrap());
    TcpStream::connect_timeout(&in_guest.local_addr().unwrap(), SOON).expect("the host reaches a guest");
    two.within(|| TcpStream::connect_timeout(&(ip_one, 8080).into(), SOON)).expect("guests reach each other");
    let host = one.nic.subnet.cidr.nth(3);
    let elsewhere = Ipv4Addr::new(10, 9, 9, 9);
    sh(&format!("ip addr add {elsewhere}/32 dev lo"));
    one.ip(&format!("route add {elsewhere}/32 via {host}"));
    let _on_host = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 9090)).unwrap();
    for address in [host, elsewhere] {
        let refused = one.within(|| TcpStream::connect_timeout(&(address, 9090).into(), NEVER)).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::TimedOut, "a guest reached the host");
    }

    // A foreign source address, a foreign MAC, a claim on the gateway: nothing of it arrives. What arrives first at
    // the second guest is the honest datagram that was sent last.
    let ear = two.within(|| UdpSocket::bind((ip_two, 7000)).unwrap());
    ear.set_read_timeout(Some(SOON)).unwrap();
    let to = SocketAddrV4::new(ip_two, 7000);
    let heard = || {
        let mut buffer = [0; 100];
        let (length, _) = ear.recv_from(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    one.send(ip_one, to, "hello");
    assert_eq!(heard(), "hello");
    let stranger = one.nic.subnet.cidr.nth(99);
    one.ip(&format!("addr add {stranger}/32 dev eth0"));
    one.send(stranger, to, "foreign address");
    one.send(ip_one, to, "own address");
    assert_eq!(heard(), "own address");
    one.ip("link set eth0 address 02:00:00:00:00:63");
    one.send(ip_one, to, "foreign MAC");
    one.ip(&format!("link set eth0 address {}", one.nic.mac));
    one.send(ip_one, to, "own MAC");
    assert_eq!(heard(), "own MAC");
    let gateway = one.nic.subnet.cidr.nth(1);
    one.ip(&format!("addr add {gateway}/32 dev eth0"));
    one.ip(&format!("addr add {METADATA}/32 dev eth0"));
    two.ip("neigh flush dev eth0");
    assert_eq!(two.who_am_i(), "i-5");
    assert!(!two.ip(&format!("neigh show {gateway}")).contains(&one.nic.mac.to_string()));

    // A removed port is silent, and its lease is gone.
    one.ip(&format!("addr del {gateway}/32 dev eth0"));
    one.ip(&format!("addr del {METADATA}/32 dev eth0"));
    server.network.remove_port(&one.nic.eni_id).unwrap();
    server.network.remove_port(&one.nic.eni_id).unwrap();
    one.send(ip_one, to, "removed");
    assert!(one.within(|| exchange(one.nic.mac, MessageType::Discover, None, NEVER)).is_none());
    server.network.ensure_port(&one.nic).unwrap();
    one.send(ip_one, to, "back");
    assert_eq!(heard(), "back");
    assert_eq!(one.who_am_i(), "i-4");

    // Somebody flushes the rules or removes the veth: the next port mends it.
    sh("nft flush ruleset");
    server.network.ensure_port(&one.nic).unwrap();
    one.send(stranger, to, "foreign address");
    one.send(ip_one, to, "mended");
    assert_eq!(heard(), "mended");
    sh("ip -o link show type veth | grep -o 'nv[0-9a-f]*' | xargs -n1 ip link del");
    server.network.ensure_port(&two.nic).unwrap();
    assert_eq!((one.who_am_i(), two.who_am_i()), ("i-4".to_owned(), "i-5".to_owned()));
}

#[test]
fn a_server_that_died_is_followed_by_one_that_takes_over_and_leaves_nothing() {
    if !inside("a_server_that_died_is_followed_by_one_that_takes_over_and_leaves_nothing") {
        return;
    }
    let key = key();
    let nics = [nic(4, "172.31.0.0/20"), nic(5, "172.31.16.0/20")];
    let server = Server::start("installation", &nics, &key);
    let [one, two] = [0, 1].map(|n| Guest::boot(&server.network, &nics[n]));
    one.dhcp();
    two.dhcp();
    let header = "X-aws-ec2-metadata-token-ttl-seconds: 60";
    let token = one.metadata("PUT", "/latest/api/token", header).unwrap().1;

    // Another installation on this machine keeps clear of the range, and takes down only what is its own.
    let other_nics = [nic(6, "172.31.0.0/20"), nic(7, "172.30.0.0/20")];
    let other = Server::start("another", &other_nics, &key);
    let refused = other.network.ensure_port(&other_nics[0]).unwrap_err().to_string();
    assert!(refused.contains("already routes 172.31.0.0/20"), "{refused}");
    let third = Guest::boot(&other.network, &other_nics[1]);
    third.dhcp();
    assert_eq!(third.who_am_i(), "i-7");
    other.network.teardown_all().unwrap();
    assert_eq!(one.who_am_i(), "i-4");

    // The server dies; one of its namespaces lives on out of sight (a guest's process may hold it), the other is in sight.
    drop(server);
    let name = sh("ls /run/netns | grep ^novella- | head -1");
    let path = format!("/run/netns/{}", name.trim());
    let _held = std::fs::File::open(&path).unwrap();
    nix::mount::umount2(path.as_str(), nix::mount::MntFlags::MNT_DETACH).unwrap();
    let server = Server::start("installation", &nics, &key);
    server.network.tidy().unwrap();
    assert!(sh("ip -o link show type bridge").lines().count() == 2, "a server that knows nothing yet removes nothing");
    server.network.restore(&nics).unwrap();
    assert_eq!((one.who_am_i(), two.who_am_i()), ("i-4".to_owned(), "i-5".to_owned()));
    let header = format!("X-aws-ec2-metadata-token: {token}");
    assert_eq!(one.metadata("GET", "/latest/meta-data/instance-id", &header).unwrap(), (200, "i-4".to_owned()));
    assert_eq!(
        two.within(|| exchange(two.nic.mac, MessageType::Discover, None, SOON)).unwrap().yiaddr(),
        two.nic.private_ip
    );

    // A restart with fewer interfaces sweeps the rest; the end leaves nothing.
    drop(server);
    let server = Server::start("installation", &nics, &key);
    server.network.restore(&nics[..1]).unwrap();
    assert_eq!(sh("ls /run/netns").matches("novella-").count(), 1);
    assert_eq!(one.who_am_i(), "i-4");
    server.network.tidy().unwrap();
    assert_eq!(one.who_am_i(), "i-4");
    server.network.remove_port(&one.nic.eni_id).unwrap();
    server.network.tidy().unwrap();
    assert_eq!(sh("ls /run/netns").matches("novella-").count(), 0);
    server.network.ensure_port(&one.nic).unwrap();
    server.network.teardown_all().unwrap();
    assert_eq!(sh("ls /run/netns").matches("novella-").count(), 0);
    assert_eq!(sh("nft list ruleset"), "");
    assert_eq!(sh("ip -o link").lines().filter(|l| !l.contains(": lo:") && !l.contains(": nt")).count(), 0);
}

#[test]
fn a_subnet_has_s3_while_its_routes_lead_there() {
    if !inside("a_subnet_has_s3_while_its_routes_lead_there") {
        return;
    }
    let nics = [nic(4, "172.31.0.0/20"), nic(4, "172.31.16.0/20")]
        .map(|nic| Nic { eni_id: nic.subnet.id[7..].replace(['.', '/'], "-"), ..nic });
    let mut server = Server::start("installation", &nics, &key());
    let [one, two] = [0, 1].map(|n| Guest::boot(&server.network, &nics[n]));
    for guest in [&one, &two] {
        guest.dhcp();
    }
    let doors = [SocketAddrV4::new(novella::network::s3_gateway::ADDRESS, 80), "192.0.2.7:8773".parse().unwrap()];
    let with = |nics: &[&Guest]| nics.iter().map(|guest| guest.nic.subnet.id.clone()).collect();
    for _ in 0..2 {
        server.network.open_s3(&with(&[&one]), &doors).unwrap();
        let open: Vec<_> = [(); 2].iter().map(|()| server.doors.try_recv().unwrap()).collect();
        assert!(server.doors.try_recv().is_err(), "two doors of one subnet");
        for door in doors {
            assert!(one.reaches(door) && !two.reaches(door), "{door}");
        }
        server.network.open_s3(&with(&[&one]), &doors).unwrap();
        server.network.open_s3(&with(&[]), &doors).unwrap();
        assert!(open.iter().all(|listener| listener.closed.has_changed().is_err()), "they are to be served no longer");
        assert!(!one.reaches(doors[0]) && !one.reaches(doors[1]));
    }
    assert_eq!(one.who_am_i(), format!("i-4"));
}
