//! Names that the cloud gives out.
//!
//! EC2 ids are `prefix-` and 17 lower-case hex digits; clients may still send the 8-digit form of before 2016
//! (operators choose such ids for imported images). A well-formed id that names nothing is `….NotFound`, a
//! badly formed one `….Malformed`: [`Kind::accepts`] draws that line.

use rand::Rng;

/// The kinds of EC2 ids, each with its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Instance,
    Reservation,
    Image,
    KernelImage,
    RamdiskImage,
    KeyPair,
    Volume,
    Snapshot,
    NetworkInterface,
    Attachment,
    Vpc,
    Subnet,
    SecurityGroup,
    SecurityGroupRule,
    InternetGateway,
    RouteTable,
    RouteTableAssociation,
    NetworkAcl,
    NetworkAclAssociation,
    DhcpOptions,
    PeeringConnection,
    NatGateway,
    EgressOnlyGateway,
    PrefixList,
    VpcEndpoint,
    VpcCidrAssociation,
    SubnetReservation,
    FlowLog,
    ElasticAddress,
    AddressAssociation,
    LaunchTemplate,
    PlacementGroup,
    ProfileAssociation,
    SpotRequest,
    Fleet,
    DedicatedHost,
    CapacityReservation,
    ImportImageTask,
    ImportSnapshotTask,
    ExportImageTask,
    ExportTask,
    BundleTask,
}

impl Kind {
    /// The text before the dash.
    pub fn prefix(self) -> &'static str {
        match self {
            Kind::Instance => "i",
            Kind::Reservation => "r",
            Kind::Image => "ami",
            Kind::KernelImage => "aki",
            Kind::RamdiskImage => "ari",
            Kind::KeyPair => "key",
            Kind::Volume => "vol",
            Kind::Snapshot => "snap",
            Kind::NetworkInterface => "eni",
            Kind::Attachment => "eni-attach",
            Kind::Vpc => "vpc",
            Kind::Subnet => "subnet",
            Kind::SecurityGroup => "sg",
            Kind::SecurityGroupRule => "sgr",
            Kind::InternetGateway => "igw",
            Kind::RouteTable => "rtb",
            Kind::RouteTableAssociation => "rtbassoc",
            Kind::NetworkAcl => "acl",
            Kind::NetworkAclAssociation => "aclassoc",
            Kind::DhcpOptions => "dopt",
            Kind::PeeringConnection => "pcx",
            Kind::NatGateway => "nat",
            Kind::EgressOnlyGateway => "eigw",
            Kind::PrefixList => "pl",
            Kind::VpcEndpoint => "vpce",
            Kind::VpcCidrAssociation => "vpc-cidr-assoc",
            Kind::SubnetReservation => "scr",
            Kind::FlowLog => "fl",
            Kind::ElasticAddress => "eipalloc",
            Kind::AddressAssociation => "eipassoc",
            Kind::LaunchTemplate => "lt",
            Kind::PlacementGroup => "pg",
            Kind::ProfileAssociation => "iip-assoc",
            Kind::SpotRequest => "sir",
            Kind::Fleet => "fleet",
            Kind::DedicatedHost => "h",
            Kind::CapacityReservation => "cr",
            Kind::ImportImageTask => "import-ami",
            Kind::ImportSnapshotTask => "import-snap",
            Kind::ExportImageTask => "export-ami",
            Kind::ExportTask => "export-i",
            Kind::BundleTask => "bun",
        }
    }

    /// Whether `text` has this kind's form: the prefix, a dash, and 8 or 17 lower-case hex digits (of a fleet, a UUID).
    pub fn accepts(self, text: &str) -> bool {
        text.strip_prefix(self.prefix()).and_then(|rest| rest.strip_prefix('-')).is_some_and(|hex| {
            if self == Kind::Fleet {
                return uuid::Uuid::try_parse(hex).is_ok();
            }
            (hex.len() == 8 || hex.len() == 17) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    }
}

/// A fresh id of `kind`: 17 random hex digits (of a fleet, a UUID).
pub fn new(kind: Kind) -> String {
    if kind == Kind::Fleet {
        return format!("{}-{}", kind.prefix(), uuid());
    }
    let n: u128 = rand::thread_rng().r#gen();
    format!("{}-{:017x}", kind.prefix(), n & ((1 << 68) - 1))
}

/// A fresh UUID in its text form: request ids, upload ids, blob names.
pub fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// `n` random bytes in lower-case hex.
pub fn hex(n: usize) -> String {
    let mut bytes = vec![0u8; n];
    rand::thread_rng().fill(&mut bytes[..]);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_id_has_the_form_of_its_kind() {
        assert!(Kind::Instance.accepts(&new(Kind::Instance)));
        assert_eq!(new(Kind::Image).len(), "ami-".len() + 17);
    }

    #[test]
    fn short_ids_are_accepted_and_foreign_ones_are_not() {
        assert!(Kind::Image.accepts("ami-12c6146b"));
        assert!(!Kind::Image.accepts("aki-12c6146b"));
        assert!(!Kind::Image.accepts("ami-12C6146B"));
        assert!(!Kind::Image.accepts("ami-123"));
        assert!(!Kind::NetworkInterface.accepts("eni-attach-12c6146b"));
    }
}
