//! What AWS says of ids that are wrong, by what they would be ids of.

use crate::id::Kind;

/// The code for an id that is none of its kind.
pub fn malformed(kind: Kind) -> &'static str {
    match kind {
        Kind::Instance => "InvalidInstanceID.Malformed",
        Kind::Reservation => "InvalidReservationID.Malformed",
        Kind::Image | Kind::KernelImage | Kind::RamdiskImage => "InvalidAMIID.Malformed",
        Kind::KeyPair => "InvalidKeyPair.Malformed",
        Kind::Volume => "InvalidVolumeID.Malformed",
        Kind::Snapshot => "InvalidSnapshotID.Malformed",
        Kind::NetworkInterface => "InvalidNetworkInterfaceId.Malformed",
        Kind::Attachment => "InvalidAttachmentID.Malformed",
        Kind::Vpc => "InvalidVpcID.Malformed",
        Kind::Subnet => "InvalidSubnetID.Malformed",
        Kind::SecurityGroup => "InvalidGroupId.Malformed",
        Kind::SecurityGroupRule => "InvalidSecurityGroupRuleId.Malformed",
        Kind::InternetGateway => "InvalidInternetGatewayId.Malformed",
        Kind::RouteTable => "InvalidRouteTableId.Malformed",
        Kind::RouteTableAssociation => "InvalidAssociationID.Malformed",
        Kind::NetworkAcl => "InvalidNetworkAclId.Malformed",
        Kind::NetworkAclAssociation => "InvalidAssociationID.Malformed",
        Kind::DhcpOptions => "InvalidDhcpOptionsId.Malformed",
        Kind::PeeringConnection => "InvalidVpcPeeringConnectionId.Malformed",
        Kind::NatGateway => "NatGatewayMalformed",
        Kind::EgressOnlyGateway => "InvalidEgressOnlyInternetGatewayId.Malformed",
        Kind::PrefixList => "InvalidPrefixListId.Malformed",
        Kind::VpcEndpoint => "InvalidVpcEndpointId.Malformed",
        Kind::VpcCidrAssociation => "InvalidVpcCidrBlockAssociationID.Malformed",
        Kind::SubnetReservation => "InvalidSubnetCidrReservationId.Malformed",
        Kind::FlowLog => "InvalidFlowLogId.Malformed",
        Kind::ElasticAddress => "InvalidAllocationID.Malformed",
        Kind::AddressAssociation => "InvalidAssociationID.Malformed",
        Kind::LaunchTemplate => "InvalidLaunchTemplateId.Malformed",
        Kind::PlacementGroup => "InvalidPlacementGroupId.Malformed",
        Kind::ProfileAssociation => "InvalidAssociationID.Malformed",
        Kind::SpotRequest => "InvalidSpotInstanceRequestID.Malformed",
        Kind::Fleet => "InvalidFleetId.Malformed",
        Kind::DedicatedHost => "InvalidHostID.Malformed",
        Kind::CapacityReservation => "InvalidCapacityReservationId.Malformed",
        Kind::ImportImageTask | Kind::ImportSnapshotTask => "InvalidConversionTaskId.Malformed",
        Kind::ExportImageTask | Kind::ExportTask => "InvalidExportTaskID.Malformed",
        Kind::BundleTask => "InvalidBundleID.Malformed",
    }
}

/// The code for an id that nothing has.
pub fn not_found(kind: Kind) -> &'static str {
    match kind {
        Kind::Instance => "InvalidInstanceID.NotFound",
        Kind::Reservation => "InvalidReservationID.NotFound",
        Kind::Image | Kind::KernelImage | Kind::RamdiskImage => "InvalidAMIID.NotFound",
        Kind::KeyPair => "InvalidKeyPair.NotFound",
        Kind::Volume => "InvalidVolume.NotFound",
        Kind::Snapshot => "InvalidSnapshot.NotFound",
        Kind::NetworkInterface => "InvalidNetworkInterfaceID.NotFound",
        Kind::Attachment => "InvalidAttachmentID.NotFound",
        Kind::Vpc => "InvalidVpcID.NotFound",
        Kind::Subnet => "InvalidSubnetID.NotFound",
        Kind::SecurityGroup => "InvalidGroup.NotFound",
        Kind::SecurityGroupRule => "InvalidSecurityGroupRuleId.NotFound",
        Kind::InternetGateway => "InvalidInternetGatewayID.NotFound",
        Kind::RouteTable => "InvalidRouteTableID.NotFound",
        Kind::RouteTableAssociation => "InvalidAssociationID.NotFound",
        Kind::NetworkAcl => "InvalidNetworkAclID.NotFound",
        Kind::NetworkAclAssociation => "InvalidAssociationID.NotFound",
        Kind::DhcpOptions => "InvalidDhcpOptionID.NotFound",
        Kind::PeeringConnection => "InvalidVpcPeeringConnectionID.NotFound",
        Kind::NatGateway => "NatGatewayNotFound",
        Kind::EgressOnlyGateway => "InvalidGatewayID.NotFound",
        Kind::PrefixList => "InvalidPrefixListID.NotFound",
        Kind::VpcEndpoint => "InvalidVpcEndpointId.NotFound",
        Kind::VpcCidrAssociation => "InvalidVpcCidrBlockAssociationID.NotFound",
        Kind::SubnetReservation => "InvalidSubnetCidrReservationID.NotFound",
        Kind::FlowLog => "InvalidFlowLogId.NotFound",
        Kind::ElasticAddress => "InvalidAllocationID.NotFound",
        Kind::AddressAssociation => "InvalidAssociationID.NotFound",
        Kind::LaunchTemplate => "InvalidLaunchTemplateId.NotFound",
        Kind::PlacementGroup => "InvalidPlacementGroup.Unknown",
        Kind::ProfileAssociation => "InvalidAssociationID.NotFound",
        Kind::SpotRequest => "InvalidSpotInstanceRequestID.NotFound",
        Kind::Fleet => "InvalidFleetId.NotFound",
        Kind::DedicatedHost => "InvalidHostID.NotFound",
        Kind::CapacityReservation => "InvalidCapacityReservationId.NotFound",
        Kind::ImportImageTask | Kind::ImportSnapshotTask => "InvalidConversionTaskId.NotFound",
        Kind::ExportImageTask | Kind::ExportTask => "InvalidExportTaskID.NotFound",
        Kind::BundleTask => "InvalidBundleID.NotFound",
    }
}

/// AWS's sentence for ids that nothing has: one has other words than many.
pub fn no_such(kind: Kind, ids: &[String]) -> String {
    let (one, many) = match kind {
        Kind::Instance => ("The instance ID '#' does not exist", "The instance IDs '#' do not exist"),
        Kind::Reservation => ("The reservation ID '#' does not exist", "The reservation IDs '#' do not exist"),
        Kind::Image | Kind::KernelImage | Kind::RamdiskImage => {
            ("The image id '[#]' does not exist", "The image ids '[#]' do not exist")
        }
        Kind::KeyPair => ("The key pair ID '#' does not exist", "The key pair IDs '#' do not exist"),
        Kind::Volume => ("The volume '#' does not exist.", "The volumes '#' do not exist."),
        Kind::Snapshot => ("The snapshot '#' does not exist.", "The snapshots '#' do not exist."),
        Kind::NetworkInterface => {
            ("The networkInterface ID '#' does not exist", "The networkInterface IDs '#' do not exist")
        }
        Kind::Attachment => ("The attachment ID '#' does not exist", "The attachment IDs '#' do not exist"),
        Kind::Vpc => ("The vpc ID '#' does not exist", "The vpc IDs '#' do not exist"),
        Kind::Subnet => ("The subnet ID '#' does not exist", "The subnet IDs '#' do not exist"),
        Kind::SecurityGroup => ("The security group '#' does not exist", "The security groups '#' do not exist"),
        Kind::SecurityGroupRule => {
            ("The security group rule ID '#' does not exist", "The security group rule IDs '#' do not exist")
        }
        Kind::InternetGateway => {
            ("The internetGateway ID '#' does not exist", "The internetGateway IDs '#' do not exist")
        }
        Kind::RouteTable => ("The routeTable ID '#' does not exist", "The routeTable IDs '#' do not exist"),
        Kind::Fleet => ("The fleet ID '#' does not exist", "The fleet IDs '#' do not exist"),
        Kind::CapacityReservation => {
            ("The capacity reservation ID '#' does not exist", "The capacity reservation IDs '#' do not exist")
        }
        Kind::DedicatedHost => ("The host ID '#' does not exist", "The host IDs '#' do not exist"),
        Kind::SpotRequest => {
            ("The spot instance request ID '#' does not exist", "The spot instance request IDs '#' do not exist")
        }
        Kind::ProfileAssociation => {
            ("An invalid association-id of '#' was given", "Invalid association-ids of '#' were given")
        }
        Kind::PlacementGroup => ("The Placement Group '#' is unknown.", "The Placement Groups '#' are unknown."),
        Kind::ImportImageTask | Kind::ImportSnapshotTask => {
            ("The import task '#' does not exist", "The import tasks '#' do not exist")
        }
        Kind::ExportImageTask | Kind::ExportTask => {
            ("The export task ID '#' does not exist", "The export task IDs '#' do not exist")
        }
        Kind::BundleTask => {
            ("The specified bundle task ID '#' cannot be found.", "The bundle task IDs '#' cannot be found.")
        }
        Kind::LaunchTemplate => (
            "The specified launch template, with template ID #, does not exist.",
            "The specified launch templates, with template IDs #, do not exist.",
        ),
        Kind::ElasticAddress => ("The allocation ID '#' does not exist", "The allocation IDs '#' do not exist"),
        Kind::RouteTableAssociation | Kind::NetworkAclAssociation | Kind::AddressAssociation => {
            ("The association ID '#' does not exist", "The association IDs '#' do not exist")
        }
        Kind::NetworkAcl => ("The networkAcl ID '#' does not exist", "The networkAcl IDs '#' do not exist"),
        Kind::DhcpOptions => ("The dhcpOption ID '#' does not exist", "The dhcpOption IDs '#' do not exist"),
        Kind::PeeringConnection => {
            ("The vpcPeeringConnection ID '#' does not exist", "The vpcPeeringConnection IDs '#' do not exist")
        }
        Kind::NatGateway => ("The Nat Gateway # was not found", "The Nat Gateways # were not found"),
        Kind::EgressOnlyGateway => ("The eigw ID '#' does not exist", "The eigw IDs '#' do not exist"),
        Kind::PrefixList => ("The prefix list ID '#' does not exist", "The prefix list IDs '#' do not exist"),
        Kind::VpcEndpoint => ("The Vpc Endpoint Id '#' does not exist", "The Vpc Endpoint Ids '#' do not exist"),
        Kind::VpcCidrAssociation => (
            "The vpc CIDR block association ID '#' does not exist",
            "The vpc CIDR block association IDs '#' do not exist",
        ),
        Kind::FlowLog => ("The flow log ID '#' does not exist", "The flow log IDs '#' do not exist"),
        Kind::SubnetReservation => {
            ("The subnet CIDR reservation ID '#' does not exist", "The subnet CIDR reservation IDs '#' do not exist")
        }
    };
    (if ids.len() == 1 { one } else { many }).replace('#', &ids.join(", "))
}
