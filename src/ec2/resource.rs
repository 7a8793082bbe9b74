//! What a bare id names, for actions that take any resource.

use super::idempotency::Token;
use super::{Cx, Error, tagging};
use crate::clock;
use crate::compute::capacity::CapacityReservation;
use crate::compute::dedicated::DedicatedHost;
use crate::compute::fleet::Fleet;
use crate::compute::spot::SpotRequest;
use crate::compute::{self, placement, templates};
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id::Kind;
use crate::images::tasks;
use crate::network::groups::Group;
use crate::network::records::{self, Kept, Record};
use crate::network::vpcs::{self, Vpc};
use crate::network::{elastic, peerings};
use crate::volumes;
use crate::wire::query::Params;

/// Kinds of resources that can be tagged, under the names that tags know them by.
const TAGGABLE: &[(Kind, &str)] = &[
    (Kind::Instance, "instance"),
    (Kind::Image, "image"),
    (Kind::KernelImage, "image"),
    (Kind::RamdiskImage, "image"),
    (Kind::KeyPair, "key-pair"),
    (Kind::Volume, "volume"),
    (Kind::Snapshot, "snapshot"),
    (Kind::NetworkInterface, "network-interface"),
    (Kind::Vpc, "vpc"),
    (Kind::Subnet, "subnet"),
    (Kind::SecurityGroup, "security-group"),
    (Kind::SecurityGroupRule, "security-group-rule"),
    (Kind::InternetGateway, "internet-gateway"),
    (Kind::RouteTable, "route-table"),
    (Kind::NetworkAcl, "network-acl"),
    (Kind::DhcpOptions, "dhcp-options"),
    (Kind::PeeringConnection, "vpc-peering-connection"),
    (Kind::NatGateway, "natgateway"),
    (Kind::EgressOnlyGateway, "egress-only-internet-gateway"),
    (Kind::PrefixList, "prefix-list"),
    (Kind::VpcEndpoint, "vpc-endpoint"),
    (Kind::SubnetReservation, "subnet-cidr-reservation"),
    (Kind::FlowLog, "vpc-flow-log"),
    (Kind::ElasticAddress, "elastic-ip"),
    (Kind::LaunchTemplate, "launch-template"),
    (Kind::PlacementGroup, "placement-group"),
    (Kind::SpotRequest, "spot-instances-request"),
    (Kind::Fleet, "fleet"),
    (Kind::DedicatedHost, "dedicated-host"),
    (Kind::CapacityReservation, "capacity-reservation"),
    (Kind::ImportImageTask, "import-image-task"),
    (Kind::ImportSnapshotTask, "import-snapshot-task"),
    (Kind::ExportImageTask, "export-image-task"),
    (Kind::ExportTask, "export-instance-task"),
];

/// The kind of an id, and the kind's name in tags.
pub fn kind(id: &str) -> Result<(Kind, &'static str), Error> {
    let found = TAGGABLE.iter().find(|(kind, _)| kind.accepts(id)).copied();
    found.ok_or_else(|| Error::InvalidId(id.to_owned()))
}

/// The name that tags know a kind by; empty for what cannot be tagged.
pub fn tagged_as(kind: Kind) -> &'static str {
    TAGGABLE.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
}

/// Make a record without a name, and put tags on it.
pub fn make<T: Record>(c: &Conn, account: &str, region: &str, it: T, tags: &[Tag]) -> Result<Kept<T>, Error> {
    let made = records::keep(c, account, region, it)?;
    put_tags(c, account, region, T::KIND, &made.id, tags)?;
    Ok(made)
}

/// What a request says that makes a record in a VPC.
pub struct InVpc {
    vpc: String,
    token: Token,
    tags: Vec<Tag>,
}

impl InVpc {
    /// Read it from the form of an action that makes a `kind`.
    pub fn read(p: &Params<'_>, action: &'static str, kind: Kind) -> Result<InVpc, Error> {
        let specifications = tagging::specifications(p, &[tagged_as(kind)])?;
        Ok(InVpc {
            vpc: p.id("VpcId", Kind::Vpc)?.to_owned(),
            token: Token::read(p, action)?,
            tags: tagging::of(&specifications, tagged_as(kind)),
        })
    }

    /// Make what `new` gives, or find what the same token made before; with its tags and the token.
    pub async fn make<T: Record + Send + 'static>(
        self,
        cx: &Cx,
        new: impl FnOnce(&Conn, &Vpc) -> Result<T, Error> + Send + 'static,
    ) -> Result<(Kept<T>, Vec<Tag>, Option<String>), Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = self.token.once(c, account, region, || {
                let vpc = vpcs::need(c, account, region, &self.vpc)?;
                make(c, account, region, new(c, &vpc)?, &self.tags)
            })?;
            let tags = db::tags::of(c, account, &made.id)?;
            Ok((made, tags, self.token.text()))
        };
        cx.change(job).await
    }
}

/// Put tags on a resource.
pub fn put_tags(c: &Conn, account: &str, region: &str, kind: Kind, id: &str, tags: &[Tag]) -> Result<(), Error> {
    Ok(db::tags::put(c, db::tags::Resource { account, region, id, kind: tagged_as(kind) }, tags)?)
}

/// An error unless the account sees the resource in the region.
pub fn check(c: &Conn, account: &str, region: &str, id: &str) -> Result<(), Error> {
    let (kind, _) = kind(id)?;
    let here = |a: &str, r: &str| a == account && r == region;
    let exists = match kind {
        Kind::Instance => db::instances::get(c, id)?.is_some_and(|i| here(&i.account, &i.region)),
        Kind::Image | Kind::KernelImage | Kind::RamdiskImage => {
            let select = db::images::Select {
                region: Some(region.into()),
                viewer: Some(account.into()),
                ids: Some(vec![id.into()]),
                owners: Vec::new(),
            };
            !db::images::select(c, &select)?.is_empty()
        }
        Kind::KeyPair => db::keypairs::by_id(c, account, region, id)?.is_some(),
        Kind::NetworkInterface => db::network::nic(c, id)?.is_some_and(|n| here(&n.account, &n.subnet.region)),
        Kind::Subnet => db::network::subnet(c, id)?.is_some_and(|s| here(&s.account, &s.region)),
        Kind::Vpc => db::network::vpc(c, id)?.is_some_and(|v| here(&v.account, &v.region)),
        Kind::SecurityGroup
        | Kind::InternetGateway
        | Kind::RouteTable
        | Kind::NetworkAcl
        | Kind::DhcpOptions
        | Kind::NatGateway
        | Kind::EgressOnlyGateway
        | Kind::PrefixList
        | Kind::VpcEndpoint
        | Kind::SubnetReservation
        | Kind::FlowLog => db::network_records::get(c, id)?.is_some_and(|r| here(&r.account, &r.region)),
        Kind::PeeringConnection => peerings::need(c, account, region, id, clock::now_ms()).is_ok(),
        Kind::SecurityGroupRule => {
            let groups = records::all::<Group>(c, account, region)?;
            groups.iter().any(|g| g.it.rules.iter().any(|r| r.id == id))
        }
        Kind::ImportImageTask
        | Kind::ImportSnapshotTask
        | Kind::ExportImageTask
        | Kind::ExportTask
        | Kind::BundleTask => tasks::find(c, account, region, id)?.is_some(),
        Kind::PlacementGroup => placement::all(c, account, region)?.iter().any(|g| g.id == id),
        Kind::Fleet => compute::records::get::<Fleet>(c, id)?.is_some_and(|r| here(&r.account, &r.region)),
        Kind::CapacityReservation => {
            compute::records::get::<CapacityReservation>(c, id)?.is_some_and(|r| here(&r.account, &r.region))
        }
        Kind::DedicatedHost => {
            compute::records::get::<DedicatedHost>(c, id)?.is_some_and(|r| here(&r.account, &r.region))
        }
        Kind::SpotRequest => compute::records::get::<SpotRequest>(c, id)?.is_some_and(|r| here(&r.account, &r.region)),
        Kind::LaunchTemplate => templates::all(c, account, region)?.iter().any(|t| t.id == id),
        Kind::ElasticAddress => elastic::all(c, account, region)?.iter().any(|a| a.id == id),
        Kind::Volume => db::volumes::get(c, id)?.is_some_and(|v| here(&v.account, &v.region)),
        Kind::Snapshot => volumes::snapshots::seen(c, account, region, id).is_ok(),
        Kind::Reservation | Kind::Attachment | Kind::VpcCidrAssociation => false,
        Kind::RouteTableAssociation
        | Kind::NetworkAclAssociation
        | Kind::AddressAssociation
        | Kind::ProfileAssociation => false,
    };
    if exists { Ok(()) } else { Err(Error::no_such(kind, id)) }
}

/// The ARN of a resource of EC2.
pub fn arn(region: &str, account: &str, kind: &str, id: &str) -> String {
    format!("arn:aws:ec2:{region}:{account}:{kind}/{id}")
}
