//! What the operator may choose: a TOML file and the flags of `novella serve`, flags first.
//!
//! Every value has a default, so no file is needed. Unknown names in the file are errors.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The region when the operator names none.
pub const DEFAULT_REGION: &str = "us-east-1";
/// Where `novella serve` listens when nothing else is said.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8773";

/// Which hypervisor carries instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// libvirt where it can be opened, else no hypervisor at all. Never `simulated`.
    #[default]
    Auto,
    /// libvirt; not starting is an error.
    Libvirt,
    /// No machines: instances become `running` at once. For tests of API clients.
    Simulated,
}

/// How a machine's processors run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum VirtType {
    /// Boot a probe guest under KVM once, with a time limit; fall back to `qemu`.
    #[default]
    Auto,
    Kvm,
    /// QEMU's own translator (TCG): works everywhere, slower.
    Qemu,
}

/// Everything the server needs to know before it starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub driver: Driver,
    pub virt_type: VirtType,
    /// Default: the embedded driver below the data directory.
    pub libvirt_uri: Option<String>,
    /// Regions of this cloud, the first is the default. A request signed for another one gets the default.
    pub regions: Vec<String>,
    /// Letters of the zones of each region.
    pub zones: Vec<String>,
    /// Host names under which buckets are served as `bucket.NAME` (virtual-host style); `localhost` always is.
    pub s3_domains: Vec<String>,
    /// How old the first record of a server access log gets before it is delivered; 5 minutes when not said.
    #[serde(deserialize_with = "duration")]
    pub access_log_delivery: Option<Duration>,
    /// Ranges out of which accounts get Elastic IP addresses. The default one is for documentation (RFC 5737): it is nobody's, and
    /// nothing is routed to it. Then subnets give no public addresses by themselves, unless machines are simulated.
    pub public_addresses: Option<Vec<String>>,
    pub s3: S3,
    pub accounts: Vec<Account>,
    pub webhooks: Vec<Webhook>,
    /// Keys that S3 encrypts with where a request or a bucket names one, besides each account's own `aws/s3`.
    pub kms_keys: Vec<KmsKey>,
    /// Public parameters of Systems Manager: names of images, above all.
    pub ssm_parameters: Parameters,
    /// Instance profiles that instances may carry.
    pub instance_profiles: Vec<InstanceProfile>,
    pub testing: Testing,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: default_data_dir(),
            listen: DEFAULT_LISTEN.parse().expect("a constant address"),
            driver: Driver::Auto,
            virt_type: VirtType::Auto,
            libvirt_uri: None,
            regions: vec![DEFAULT_REGION.into()],
            zones: ["a", "b", "c"].map(String::from).to_vec(),
            s3_domains: Vec::new(),
            access_log_delivery: None,
            public_addresses: None,
            s3: S3::default(),
            accounts: Vec::new(),
            webhooks: Vec::new(),
            kms_keys: Vec::new(),
            ssm_parameters: Parameters::default(),
            instance_profiles: Vec::new(),
            testing: Testing::default(),
        }
    }
}

/// What the operator decides about S3.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    pub new_buckets: NewBuckets,
    pub default_encryption: DefaultEncryption,
    pub transition_minimum_size: TransitionMinimumSize,
}

/// Which objects lifecycle's transitions leave alone, where neither rule nor request says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum TransitionMinimumSize {
    /// Those of less than 128 KiB, as AWS does since September 2024.
    #[default]
    #[serde(rename = "all_storage_classes_128K")]
    AllStorageClasses,
    /// The same, but the archives take any, as before.
    #[serde(rename = "varies_by_storage_class")]
    VariesByStorageClass,
}

/// What a bucket is like whose maker says nothing of ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewBuckets {
    /// Objects are their writers' and ACLs count, as at AWS until April 2023.
    #[default]
    WithAcls,
    /// All is the bucket owner's, ACLs are refused and public access is blocked, as at AWS since.
    AsAws,
}

/// Parameters by name, such as `/aws/service/debian/release/12/latest/amd64`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Parameters(pub BTreeMap<String, String>);

impl Parameters {
    /// The value of a parameter that is named as requests do it: `name`, `name:version`, or by its ARN.
    pub fn value(&self, asked: &str) -> Option<&str> {
        let (name, selector) = Parameters::split(asked);
        // Parameters have one version.
        self.0.get(name).filter(|_| ["", ":1"].contains(&selector)).map(String::as_str)
    }

    /// The name, and the version or label with its colon.
    pub fn split(asked: &str) -> (&str, &str) {
        let name = match asked.strip_prefix("arn:") {
            Some(rest) => rest.split_once(":parameter").map_or(asked, |(_, name)| name),
            None => asked,
        };
        match name.rfind(':') {
            Some(at) => name.split_at(at),
            None => (name, ""),
        }
    }
}

/// An account that the operator declares; it is made or updated at start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// S3's canonical user id; derived from `id` when absent.
    #[serde(default)]
    pub canonical_id: Option<String>,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub keys: Vec<AccessKey>,
}

/// An access key of a declared account.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessKey({}, ***)", self.access_key_id)
    }
}

/// Where events for a destination of S3's event notifications go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Of a queue, a topic or a function, as notification configurations name it; `eventbridge` for EventBridge.
    pub arn: String,
    /// `http://…`: gets a POST for each event.
    #[serde(deserialize_with = "http_url")]
    pub url: http::Uri,
}

/// A KMS key. Its bits are derived from the master key and the id, so the file says nothing secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsKey {
    /// A UUID, as AWS has them, or any other name.
    pub id: String,
    #[serde(default)]
    pub alias: Option<String>,
    /// The account that may use it; every account when absent.
    #[serde(default)]
    pub account: Option<String>,
}

/// An instance profile of IAM, which this cloud has no service for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceProfile {
    pub name: String,
    /// `/`, or folders within slashes.
    #[serde(default)]
    pub path: String,
    /// The account that has it; every account when absent.
    #[serde(default)]
    pub account: Option<String>,
}

/// How objects are encrypted when neither their writer nor their bucket says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum DefaultEncryption {
    /// With the cloud's own key, as AWS does it (SSE-S3).
    #[default]
    #[serde(rename = "AES256")]
    Aes256,
    #[serde(rename = "none")]
    None,
}

/// Knobs that only tests turn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Testing {
    /// A duration that stands for a day of lifecycle rules: `10s`, `500ms`, `2m`.
    #[serde(deserialize_with = "duration")]
    pub lifecycle_day: Option<Duration>,
    /// Serve `POST /_novella/reset`, which wipes what accounts made.
    pub reset: bool,
    /// Volumes have files though machines are simulated.
    pub volume_files: bool,
    /// Kill the process at its k-th effect (see [`crate::fault`]).
    pub stop_at_effect: u64,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("reading {0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Parse(PathBuf, Box<toml::de::Error>),
    #[error("account id {0:?}: 12 digits are needed")]
    AccountId(String),
    #[error("`regions` and `zones` need at least one name each")]
    NoRegion,
}

impl Config {
    /// Read a file; `None` gives the defaults.
    pub fn load(file: Option<&Path>) -> Result<Config, Error> {
        let config = match file {
            None => Config::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| Error::Read(path.to_owned(), e))?;
                toml::from_str(&text).map_err(|e| Error::Parse(path.to_owned(), Box::new(e)))?
            }
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Error> {
        if self.regions.is_empty() || self.zones.is_empty() {
            return Err(Error::NoRegion);
        }
        match self.accounts.iter().find(|a| a.id.len() != 12 || !a.id.bytes().all(|b| b.is_ascii_digit())) {
            Some(bad) => Err(Error::AccountId(bad.id.clone())),
            None => Ok(()),
        }
    }

    /// How often server access logs are delivered.
    pub fn access_log_delivery(&self) -> Duration {
        self.access_log_delivery.unwrap_or(Duration::from_secs(5 * 60)).max(Duration::from_millis(50))
    }

    /// The region that a credential scope's name stands for: itself if we have it, else the default.
    pub fn region<'a>(&'a self, scope: Option<&str>) -> &'a str {
        scope.and_then(|s| self.regions.iter().find(|r| *r == s)).unwrap_or(&self.regions[0])
    }

    /// Full names of the zones of `region`: the region's name with a letter.
    pub fn zones_of(&self, region: &str) -> Vec<String> {
        self.zones.iter().map(|z| format!("{region}{z}")).collect()
    }
}

/// AWS's id of a zone, such as `use1-az1` of `us-east-1a`: the region's parts shortened (`ap-southeast-2` is `apse2`), and the
/// letter's number. A region that is not named in AWS's way keeps its name.
pub fn zone_id(region: &str, zone: &str) -> String {
    let parts: Vec<&str> = region.split('-').collect();
    let short = match parts.as_slice() {
        [area, middle @ .., number] if !middle.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
            let middle: String = middle
                .iter()
                .map(|m| match *m {
                    "northeast" => "ne",
                    "northwest" => "nw",
                    "southeast" => "se",
                    "southwest" => "sw",
                    other => other.get(..1).unwrap_or_default(),
                })
                .collect();
            format!("{area}{middle}{number}")
        }
        _ => region.to_owned(),
    };
    let letter = zone.strip_prefix(region).unwrap_or(zone).bytes().next().unwrap_or(b'a');
    format!("{short}-az{}", letter.to_ascii_lowercase().wrapping_sub(b'a').wrapping_add(1))
}

/// `$XDG_DATA_HOME/novella`, `~/.local/share/novella`, or `/var/lib/novella` for root.
fn default_data_dir() -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return "/var/lib/novella".into();
    }
    let home = || std::env::var_os("HOME").map(|h| Path::new(&h).join(".local/share"));
    std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home).unwrap_or_else(|| ".".into()).join("novella")
}

fn http_url<'de, D: serde::Deserializer<'de>>(d: D) -> Result<http::Uri, D::Error> {
    let text = String::deserialize(d)?;
    let url: Option<http::Uri> = text.parse().ok();
    url.filter(|url| url.scheme_str() == Some("http") && url.host().is_some_and(|host| !host.is_empty()))
        .ok_or_else(|| serde::de::Error::custom(format!("{text:?}: a webhook's URL begins with http://")))
}

fn duration<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(d)?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let n: f64 = digits.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is no duration")))?;
    let seconds = match &text[digits.len()..] {
        "ms" => n / 1000.0,
        "s" | "" => n,
        "m" => n * 60.0,
        "h" => n * 3600.0,
        other => return Err(serde::de::Error::custom(format!("{other:?}: use ms, s, m or h"))),
    };
    Duration::try_from_secs_f64(seconds).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_regions_accounts_and_test_knobs() {
        let c: Config = toml::from_str(
            r#"
            regions = ["eu-west-1", "us-east-1"]
            [[accounts]]
            id = "123456789012"
            name = "main"
            [[accounts.keys]]
            access_key_id = "AK"
            secret_access_key = "SK"
            [s3]
            new_buckets = "as-aws"
            [testing]
            lifecycle_day = "500ms"
            reset = true
            "#,
        )
        .unwrap();
        assert_eq!(c.region(Some("us-east-1")), "us-east-1");
        assert_eq!(c.region(Some("undefined-123")), "eu-west-1");
        assert_eq!(c.accounts[0].keys[0].access_key_id, "AK");
        assert_eq!(c.testing.lifecycle_day, Some(Duration::from_millis(500)));
        assert_eq!(c.s3.new_buckets, NewBuckets::AsAws);
        assert!(!format!("{c:?}").contains("SK"));
    }

    #[test]
    fn zones_have_ids_as_aws_writes_them() {
        assert_eq!(zone_id("us-east-1", "us-east-1a"), "use1-az1");
        assert_eq!(zone_id("ap-southeast-2", "ap-southeast-2c"), "apse2-az3");
        assert_eq!(zone_id("us-gov-west-1", "us-gov-west-1b"), "usgw1-az2");
        assert_eq!(zone_id("nova", "novaa"), "nova-az1");
    }

    #[test]
    fn webhooks_have_plain_urls() {
        let with = |url: &str| toml::from_str::<Config>(&format!("[[webhooks]]\narn = \"a\"\nurl = \"{url}\""));
        assert_eq!(with("http://127.0.0.1:1/x?y").unwrap().webhooks[0].url.port_u16(), Some(1));
        for bad in ["https://h/", "/path", "h", ""] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(toml::from_str::<Config>("regoins = []").is_err());
    }
}
