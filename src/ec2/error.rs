//! Every way an EC2 or STS request can fail: AWS's message by `Display`, its code and status by [`Error::wire`].
//!
//! What is wrong inside (`InternalError`) has its cause as `Display`, for the log; the dispatcher tells clients nothing.

use super::error_of_ids::{malformed, no_such, not_found};
use crate::compute::capacity::CapacityError;
use crate::compute::dedicated::DedicatedError;
use crate::compute::placement::PlacementError;
use crate::compute::templates::TemplateError;
use crate::id::Kind;
use crate::wire::query;
use crate::{auth, compute, db, images, network, volumes};
use http::StatusCode;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Form(#[from] query::Error),
    #[error("The action {0} is not valid for this web service.")]
    InvalidAction(String),
    #[error(
        "The functionality you requested is not available here: the action {0} is one of AWS's that this cloud does not have"
    )]
    Unserved(String),
    #[error("The requested version ({0}) of service AmazonEC2 does not exist")]
    NoSuchVersion(String),
    #[error("Request would have succeeded, but DryRun flag is set.")]
    DryRun,

    // Parameters that cannot be, alone or together.
    #[error("{0}")]
    ParameterValue(String),
    #[error("{0}")]
    ParameterCombination(String),
    #[error("{0}")]
    Parameter(String),
    #[error("{0}")]
    Dependency(String),
    #[error("{0}")]
    BlockDevice(String),
    #[error("{0}")]
    MissingEither(String),
    #[error("{0}")]
    InstanceId(String),
    #[error("The zone '{0}' does not exist.")]
    Zone(String),
    #[error("The filter '{0}' is invalid")]
    Filter(String),
    #[error("The specified NextToken is not valid")]
    NextToken,

    // Things that are not there.
    #[error("{}", no_such(*kind, ids))]
    NoSuch { kind: Kind, ids: Vec<String> },
    /// Of a kind that does not exist here.
    #[error("{sentence}")]
    Absent { code: &'static str, sentence: String },
    #[error("The key pair '{0}' does not exist")]
    NoSuchKeyPair(String),
    #[error("Modification for volume '{0}' does not exist.")]
    NoModification(String),
    #[error("The ID '{0}' is not valid")]
    InvalidId(String),
    #[error("The conversion task ID '{0}' is not valid.")]
    NoConversion(String),
    #[error("The task '{0}' is over and cannot be cancelled.")]
    TaskOver(String),

    #[error("Launch template names have 3 to 128 characters: letters, digits and ().-/_")]
    TemplateName,
    #[error("The keypair '{0}' already exists.")]
    KeyPairExists(String),
    #[error("The maximum number of key pairs has been reached.")]
    TooManyKeyPairs,
    #[error("Key is not in valid OpenSSH public key format")]
    KeyFormat,
    #[error("The maximum number of Tags for a resource has been reached.")]
    TagLimit,
    #[error("Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")]
    TokenReused,

    #[error("Invalid policy document")]
    PolicyDocument,
    #[error(transparent)]
    UploadPolicy(#[from] auth::PolicyError),
    #[error("{}", .0.wire(auth::Service::Ec2).message)]
    PolicySigner(auth::Error),
    #[error("The specified Amazon S3 URL cannot be accessed. Check your access permissions.")]
    StorageLocation,
    #[error("Spot datafeed subscription does not exist.")]
    NoDatafeed,
    #[error("NoTerminateInstances option is not supported for instant fleet")]
    FleetKeepsNone,
    #[error("Invalid BASE64 encoding of user data")]
    UserData,
    #[error("The following supplied instance types do not exist: [{0}]")]
    InstanceType(String),
    #[error("The functionality you requested is not available here: {0}")]
    Unsupported(String),

    #[error(transparent)]
    Images(images::Error),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Placement(#[from] PlacementError),
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    #[error(transparent)]
    Dedicated(#[from] DedicatedError),
    #[error(transparent)]
    Compute(compute::Error),
    #[error(transparent)]
    Network(network::Error),
    #[error(transparent)]
    Volumes(volumes::Error),
    #[error(transparent)]
    Database(#[from] db::Error),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The code and the HTTP status under which clients know this error: the one table of the service.
    pub fn wire(&self) -> (&'static str, StatusCode) {
        use StatusCode as S;
        match self {
            Error::Form(query::Error::Missing(_)) => ("MissingParameter", S::BAD_REQUEST),
            Error::Form(query::Error::Invalid { .. }) => ("InvalidParameterValue", S::BAD_REQUEST),
            Error::Form(query::Error::Malformed { kind, .. }) => (malformed(*kind), S::BAD_REQUEST),
            Error::Form(query::Error::Unknown(_)) => ("UnknownParameter", S::BAD_REQUEST),
            Error::Form(query::Error::TooLarge) => ("MalformedQueryString", S::BAD_REQUEST),
            Error::InvalidAction(_) => ("InvalidAction", S::BAD_REQUEST),
            Error::Unserved(_) => ("UnsupportedOperation", S::BAD_REQUEST),
            Error::Absent { code, .. } => (code, S::BAD_REQUEST),
            Error::NoSuchVersion(_) => ("NoSuchVersion", S::BAD_REQUEST),
            Error::DryRun => ("DryRunOperation", S::PRECONDITION_FAILED),
            Error::ParameterValue(_) | Error::Filter(_) => ("InvalidParameterValue", S::BAD_REQUEST),
            Error::ParameterCombination(_) => ("InvalidParameterCombination", S::BAD_REQUEST),
            Error::BlockDevice(_) => ("InvalidBlockDeviceMapping", S::BAD_REQUEST),
            Error::Dependency(_) => ("InvalidParameterDependency", S::BAD_REQUEST),
            Error::MissingEither(_) => ("MissingParameter", S::BAD_REQUEST),
            Error::InstanceId(_) => ("InvalidInstanceID", S::BAD_REQUEST),
            Error::Parameter(_) => ("InvalidParameter", S::BAD_REQUEST),
            Error::NextToken => ("InvalidNextToken", S::BAD_REQUEST),
            Error::NoSuch { kind, .. } => (not_found(*kind), S::BAD_REQUEST),
            Error::NoSuchKeyPair(_) => ("InvalidKeyPair.NotFound", S::BAD_REQUEST),
            Error::Zone(_) => ("InvalidZone.NotFound", S::BAD_REQUEST),
            Error::NoModification(_) => ("InvalidVolumeModification.NotFound", S::BAD_REQUEST),
            Error::InvalidId(_) => ("InvalidID", S::BAD_REQUEST),
            Error::NoConversion(_) => ("InvalidConversionTaskId", S::BAD_REQUEST),
            Error::TaskOver(_) => ("IncorrectState", S::BAD_REQUEST),
            Error::TemplateName => ("InvalidLaunchTemplateName.MalformedException", S::BAD_REQUEST),
            Error::KeyPairExists(_) => ("InvalidKeyPair.Duplicate", S::BAD_REQUEST),
            Error::TooManyKeyPairs => ("ResourceLimitExceeded", S::BAD_REQUEST),
            Error::KeyFormat => ("InvalidKey.Format", S::BAD_REQUEST),
            Error::TagLimit => ("TagLimitExceeded", S::BAD_REQUEST),
            Error::TokenReused => ("IdempotentParameterMismatch", S::BAD_REQUEST),
            Error::PolicyDocument | Error::UploadPolicy(auth::PolicyError::Invalid(_)) => {
                ("InvalidPolicyDocument", S::BAD_REQUEST)
            }
            Error::UploadPolicy(auth::PolicyError::Against(_)) => ("AccessDenied", S::FORBIDDEN),
            Error::PolicySigner(e) => {
                let wire = e.wire(auth::Service::Ec2);
                (wire.code, wire.status)
            }
            Error::StorageLocation => ("InaccessibleStorageLocation", S::BAD_REQUEST),
            Error::NoDatafeed => ("InvalidSpotDatafeed.NotFound", S::BAD_REQUEST),
            Error::FleetKeepsNone => ("NoTerminateInstancesNotSupported", S::BAD_REQUEST),
            Error::UserData => ("InvalidUserData.Malformed", S::BAD_REQUEST),
            Error::InstanceType(_) => ("InvalidInstanceType", S::BAD_REQUEST),
            Error::Unsupported(_) => ("UnsupportedOperation", S::BAD_REQUEST),
            Error::Images(e) => (e.code(), S::from_u16(e.status()).unwrap_or(S::BAD_REQUEST)),
            Error::Template(e) => template(e),
            Error::Placement(e) => placement(e),
            Error::Capacity(e) => capacity(e),
            Error::Dedicated(e) => dedicated(e),
            Error::Compute(e) => compute(e),
            Error::Network(e) => in_network(e),
            Error::Volumes(e) => in_volumes(e),
            Error::Database(_) | Error::Internal(_) => INTERNAL,
        }
    }

    /// One thing of a kind is not there.
    pub fn no_such(kind: Kind, id: impl Into<String>) -> Error {
        Error::NoSuch { kind, ids: vec![id.into()] }
    }
}

/// The code whose cause is for the log only.
pub const INTERNAL_ERROR: &str = "InternalError";
const INTERNAL: (&str, StatusCode) = (INTERNAL_ERROR, StatusCode::INTERNAL_SERVER_ERROR);

/// The wire table of launches and of changes of instances.
pub fn compute(e: &compute::Error) -> (&'static str, StatusCode) {
    use compute::Error as E;
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        E::Db(_) => INTERNAL,
        E::Network(e) => in_network(e),
        E::Placement(e) => placement(e),
        E::Capacity(e) => capacity(e),
        E::Dedicated(e) => dedicated(e),
        E::Volumes(volumes::Error::TooSmall { .. }) | E::RootTooSmall { .. } | E::RootSnapshot | E::NoRoot(_) => {
            ("InvalidBlockDeviceMapping", BAD)
        }
        E::Volumes(e) => in_volumes(e),
        E::NotFound(_) => ("InvalidInstanceID.NotFound", BAD),
        E::ImageNotFound(_) => ("InvalidAMIID.NotFound", BAD),
        E::ImageUnavailable(..) => ("InvalidAMIID.Unavailable", BAD),
        E::KeyNotFound(_) => ("InvalidKeyPair.NotFound", BAD),
        E::NoSuchAssociation(_) => ("InvalidAssociationID.NotFound", BAD),
        E::WrongImageType(..)
        | E::UnknownType(_)
        | E::UnknownZone(_)
        | E::OtherZone { .. }
        | E::NoSuchCores { .. }
        | E::DeviceIndexTaken { .. }
        | E::NoRootVolume { .. } => ("InvalidParameterValue", BAD),
        E::SeveralZones | E::ZoneOfInterface | E::TypeTooSmall { .. } => ("InvalidParameterCombination", BAD),
        E::NoSuchType(_) | E::NoDevice(_) => ("InvalidInstanceAttributeValue", BAD),
        E::TooManyInstances { .. } => ("InstanceLimitExceeded", BAD),
        E::TooManyVcpus(_) => ("VcpuLimitExceeded", BAD),
        E::TooManyInterfaces(..) => ("AttachmentLimitExceeded", BAD),
        E::NoCapacity(_) => ("InsufficientInstanceCapacity", StatusCode::INTERNAL_SERVER_ERROR),
        E::TokenReused => ("IdempotentParameterMismatch", BAD),
        E::WrongState { .. }
        | E::NotRunning { .. }
        | E::NotStopped(_)
        | E::NeitherRunningNorStopped(_)
        | E::Ended { .. }
        | E::CannotDetach { .. } => ("IncorrectInstanceState", BAD),
        E::HasProfile(_) | E::NotUp(_) | E::RootVolume { .. } => ("IncorrectState", BAD),
        E::OneTimeSpot(_) => ("UnsupportedOperation", BAD),
        E::FirstInterface | E::TerminationDisabled(_) | E::StopDisabled(_) => ("OperationNotPermitted", BAD),
    }
}

fn template(e: &TemplateError) -> (&'static str, StatusCode) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        TemplateError::Db(_) => INTERNAL,
        TemplateError::NoId(_) => ("InvalidLaunchTemplateId.NotFound", BAD),
        TemplateError::NoName(_) => ("InvalidLaunchTemplateName.NotFoundException", BAD),
        TemplateError::NameTaken => ("InvalidLaunchTemplateName.AlreadyExistsException", BAD),
        TemplateError::NoVersion { .. } => ("InvalidLaunchTemplateId.VersionNotFound", BAD),
    }
}

fn placement(e: &PlacementError) -> (&'static str, StatusCode) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        PlacementError::Db(_) => INTERNAL,
        PlacementError::Unknown(_) => ("InvalidPlacementGroup.Unknown", BAD),
        PlacementError::Exists(_) => ("InvalidPlacementGroup.Duplicate", BAD),
        PlacementError::InUse(_) => ("InvalidPlacementGroup.InUse", BAD),
        PlacementError::WrongType { .. } => ("InvalidParameterCombination", BAD),
        PlacementError::NoPartition { .. } => ("InvalidParameterValue", BAD),
    }
}

/// The wire table of capacity reservations.
fn capacity(e: &CapacityError) -> (&'static str, StatusCode) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        CapacityError::Db(_) => INTERNAL,
        CapacityError::NotFound(_) => ("InvalidCapacityReservationId.NotFound", BAD),
        CapacityError::NotActive { .. } => ("InvalidCapacityReservationState", BAD),
        CapacityError::UnknownType(_) | CapacityError::Mismatch(_) | CapacityError::InUse { .. } => {
            ("InvalidParameterValue", BAD)
        }
        CapacityError::Full(_) => ("ReservationCapacityExceeded", BAD),
        CapacityError::NoneFits(_) | CapacityError::NoCapacity(_) => {
            ("InsufficientInstanceCapacity", StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// The wire table of dedicated hosts.
fn dedicated(e: &DedicatedError) -> (&'static str, StatusCode) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        DedicatedError::Db(_) => INTERNAL,
        DedicatedError::NotFound(_) => ("InvalidHostID.NotFound", BAD),
        DedicatedError::Unsupported(_)
        | DedicatedError::WrongType { .. }
        | DedicatedError::OtherFamily { .. }
        | DedicatedError::Holds { .. } => ("InvalidHostConfiguration", BAD),
        DedicatedError::TooMany(_) => ("HostLimitExceeded", BAD),
        DedicatedError::OtherZone { .. } => ("InvalidParameterValue", BAD),
        DedicatedError::Full(_) => ("InsufficientCapacityOnHost", BAD),
        DedicatedError::NoneFits(_) => ("InsufficientHostCapacity", StatusCode::INTERNAL_SERVER_ERROR),
        DedicatedError::Occupied(_) => ("InvalidHost.Occupied", BAD),
        DedicatedError::NoHost(_) => ("InvalidParameterCombination", BAD),
    }
}

fn in_network(e: &network::Error) -> (&'static str, StatusCode) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        network::Error::NoSubnet(_) => ("InvalidSubnetID.NotFound", BAD),
        network::Error::NoInterface(_) => ("InvalidNetworkInterfaceID.NotFound", BAD),
        network::Error::SubnetFull(_) => ("InsufficientFreeAddressesInSubnet", BAD),
        network::Error::AddressInUse(_) => ("InvalidIPAddress.InUse", BAD),
        network::Error::AddressOutside(..) => ("InvalidParameterValue", BAD),
        network::Error::NoSuch(kind, _) => (not_found(*kind), BAD),
        network::Error::InterfaceInUse(_)
        | network::Error::AddressesTaken(_)
        | network::Error::NotAssigned { .. }
        | network::Error::PrimaryAddress(_) => ("InvalidParameterValue", BAD),
        network::Error::NoSuchAddress(_) => ("InvalidAddress.NotFound", BAD),
        network::Error::TooManyPublicAddresses => ("AddressLimitExceeded", BAD),
        network::Error::NoPublicAddress => ("InsufficientAddressCapacity", BAD),
        network::Error::AddressAssociated { .. } => ("Resource.AlreadyAssociated", BAD),
        network::Error::NoGateway(_) => ("Gateway.NotAttached", BAD),
        network::Error::InterfaceTaken(_) => ("InvalidNetworkInterface.InUse", BAD),
        network::Error::TooManyAddresses => ("PrivateIpAddressLimitExceeded", BAD),
        network::Error::TooManyGroupsOnInterface => ("SecurityGroupsPerInterfaceLimitExceeded", BAD),
        network::Error::NoDefaultVpc => ("VPCIdNotSpecified", BAD),
        network::Error::NoDefaultSubnet(_) => ("MissingInput", BAD),
        network::Error::DefaultVpcExists => ("DefaultVpcAlreadyExists", BAD),
        network::Error::DefaultSubnetExists { .. } => ("DefaultSubnetAlreadyExistsInAvailabilityZone", BAD),
        network::Error::BadVpcRange(_) => ("InvalidVpc.Range", BAD),
        network::Error::TooManyVpcs => ("VpcLimitExceeded", BAD),
        network::Error::BadSubnetRange(_) => ("InvalidSubnet.Range", BAD),
        network::Error::SubnetConflict(_) => ("InvalidSubnet.Conflict", BAD),
        network::Error::TooManySubnets => ("SubnetLimitExceeded", BAD),
        network::Error::RangeShared(_) | network::Error::RangeTaken(..) => ("UnsupportedOperation", BAD),
        network::Error::NoGroupNamed { .. } => ("InvalidGroup.NotFound", BAD),
        network::Error::GroupExists { .. } => ("InvalidGroup.Duplicate", BAD),
        network::Error::TooManyGroups => ("SecurityGroupLimitExceeded", BAD),
        network::Error::GroupElsewhere { .. } => ("InvalidParameter", BAD),
        network::Error::DefaultGroup(_) => ("CannotDelete", BAD),
        network::Error::VpcBusy(_)
        | network::Error::SubnetBusy(_)
        | network::Error::Dependent(_)
        | network::Error::TableBusy(_)
        | network::Error::GatewayBusy(_)
        | network::Error::AclBusy(_)
        | network::Error::DhcpOptionsBusy(_) => ("DependencyViolation", BAD),
        network::Error::DuplicateRule(_) => ("InvalidPermission.Duplicate", BAD),
        network::Error::NoSuchRule => ("InvalidPermission.NotFound", BAD),
        network::Error::TooManyRules => ("RulesPerSecurityGroupLimitExceeded", BAD),
        network::Error::RouteExists(_) => ("RouteAlreadyExists", BAD),
        network::Error::NoRoute { .. } => ("InvalidRoute.NotFound", BAD),
        network::Error::NoRouteToReplace(_)
        | network::Error::LocalRoute { .. }
        | network::Error::MainAssociation(_)
        | network::Error::ElsewhereTable(..)
        | network::Error::HasGateway(_)
        | network::Error::DefaultAcl(_) => ("InvalidParameterValue", BAD),
        network::Error::BadDestination(_) => ("InvalidParameterValue", BAD),
        network::Error::TooManyRoutes => ("RouteLimitExceeded", BAD),
        network::Error::SubnetAssociated(..) | network::Error::GatewayAttached { .. } => {
            ("Resource.AlreadyAssociated", BAD)
        }
        network::Error::GatewayNotAttached { .. } => ("Gateway.NotAttached", BAD),
        network::Error::EntryExists(_) => ("NetworkAclEntryAlreadyExists", BAD),
        network::Error::MappedAddresses(_) => ("DependencyViolation", BAD),
        network::Error::Managed => ("AuthFailure", BAD),
        network::Error::NoNatTarget(_) => ("InvalidNatGatewayID.NotFound", BAD),
        network::Error::NotV6(_) | network::Error::EndpointRoute { .. } => ("InvalidParameterValue", BAD),
        network::Error::PeeringExists(_) => ("VpcPeeringConnectionAlreadyExists", BAD),
        network::Error::PeeringState { .. } => ("InvalidStateTransition", BAD),
        network::Error::PeeringNotActive(_)
        | network::Error::NotAccepter { .. }
        | network::Error::OtherRegion { .. }
        | network::Error::NotThatSide { .. } => ("OperationNotPermitted", BAD),
        network::Error::BadPrefix(_) | network::Error::NoPrefix(_) | network::Error::NoPrefixVersion(..) => {
            ("InvalidParameterValue", BAD)
        }
        network::Error::TooManyPrefixes => ("PrefixListMaxEntriesExceeded", BAD),
        network::Error::TooManyPrefixLists => ("PrefixListLimitExceeded", BAD),
        network::Error::PrefixVersion(_) => ("PrefixListVersionMismatch", BAD),
        network::Error::PrefixListBusy(_) => ("DependencyViolation", BAD),
        network::Error::NoService(_) => ("InvalidServiceName", BAD),
        network::Error::NotThatKind(..) => ("InvalidParameter", BAD),
        network::Error::EndpointRouteExists { .. } => ("RouteAlreadyExists", BAD),
        network::Error::EndpointInZone(_) => ("DuplicateSubnetsInSameZone", BAD),
        network::Error::BlockConflict { .. } | network::Error::RestrictedBlock(_) => ("InvalidVpc.Range", BAD),
        network::Error::TooManyBlocks(_) => ("CidrBlockLimitExceeded", BAD),
        network::Error::PrimaryBlock => ("OperationNotPermitted", BAD),
        network::Error::BlockBusy(_) => ("DependencyViolation", BAD),
        network::Error::ReservationOutside(_) => ("InvalidParameterValue", BAD),
        network::Error::FlowLogExists => ("FlowLogAlreadyExists", BAD),
        network::Error::ReservationConflict(_) => ("InvalidParameterValue", BAD),
        network::Error::OtherNetwork => ("InvalidGroup.NotFound", BAD),
        network::Error::TooManyNatGateways => ("NatGatewayLimitExceeded", BAD),
        network::Error::NatState(_) => ("IncorrectState", BAD),
        network::Error::PrivateNat(_) | network::Error::PublicNat(_) | network::Error::PrimaryNatAddress => {
            ("InvalidParameter", BAD)
        }
        network::Error::NoEntry { .. } => ("InvalidNetworkAclEntry.NotFound", BAD),
        network::Error::TooManyEntries => ("NetworkAclEntryLimitExceeded", BAD),
        network::Error::Db(_)
        | network::Error::NoRange
        | network::Error::Incapable(_)
        | network::Error::Host { .. } => INTERNAL,
    }
}

fn in_volumes(e: &volumes::Error) -> (&'static str, StatusCode) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match e {
        volumes::Error::NoVolume(_) => (not_found(Kind::Volume), BAD),
        volumes::Error::NoSnapshot(_) => (not_found(Kind::Snapshot), BAD),
        volumes::Error::Value(_) | volumes::Error::DeviceTaken(_) | volumes::Error::TooSmall { .. } => {
            ("InvalidParameterValue", BAD)
        }
        volumes::Error::Combination(_) => ("InvalidParameterCombination", BAD),
        volumes::Error::Missing(_) | volumes::Error::NeedsIops(_) => ("MissingParameter", BAD),
        volumes::Error::InUse { .. } | volumes::Error::AlreadyAttached(_) => ("VolumeInUse", BAD),
        volumes::Error::NotAvailable(_) | volumes::Error::NotAttached(_) | volumes::Error::SnapshotState(_) => {
            ("IncorrectState", BAD)
        }
        volumes::Error::NoAttachment { .. } => ("InvalidAttachment.NotFound", BAD),
        volumes::Error::OtherZone { .. } => ("InvalidVolume.ZoneMismatch", BAD),
        volumes::Error::TooMuchStorage(_) => ("VolumeLimitExceeded", BAD),
        volumes::Error::TooManySnapshots => ("SnapshotLimitExceeded", BAD),
        volumes::Error::TooManyAttachments(_) => ("AttachmentLimitExceeded", BAD),
        volumes::Error::EncryptedPublic | volumes::Error::EncryptedByOwnKey | volumes::Error::PublicAccessBlocked => {
            ("OperationNotPermitted", BAD)
        }
        volumes::Error::CannotShare(_) => ("UnsupportedOperation", BAD),
        volumes::Error::Modifying(_) => ("IncorrectModificationState", BAD),
        volumes::Error::SnapshotInUse { .. } => ("InvalidSnapshot.InUse", BAD),
        volumes::Error::Db(_) | volumes::Error::File(..) | volumes::Error::NotReady(_) => INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_awss_own_for_one_and_for_many() {
        let one = Error::no_such(Kind::Image, "ami-12345678");
        assert_eq!(one.to_string(), "The image id '[ami-12345678]' does not exist");
        assert_eq!(one.wire().0, "InvalidAMIID.NotFound");
        let two = Error::NoSuch { kind: Kind::Instance, ids: vec!["i-1".into(), "i-2".into()] };
        assert_eq!(two.to_string(), "The instance IDs 'i-1, i-2' do not exist");
    }
}
