//! DHCP for one subnet: every interface has its address from the row, and the server only tells it.
//!
//! There is no lease table: an answer depends on the request and the interface alone, so a restart forgets nothing.
//! A MAC that has no interface here gets no answer.

use super::{Cidr, Mac, Nic, cidr, plan};
use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Encodable};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, RwLock};
use tokio::net::UdpSocket;

/// Seconds that an address is lent for: AWS lends for an hour.
const LEASE: u32 = 3600;

const CLIENT_PORT: u16 = 68;

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
    let request = Message::decode(&mut dhcproto::Decoder::new(datagram)).ok()?;
    // The codec trusts this length, a guest sets it.
    if request.hlen() != 6 {
        return None;
    }
    let mac = Mac(request.chaddr().try_into().ok()?);
    let lease = leases.read().expect("no holder of the leases panics").get(&mac).cloned()?;
    let reply = reply(&request, &lease)?;
    tracing::debug!(%mac, ip = %lease.ip, kind = ?reply.opts().msg_type(), "DHCP");
    // A client without an address cannot be reached by one: broadcast, as a relay is never between.
    let to = if request.ciaddr().is_unspecified() || reply.opts().has_msg_type(MessageType::Nak) {
        Ipv4Addr::BROADCAST
    } else {
        request.ciaddr()
    };
    Some((reply.to_vec().ok()?, SocketAddrV4::new(to, CLIENT_PORT)))
}

/// What to say to `request` of the interface that `lease` is for; `None` is silence.
fn reply(request: &Message, lease: &Lease) -> Option<Message> {
    if request.opcode() != Opcode::BootRequest {
        return None;
    }
    let gateway = lease.subnet.nth(1);
    let for_us = match request.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(server)) => *server == gateway,
        _ => true,
    };
    let kind = match request.opts().msg_type()? {
        MessageType::Discover => MessageType::Offer,
        MessageType::Request if !for_us => return None,
        MessageType::Request => {
            // Selecting and rebooting name the address in an option, renewing in ciaddr.
            let asked = match request.opts().get(OptionCode::RequestedIpAddress) {
                Some(DhcpOption::RequestedIpAddress(ip)) => *ip,
                _ => request.ciaddr(),
            };
            if asked == lease.ip { MessageType::Ack } else { MessageType::Nak }
        }
        MessageType::Inform => MessageType::Ack,
        MessageType::Decline => {
            tracing::warn!(ip = %lease.ip, "a guest says that another machine has its address");
            return None;
        }
        _ => return None,
    };
    let informs = request.opts().has_msg_type(MessageType::Inform);
    let unset = Ipv4Addr::UNSPECIFIED;
    let yours = if kind == MessageType::Nak || informs { unset } else { lease.ip };
    let mut message = Message::new_with_id(request.xid(), unset, yours, unset, request.giaddr(), request.chaddr());
    message.set_opcode(Opcode::BootReply).set_flags(if kind == MessageType::Nak {
        Flags::default().set_broadcast()
    } else {
        request.flags()
    });
    if kind == MessageType::Ack {
        message.set_ciaddr(request.ciaddr());
    }
    let options = message.opts_mut();
    options.insert(DhcpOption::MessageType(kind));
    options.insert(DhcpOption::ServerIdentifier(gateway));
    // Clients such as dhclient find their request again by this.
    if let Some(id) = request.opts().get(OptionCode::ClientIdentifier) {
        options.insert(id.clone());
    }
    if kind == MessageType::Nak {
        return Some(message);
    }
    if !informs {
        options.insert(DhcpOption::AddressLeaseTime(LEASE));
        options.insert(DhcpOption::Renewal(LEASE / 2));
        options.insert(DhcpOption::Rebinding(LEASE / 8 * 7));
    }
    options.insert(DhcpOption::SubnetMask(lease.subnet.netmask()));
    options.insert(DhcpOption::BroadcastAddr(lease.subnet.last()));
    options.insert(DhcpOption::Router(vec![gateway]));
    options.insert(DhcpOption::Hostname(cidr::host_name(lease.ip)));
    options.insert(DhcpOption::DomainName(cidr::private_domain(&lease.region)));
    options.insert(DhcpOption::InterfaceMtu(plan::MTU));
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];

    fn lease() -> Lease {
        Lease { ip: [172, 31, 16, 5].into(), subnet: "172.31.16.0/20".parse().unwrap(), region: "eu-west-1".into() }
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

    fn kind(m: &Option<Message>) -> Option<MessageType> {
        m.as_ref().and_then(|m| m.opts().msg_type())
    }

    #[test]
    fn an_offer_carries_the_address_the_gateway_and_the_names() {
        let offer = reply(&request(MessageType::Discover, []), &lease()).unwrap();
        assert_eq!((offer.yiaddr(), offer.xid(), offer.chaddr()), (lease().ip, 99, &MAC[..]));
        let option = |code| offer.opts().get(code).cloned().unwrap();
        assert_eq!(option(OptionCode::Router), DhcpOption::Router(vec![[172, 31, 16, 1].into()]));
        assert_eq!(option(OptionCode::SubnetMask), DhcpOption::SubnetMask([255, 255, 240, 0].into()));
        assert_eq!(option(OptionCode::Hostname), DhcpOption::Hostname("ip-172-31-16-5".into()));
        assert_eq!(option(OptionCode::DomainName), DhcpOption::DomainName("eu-west-1.compute.internal".into()));
        assert_eq!(option(OptionCode::AddressLeaseTime), DhcpOption::AddressLeaseTime(3600));
    }

    #[test]
    fn a_request_for_the_own_address_is_granted_and_for_another_refused() {
        let asking =
            |ip: [u8; 4]| reply(&request(MessageType::Request, [DhcpOption::RequestedIpAddress(ip.into())]), &lease());
        assert_eq!(kind(&asking([172, 31, 16, 5])), Some(MessageType::Ack));
        let nak = asking([172, 31, 16, 6]);
        assert_eq!(kind(&nak), Some(MessageType::Nak));
        assert!(nak.unwrap().yiaddr().is_unspecified());
        let mut renewal = request(MessageType::Request, []);
        renewal.set_ciaddr(lease().ip);
        assert_eq!(kind(&reply(&renewal, &lease())), Some(MessageType::Ack));
    }

    #[test]
    fn a_request_that_chose_another_server_is_left_alone() {
        let other = [DhcpOption::ServerIdentifier([9, 9, 9, 9].into()), DhcpOption::RequestedIpAddress(lease().ip)];
        assert!(reply(&request(MessageType::Request, other), &lease()).is_none());
        assert!(reply(&request(MessageType::Release, []), &lease()).is_none());
        assert!(reply(&request(MessageType::Decline, []), &lease()).is_none());
        let mut answer = request(MessageType::Discover, []);
        answer.set_opcode(Opcode::BootReply);
        assert!(reply(&answer, &lease()).is_none());
    }

    #[test]
    fn inform_gets_settings_and_no_lease() {
        let mut inform = request(MessageType::Inform, []);
        inform.set_ciaddr(lease().ip);
        let ack = reply(&inform, &lease()).unwrap();
        assert!(ack.yiaddr().is_unspecified());
        assert!(ack.opts().get(OptionCode::AddressLeaseTime).is_none());
        assert!(ack.opts().get(OptionCode::Router).is_some());
    }

    #[test]
    fn an_unknown_mac_and_noise_get_silence() {
        let leases = Leases::default();
        let discover = request(MessageType::Discover, []).to_vec().unwrap();
        assert!(answer(&discover, &leases).is_none());
        leases.write().unwrap().insert(Mac(MAC), lease());
        let (_, to) = answer(&discover, &leases).unwrap();
        assert_eq!(to, SocketAddrV4::new(Ipv4Addr::BROADCAST, 68));
        assert!(answer(b"noise", &leases).is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_datagram_makes_it_panic(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let leases = Leases::default();
            leases.write().unwrap().insert(Mac(MAC), lease());
            answer(&bytes, &leases);
            if bytes.len() > 40 {
                bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
                bytes[28..34].copy_from_slice(&MAC);
                answer(&bytes, &leases);
            }
        }
    }
}
