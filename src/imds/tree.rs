//! An instance's facts, and the document tree made of them (pure).
//!
//! The tree is AWS's: directories list their entries one a line without a newline at the end, sub-directories with a slash; a
//! directory answers with and without a trailing slash. Every version serves the same tree.

use crate::network::{Cidr, Mac, private_dns_name};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What metadata says of one instance.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub account: String,
    pub region: String,
    /// Full name: `us-east-1a`.
    pub zone: String,
    /// `use1-az1`.
    pub zone_id: String,
    /// `h-…`
    pub dedicated_host: Option<String>,
    pub instance_id: String,
    pub instance_type: String,
    pub image_id: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    pub reservation_id: String,
    /// Number within the reservation, from 0.
    pub launch_index: u32,
    /// `bucket/name.manifest.xml` for a bundle.
    pub manifest_path: Option<String>,
    /// When the instance became pending.
    pub pending_at: OffsetDateTime,
    /// `ami` -> `sda1`, `root` -> `/dev/sda1`, …
    pub block_devices: BTreeMap<String, String>,
    pub public_keys: Vec<PublicKey>,
    /// Decoded bytes, as the guest shall see them.
    pub user_data: Option<Bytes>,
    /// By device index; the first one is the primary.
    pub interfaces: Vec<Interface>,
    /// `Some` when instance metadata tags are enabled.
    pub tags: Option<BTreeMap<String, String>>,
    /// It runs on spare capacity.
    pub is_spot: bool,
    /// ARN and id of its instance profile, and since when it has it.
    pub profile: Option<(String, String, OffsetDateTime)>,
    /// `HttpEndpoint=enabled`: otherwise nothing is answered.
    pub enabled: bool,
    /// `HttpPutResponseHopLimit`: how many hops an answer to PUT may go.
    pub hop_limit: u32,
    /// `HttpTokens=required`: every read needs a token.
    pub tokens_required: bool,
}

/// A key pair's public half.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pub name: String,
    /// One line: `ssh-ed25519 AAAA… name`.
    pub openssh: String,
}

/// A security group of an interface.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
}

/// One network interface of the instance.
#[derive(Debug, Clone)]
pub struct Interface {
    pub eni_id: String,
    pub mac: Mac,
    pub device_index: u32,
    pub private_ip: Ipv4Addr,
    pub public_ip: Option<Ipv4Addr>,
    /// Of its public address, where such addresses have names.
    pub public_name: Option<String>,
    pub vpc_id: String,
    /// The first is the one that the VPC was made with.
    pub vpc_cidrs: Vec<Cidr>,
    pub subnet_id: String,
    pub subnet_cidr: Cidr,
    pub security_groups: Vec<SecurityGroup>,
}

impl Metadata {
    /// The interface with device index 0.
    fn primary(&self) -> Option<&Interface> {
        self.interfaces.first()
    }

    fn private_name(&self, ip: Ipv4Addr) -> String {
        private_dns_name(&self.region, ip)
    }
}

/// Versions that `/` lists, as AWS does.
pub const VERSIONS: &[&str] = &[
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
    "latest",
];

/// A document as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub body: Bytes,
    /// User data is bytes of any kind, all else is text.
    pub is_text: bool,
}

/// The document at `path` (percent-decoded, with its leading slash) for one instance.
pub fn document(instance: &Metadata, path: &str) -> Option<Document> {
    let mut segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let text = |body: Bytes| Document { body, is_text: true };
    if segments.is_empty() {
        return Some(text(VERSIONS.join("\n").into()));
    }
    if !VERSIONS.contains(&segments.remove(0)) {
        return None;
    }
    let slash = path.ends_with('/');
    match segments.first().copied() {
        // The top level lists bare names.
        None => {
            let user_data = instance.user_data.as_ref().map(|_| "user-data");
            let names: Vec<&str> = ["dynamic", "meta-data"].into_iter().chain(user_data).collect();
            Some(text(names.join("\n").into()))
        }
        Some("user-data") if segments.len() == 1 => {
            instance.user_data.clone().map(|body| Document { body, is_text: false })
        }
        Some("meta-data") => meta_data(instance).at(&segments[1..], slash).map(text),
        Some("dynamic") => dynamic(instance).at(&segments[1..], slash).map(text),
        Some(_) => None,
    }
}

/// A place in the tree.
enum Node {
    Leaf(String),
    Dir(BTreeMap<String, Node>),
    /// A directory that its parent lists under another name: `0=my-key` instead of `0/`.
    Labelled(String, BTreeMap<String, Node>),
}

impl Node {
    fn dir(entries: impl IntoIterator<Item = (&'static str, Option<Node>)>) -> Node {
        Node::Dir(entries.into_iter().filter_map(|(name, node)| Some((name.to_owned(), node?))).collect())
    }

    fn at(&self, path: &[&str], slash: bool) -> Option<Bytes> {
        match (self, path.split_first()) {
            (Node::Leaf(text), None) => (!slash).then(|| text.clone().into()),
            (Node::Leaf(_), Some(_)) => None,
            (Node::Dir(entries) | Node::Labelled(_, entries), None) => {
                let names: Vec<String> = entries.iter().map(|(name, node)| node.listed(name)).collect();
                Some(names.join("\n").into())
            }
            (Node::Dir(entries) | Node::Labelled(_, entries), Some((name, rest))) => {
                entries.get(*name)?.at(rest, slash)
            }
        }
    }

    fn listed(&self, name: &str) -> String {
        match self {
            Node::Leaf(_) => name.to_owned(),
            Node::Dir(_) => format!("{name}/"),
            Node::Labelled(label, _) => label.clone(),
        }
    }
}

fn leaf(text: impl ToString) -> Option<Node> {
    Some(Node::Leaf(text.to_string()))
}

fn lines<T: ToString>(items: impl IntoIterator<Item = T>) -> Option<Node> {
    let items: Vec<String> = items.into_iter().map(|i| i.to_string()).collect();
    (!items.is_empty()).then(|| Node::Leaf(items.join("\n")))
}

fn meta_data(m: &Metadata) -> Node {
    let primary = m.primary();
    let private_name = || primary.and_then(|i| leaf(m.private_name(i.private_ip)));
    let public_ip = primary.and_then(|i| i.public_ip);
    Node::dir([
        ("ami-id", leaf(&m.image_id)),
        ("ami-launch-index", leaf(m.launch_index)),
        ("ami-manifest-path", leaf(m.manifest_path.as_deref().unwrap_or("(unknown)"))),
        ("block-device-mapping", Some(texts(&m.block_devices))),
        ("hostname", private_name()),
        ("iam", m.profile.as_ref().map(|profile| Node::dir([("info", leaf(profile_info(profile)))]))),
        ("instance-action", leaf("none")),
        ("instance-id", leaf(&m.instance_id)),
        ("instance-life-cycle", leaf(if m.is_spot { "spot" } else { "on-demand" })),
        ("instance-type", leaf(&m.instance_type)),
        ("kernel-id", m.kernel_id.as_ref().and_then(leaf)),
        ("local-hostname", private_name()),
        ("local-ipv4", primary.and_then(|i| leaf(i.private_ip))),
        ("mac", primary.and_then(|i| leaf(i.mac))),
        ("network", Some(Node::dir([("interfaces", Some(Node::dir([("macs", Some(interfaces(m)))])))]))),
        (
            "placement",
            Some(Node::dir([
                ("availability-zone", leaf(&m.zone)),
                ("availability-zone-id", leaf(&m.zone_id)),
                ("host-id", m.dedicated_host.as_ref().and_then(leaf)),
                ("region", leaf(&m.region)),
            ])),
        ),
        ("profile", leaf("default-hvm")),
        ("public-hostname", primary.and_then(|i| i.public_name.as_ref()).and_then(leaf)),
        ("public-ipv4", public_ip.and_then(leaf)),
        ("public-keys", (!m.public_keys.is_empty()).then(|| public_keys(&m.public_keys))),
        ("ramdisk-id", m.ramdisk_id.as_ref().and_then(leaf)),
        ("reservation-id", leaf(&m.reservation_id)),
        ("security-groups", primary.and_then(|i| lines(i.security_groups.iter().map(|g| &g.name)))),
        ("services", Some(Node::dir([("domain", leaf("amazonaws.com")), ("partition", leaf("aws"))]))),
        ("tags", m.tags.as_ref().map(|tags| Node::dir([("instance", Some(texts(tags)))]))),
    ])
}

/// What AWS says of an instance profile. There are no credentials, so nothing lists them.
fn profile_info((arn, id, since): &(String, String, OffsetDateTime)) -> String {
    let updated = since.replace_nanosecond(0).unwrap_or(*since).format(&Rfc3339).unwrap_or_default();
    format!(
        "{{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"{updated}\",\n  \"InstanceProfileArn\" : \"{arn}\",\n  \
         \"InstanceProfileId\" : \"{id}\"\n}}"
    )
}

fn texts(entries: &BTreeMap<String, String>) -> Node {
    Node::Dir(entries.iter().map(|(name, text)| (name.clone(), Node::Leaf(text.clone()))).collect())
}

fn public_keys(keys: &[PublicKey]) -> Node {
    let entry = |(n, key): (usize, &PublicKey)| {
        let entries = BTreeMap::from([("openssh-key".to_owned(), Node::Leaf(key.openssh.clone()))]);
        (n.to_string(), Node::Labelled(format!("{n}={}", key.name), entries))
    };
    Node::Dir(keys.iter().enumerate().map(entry).collect())
}

fn interfaces(m: &Metadata) -> Node {
    let entry = |i: &Interface| {
        let public = i.public_ip;
        let node = Node::dir([
            ("device-number", leaf(i.device_index)),
            ("interface-id", leaf(&i.eni_id)),
            ("local-hostname", leaf(m.private_name(i.private_ip))),
            ("local-ipv4s", leaf(i.private_ip)),
            ("mac", leaf(i.mac)),
            ("owner-id", leaf(&m.account)),
            ("public-hostname", i.public_name.as_ref().and_then(leaf)),
            ("public-ipv4s", public.and_then(leaf)),
            ("security-group-ids", lines(i.security_groups.iter().map(|g| &g.id))),
            ("security-groups", lines(i.security_groups.iter().map(|g| &g.name))),
            ("subnet-id", leaf(&i.subnet_id)),
            ("subnet-ipv4-cidr-block", leaf(i.subnet_cidr)),
            ("vpc-id", leaf(&i.vpc_id)),
            ("vpc-ipv4-cidr-block", i.vpc_cidrs.first().and_then(leaf)),
            ("vpc-ipv4-cidr-blocks", lines(i.vpc_cidrs.iter())),
        ]);
        (i.mac.to_string(), node)
    };
    Node::Dir(m.interfaces.iter().map(entry).collect())
}

fn dynamic(m: &Metadata) -> Node {
    Node::dir([("instance-identity", Some(Node::dir([("document", leaf(identity_document(m)))])))])
}

/// The identity document, laid out as AWS lays it out: sorted keys, ` : ` between key and value.
fn identity_document(m: &Metadata) -> String {
    let text = |t: &str| serde_json::Value::from(t).to_string();
    let maybe = |t: &Option<String>| t.as_deref().map_or("null".into(), text);
    let private_ip = m.primary().map(|i| i.private_ip.to_string());
    // AWS gives whole seconds here.
    let pending = m.pending_at.replace_nanosecond(0).unwrap_or(m.pending_at).format(&Rfc3339).unwrap_or_default();
    let fields = [
        ("accountId", text(&m.account)),
        ("architecture", text(&m.architecture)),
        ("availabilityZone", text(&m.zone)),
        ("billingProducts", "null".into()),
        ("devpayProductCodes", "null".into()),
        ("imageId", text(&m.image_id)),
        ("instanceId", text(&m.instance_id)),
        ("instanceType", text(&m.instance_type)),
        ("kernelId", maybe(&m.kernel_id)),
        ("marketplaceProductCodes", "null".into()),
        ("pendingTime", text(&pending)),
        ("privateIp", maybe(&private_ip)),
        ("ramdiskId", maybe(&m.ramdisk_id)),
        ("region", text(&m.region)),
        ("version", text("2017-09-30")),
    ];
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn sample() -> Metadata {
        Metadata {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            zone: "us-east-1a".into(),
            zone_id: "use1-az1".into(),
            dedicated_host: None,
            instance_id: "i-0123456789abcdef0".into(),
            instance_type: "t3.micro".into(),
            image_id: "ami-0123456789abcdef0".into(),
            kernel_id: None,
            ramdisk_id: None,
            architecture: "x86_64".into(),
            reservation_id: "r-0123456789abcdef0".into(),
            launch_index: 0,
            manifest_path: Some("bucket/image.manifest.xml".into()),
            pending_at: time::macros::datetime!(2026-01-02 03:04:05.678 UTC),
            block_devices: BTreeMap::from([("ami".into(), "sda1".into()), ("root".into(), "/dev/sda1".into())]),
            public_keys: vec![PublicKey { name: "lab".into(), openssh: "ssh-ed25519 AAAA lab".into() }],
            user_data: Some(Bytes::from_static(b"\x1f\x8bzip")),
            interfaces: vec![Interface {
                eni_id: "eni-1".into(),
                mac: Mac::local([0, 0, 0, 0, 7]),
                device_index: 0,
                private_ip: [172, 31, 0, 5].into(),
                public_ip: None,
                public_name: None,
                vpc_id: "vpc-1".into(),
                vpc_cidrs: vec!["172.31.0.0/16".parse().unwrap()],
                subnet_id: "subnet-1".into(),
                subnet_cidr: "172.31.0.0/20".parse().unwrap(),
                security_groups: vec![SecurityGroup { id: "sg-1".into(), name: "default".into() }],
            }],
            tags: None,
            enabled: true,
            hop_limit: 1,
            tokens_required: false,
            is_spot: false,
            profile: None,
        }
    }

    fn get(path: &str) -> Option<String> {
        document(&sample(), path).map(|d| String::from_utf8_lossy(&d.body).into_owned())
    }

    #[test]
    fn directories_list_with_and_without_slash() {
        assert!(get("/").unwrap().starts_with("1.0\n2007-01-19\n"));
        assert_eq!(get("/latest").unwrap(), "dynamic\nmeta-data\nuser-data");
        assert_eq!(get("/2021-03-23/"), get("/latest"));
        assert_eq!(get("/latest/meta-data/placement").unwrap(), "availability-zone\navailability-zone-id\nregion");
        assert_eq!(get("/latest/meta-data/placement/"), get("/latest/meta-data/placement"));
        assert_eq!(get("/latest/dynamic/instance-identity").unwrap(), "document");
        assert_eq!(
            get("/latest/meta-data/").unwrap(),
            "ami-id\nami-launch-index\nami-manifest-path\nblock-device-mapping/\nhostname\ninstance-action\ninstance-id\n\
             instance-life-cycle\ninstance-type\nlocal-hostname\nlocal-ipv4\nmac\nnetwork/\nplacement/\nprofile\n\
             public-keys/\nreservation-id\nsecurity-groups\nservices/"
        );
    }

    #[test]
    fn values_are_bare_text() {
        assert_eq!(get("/latest/meta-data/instance-id").unwrap(), "i-0123456789abcdef0");
        assert_eq!(get("/1.0/meta-data/local-hostname").unwrap(), "ip-172-31-0-5.ec2.internal");
        assert_eq!(get("/latest/meta-data/public-keys/").unwrap(), "0=lab");
        assert_eq!(get("/latest/meta-data/public-keys/0/").unwrap(), "openssh-key");
        assert_eq!(get("/latest/meta-data/public-keys/0/openssh-key").unwrap(), "ssh-ed25519 AAAA lab");
        let mac = "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:07";
        assert_eq!(get(&format!("{mac}/subnet-ipv4-cidr-block")).unwrap(), "172.31.0.0/20");
        assert_eq!(get(&format!("{mac}/device-number")).unwrap(), "0");
    }

    #[test]
    fn an_instance_profile_is_told_and_has_no_credentials() {
        let profile =
            ("arn:aws:iam::123456789012:instance-profile/web".into(), "AIPAX".into(), OffsetDateTime::UNIX_EPOCH);
        let m = Metadata { profile: Some(profile), ..sample() };
        let get = |path: &str| document(&m, path).map(|d| String::from_utf8_lossy(&d.body).into_owned());
        assert_eq!(get("/latest/meta-data/iam/").unwrap(), "info");
        let info: serde_json::Value = serde_json::from_str(&get("/latest/meta-data/iam/info").unwrap()).unwrap();
        assert_eq!((info["Code"].as_str(), info["InstanceProfileId"].as_str()), (Some("Success"), Some("AIPAX")));
        assert_eq!(info["LastUpdated"], "1970-01-01T00:00:00Z");
        assert_eq!(get("/latest/meta-data/iam/security-credentials/"), None);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in
            ["/2021-03-24/meta-data/", "/latest/meta-data/public-ipv4", "/latest/nothing", "/latest/meta-data/tags/"]
        {
            assert_eq!(get(path), None, "{path}");
        }
        assert_eq!(get("/latest/meta-data/instance-id/"), None);
        assert_eq!(get("/latest/meta-data/instance-id/x"), None);
        let bare = Metadata { user_data: None, ..sample() };
        assert_eq!(document(&bare, "/latest/user-data"), None);
        assert_eq!(document(&bare, "/latest/").unwrap().body, "dynamic\nmeta-data");
    }

    #[test]
    fn user_data_is_the_bytes_as_given() {
        let d = document(&sample(), "/latest/user-data").unwrap();
        assert_eq!((&d.body[..], d.is_text), (&b"\x1f\x8bzip"[..], false));
    }

    #[test]
    fn tags_and_public_addresses_appear_when_there_are_any() {
        let mut m = sample();
        m.tags = Some(BTreeMap::from([("Name".into(), "web".into())]));
        m.interfaces[0].public_ip = Some([198, 51, 100, 7].into());
        let unnamed = document(&m, "/latest/meta-data/public-hostname");
        assert_eq!(unnamed, None, "its VPC gives no names");
        m.interfaces[0].public_name = Some("ec2-198-51-100-7.compute-1.amazonaws.com".into());
        let get = |path: &str| document(&m, path).map(|d| String::from_utf8(d.body.into()).unwrap());
        assert_eq!(get("/latest/meta-data/tags/instance/Name").unwrap(), "web");
        assert_eq!(get("/latest/meta-data/public-ipv4").unwrap(), "198.51.100.7");
        assert_eq!(get("/latest/meta-data/public-hostname").unwrap(), "ec2-198-51-100-7.compute-1.amazonaws.com");
    }

    #[test]
    fn the_identity_document_is_json_as_aws_lays_it_out() {
        let text = get("/latest/dynamic/instance-identity/document").unwrap();
        assert!(text.starts_with("{\n  \"accountId\" : \"123456789012\",\n"));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["pendingTime"], "2026-01-02T03:04:05Z");
        assert_eq!(json["privateIp"], "172.31.0.5");
        assert!(json["kernelId"].is_null());
        assert_eq!(json.as_object().unwrap().len(), 15);
    }
}
