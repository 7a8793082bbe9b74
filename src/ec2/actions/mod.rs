//! One action a file, named as AWS names it. Each file has its line twice here: as a module and in [`ALL`]. A macro that wrote both
//! would hide the files from `cargo fmt`, which finds them by their `mod`.

pub mod accept_vpc_peering_connection;
pub mod allocate_address;
pub mod allocate_hosts;
pub mod assign_private_ip_addresses;
pub mod assign_private_nat_gateway_address;
pub mod associate_address;
pub mod associate_dhcp_options;
pub mod associate_iam_instance_profile;
pub mod associate_nat_gateway_address;
pub mod associate_route_table;
pub mod associate_vpc_cidr_block;
pub mod attach_internet_gateway;
pub mod attach_network_interface;
pub mod attach_volume;
pub mod authorize_security_group_egress;
pub mod authorize_security_group_ingress;
pub mod bundle_instance;
pub mod cancel_bundle_task;
pub mod cancel_capacity_reservation;
pub mod cancel_conversion_task;
pub mod cancel_export_task;
pub mod cancel_image_launch_permission;
pub mod cancel_import_task;
pub mod cancel_spot_instance_requests;
pub mod confirm_product_instance;
pub mod copy_image;
pub mod copy_snapshot;
pub mod create_capacity_reservation;
pub mod create_default_subnet;
pub mod create_default_vpc;
pub mod create_dhcp_options;
pub mod create_egress_only_internet_gateway;
pub mod create_fleet;
pub mod create_flow_logs;
pub mod create_image;
pub mod create_instance_export_task;
pub mod create_internet_gateway;
pub mod create_key_pair;
pub mod create_launch_template;
pub mod create_launch_template_version;
pub mod create_managed_prefix_list;
pub mod create_nat_gateway;
pub mod create_network_acl;
pub mod create_network_acl_entry;
pub mod create_network_interface;
pub mod create_placement_group;
pub mod create_restore_image_task;
pub mod create_route;
pub mod create_route_table;
pub mod create_security_group;
pub mod create_snapshot;
pub mod create_snapshots;
pub mod create_spot_datafeed_subscription;
pub mod create_store_image_task;
pub mod create_subnet;
pub mod create_subnet_cidr_reservation;
pub mod create_tags;
pub mod create_volume;
pub mod create_vpc;
pub mod create_vpc_endpoint;
pub mod create_vpc_peering_connection;
pub mod delete_dhcp_options;
pub mod delete_egress_only_internet_gateway;
pub mod delete_fleets;
pub mod delete_flow_logs;
pub mod delete_internet_gateway;
pub mod delete_key_pair;
pub mod delete_launch_template;
pub mod delete_launch_template_versions;
pub mod delete_managed_prefix_list;
pub mod delete_nat_gateway;
pub mod delete_network_acl;
pub mod delete_network_acl_entry;
pub mod delete_network_interface;
pub mod delete_placement_group;
pub mod delete_route;
pub mod delete_route_table;
pub mod delete_security_group;
pub mod delete_snapshot;
pub mod delete_spot_datafeed_subscription;
pub mod delete_subnet;
pub mod delete_subnet_cidr_reservation;
pub mod delete_tags;
pub mod delete_volume;
pub mod delete_vpc;
pub mod delete_vpc_endpoints;
pub mod delete_vpc_peering_connection;
pub mod deregister_image;
pub mod deregister_instance_event_notification_attributes;
pub mod describe_account_attributes;
pub mod describe_addresses;
pub mod describe_addresses_attribute;
pub mod describe_aggregate_id_format;
pub mod describe_availability_zones;
pub mod describe_bundle_tasks;
pub mod describe_capacity_reservations;
pub mod describe_carrier_gateways;
pub mod describe_classic_link_instances;
pub mod describe_conversion_tasks;
pub mod describe_customer_gateways;
pub mod describe_dhcp_options;
pub mod describe_egress_only_internet_gateways;
pub mod describe_export_image_tasks;
pub mod describe_export_tasks;
pub mod describe_fast_launch_images;
pub mod describe_fast_snapshot_restores;
pub mod describe_fleet_instances;
pub mod describe_fleets;
pub mod describe_flow_logs;
pub mod describe_host_reservation_offerings;
pub mod describe_host_reservations;
pub mod describe_hosts;
pub mod describe_iam_instance_profile_associations;
pub mod describe_id_format;
pub mod describe_identity_id_format;
pub mod describe_image_attribute;
pub mod describe_images;
pub mod describe_import_image_tasks;
pub mod describe_import_snapshot_tasks;
pub mod describe_instance_attribute;
pub mod describe_instance_credit_specifications;
pub mod describe_instance_event_notification_attributes;
pub mod describe_instance_event_windows;
pub mod describe_instance_image_metadata;
pub mod describe_instance_status;
pub mod describe_instance_topology;
pub mod describe_instance_type_offerings;
pub mod describe_instance_types;
pub mod describe_instances;
pub mod describe_internet_gateways;
pub mod describe_key_pairs;
pub mod describe_launch_template_versions;
pub mod describe_launch_templates;
pub mod describe_mac_hosts;
pub mod describe_managed_prefix_lists;
pub mod describe_moving_addresses;
pub mod describe_nat_gateways;
pub mod describe_network_acls;
pub mod describe_network_interface_attribute;
pub mod describe_network_interfaces;
pub mod describe_placement_groups;
pub mod describe_prefix_lists;
pub mod describe_principal_id_format;
pub mod describe_public_ipv4_pools;
pub mod describe_regions;
pub mod describe_reserved_instances;
pub mod describe_reserved_instances_modifications;
pub mod describe_reserved_instances_offerings;
pub mod describe_route_tables;
pub mod describe_scheduled_instances;
pub mod describe_security_group_references;
pub mod describe_security_group_rules;
pub mod describe_security_group_vpc_associations;
pub mod describe_security_groups;
pub mod describe_snapshot_attribute;
pub mod describe_snapshots;
pub mod describe_spot_datafeed_subscription;
pub mod describe_spot_instance_requests;
pub mod describe_spot_price_history;
pub mod describe_stale_security_groups;
pub mod describe_store_image_tasks;
pub mod describe_subnets;
pub mod describe_tags;
pub mod describe_transit_gateway_attachments;
pub mod describe_transit_gateway_vpc_attachments;
pub mod describe_transit_gateways;
pub mod describe_volume_attribute;
pub mod describe_volume_status;
pub mod describe_volumes;
pub mod describe_volumes_modifications;
pub mod describe_vpc_attribute;
pub mod describe_vpc_classic_link;
pub mod describe_vpc_classic_link_dns_support;
pub mod describe_vpc_endpoint_services;
pub mod describe_vpc_endpoints;
pub mod describe_vpc_peering_connections;
pub mod describe_vpcs;
pub mod describe_vpn_connections;
pub mod describe_vpn_gateways;
pub mod detach_internet_gateway;
pub mod detach_network_interface;
pub mod detach_volume;
pub mod disable_allowed_images_settings;
pub mod disable_ebs_encryption_by_default;
pub mod disable_image;
pub mod disable_image_block_public_access;
pub mod disable_image_deprecation;
pub mod disable_image_deregistration_protection;
pub mod disable_serial_console_access;
pub mod disable_snapshot_block_public_access;
pub mod disassociate_address;
pub mod disassociate_iam_instance_profile;
pub mod disassociate_nat_gateway_address;
pub mod disassociate_route_table;
pub mod disassociate_vpc_cidr_block;
pub mod enable_allowed_images_settings;
pub mod enable_ebs_encryption_by_default;
pub mod enable_image;
pub mod enable_image_block_public_access;
pub mod enable_image_deprecation;
pub mod enable_image_deregistration_protection;
pub mod enable_serial_console_access;
pub mod enable_snapshot_block_public_access;
pub mod enable_volume_io;
pub mod export_image;
pub mod get_allowed_images_settings;
pub mod get_caller_identity;
pub mod get_capacity_reservation_usage;
pub mod get_console_output;
pub mod get_console_screenshot;
pub mod get_default_credit_specification;
pub mod get_ebs_default_kms_key_id;
pub mod get_ebs_encryption_by_default;
pub mod get_image_block_public_access_state;
pub mod get_instance_metadata_defaults;
pub mod get_instance_types_from_instance_requirements;
pub mod get_launch_template_data;
pub mod get_managed_prefix_list_associations;
pub mod get_managed_prefix_list_entries;
pub mod get_password_data;
pub mod get_security_groups_for_vpc;
pub mod get_serial_console_access_status;
pub mod get_snapshot_block_public_access_state;
pub mod get_subnet_cidr_reservations;
pub mod import_image;
pub mod import_instance;
pub mod import_key_pair;
pub mod import_snapshot;
pub mod import_volume;
pub mod list_images_in_recycle_bin;
pub mod modify_address_attribute;
pub mod modify_capacity_reservation;
pub mod modify_default_credit_specification;
pub mod modify_ebs_default_kms_key_id;
pub mod modify_fleet;
pub mod modify_hosts;
pub mod modify_id_format;
pub mod modify_identity_id_format;
pub mod modify_image_attribute;
pub mod modify_instance_attribute;
pub mod modify_instance_capacity_reservation_attributes;
pub mod modify_instance_cpu_options;
pub mod modify_instance_credit_specification;
pub mod modify_instance_event_start_time;
pub mod modify_instance_maintenance_options;
pub mod modify_instance_metadata_defaults;
pub mod modify_instance_metadata_options;
pub mod modify_instance_placement;
pub mod modify_launch_template;
pub mod modify_managed_prefix_list;
pub mod modify_network_interface_attribute;
pub mod modify_private_dns_name_options;
pub mod modify_security_group_rules;
pub mod modify_snapshot_attribute;
pub mod modify_subnet_attribute;
pub mod modify_volume;
pub mod modify_volume_attribute;
pub mod modify_vpc_attribute;
pub mod modify_vpc_endpoint;
pub mod modify_vpc_peering_connection_options;
pub mod modify_vpc_tenancy;
pub mod monitor_instances;
pub mod reboot_instances;
pub mod register_image;
pub mod register_instance_event_notification_attributes;
pub mod reject_vpc_peering_connection;
pub mod release_address;
pub mod release_hosts;
pub mod replace_iam_instance_profile_association;
pub mod replace_image_criteria_in_allowed_images_settings;
pub mod replace_network_acl_association;
pub mod replace_network_acl_entry;
pub mod replace_route;
pub mod replace_route_table_association;
pub mod report_instance_status;
pub mod request_spot_instances;
pub mod reset_address_attribute;
pub mod reset_ebs_default_kms_key_id;
pub mod reset_image_attribute;
pub mod reset_instance_attribute;
pub mod reset_network_interface_attribute;
pub mod reset_snapshot_attribute;
pub mod restore_image_from_recycle_bin;
pub mod restore_managed_prefix_list_version;
pub mod revoke_security_group_egress;
pub mod revoke_security_group_ingress;
pub mod run_instances;
pub mod send_diagnostic_interrupt;
pub mod start_instances;
pub mod stop_instances;
pub mod terminate_instances;
pub mod unassign_private_ip_addresses;
pub mod unassign_private_nat_gateway_address;
pub mod unmonitor_instances;
pub mod update_security_group_rule_descriptions_egress;
pub mod update_security_group_rule_descriptions_ingress;

use super::registry::{Entry, entry};

/// The action of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

/// Every action that works.
pub static ALL: &[Entry] = &[
    entry::<accept_vpc_peering_connection::AcceptVpcPeeringConnection>(),
    entry::<allocate_address::AllocateAddress>(),
    entry::<allocate_hosts::AllocateHosts>(),
    entry::<assign_private_ip_addresses::AssignPrivateIpAddresses>(),
    entry::<assign_private_nat_gateway_address::AssignPrivateNatGatewayAddress>(),
    entry::<associate_address::AssociateAddress>(),
    entry::<associate_dhcp_options::AssociateDhcpOptions>(),
    entry::<associate_iam_instance_profile::AssociateIamInstanceProfile>(),
    entry::<associate_nat_gateway_address::AssociateNatGatewayAddress>(),
    entry::<associate_route_table::AssociateRouteTable>(),
    entry::<associate_vpc_cidr_block::AssociateVpcCidrBlock>(),
    entry::<attach_internet_gateway::AttachInternetGateway>(),
    entry::<attach_network_interface::AttachNetworkInterface>(),
    entry::<attach_volume::AttachVolume>(),
    entry::<authorize_security_group_egress::AuthorizeSecurityGroupEgress>(),
    entry::<authorize_security_group_ingress::AuthorizeSecurityGroupIngress>(),
    entry::<bundle_instance::BundleInstance>(),
    entry::<cancel_bundle_task::CancelBundleTask>(),
    entry::<cancel_capacity_reservation::CancelCapacityReservation>(),
    entry::<cancel_conversion_task::CancelConversionTask>(),
    entry::<cancel_export_task::CancelExportTask>(),
    entry::<cancel_image_launch_permission::CancelImageLaunchPermission>(),
    entry::<cancel_import_task::CancelImportTask>(),
    entry::<cancel_spot_instance_requests::CancelSpotInstanceRequests>(),
    entry::<confirm_product_instance::ConfirmProductInstance>(),
    entry::<copy_image::CopyImage>(),
    entry::<copy_snapshot::CopySnapshot>(),
    entry::<create_capacity_reservation::CreateCapacityReservation>(),
    entry::<create_default_subnet::CreateDefaultSubnet>(),
    entry::<create_default_vpc::CreateDefaultVpc>(),
    entry::<create_dhcp_options::CreateDhcpOptions>(),
    entry::<create_egress_only_internet_gateway::CreateEgressOnlyInternetGateway>(),
    entry::<create_fleet::CreateFleet>(),
    entry::<create_flow_logs::CreateFlowLogs>(),
    entry::<create_image::CreateImage>(),
    entry::<create_instance_export_task::CreateInstanceExportTask>(),
    entry::<create_internet_gateway::CreateInternetGateway>(),
    entry::<create_key_pair::CreateKeyPair>(),
    entry::<create_launch_template::CreateLaunchTemplate>(),
    entry::<create_launch_template_version::CreateLaunchTemplateVersion>(),
    entry::<create_managed_prefix_list::CreateManagedPrefixList>(),
    entry::<create_nat_gateway::CreateNatGateway>(),
    entry::<create_network_acl::CreateNetworkAcl>(),
    entry::<create_network_acl_entry::CreateNetworkAclEntry>(),
    entry::<create_network_interface::CreateNetworkInterface>(),
    entry::<create_placement_group::CreatePlacementGroup>(),
    entry::<create_restore_image_task::CreateRestoreImageTask>(),
    entry::<create_route::CreateRoute>(),
    entry::<create_route_table::CreateRouteTable>(),
    entry::<create_security_group::CreateSecurityGroup>(),
    entry::<create_snapshot::CreateSnapshot>(),
    entry::<create_snapshots::CreateSnapshots>(),
    entry::<create_spot_datafeed_subscription::CreateSpotDatafeedSubscription>(),
    entry::<create_store_image_task::CreateStoreImageTask>(),
    entry::<create_subnet::CreateSubnet>(),
    entry::<create_subnet_cidr_reservation::CreateSubnetCidrReservation>(),
    entry::<create_tags::CreateTags>(),
    entry::<create_volume::CreateVolume>(),
    entry::<create_vpc::CreateVpc>(),
    entry::<create_vpc_endpoint::CreateVpcEndpoint>(),
    entry::<create_vpc_peering_connection::CreateVpcPeeringConnection>(),
    entry::<delete_dhcp_options::DeleteDhcpOptions>(),
    entry::<delete_egress_only_internet_gateway::DeleteEgressOnlyInternetGateway>(),
    entry::<delete_fleets::DeleteFleets>(),
    entry::<delete_flow_logs::DeleteFlowLogs>(),
    entry::<delete_internet_gateway::DeleteInternetGateway>(),
    entry::<delete_key_pair::DeleteKeyPair>(),
    entry::<delete_launch_template::DeleteLaunchTemplate>(),
    entry::<delete_launch_template_versions::DeleteLaunchTemplateVersions>(),
    entry::<delete_managed_prefix_list::DeleteManagedPrefixList>(),
    entry::<delete_nat_gateway::DeleteNatGateway>(),
    entry::<delete_network_acl::DeleteNetworkAcl>(),
    entry::<delete_network_acl_entry::DeleteNetworkAclEntry>(),
    entry::<delete_network_interface::DeleteNetworkInterface>(),
    entry::<delete_placement_group::DeletePlacementGroup>(),
    entry::<delete_route::DeleteRoute>(),
    entry::<delete_route_table::DeleteRouteTable>(),
    entry::<delete_security_group::DeleteSecurityGroup>(),
    entry::<delete_snapshot::DeleteSnapshot>(),
    entry::<delete_spot_datafeed_subscription::DeleteSpotDatafeedSubscription>(),
    entry::<delete_subnet::DeleteSubnet>(),
    entry::<delete_subnet_cidr_reservation::DeleteSubnetCidrReservation>(),
    entry::<delete_tags::DeleteTags>(),
    entry::<delete_volume::DeleteVolume>(),
    entry::<delete_vpc::DeleteVpc>(),
    entry::<delete_vpc_endpoints::DeleteVpcEndpoints>(),
    entry::<delete_vpc_peering_connection::DeleteVpcPeeringConnection>(),
    entry::<deregister_image::DeregisterImage>(),
    entry::<deregister_instance_event_notification_attributes::DeregisterInstanceEventNotificationAttributes>(),
    entry::<describe_account_attributes::DescribeAccountAttributes>(),
    entry::<describe_addresses::DescribeAddresses>(),
    entry::<describe_addresses_attribute::DescribeAddressesAttribute>(),
    entry::<describe_aggregate_id_format::DescribeAggregateIdFormat>(),
    entry::<describe_availability_zones::DescribeAvailabilityZones>(),
    entry::<describe_bundle_tasks::DescribeBundleTasks>(),
    entry::<describe_capacity_reservations::DescribeCapacityReservations>(),
    entry::<describe_carrier_gateways::DescribeCarrierGateways>(),
    entry::<describe_classic_link_instances::DescribeClassicLinkInstances>(),
    entry::<describe_conversion_tasks::DescribeConversionTasks>(),
    entry::<describe_customer_gateways::DescribeCustomerGateways>(),
    entry::<describe_dhcp_options::DescribeDhcpOptions>(),
    entry::<describe_egress_only_internet_gateways::DescribeEgressOnlyInternetGateways>(),
    entry::<describe_export_image_tasks::DescribeExportImageTasks>(),
    entry::<describe_export_tasks::DescribeExportTasks>(),
    entry::<describe_fast_launch_images::DescribeFastLaunchImages>(),
    entry::<describe_fast_snapshot_restores::DescribeFastSnapshotRestores>(),
    entry::<describe_fleet_instances::DescribeFleetInstances>(),
    entry::<describe_fleets::DescribeFleets>(),
    entry::<describe_flow_logs::DescribeFlowLogs>(),
    entry::<describe_host_reservation_offerings::DescribeHostReservationOfferings>(),
    entry::<describe_host_reservations::DescribeHostReservations>(),
    entry::<describe_hosts::DescribeHosts>(),
    entry::<describe_iam_instance_profile_associations::DescribeIamInstanceProfileAssociations>(),
    entry::<describe_id_format::DescribeIdFormat>(),
    entry::<describe_identity_id_format::DescribeIdentityIdFormat>(),
    entry::<describe_image_attribute::DescribeImageAttribute>(),
    entry::<describe_images::DescribeImages>(),
    entry::<describe_import_image_tasks::DescribeImportImageTasks>(),
    entry::<describe_import_snapshot_tasks::DescribeImportSnapshotTasks>(),
    entry::<describe_instance_attribute::DescribeInstanceAttribute>(),
    entry::<describe_instance_credit_specifications::DescribeInstanceCreditSpecifications>(),
    entry::<describe_instance_event_notification_attributes::DescribeInstanceEventNotificationAttributes>(),
    entry::<describe_instance_event_windows::DescribeInstanceEventWindows>(),
    entry::<describe_instance_image_metadata::DescribeInstanceImageMetadata>(),
    entry::<describe_instance_status::DescribeInstanceStatus>(),
    entry::<describe_instance_topology::DescribeInstanceTopology>(),
    entry::<describe_instance_type_offerings::DescribeInstanceTypeOfferings>(),
    entry::<describe_instance_types::DescribeInstanceTypes>(),
    entry::<describe_instances::DescribeInstances>(),
    entry::<describe_internet_gateways::DescribeInternetGateways>(),
    entry::<describe_key_pairs::DescribeKeyPairs>(),
    entry::<describe_launch_template_versions::DescribeLaunchTemplateVersions>(),
    entry::<describe_launch_templates::DescribeLaunchTemplates>(),
    entry::<describe_mac_hosts::DescribeMacHosts>(),
    entry::<describe_managed_prefix_lists::DescribeManagedPrefixLists>(),
    entry::<describe_moving_addresses::DescribeMovingAddresses>(),
    entry::<describe_nat_gateways::DescribeNatGateways>(),
    entry::<describe_network_acls::DescribeNetworkAcls>(),
    entry::<describe_network_interface_attribute::DescribeNetworkInterfaceAttribute>(),
    entry::<describe_network_interfaces::DescribeNetworkInterfaces>(),
    entry::<describe_placement_groups::DescribePlacementGroups>(),
    entry::<describe_prefix_lists::DescribePrefixLists>(),
    entry::<describe_principal_id_format::DescribePrincipalIdFormat>(),
    entry::<describe_public_ipv4_pools::DescribePublicIpv4Pools>(),
    entry::<describe_regions::DescribeRegions>(),
    entry::<describe_reserved_instances::DescribeReservedInstances>(),
    entry::<describe_reserved_instances_modifications::DescribeReservedInstancesModifications>(),
    entry::<describe_reserved_instances_offerings::DescribeReservedInstancesOfferings>(),
    entry::<describe_route_tables::DescribeRouteTables>(),
    entry::<describe_scheduled_instances::DescribeScheduledInstances>(),
    entry::<describe_security_group_references::DescribeSecurityGroupReferences>(),
    entry::<describe_security_group_rules::DescribeSecurityGroupRules>(),
    entry::<describe_security_group_vpc_associations::DescribeSecurityGroupVpcAssociations>(),
    entry::<describe_security_groups::DescribeSecurityGroups>(),
    entry::<describe_snapshot_attribute::DescribeSnapshotAttribute>(),
    entry::<describe_snapshots::DescribeSnapshots>(),
    entry::<describe_spot_datafeed_subscription::DescribeSpotDatafeedSubscription>(),
    entry::<describe_spot_instance_requests::DescribeSpotInstanceRequests>(),
    entry::<describe_spot_price_history::DescribeSpotPriceHistory>(),
    entry::<describe_stale_security_groups::DescribeStaleSecurityGroups>(),
    entry::<describe_store_image_tasks::DescribeStoreImageTasks>(),
    entry::<describe_subnets::DescribeSubnets>(),
    entry::<describe_tags::DescribeTags>(),
    entry::<describe_transit_gateway_attachments::DescribeTransitGatewayAttachments>(),
    entry::<describe_transit_gateway_vpc_attachments::DescribeTransitGatewayVpcAttachments>(),
    entry::<describe_transit_gateways::DescribeTransitGateways>(),
    entry::<describe_volume_attribute::DescribeVolumeAttribute>(),
    entry::<describe_volume_status::DescribeVolumeStatus>(),
    entry::<describe_volumes::DescribeVolumes>(),
    entry::<describe_volumes_modifications::DescribeVolumesModifications>(),
    entry::<describe_vpc_attribute::DescribeVpcAttribute>(),
    entry::<describe_vpc_classic_link::DescribeVpcClassicLink>(),
    entry::<describe_vpc_classic_link_dns_support::DescribeVpcClassicLinkDnsSupport>(),
    entry::<describe_vpc_endpoint_services::DescribeVpcEndpointServices>(),
    entry::<describe_vpc_endpoints::DescribeVpcEndpoints>(),
    entry::<describe_vpc_peering_connections::DescribeVpcPeeringConnections>(),
    entry::<describe_vpcs::DescribeVpcs>(),
    entry::<describe_vpn_connections::DescribeVpnConnections>(),
    entry::<describe_vpn_gateways::DescribeVpnGateways>(),
    entry::<detach_internet_gateway::DetachInternetGateway>(),
    entry::<detach_network_interface::DetachNetworkInterface>(),
    entry::<detach_volume::DetachVolume>(),
    entry::<disable_allowed_images_settings::DisableAllowedImagesSettings>(),
    entry::<disable_ebs_encryption_by_default::DisableEbsEncryptionByDefault>(),
    entry::<disable_image::DisableImage>(),
    entry::<disable_image_block_public_access::DisableImageBlockPublicAccess>(),
    entry::<disable_image_deprecation::DisableImageDeprecation>(),
    entry::<disable_image_deregistration_protection::DisableImageDeregistrationProtection>(),
    entry::<disable_serial_console_access::DisableSerialConsoleAccess>(),
    entry::<disable_snapshot_block_public_access::DisableSnapshotBlockPublicAccess>(),
    entry::<disassociate_address::DisassociateAddress>(),
    entry::<disassociate_iam_instance_profile::DisassociateIamInstanceProfile>(),
    entry::<disassociate_nat_gateway_address::DisassociateNatGatewayAddress>(),
    entry::<disassociate_route_table::DisassociateRouteTable>(),
    entry::<disassociate_vpc_cidr_block::DisassociateVpcCidrBlock>(),
    entry::<enable_allowed_images_settings::EnableAllowedImagesSettings>(),
    entry::<enable_ebs_encryption_by_default::EnableEbsEncryptionByDefault>(),
    entry::<enable_image::EnableImage>(),
    entry::<enable_image_block_public_access::EnableImageBlockPublicAccess>(),
    entry::<enable_image_deprecation::EnableImageDeprecation>(),
    entry::<enable_image_deregistration_protection::EnableImageDeregistrationProtection>(),
    entry::<enable_serial_console_access::EnableSerialConsoleAccess>(),
    entry::<enable_snapshot_block_public_access::EnableSnapshotBlockPublicAccess>(),
    entry::<enable_volume_io::EnableVolumeIO>(),
    entry::<export_image::ExportImage>(),
    entry::<get_allowed_images_settings::GetAllowedImagesSettings>(),
    entry::<get_caller_identity::GetCallerIdentity>(),
    entry::<get_capacity_reservation_usage::GetCapacityReservationUsage>(),
    entry::<get_console_output::GetConsoleOutput>(),
    entry::<get_console_screenshot::GetConsoleScreenshot>(),
    entry::<get_default_credit_specification::GetDefaultCreditSpecification>(),
    entry::<get_ebs_default_kms_key_id::GetEbsDefaultKmsKeyId>(),
    entry::<get_ebs_encryption_by_default::GetEbsEncryptionByDefault>(),
    entry::<get_image_block_public_access_state::GetImageBlockPublicAccessState>(),
    entry::<get_instance_metadata_defaults::GetInstanceMetadataDefaults>(),
    entry::<get_instance_types_from_instance_requirements::GetInstanceTypesFromInstanceRequirements>(),
    entry::<get_launch_template_data::GetLaunchTemplateData>(),
    entry::<get_managed_prefix_list_associations::GetManagedPrefixListAssociations>(),
    entry::<get_managed_prefix_list_entries::GetManagedPrefixListEntries>(),
    entry::<get_password_data::GetPasswordData>(),
    entry::<get_security_groups_for_vpc::GetSecurityGroupsForVpc>(),
    entry::<get_serial_console_access_status::GetSerialConsoleAccessStatus>(),
    entry::<get_snapshot_block_public_access_state::GetSnapshotBlockPublicAccessState>(),
    entry::<get_subnet_cidr_reservations::GetSubnetCidrReservations>(),
    entry::<import_image::ImportImage>(),
    entry::<import_instance::ImportInstance>(),
    entry::<import_key_pair::ImportKeyPair>(),
    entry::<import_snapshot::ImportSnapshot>(),
    entry::<import_volume::ImportVolume>(),
    entry::<list_images_in_recycle_bin::ListImagesInRecycleBin>(),
    entry::<modify_address_attribute::ModifyAddressAttribute>(),
    entry::<modify_capacity_reservation::ModifyCapacityReservation>(),
    entry::<modify_default_credit_specification::ModifyDefaultCreditSpecification>(),
    entry::<modify_ebs_default_kms_key_id::ModifyEbsDefaultKmsKeyId>(),
    entry::<modify_fleet::ModifyFleet>(),
    entry::<modify_hosts::ModifyHosts>(),
    entry::<modify_id_format::ModifyIdFormat>(),
    entry::<modify_identity_id_format::ModifyIdentityIdFormat>(),
    entry::<modify_image_attribute::ModifyImageAttribute>(),
    entry::<modify_instance_attribute::ModifyInstanceAttribute>(),
    entry::<modify_instance_capacity_reservation_attributes::ModifyInstanceCapacityReservationAttributes>(),
    entry::<modify_instance_cpu_options::ModifyInstanceCpuOptions>(),
    entry::<modify_instance_credit_specification::ModifyInstanceCreditSpecification>(),
    entry::<modify_instance_event_start_time::ModifyInstanceEventStartTime>(),
    entry::<modify_instance_maintenance_options::ModifyInstanceMaintenanceOptions>(),
    entry::<modify_instance_metadata_defaults::ModifyInstanceMetadataDefaults>(),
    entry::<modify_instance_metadata_options::ModifyInstanceMetadataOptions>(),
    entry::<modify_instance_placement::ModifyInstancePlacement>(),
    entry::<modify_launch_template::ModifyLaunchTemplate>(),
    entry::<modify_managed_prefix_list::ModifyManagedPrefixList>(),
    entry::<modify_network_interface_attribute::ModifyNetworkInterfaceAttribute>(),
    entry::<modify_private_dns_name_options::ModifyPrivateDnsNameOptions>(),
    entry::<modify_security_group_rules::ModifySecurityGroupRules>(),
    entry::<modify_snapshot_attribute::ModifySnapshotAttribute>(),
    entry::<modify_subnet_attribute::ModifySubnetAttribute>(),
    entry::<modify_volume::ModifyVolume>(),
    entry::<modify_volume_attribute::ModifyVolumeAttribute>(),
    entry::<modify_vpc_attribute::ModifyVpcAttribute>(),
    entry::<modify_vpc_endpoint::ModifyVpcEndpoint>(),
    entry::<modify_vpc_peering_connection_options::ModifyVpcPeeringConnectionOptions>(),
    entry::<modify_vpc_tenancy::ModifyVpcTenancy>(),
    entry::<monitor_instances::MonitorInstances>(),
    entry::<reboot_instances::RebootInstances>(),
    entry::<register_image::RegisterImage>(),
    entry::<register_instance_event_notification_attributes::RegisterInstanceEventNotificationAttributes>(),
    entry::<reject_vpc_peering_connection::RejectVpcPeeringConnection>(),
    entry::<release_address::ReleaseAddress>(),
    entry::<release_hosts::ReleaseHosts>(),
    entry::<replace_iam_instance_profile_association::ReplaceIamInstanceProfileAssociation>(),
    entry::<replace_image_criteria_in_allowed_images_settings::ReplaceImageCriteriaInAllowedImagesSettings>(),
    entry::<replace_network_acl_association::ReplaceNetworkAclAssociation>(),
    entry::<replace_network_acl_entry::ReplaceNetworkAclEntry>(),
    entry::<replace_route::ReplaceRoute>(),
    entry::<replace_route_table_association::ReplaceRouteTableAssociation>(),
    entry::<report_instance_status::ReportInstanceStatus>(),
    entry::<request_spot_instances::RequestSpotInstances>(),
    entry::<reset_address_attribute::ResetAddressAttribute>(),
    entry::<reset_ebs_default_kms_key_id::ResetEbsDefaultKmsKeyId>(),
    entry::<reset_image_attribute::ResetImageAttribute>(),
    entry::<reset_instance_attribute::ResetInstanceAttribute>(),
    entry::<reset_network_interface_attribute::ResetNetworkInterfaceAttribute>(),
    entry::<reset_snapshot_attribute::ResetSnapshotAttribute>(),
    entry::<restore_image_from_recycle_bin::RestoreImageFromRecycleBin>(),
    entry::<restore_managed_prefix_list_version::RestoreManagedPrefixListVersion>(),
    entry::<revoke_security_group_egress::RevokeSecurityGroupEgress>(),
    entry::<revoke_security_group_ingress::RevokeSecurityGroupIngress>(),
    entry::<run_instances::RunInstances>(),
    entry::<send_diagnostic_interrupt::SendDiagnosticInterrupt>(),
    entry::<start_instances::StartInstances>(),
    entry::<stop_instances::StopInstances>(),
    entry::<terminate_instances::TerminateInstances>(),
    entry::<unassign_private_ip_addresses::UnassignPrivateIpAddresses>(),
    entry::<unassign_private_nat_gateway_address::UnassignPrivateNatGatewayAddress>(),
    entry::<unmonitor_instances::UnmonitorInstances>(),
    entry::<update_security_group_rule_descriptions_egress::UpdateSecurityGroupRuleDescriptionsEgress>(),
    entry::<update_security_group_rule_descriptions_ingress::UpdateSecurityGroupRuleDescriptionsIngress>(),
];
