//! What a launch asks for, out of its parameters: RunInstances', or those of a launch template under them.

use super::actions::describe_images::image_id;
use super::profiles::{look_up, named as named_profile};
use super::volumes::own_key;
use super::{Cx, Error, capacity, launch_disks, launch_interfaces, spot, tagging};
use crate::compute::dedicated;
use crate::compute::placement::{Name, Wish};
use crate::compute::spot::SpotWish;
use crate::compute::{Cpu, DnsNames, InterfaceWish, LaunchRequest, MetadataEdit, Options, ShutdownBehavior};
use crate::db::tags::Tag;
use crate::iam::profiles;
use crate::id::Kind;
use crate::volumes::DiskWish;
use crate::wire::query::{self, Params};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A launch, read from its parameters and not yet looked up.
pub struct Launch {
    image_id: String,
    kernel_id: Option<String>,
    ramdisk_id: Option<String>,
    instance_type: String,
    min_count: u32,
    max_count: u32,
    key_name: Option<String>,
    user_data: Option<String>,
    zone: Option<String>,
    interfaces: Vec<InterfaceWish>,
    disks: Vec<DiskWish>,
    options: Options,
    metadata: MetadataEdit,
    placement: Option<Wish>,
    profile: Option<profiles::Name>,
    spot: Option<SpotWish>,
    pub tags: Vec<Tag>,
    interface_tags: Vec<Tag>,
    volume_tags: Vec<Tag>,
    client_token: Option<String>,
}

/// What an instance gets when the request names no type: AWS's old default, and nova's.
const DEFAULT_TYPE: &str = "m1.small";
/// Most bytes of user data, decoded.
const MOST_USER_DATA: usize = 16 << 10;
/// Most instances of one launch.
const MOST_INSTANCES: i64 = 1000;

impl Launch {
    /// Read the parameters of RunInstances.
    pub fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let (min_count, max_count) = (p.int("MinCount", 1..=MOST_INSTANCES)?, p.int("MaxCount", 1..=MOST_INSTANCES)?);
        if min_count > max_count {
            return Err(p.invalid("MinCount", &min_count.to_string(), "Expecting at most MaxCount.").into());
        }
        let client_token = owned("ClientToken");
        if let Some(token) = client_token.as_ref().filter(|t| t.len() > 64 || !t.is_ascii()) {
            return Err(p.invalid("ClientToken", token, "Expecting at most 64 ASCII characters.").into());
        }
        let specifications = tagging::specifications(
            p,
            &["instance", "volume", "network-interface", "elastic-gpu", "spot-instances-request"],
        )?;
        let mut run = Launch {
            image_id: named_image(p.req("ImageId")?)?,
            kernel_id: p.opt_id("KernelId", Kind::KernelImage)?.map(str::to_owned),
            ramdisk_id: p.opt_id("RamdiskId", Kind::RamdiskImage)?.map(str::to_owned),
            instance_type: owned("InstanceType").unwrap_or_else(|| DEFAULT_TYPE.into()),
            min_count: min_count as u32,
            max_count: max_count as u32,
            key_name: owned("KeyName"),
            user_data: owned("UserData").map(|text| user_data(&text)).transpose()?,
            zone: None,
            interfaces: launch_interfaces::read(p)?,
            disks: launch_disks::read(p)?,
            options: options(p)?,
            metadata: p.nested("MetadataOptions").map(|m| metadata(&m)).transpose()?.unwrap_or_default(),
            placement: None,
            profile: named_profile(p)?,
            spot: spot::of_launch(p, tagging::of(&specifications, "spot-instances-request"))?,
            tags: tagging::of(&specifications, "instance"),
            interface_tags: tagging::of(&specifications, "network-interface"),
            volume_tags: tagging::of(&specifications, "volume"),
            client_token,
        };
        if let Some(placement) = p.nested("Placement") {
            let by_id = placement.opt_id("GroupId", Kind::PlacementGroup)?.map(|id| Name::Id(id.to_owned()));
            let named = placement.opt("GroupName").filter(|name| !name.is_empty());
            let partition = placement.opt_int("PartitionNumber", 1..=7)?.map(|n| n as u32);
            let group = by_id.or(named.map(|name| Name::Name(name.to_owned())));
            run.placement = group.map(|group| Wish { group, partition });
            run.zone = placement.opt("AvailabilityZone").filter(|z| !z.is_empty()).map(str::to_owned);
            on_host(&placement, &mut run.options)?;
        }
        if run.spot.is_some() && run.options.tenancy == dedicated::TENANCY {
            return Err(Error::ParameterCombination("Spot Instances cannot be on dedicated hosts".into()));
        }
        let given = |w: &InterfaceWish| w.existing.is_some() || w.ip.is_some() || !w.secondary.is_empty();
        if run.max_count > 1 && run.interfaces.iter().any(given) {
            return Err(Error::ParameterCombination(
                "A network interface or a private IP address cannot be given to several instances".into(),
            ));
        }
        Ok(run)
    }

    /// What the launch asks of the cloud, for the caller.
    pub fn request(mut self, cx: &Cx) -> Result<LaunchRequest, Error> {
        self.image_id = resolved(cx, self.image_id)?;
        let profile = self.profile.as_ref().map(|name| look_up(cx, name)).transpose()?.map(|p| (p.arn, p.id));
        Ok(LaunchRequest {
            account: cx.caller.account.clone(),
            region: cx.region.clone(),
            zones: cx.zones(),
            zone: self.zone,
            interfaces: self.interfaces,
            image_id: self.image_id,
            kernel_id: self.kernel_id,
            ramdisk_id: self.ramdisk_id,
            instance_type: self.instance_type,
            min_count: self.min_count,
            max_count: self.max_count,
            key_name: self.key_name,
            user_data: self.user_data,
            disks: launch_disks::with_keys(cx, self.disks),
            own_key: own_key(cx),
            options: self.options,
            metadata: self.metadata,
            placement: self.placement,
            profile,
            spot: self.spot,
            tags: self.tags,
            interface_tags: self.interface_tags,
            volume_tags: self.volume_tags,
            client_token: self.client_token,
        })
    }
}

/// What an image id begins with that names a parameter of Systems Manager.
const RESOLVE: &str = "resolve:ssm:";

fn named_image(text: &str) -> Result<String, Error> {
    if text.starts_with(RESOLVE) { Ok(text.to_owned()) } else { image_id(text) }
}

/// The image that a parameter holds, if it is one that is named.
fn resolved(cx: &Cx, named: String) -> Result<String, Error> {
    let Some(parameter) = named.strip_prefix(RESOLVE) else { return Ok(named) };
    match cx.cloud.config.ssm_parameters.value(parameter) {
        Some(value) => image_id(value),
        None => Err(Error::NoSuch { kind: Kind::Image, ids: vec![named] }),
    }
}

/// The base64 text, checked; clients break it into lines and forget its padding.
pub fn user_data(text: &str) -> Result<String, Error> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text: String = text.split_whitespace().collect();
    let bytes = LENIENT.decode(&text).map_err(|_| Error::UserData)?;
    if bytes.len() > MOST_USER_DATA {
        return Err(Error::ParameterValue(format!("User data is limited to {MOST_USER_DATA} bytes")));
    }
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes))
}

fn options(p: &Params<'_>) -> Result<Options, Error> {
    let flag = |name| Ok::<_, query::Error>(p.opt_bool(name)?.unwrap_or(false));
    let shutdown_behavior = match p.opt("InstanceInitiatedShutdownBehavior") {
        None | Some("" | "stop") => ShutdownBehavior::Stop,
        Some("terminate") => ShutdownBehavior::Terminate,
        Some(other) => {
            return Err(p.invalid("InstanceInitiatedShutdownBehavior", other, "Expecting stop or terminate.").into());
        }
    };
    let monitoring = p.nested("Monitoring").map(|m| m.opt_bool("Enabled")).transpose()?.flatten().unwrap_or(false);
    let capacity = p.nested(capacity::PARAMETER).map(|wish| capacity::wish(&wish)).transpose()?.unwrap_or_default();
    Ok(Options {
        capacity,
        shutdown_behavior,
        disable_api_termination: flag("DisableApiTermination")?,
        disable_api_stop: flag("DisableApiStop")?,
        monitoring,
        ebs_optimized: flag("EbsOptimized")?,
        cpu: p.nested("CpuOptions").map(|cpu| read_cpu(&cpu)).transpose()?.flatten(),
        credits: p.nested("CreditSpecification").and_then(|credit| credit.opt("CpuCredits")).map(str::to_owned),
        no_auto_recovery: off(p, "MaintenanceOptions", "AutoRecovery")?,
        dns_names: p.nested("PrivateDnsNameOptions").map(|names| dns_names(&names)).transpose()?.unwrap_or_default(),
        ..Options::default()
    })
}

/// Tenancy and dedicated host out of a placement.
fn on_host(p: &Params<'_>, options: &mut Options) -> Result<(), Error> {
    let tenancy = match p.opt("Tenancy").filter(|t| !t.is_empty()) {
        None => None,
        Some(text @ ("default" | "dedicated" | dedicated::TENANCY)) => Some(text),
        Some(other) => return Err(p.invalid("Tenancy", other, "Expecting default, dedicated or host.").into()),
    };
    options.host = p.opt_id("HostId", Kind::DedicatedHost)?.map(str::to_owned);
    options.host_affinity = one_of(p, "Affinity", "host", "default")?.unwrap_or(false);
    if options.host.is_some() && tenancy.is_some_and(|tenancy| tenancy != dedicated::TENANCY) {
        return Err(Error::ParameterCombination("A HostId may be used with the tenancy host only".into()));
    }
    let implied = if options.host.is_some() { dedicated::TENANCY } else { "default" };
    options.tenancy = tenancy.unwrap_or(implied).to_owned();
    Ok(())
}

/// `CpuOptions`; AWS's memory encryption is not there.
fn read_cpu(p: &Params<'_>) -> Result<Option<Cpu>, Error> {
    for name in ["AmdSevSnp", "NestedVirtualization"] {
        if p.opt(name).is_some_and(|text| text == "enabled") {
            return Err(Error::Unsupported(format!("CpuOptions.{name}")));
        }
    }
    let number = |name| p.opt_int(name, 1..=1024);
    match (number("CoreCount")?, number("ThreadsPerCore")?) {
        (None, None) => Ok(None),
        (Some(cores), Some(threads)) => Ok(Some(Cpu { cores: cores as u32, threads: threads as u32 })),
        (Some(_), None) | (None, Some(_)) => Err(Error::MissingEither(
            "The request must contain both parameters CpuOptions.CoreCount and CpuOptions.ThreadsPerCore".into(),
        )),
    }
}

/// Whether a structure says that something is not wanted.
fn off(p: &Params<'_>, structure: &str, name: &str) -> Result<bool, Error> {
    let Some(nested) = p.nested(structure) else { return Ok(false) };
    Ok(one_of(&nested, name, "default", "disabled")? == Some(false))
}

/// `PrivateDnsNameOptions`.
fn dns_names(p: &Params<'_>) -> Result<DnsNames, Error> {
    p.opt_bool("EnableResourceNameDnsAAAARecord")?;
    Ok(DnsNames {
        by_resource: one_of(p, "HostnameType", "resource-name", "ip-name")?.unwrap_or(false),
        a_record: p.opt_bool("EnableResourceNameDnsARecord")?.unwrap_or(false),
    })
}

/// One of two words; `yes` is true.
pub fn one_of(p: &Params<'_>, name: &str, yes: &str, no: &str) -> Result<Option<bool>, query::Error> {
    match p.opt(name) {
        None => Ok(None),
        Some(text) if text == yes => Ok(Some(true)),
        Some(text) if text == no => Ok(Some(false)),
        Some(other) => Err(p.invalid(name, other, format!("Expecting {yes} or {no}."))),
    }
}

/// What `MetadataOptions` says.
pub fn metadata(p: &Params<'_>) -> Result<MetadataEdit, Error> {
    one_of(p, "HttpProtocolIpv6", "enabled", "disabled")?;
    Ok(MetadataEdit {
        enabled: one_of(p, "HttpEndpoint", "enabled", "disabled")?,
        tokens_required: one_of(p, "HttpTokens", "required", "optional")?,
        hop_limit: p.opt_int("HttpPutResponseHopLimit", 1..=64)?.map(|n| n as u32),
        tags: one_of(p, "InstanceMetadataTags", "enabled", "disabled")?,
    })
}
