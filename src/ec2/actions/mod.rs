//! One action a file, named as AWS names it. Each file has its line twice here: as a module and in [`ALL`].

pub mod authorize_security_group_egress;
pub mod authorize_security_group_ingress;
pub mod create_key_pair;
pub mod create_security_group;
pub mod create_tags;
pub mod delete_key_pair;
pub mod delete_security_group;
pub mod delete_tags;
pub mod deregister_image;
pub mod describe_account_attributes;
pub mod describe_availability_zones;
pub mod describe_image_attribute;
pub mod describe_images;
pub mod describe_instance_attribute;
pub mod describe_instance_credit_specifications;
pub mod describe_instance_status;
pub mod describe_instance_type_offerings;
pub mod describe_instance_types;
pub mod describe_instances;
pub mod describe_key_pairs;
pub mod describe_regions;
pub mod describe_security_group_rules;
pub mod describe_security_groups;
pub mod describe_subnets;
pub mod describe_tags;
pub mod describe_vpcs;
pub mod get_caller_identity;
pub mod get_console_output;
pub mod get_ebs_encryption_by_default;
pub mod get_password_data;
pub mod import_key_pair;
pub mod modify_image_attribute;
pub mod modify_instance_attribute;
pub mod modify_instance_metadata_options;
pub mod modify_security_group_rules;
pub mod monitor_instances;
pub mod reboot_instances;
pub mod register_image;
pub mod reset_image_attribute;
pub mod reset_instance_attribute;
pub mod revoke_security_group_egress;
pub mod revoke_security_group_ingress;
pub mod run_instances;
pub mod start_instances;
pub mod stop_instances;
pub mod terminate_instances;
pub mod unmonitor_instances;
pub mod update_security_group_rule_descriptions_egress;
pub mod update_security_group_rule_descriptions_ingress;

use super::registry::{Entry, entry};

/// Every action that works.
pub static ALL: &[Entry] = &[
    entry::<authorize_security_group_egress::AuthorizeSecurityGroupEgress>(),
    entry::<authorize_security_group_ingress::AuthorizeSecurityGroupIngress>(),
    entry::<create_key_pair::CreateKeyPair>(),
    entry::<create_security_group::CreateSecurityGroup>(),
    entry::<create_tags::CreateTags>(),
    entry::<delete_key_pair::DeleteKeyPair>(),
    entry::<delete_security_group::DeleteSecurityGroup>(),
    entry::<delete_tags::DeleteTags>(),
    entry::<deregister_image::DeregisterImage>(),
    entry::<describe_account_attributes::DescribeAccountAttributes>(),
    entry::<describe_availability_zones::DescribeAvailabilityZones>(),
    entry::<describe_image_attribute::DescribeImageAttribute>(),
    entry::<describe_images::DescribeImages>(),
    entry::<describe_instance_attribute::DescribeInstanceAttribute>(),
    entry::<describe_instance_credit_specifications::DescribeInstanceCreditSpecifications>(),
    entry::<describe_instance_status::DescribeInstanceStatus>(),
    entry::<describe_instance_type_offerings::DescribeInstanceTypeOfferings>(),
    entry::<describe_instance_types::DescribeInstanceTypes>(),
    entry::<describe_instances::DescribeInstances>(),
    entry::<describe_key_pairs::DescribeKeyPairs>(),
    entry::<describe_regions::DescribeRegions>(),
    entry::<describe_security_group_rules::DescribeSecurityGroupRules>(),
    entry::<describe_security_groups::DescribeSecurityGroups>(),
    entry::<describe_subnets::DescribeSubnets>(),
    entry::<describe_tags::DescribeTags>(),
    entry::<describe_vpcs::DescribeVpcs>(),
    entry::<get_caller_identity::GetCallerIdentity>(),
    entry::<get_console_output::GetConsoleOutput>(),
    entry::<get_ebs_encryption_by_default::GetEbsEncryptionByDefault>(),
    entry::<get_password_data::GetPasswordData>(),
    entry::<import_key_pair::ImportKeyPair>(),
    entry::<modify_image_attribute::ModifyImageAttribute>(),
    entry::<modify_instance_attribute::ModifyInstanceAttribute>(),
    entry::<modify_instance_metadata_options::ModifyInstanceMetadataOptions>(),
    entry::<modify_security_group_rules::ModifySecurityGroupRules>(),
    entry::<monitor_instances::MonitorInstances>(),
    entry::<reboot_instances::RebootInstances>(),
    entry::<register_image::RegisterImage>(),
    entry::<reset_image_attribute::ResetImageAttribute>(),
    entry::<reset_instance_attribute::ResetInstanceAttribute>(),
    entry::<revoke_security_group_egress::RevokeSecurityGroupEgress>(),
    entry::<revoke_security_group_ingress::RevokeSecurityGroupIngress>(),
    entry::<run_instances::RunInstances>(),
    entry::<start_instances::StartInstances>(),
    entry::<stop_instances::StopInstances>(),
    entry::<terminate_instances::TerminateInstances>(),
    entry::<unmonitor_instances::UnmonitorInstances>(),
    entry::<update_security_group_rule_descriptions_egress::UpdateSecurityGroupRuleDescriptionsEgress>(),
    entry::<update_security_group_rule_descriptions_ingress::UpdateSecurityGroupRuleDescriptionsIngress>(),
];
