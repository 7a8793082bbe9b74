//! What users of the AWS SDK for Rust do with EC2, against the server that the environment names; EC2_TEST_IMAGE is an image.
//! Prints one line for each thing that works; panics at the first that does not.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::client::Waiters;
use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::{
    Filter, InstanceStateName, InstanceType, IpPermission, IpRange, KeyType, ResourceType, Tag, TagSpecification,
};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn client(secret: &str) -> Client {
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(var("AWS_ENDPOINT_URL"))
        .credentials_provider(Credentials::new(var("AWS_ACCESS_KEY_ID"), secret, None, None, "environment"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

async fn networks(ec2: &Client) {
    let vpc = ec2.create_vpc().cidr_block("10.6.0.0/16").send().await.unwrap().vpc.unwrap();
    let vpc = vpc.vpc_id().unwrap();
    let subnet = ec2.create_subnet().vpc_id(vpc).cidr_block("10.6.1.0/24").send().await.unwrap().subnet.unwrap();
    assert_eq!(subnet.available_ip_address_count(), Some(251));
    let group =
        ec2.create_security_group().vpc_id(vpc).group_name("rust").description("for a test").send().await.unwrap();
    let group = group.group_id().unwrap();
    let range = IpRange::builder().cidr_ip("10.0.0.0/8").description("us").build();
    let rule = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build();
    let made = ec2.authorize_security_group_ingress().group_id(group).ip_permissions(rule).send().await.unwrap();
    assert_eq!(made.security_group_rules()[0].cidr_ipv4(), Some("10.0.0.0/8"));
    let refused = ec2.delete_vpc().vpc_id(vpc).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("DependencyViolation"));
    ec2.delete_security_group().group_id(group).send().await.unwrap();
    ec2.delete_subnet().subnet_id(subnet.subnet_id().unwrap()).send().await.unwrap();
    ec2.delete_vpc().vpc_id(vpc).send().await.unwrap();
    println!("networks: VPC, subnet, group, rule");
}

async fn instances(ec2: &Client) {
    let image = var("EC2_TEST_IMAGE");
    ec2.wait_until_image_available().image_ids(&image).wait(SOON).await.unwrap();
    let pair = ec2.create_key_pair().key_name("rust").key_type(KeyType::Ed25519).send().await.unwrap();
    assert!(pair.key_material().unwrap().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    let tags = TagSpecification::builder()
        .resource_type(ResourceType::Instance)
        .tags(Tag::builder().key("Name").value("rust & ü").build())
        .build();
    let launch = ec2
        .run_instances()
        .image_id(&image)
        .instance_type(InstanceType::T3Micro)
        .min_count(1)
        .max_count(6)
        .key_name("rust")
        .client_token(format!("rust-{}", std::process::id()))
        .tag_specifications(tags);
    let made = launch.clone().send().await.unwrap();
    assert_eq!(launch.send().await.unwrap().reservation_id(), made.reservation_id(), "one token, one launch");
    let ids: Vec<String> = made.instances().iter().map(|i| i.instance_id().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 6);
    ec2.wait_until_instance_running().set_instance_ids(Some(ids.clone())).wait(SOON).await.unwrap();
    let mut pages =
        ec2.describe_instances().filters(filter("tag:Name", "rust & *")).into_paginator().page_size(5).send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        let instances = page.reservations().iter().flat_map(|r| r.instances());
        for instance in instances {
            assert_eq!(instance.state().unwrap().name(), Some(&InstanceStateName::Running));
            assert_eq!(instance.tags()[0].value(), Some("rust & ü"));
            seen.push(instance.instance_id().unwrap().to_owned());
        }
    }
    assert_eq!(seen.len(), ids.len());
    let one = &ids[0];
    ec2.stop_instances().instance_ids(one).send().await.unwrap();
    ec2.wait_until_instance_stopped().instance_ids(one).wait(SOON).await.unwrap();
    ec2.start_instances().instance_ids(one).send().await.unwrap();
    assert_eq!(ec2.get_console_output().instance_id(one).send().await.unwrap().instance_id(), Some(one.as_str()));
    ec2.terminate_instances().set_instance_ids(Some(ids.clone())).send().await.unwrap();
    ec2.wait_until_instance_terminated().set_instance_ids(Some(ids)).wait(SOON).await.unwrap();
    ec2.delete_key_pair().key_name("rust").send().await.unwrap();
    println!("instances: launched twice by one token, paged, stopped, ended");
}

async fn errors(ec2: &Client) {
    let missing = ec2.describe_instances().instance_ids("i-0123456789abcdef0").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("InvalidInstanceID.NotFound"));
    assert!(missing.request_id().is_some());
    let dry = ec2.create_vpc().cidr_block("10.6.0.0/16").dry_run(true).send().await.unwrap_err();
    assert_eq!(dry.code(), Some("DryRunOperation"));
    let wrong = client("wrong").describe_vpcs().send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("AuthFailure"));
    println!("errors: their codes, their requests");
}

#[tokio::main]
async fn main() {
    let ec2 = client(&var("AWS_SECRET_ACCESS_KEY"));
    networks(&ec2).await;
    instances(&ec2).await;
    errors(&ec2).await;
    println!("everything");
}
