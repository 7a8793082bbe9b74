//! Why an instance is not launched, or not changed.

use super::capacity::CapacityError;
use super::dedicated::DedicatedError;
use super::placement::PlacementError;
use super::state::State;
use crate::{db, network, volumes};

/// Why nothing was launched or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Network(#[from] network::Error),
    #[error(transparent)]
    Placement(#[from] PlacementError),
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    #[error(transparent)]
    Dedicated(#[from] DedicatedError),
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

    // Of instances that are there.
    /// `InvalidInstanceID.NotFound`; every id that does not exist.
    #[error("{}", not_found(.0))]
    NotFound(Vec<String>),
    /// `IncorrectInstanceState`
    #[error("The instance '{id}' is not in a state from which it can be {verb}.")]
    WrongState { id: String, verb: &'static str },
    /// `IncorrectInstanceState`: rebooting what does not run
    #[error("Instance {id} is in state {}; it must be running.", state.text())]
    NotRunning { id: String, state: State },
    /// `IncorrectInstanceState`: what only a stopped instance can be given
    #[error("The instance '{0}' is not in the 'stopped' state.")]
    NotStopped(String),
    /// `IncorrectInstanceState`: nothing changes any more
    #[error("The instance '{id}' is in state {}: its attributes cannot be changed.", state.text())]
    Ended { id: String, state: State },
    /// `IncorrectInstanceState`
    #[error("The instance '{0}' is not in the 'running' or 'stopped' states.")]
    NeitherRunningNorStopped(String),
    /// `UnsupportedOperation`
    #[error(
        "You can't stop the Spot Instance '{0}' because it is associated with a one-time Spot Instance request. You can only \
         stop Spot Instances associated with persistent Spot Instance requests."
    )]
    OneTimeSpot(String),
    /// `IncorrectState`
    #[error("There is an existing association for instance {0}")]
    HasProfile(String),
    /// `InvalidAssociationID.NotFound`
    #[error("An invalid association-id of '{0}' was given")]
    NoSuchAssociation(String),
    /// `InvalidParameterValue`
    #[error("Instance '{id}' already has an interface attached at device index '{index}'.")]
    DeviceIndexTaken { id: String, index: u32 },
    /// `InvalidParameterCombination`
    #[error("You may not attach a network interface to an instance if they are not in the same availability zone")]
    ZoneOfInterface,
    /// `OperationNotPermitted`
    #[error("The network interface at device index 0 cannot be detached.")]
    FirstInterface,
    /// `IncorrectState`: what only a running or stopped instance can be given
    #[error("Instance '{0}' is not 'running'.")]
    NotUp(String),
    /// `IncorrectInstanceState`
    #[error(
        "Unable to detach volume '{volume}' from instance '{instance}'. The instance is not in a state in which volumes can be detached."
    )]
    CannotDetach { volume: String, instance: String },
    /// `IncorrectState`
    #[error("Unable to detach root volume '{volume}' from instance '{instance}'")]
    RootVolume { volume: String, instance: String },
    /// `InvalidParameterValue`
    #[error("Invalid value '{instance}' for instanceId. Instance does not have a volume attached at root ({device})")]
    NoRootVolume { instance: String, device: String },
    /// `InvalidInstanceAttributeValue`
    #[error("No device is currently mapped at {0}")]
    NoDevice(String),
    /// `InvalidInstanceAttributeValue`
    #[error("Invalid instance type: {0}")]
    NoSuchType(String),
    /// `OperationNotPermitted`
    #[error(
        "The instance '{0}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
    )]
    TerminationDisabled(String),
    /// `OperationNotPermitted`
    #[error("The instance '{0}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.")]
    StopDisabled(String),
}

fn not_found(ids: &[String]) -> String {
    match ids {
        [one] => format!("The instance ID '{one}' does not exist"),
        many => format!("The instance IDs '{}' do not exist", many.join(", ")),
    }
}
