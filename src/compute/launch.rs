//! RunInstances' one transaction: everything is looked up, placed, addressed and written at once, or nothing is.

use super::capacity::{CapacityError, CapacityReservation};
use super::cards::{Cards, InterfaceWish};
use super::edit::MetadataEdit;
use super::launch_disks::{self, Planned};
use super::records::Kept;
use super::spec::{Instance, InstanceProfile, Key, MetadataOptions, Options, Spec};
use super::spot::{self, OfSpot, SpotRequest, SpotWish};
use super::state::{Desired, Observed};
use super::{Compute, capacity, dedicated, defaults, placement, schedule, types};
use crate::db::images::{Image, ImageType};
use crate::db::instances::InstanceRow;
use crate::db::quotas::{self, Quota};
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::volumes::{self, DiskWish, attachments};
use crate::{clock, id, network};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What RunInstances asks for; parameters are checked for form, not for existence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LaunchRequest {
    pub account: String,
    pub region: String,
    /// Every zone of the region; the first is taken when the request names none.
    pub zones: Vec<String>,
    pub zone: Option<String>,
    /// The first one has device index 0.
    pub interfaces: Vec<InterfaceWish>,
    pub image_id: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub instance_type: String,
    pub min_count: u32,
    pub max_count: u32,
    pub key_name: Option<String>,
    /// Base64, already checked.
    pub user_data: Option<String>,
    /// What the request says of devices, each at most once.
    pub disks: Vec<DiskWish>,
    /// The ARN of the account's own key for volumes.
    #[serde(default)]
    pub own_key: String,
    /// Its metadata options are not looked at: the next field says them.
    pub options: Options,
    /// What the request says of the metadata service; the rest is the image's, or has a default.
    pub metadata: MetadataEdit,
    /// ARN and id of the instance profile that the instances are to have.
    pub profile: Option<(String, String)>,
    /// The placement group that the instances are to be in.
    pub placement: Option<placement::Wish>,
    /// Instances on spare capacity, each with a request of its own.
    pub spot: Option<SpotWish>,
    /// Tags of the instances, and of the interfaces and volumes that are made for them.
    pub tags: Vec<Tag>,
    pub interface_tags: Vec<Tag>,
    pub volume_tags: Vec<Tag>,
    /// Makes a repeated request answer the first one's reservation.
    pub client_token: Option<String>,
}

/// Why nothing was launched.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Network(#[from] network::Error),
    #[error(transparent)]
    Placement(#[from] placement::PlacementError),
    #[error(transparent)]
    Capacity(#[from] capacity::CapacityError),
    #[error(transparent)]
    Dedicated(#[from] dedicated::DedicatedError),
    #[error(transparent)]
    Volumes(#[from] volumes::Error),
    /// `InvalidAMIID.NotFound`
    #[error("The image id '[{0}]' does not exist")]
    ImageNotFound(String),
    /// `InvalidAMIID.Unavailable`
    #[error("The image ID '{0}' is not available for launch: it is {1}")]
    ImageUnavailable(String, &'static str),
    /// `InvalidParameterValue`
    #[error("The image '{0}' is a {1} image and cannot be used as a {2}")]
    WrongImageType(String, &'static str, &'static str),
    /// `InvalidParameterValue`
    #[error("Invalid value '{0}' for InstanceType.")]
    UnknownType(String),
    /// `InvalidKeyPair.NotFound`
    #[error("The key pair '{0}' does not exist")]
    KeyNotFound(String),
    /// `InvalidParameterValue`
    #[error("Invalid availability zone: [{0}]")]
    UnknownZone(String),
    /// `InvalidParameterValue`
    #[error(
        "Value ({wanted}) for parameter availabilityZone is invalid. Subnet '{subnet}' is in the availability zone {zone}"
    )]
    OtherZone { wanted: String, subnet: String, zone: String },
    /// `InstanceLimitExceeded`
    #[error(
        "You have requested more instances ({wanted}) than your current instance limit of {limit} allows for the specified \
         instance type. The operator of this cloud sets it: `novella quota`."
    )]
    TooManyInstances { wanted: i64, limit: i64 },
    /// `VcpuLimitExceeded`
    #[error(
        "You have requested more vCPU capacity than your current vCPU limit of {0} allows for the instance bucket that the \
         specified instance type belongs to. The operator of this cloud sets it: `novella quota`."
    )]
    TooManyVcpus(i64),
    /// `InvalidParameterValue`
    #[error(
        "The specified CoreCount: {cores}, and ThreadsPerCore: {threads} combination is not supported for {instance_type}"
    )]
    NoSuchCores { cores: u32, threads: u32, instance_type: String },
    /// `InvalidParameterCombination`
    #[error("The network interfaces of an instance must be in the same availability zone")]
    SeveralZones,
    /// `AttachmentLimitExceeded`
    #[error("Interface count {0} exceeds the limit for {1}")]
    TooManyInterfaces(usize, String),
    /// `InvalidBlockDeviceMapping`
    #[error("Volume of size {wanted_gib}GB is smaller than the image '{image}', expect size >= {image_gib}GB")]
    RootTooSmall { image: String, wanted_gib: u64, image_gib: u64 },
    /// `InvalidBlockDeviceMapping`
    #[error("snapshotId cannot be modified on root device")]
    RootSnapshot,
    /// `InvalidBlockDeviceMapping`
    #[error("The root device '{0}' cannot be left out")]
    NoRoot(String),
    /// `InvalidParameterCombination`
    #[error("The image '{image}' needs a root disk of {image_gib} GiB; {instance_type} has {type_gib} GiB")]
    TypeTooSmall { image: String, image_gib: u64, instance_type: String, type_gib: u64 },
    /// `InsufficientInstanceCapacity`
    #[error(
        "Insufficient capacity: {0}. Nothing was launched; `novella doctor` on the server tells what this cloud can carry."
    )]
    NoCapacity(String),
    /// `IdempotentParameterMismatch`
    #[error("Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")]
    TokenReused,
}

impl Compute {
    /// Launch between `min_count` and `max_count` instances: as many as fit. The answer is one reservation, by launch
    /// index; everything in it is durable.
    pub async fn launch(&self, request: LaunchRequest) -> Result<Vec<Instance>, LaunchError> {
        let host = self.ground();
        let launched = self.db.write(move |c| launch(c, &request, &host)).await?;
        if launched.iter().any(|i| !i.volumes.is_empty()) {
            self.volumes.wake();
        }
        self.wake();
        Ok(launched)
    }
}

/// What a transaction must know of the machine that it launches on.
#[derive(Clone)]
pub(super) struct Ground {
    /// The host's networks; `None` when machines are simulated.
    pub network: Option<Arc<network::Network>>,
    pub public: Arc<network::public::Pool>,
    /// Whether volumes have files.
    pub bytes: volumes::Bytes,
}

impl Ground {
    /// An error unless this host can carry the subnet.
    pub fn check(&self, c: &Conn, subnet: &network::Subnet) -> Result<(), network::Error> {
        let Some(host) = &self.network else { return Ok(()) };
        network::check_reachable(c, subnet)?;
        host.check_range(subnet)
    }
}

/// The transaction of a launch.
pub(super) fn launch(c: &Conn, r: &LaunchRequest, ground: &Ground) -> Result<Vec<Instance>, LaunchError> {
    let fingerprint = hex::encode(Sha256::digest(serde_json::to_vec(r).expect("plain data becomes JSON")));
    if let Some(token) = &r.client_token
        && let Some((then, reservation)) = db::instances::token(c, &r.account, &r.region, token)?
    {
        if then != fingerprint {
            return Err(LaunchError::TokenReused);
        }
        return load(c, &reservation);
    }
    let now = clock::now_ms();
    let (mut spec, planned) = resolve(c, r)?;
    let size = types::find(&r.instance_type).ok_or_else(|| LaunchError::UnknownType(r.instance_type.clone()))?;
    let vcpus = r.options.cpu.map_or(i64::from(size.vcpus), |cpu| cpu.vcpus());
    let memory_mib = size.memory_mib as i64;
    network::begin_region(c, &r.account, &r.region, &r.zones)?;
    check_quotas(c, r, vcpus)?;
    let cards = Cards::look_up(c, r, size, ground)?;

    let reservation_id = id::new(id::Kind::Reservation);
    let mut why = String::new();
    let mut launched = 0;
    while launched < r.max_count {
        let reservation = match reservation(c, r, &spec, &cards.zone) {
            Err(_) if launched >= r.min_count => break,
            found => found?,
        };
        spec.options.reservation = reservation.as_ref().map(|r| r.id.clone());
        let demand = schedule::Demand { zone: &cards.zone, vcpus, memory_mib };
        let placed = match reservation {
            Some(reservation) => Ok(reservation.it.host),
            None => schedule::place(&candidates(c)?, &demand),
        };
        let host = match placed {
            Ok(host) => host,
            Err(reason) => {
                why = reason;
                break;
            }
        };
        if spec.options.tenancy == dedicated::TENANCY {
            let (account, region, zone) = (&r.account, &r.region, &cards.zone);
            let asker = dedicated::Asker { account, region, zone, instance_type: &r.instance_type };
            match asker.find(c, r.options.host.as_deref()) {
                Ok(host) => spec.options.host = Some(host),
                Err(_) if launched >= r.min_count => break,
                Err(e) => return Err(e.into()),
            }
        }
        let nics = cards.make(c, r)?;
        let instance_id = id::new(id::Kind::Instance);
        spec.profile = r.profile.clone().map(|(arn, id)| InstanceProfile::new(arn, id));
        if let Some(wish) = &r.spot {
            let mut request = SpotRequest::new(wish.clone(), r.clone(), now);
            request.fulfil(instance_id.clone(), cards.zone.clone(), now);
            let request = spot::keep(c, id::new(id::Kind::SpotRequest), request)?;
            spec.options.spot = Some(OfSpot { request: request.id, persistent: wish.persistent });
        }
        let row = InstanceRow {
            id: instance_id.clone(),
            account: r.account.clone(),
            region: r.region.clone(),
            zone: cards.zone.clone(),
            reservation_id: reservation_id.clone(),
            launch_index: i64::from(launched),
            host,
            instance_type: r.instance_type.clone(),
            vcpus,
            memory_mib,
            eni_id: nics[0].eni_id.clone(),
            spec: spec.to_json(),
            desired: Desired::Running.text().into(),
            observed: Observed::Absent.text().into(),
            generation: 1,
            settled: 0,
            powered: false,
            boot_id: String::new(),
            force: false,
            deadline: 0,
            reboot: false,
            attempt: 0,
            not_before: 0,
            reason_code: "pending".into(),
            reason_message: "pending".into(),
            transition: String::new(),
            launched_at: now,
            changed_at: now,
        };
        db::instances::insert(c, &row)?;
        cards.attach(c, nics, &instance_id, &ground.public)?;
        let at = attachments::At {
            instance: &instance_id,
            zone: &cards.zone,
            root: &spec.root_device_name,
            root_volume: spec.root_volume,
            live: false,
        };
        launch_disks::make(c, r, at, &planned, ground.bytes)?;
        let on = Resource { account: &r.account, region: &r.region, id: &instance_id, kind: "instance" };
        db::tags::put(c, on, &r.tags)?;
        launched += 1;
    }
    if launched < r.min_count {
        return Err(LaunchError::NoCapacity(why));
    }
    db::images::launched(c, &spec.image_id, now)?;
    if let Some(token) = &r.client_token {
        db::instances::insert_token(c, &r.account, &r.region, token, &fingerprint, &reservation_id, now)?;
    }
    load(c, &reservation_id)
}

/// An error for what a launch could never do, however much room there is.
pub(super) fn check(c: &Conn, r: &LaunchRequest) -> Result<(), LaunchError> {
    network::begin_region(c, &r.account, &r.region, &r.zones)?;
    resolve(c, r)?;
    types::find(&r.instance_type).map(drop).ok_or_else(|| LaunchError::UnknownType(r.instance_type.clone()))
}

/// An error if the account may not have so many instances more. As on AWS, all that are asked for count.
fn check_quotas(c: &Conn, r: &LaunchRequest, vcpus: i64) -> Result<(), LaunchError> {
    let (wanted, most) = (i64::from(r.max_count), quotas::limit(c, &r.account, Quota::Instances)?);
    let have = db::instances::tally(c, &r.account, &r.region)?;
    if have.alive + wanted > most {
        return Err(LaunchError::TooManyInstances { wanted, limit: most });
    }
    let most = quotas::limit(c, &r.account, Quota::Vcpus)?;
    if have.vcpus + wanted * vcpus > most {
        return Err(LaunchError::TooManyVcpus(most));
    }
    Ok(())
}

fn load(c: &Conn, reservation_id: &str) -> Result<Vec<Instance>, LaunchError> {
    let rows = db::instances::of_reservation(c, reservation_id)?;
    rows.into_iter().map(|row| Ok(Instance::load(c, row)?)).collect()
}

/// The capacity reservation that the next instance goes into, if any.
fn reservation(
    c: &Conn,
    r: &LaunchRequest,
    spec: &Spec,
    zone: &str,
) -> Result<Option<Kept<CapacityReservation>>, CapacityError> {
    if r.spot.is_some() || spec.options.spot.is_some() {
        return Ok(None);
    }
    let asker = capacity::Asker {
        account: &r.account,
        region: &r.region,
        zone,
        instance_type: &r.instance_type,
        platform: spec.platform.as_deref(),
        tenancy: &spec.options.tenancy,
    };
    asker.find(c, &spec.options.capacity)
}

/// The hosts with what they have promised to instances, and to reservations beside those.
pub(super) fn candidates(c: &Conn) -> Result<Vec<schedule::Candidate>, db::Error> {
    let reserved = capacity::unused(c)?;
    db::instances::hosts(c)?
        .into_iter()
        .map(|host| {
            let (used_vcpus, used_memory_mib) = db::instances::promised(c, &host.id)?;
            let (vcpus, memory_mib) = reserved.get(&host.id).copied().unwrap_or_default();
            let (used_vcpus, used_memory_mib) = (used_vcpus + vcpus, used_memory_mib + memory_mib);
            Ok(schedule::Candidate { host, used_vcpus, used_memory_mib })
        })
        .collect()
}

/// Look up everything that the request names.
fn resolve(c: &Conn, r: &LaunchRequest) -> Result<(Spec, Vec<Planned>), LaunchError> {
    let image = usable(c, r, &r.image_id, ImageType::Machine)?;
    let kernel_id = r.kernel_id.clone().or(image.kernel_id.clone());
    let ramdisk_id = r.ramdisk_id.clone().or(image.ramdisk_id.clone());
    if let Some(kernel) = &kernel_id {
        usable(c, r, kernel, ImageType::Kernel)?;
    }
    if let Some(ramdisk) = &ramdisk_id {
        usable(c, r, ramdisk, ImageType::Ramdisk)?;
    }
    let key = match &r.key_name {
        None => None,
        Some(name) => {
            let row = db::keypairs::by_name(c, &r.account, &r.region, name)?
                .ok_or_else(|| LaunchError::KeyNotFound(name.clone()))?;
            Some(Key { name: row.name, public_key: row.public_key })
        }
    };
    let planned = launch_disks::plan(c, r, &image)?;
    let root_volume = image.root_volume().is_some();
    let root_bytes = match planned.iter().find(|p| p.is_root(&image)) {
        Some(root) => root.figures.gib as u64 * GIB,
        None => root_bytes(r, &image)?,
    };
    let mut options = r.options.clone();
    let account = defaults::metadata(c, &r.account, &r.region)?;
    options.metadata = r.metadata.over(&account.over(&metadata_of(&image)));
    if let (Some(cpu), Some(size)) = (options.cpu, types::find(&r.instance_type))
        && !cpu.fits(size)
    {
        let instance_type = r.instance_type.clone();
        return Err(LaunchError::NoSuchCores { cores: cpu.cores, threads: cpu.threads, instance_type });
    }
    if let Some(wish) = &r.placement {
        options.placement = Some(placement::enter(c, &r.account, &r.region, wish, &r.instance_type)?);
    }
    let spec = Spec {
        image_id: image.id,
        kernel_id,
        ramdisk_id,
        architecture: image.architecture,
        platform: image.platform,
        key,
        user_data: r.user_data.clone(),
        root_bytes,
        root_volume,
        root_device_name: image.root_device_name,
        image_location: image.location,
        mappings: image.mappings.into_iter().map(|m| (m.virtual_name, m.device)).collect(),
        bases: Vec::new(),
        redefine: false,
        client_token: r.client_token.clone(),
        profile: None,
        options,
    };
    Ok((spec, planned))
}

/// Metadata options of an image's instances, when the launch says nothing.
fn metadata_of(image: &Image) -> MetadataOptions {
    match image.details.imds_v2 {
        // As on AWS: one hop more, so that containers still get there.
        true => MetadataOptions { tokens_required: true, hop_limit: 2, ..MetadataOptions::default() },
        false => MetadataOptions::default(),
    }
}

const GIB: u64 = 1 << 30;

/// The root disk's size: what the request says, else what the type says, else the image's own. Never less than the image.
fn root_bytes(r: &LaunchRequest, image: &Image) -> Result<u64, LaunchError> {
    let image_bytes = image.file.as_ref().map_or(0, |f| f.virtual_size);
    let image_gib = image_bytes.div_ceil(GIB);
    if let Some(wanted_gib) = launch_disks::root_gib(r, image)? {
        if wanted_gib * GIB < image_bytes {
            return Err(LaunchError::RootTooSmall { image: image.id.clone(), wanted_gib, image_gib });
        }
        return Ok(wanted_gib * GIB);
    }
    let type_gib = types::find(&r.instance_type).map_or(0, |t| t.disk_gib);
    if type_gib == 0 {
        return Ok(image_bytes);
    }
    if type_gib * GIB < image_bytes {
        let (image, instance_type) = (image.id.clone(), r.instance_type.clone());
        return Err(LaunchError::TypeTooSmall { image, image_gib, instance_type, type_gib });
    }
    Ok(type_gib * GIB)
}

/// An image that the caller may launch now.
fn usable(c: &Conn, r: &LaunchRequest, image_id: &str, as_type: ImageType) -> Result<Image, LaunchError> {
    let not_found = || LaunchError::ImageNotFound(image_id.to_owned());
    let image = db::images::get(c, image_id)?.ok_or_else(not_found)?;
    if !image.may_launch(&r.account) || !image.is_in(&r.region) || image.state == db::images::State::Deregistered {
        return Err(not_found());
    }
    if image.image_type != as_type {
        return Err(LaunchError::WrongImageType(image.id, image.image_type.as_str(), as_type.as_str()));
    }
    if image.state != db::images::State::Available {
        return Err(LaunchError::ImageUnavailable(image.id, image.state.as_str()));
    }
    Ok(image)
}
