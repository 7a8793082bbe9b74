//! DHCP for one subnet: every interface has its address from the row, and the server only tells it.
//!
//! There is no lease table: an answer depends on the request and the interface alone, so a restart forgets nothing.
//! A MAC that has no interface here gets no answer.

use super::{Cidr, Mac, Nic, cidr, plan};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, RwLock};
use tokio::net::UdpSocket;

/// Seconds that an address is lent for: AWS lends for an hour.
const LEASE: u32 = 3600;

const CLIENT_PORT: u16 = 68;

/// Bytes before the options, and the four that open them.
const HEAD: usize = 236;
const MAGIC: [u8; 4] = [99, 130, 83, 99];
const BROADCAST_FLAG: [u8; 2] = [0x80, 0];

// Kinds of messages (option 53).
const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const ACK: u8 = 5;
const NAK: u8 = 6;
const INFORM: u8 = 8;

/// What an interface is told.
#[derive(Debug, Clone)]
pub struct Lease {
    pub ip: Ipv4Addr,
    pub subnet: Cidr,
    /// Decides the domain name.
    pub region: String,
}

impl Lease {
    /// What the interface is told.
    pub fn of(nic: &Nic) -> Lease {
        Lease { ip: nic.private_ip, subnet: nic.subnet.cidr, region: nic.subnet.region.clone() }
    }
}

/// The interfaces of one subnet.
pub type Leases = Arc<RwLock<HashMap<Mac, Lease>>>;

/// Answer requests until the task is aborted.
pub async fn serve(socket: UdpSocket, leases: Leases) {
    let mut buffer = [0u8; 1500];
    loop {
        let length = match socket.recv_from(&mut buffer).await {
            Ok((length, _)) => length,
            Err(error) => {
                tracing::warn!(%error, "receiving DHCP");
                // An error that stays must not spin.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some((reply, to)) = answer(&buffer[..length], &leases) else { continue };
        if let Err(error) = socket.send_to(&reply, to).await {
            tracing::warn!(%error, %to, "sending DHCP");
        }
    }
}

/// The answer to a datagram and where it goes.
fn answer(datagram: &[u8], leases: &Leases) -> Option<(Vec<u8>, SocketAddrV4)> {
    let request = Request::read(datagram)?;
    let lease = leases.read().expect("no holder of the leases panics").get(&request.mac).cloned()?;
    let kind = verdict(&request, &lease)?;
    tracing::debug!(mac = %request.mac, ip = %lease.ip, asked = request.kind, answered = kind, "DHCP");
    // A client without an address cannot be reached by one: broadcast, as a relay is never between.
    let to = if request.client.is_unspecified() || kind == NAK { Ipv4Addr::BROADCAST } else { request.client };
    Some((reply(&request, kind, &lease), SocketAddrV4::new(to, CLIENT_PORT)))
}

/// What a client's message says, as far as it matters. Read by hand: whatever a guest sends must not panic.
struct Request<'a> {
    kind: u8,
    mac: Mac,
    transaction: [u8; 4],
    flags: [u8; 2],
    /// `ciaddr`: the address it uses already.
    client: Ipv4Addr,
    /// Option 50.
    wanted: Option<Ipv4Addr>,
    /// Option 54: the server that it chose.
    server: Option<Ipv4Addr>,
    /// Option 61, which clients like to see again.
    client_id: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    fn read(datagram: &'a [u8]) -> Option<Request<'a>> {
        let (head, rest) = datagram.split_at_checked(HEAD)?;
        // A client's message, over Ethernet.
        if head[..3] != [1, 1, 6] {
            return None;
        }
        let mut request = Request {
            kind: 0,
            mac: Mac(head[28..34].try_into().ok()?),
            transaction: head[4..8].try_into().ok()?,
            flags: head[10..12].try_into().ok()?,
            client: address(&head[12..16])?,
            wanted: None,
            server: None,
            client_id: None,
        };
        let mut options = rest.strip_prefix(&MAGIC)?;
        while let Some((code, rest)) = options.split_first() {
            match *code {
                0 => options = rest,
                255 => break,
                code => {
                    let (length, rest) = rest.split_first()?;
                    let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                    options = rest;
                    match code {
                        50 => request.wanted = address(value),
                        53 => request.kind = *value.first()?,
                        54 => request.server = address(value),
                        61 => request.client_id = Some(value),
                        _ => {}
                    }
                }
            }
        }
        Some(request)
    }
}

fn address(bytes: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from)
}

/// The kind of answer that the interface of `lease` gets; `None` is silence.
fn verdict(request: &Request<'_>, lease: &Lease) -> Option<u8> {
    match request.kind {
        DISCOVER => Some(OFFER),
        REQUEST if request.server.is_some_and(|server| server != lease.subnet.nth(1)) => None,
        // Selecting and rebooting name the address in an option, renewing in ciaddr.
        REQUEST => Some(if request.wanted.unwrap_or(request.client) == lease.ip { ACK } else { NAK }),
        INFORM => Some(ACK),
        DECLINE => {
            tracing::warn!(ip = %lease.ip, "a guest says that another machine has its address");
            None
        }
        _ => None,
    }
}

fn reply(request: &Request<'_>, kind: u8, lease: &Lease) -> Vec<u8> {
    let lends = kind != NAK && request.kind != INFORM;
    let gateway = lease.subnet.nth(1);
    let mut m = vec![0u8; HEAD];
    m[..3].copy_from_slice(&[2, 1, 6]);
    m[4..8].copy_from_slice(&request.transaction);
    m[10..12].copy_from_slice(if kind == NAK { &BROADCAST_FLAG } else { &request.flags });
    if kind == ACK {
        m[12..16].copy_from_slice(&request.client.octets());
    }
    if lends {
        m[16..20].copy_from_slice(&lease.ip.octets());
    }
    m[28..34].copy_from_slice(&request.mac.0);
    m.extend(MAGIC);
    let mut option = |code: u8, value: &[u8]| {
        // Nothing we say is longer than 255 bytes: names are short, and a client's id came in one option.
        m.extend([code, value.len() as u8]);
        m.extend(value);
    };
    option(53, &[kind]);
    option(54, &gateway.octets());
    if lends {
        option(51, &LEASE.to_be_bytes());
        option(58, &(LEASE / 2).to_be_bytes());
        option(59, &(LEASE / 8 * 7).to_be_bytes());
    }
    if kind != NAK {
        option(1, &lease.subnet.netmask().octets());
        option(28, &lease.subnet.last().octets());
        option(3, &gateway.octets());
        option(12, cidr::host_name(lease.ip).as_bytes());
        option(15, cidr::private_domain(&lease.region).as_bytes());
        option(26, &plan::MTU.to_be_bytes());
    }
    if let Some(id) = request.client_id {
        option(61, id);
    }
    m.push(255);
    // Old clients want at least the size of a BOOTP message.
    m.resize(m.len().max(300), 0);
    m
}

#[cfg(test)]
mod tests {
    use super::*;
    // Another's codec, so that both directions are checked against somebody else's reading of the RFC.
    use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
    use dhcproto::{Decodable, Decoder, Encodable};

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];

    fn lease() -> Lease {
        Lease { ip: [172, 31, 16, 5].into(), subnet: "172.31.16.0/20".parse().unwrap(), region: "eu-west-1".into() }
    }

    fn leases() -> Leases {
        let leases = Leases::default();
        leases.write().unwrap().insert(Mac(MAC), lease());
        leases
    }

    fn request(kind: MessageType, options: impl IntoIterator<Item = DhcpOption>) -> Message {
        let mut m = Message::default();
        m.set_chaddr(&MAC).set_xid(99);
        m.opts_mut().insert(DhcpOption::MessageType(kind));
        for option in options {
            m.opts_mut().insert(option);
        }
        m
    }

    fn ask(request: &Message) -> Option<(Message, Ipv4Addr)> {
        let (bytes, to) = answer(&request.to_vec().unwrap(), &leases())?;
        assert!(bytes.len() >= 300);
        Some((Message::decode(&mut Decoder::new(&bytes)).unwrap(), *to.ip()))
    }

    fn kind(answer: Option<(Message, Ipv4Addr)>) -> Option<MessageType> {
        answer.and_then(|(m, _)| m.opts().msg_type())
    }

    #[test]
    fn an_offer_carries_the_address_the_gateway_and_the_names() {
        let id = DhcpOption::ClientIdentifier(vec![1, 2, 3]);
        let (offer, to) = ask(&request(MessageType::Discover, [id.clone()])).unwrap();
        assert_eq!((offer.opcode(), to), (Opcode::BootReply, Ipv4Addr::BROADCAST));
        assert_eq!((offer.yiaddr(), offer.xid(), offer.chaddr()), (lease().ip, 99, &MAC[..]));
        let option = |code| offer.opts().get(code).cloned().unwrap();
        assert_eq!(option(OptionCode::MessageType), DhcpOption::MessageType(MessageType::Offer));
        assert_eq!(option(OptionCode::Router), DhcpOption::Router(vec![[172, 31, 16, 1].into()]));
        assert_eq!(option(OptionCode::SubnetMask), DhcpOption::SubnetMask([255, 255, 240, 0].into()));
        assert_eq!(option(OptionCode::Hostname), DhcpOption::Hostname("ip-172-31-16-5".into()));
        assert_eq!(option(OptionCode::DomainName), DhcpOption::DomainName("eu-west-1.compute.internal".into()));
        assert_eq!(option(OptionCode::AddressLeaseTime), DhcpOption::AddressLeaseTime(3600));
        assert_eq!(option(OptionCode::Renewal), DhcpOption::Renewal(1800));
        assert_eq!(option(OptionCode::Rebinding), DhcpOption::Rebinding(3150));
        assert_eq!(option(OptionCode::InterfaceMtu), DhcpOption::InterfaceMtu(1500));
        assert_eq!(option(OptionCode::ClientIdentifier), id);
    }

    #[test]
    fn a_request_for_the_own_address_is_granted_and_for_another_refused() {
        let asking = |ip: [u8; 4]| ask(&request(MessageType::Request, [DhcpOption::RequestedIpAddress(ip.into())]));
        assert_eq!(kind(asking([172, 31, 16, 5])), Some(MessageType::Ack));
        let (nak, to) = asking([172, 31, 16, 6]).unwrap();
        assert_eq!(nak.opts().msg_type(), Some(MessageType::Nak));
        assert!(nak.yiaddr().is_unspecified() && nak.flags().broadcast() && to.is_broadcast());
        let mut renewal = request(MessageType::Request, []);
        renewal.set_ciaddr(lease().ip);
        let (ack, to) = ask(&renewal).unwrap();
        assert_eq!((ack.opts().msg_type(), to), (Some(MessageType::Ack), lease().ip));
    }

    #[test]
    fn a_request_that_chose_another_server_is_left_alone() {
        let other = [DhcpOption::ServerIdentifier([9, 9, 9, 9].into()), DhcpOption::RequestedIpAddress(lease().ip)];
        assert!(ask(&request(MessageType::Request, other)).is_none());
        assert!(ask(&request(MessageType::Release, [])).is_none());
        assert!(ask(&request(MessageType::Decline, [])).is_none());
        let mut answer = request(MessageType::Discover, []);
        answer.set_opcode(Opcode::BootReply);
        assert!(ask(&answer).is_none());
    }

    #[test]
    fn inform_gets_settings_and_no_lease() {
        let mut inform = request(MessageType::Inform, []);
        inform.set_ciaddr(lease().ip);
        let (ack, to) = ask(&inform).unwrap();
        assert!(ack.yiaddr().is_unspecified() && to == lease().ip);
        assert!(ack.opts().get(OptionCode::AddressLeaseTime).is_none());
        assert!(ack.opts().get(OptionCode::Router).is_some());
    }

    #[test]
    fn an_unknown_mac_and_noise_get_silence() {
        let discover = request(MessageType::Discover, []).to_vec().unwrap();
        assert!(answer(&discover, &Leases::default()).is_none());
        assert!(answer(&discover, &leases()).is_some());
        assert!(answer(&discover[..200], &leases()).is_none());
        assert!(answer(b"noise", &leases()).is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_datagram_makes_it_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..600), cut in 0usize..700) {
            let mut bytes = request(MessageType::Discover, []).to_vec().unwrap();
            bytes.truncate(240);
            bytes.extend(tail);
            bytes.truncate(cut);
            answer(&bytes, &leases());
        }
    }
}
