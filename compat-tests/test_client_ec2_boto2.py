"""boto 2.49 on EC2 beyond a launch (test_whole_way.py has that): groups, addresses, VPCs, interfaces, attributes, as scripts of 2014 do it."""

import sys

import pytest

import cloud
from cloud import until

if sys.version_info >= (3, 12):
    pytest.skip("boto 2.49 does not run on Python 3.12 and later", allow_module_level=True)
boto = pytest.importorskip("boto", reason="boto is not installed: pip install boto==2.49.0")
import boto.vpc  # noqa: E402
from boto.ec2.networkinterface import NetworkInterfaceCollection, NetworkInterfaceSpecification  # noqa: E402
from boto.ec2.regioninfo import RegionInfo  # noqa: E402
from boto.exception import EC2ResponseError  # noqa: E402


@pytest.fixture(params=["/services/Cloud", "/"])
def ec2(request, server):
    """A VPCConnection is an EC2Connection with more."""
    return boto.vpc.VPCConnection(
        cloud.MAIN.key, cloud.MAIN.secret, is_secure=False, port=server.port, path=request.param,
        region=RegionInfo(name=cloud.REGION, endpoint=server.host),
    )  # fmt: skip


def test_groups(ec2):
    group = ec2.create_security_group("old", "for a test")
    assert group.authorize("tcp", 22, 22, "0.0.0.0/0") and group.authorize("tcp", 1, 65535, src_group=group)
    (seen,) = ec2.get_all_security_groups(group_ids=[group.id])
    assert {(r.from_port, r.to_port, str(r.grants[0])) for r in seen.rules} == {
        ("22", "22", "0.0.0.0/0"), ("1", "65535", f"{group.id}-{cloud.MAIN.id}"),
    }  # fmt: skip
    assert [g.id for g in ec2.get_all_security_groups(groupnames=["old"])] == [group.id]
    with pytest.raises(EC2ResponseError) as refused:
        group.authorize("tcp", 22, 22, "0.0.0.0/0")
    assert refused.value.error_code == "InvalidPermission.Duplicate"
    assert group.revoke("tcp", 22, 22, "0.0.0.0/0")
    assert group.delete()


def test_places(ec2):
    assert [r.name for r in ec2.get_all_regions()] == [cloud.REGION]
    zones = ec2.get_all_zones(filters={"state": "available"})
    assert [z.name for z in zones] == [f"{cloud.REGION}{letter}" for letter in "abc"]
    assert ec2.describe_account_attributes(["supported-platforms"])[0].attribute_values == ["VPC"]


def test_networks_and_instances(ec2, tiny_ami):
    vpc = ec2.create_vpc("10.90.0.0/16")
    assert until("the VPC is there", lambda: ec2.get_all_vpcs([vpc.id])[0].state == "available")
    assert ec2.modify_vpc_attribute(vpc.id, enable_dns_hostnames=True)
    assert ec2.describe_vpc_attribute(vpc.id, "enableDnsHostnames").enable_dns_hostnames
    subnet = ec2.create_subnet(vpc.id, "10.90.1.0/24", availability_zone=f"{cloud.REGION}b")
    assert subnet.available_ip_address_count == 251
    gateway = ec2.create_internet_gateway()
    assert ec2.attach_internet_gateway(gateway.id, vpc.id)
    table = ec2.create_route_table(vpc.id)
    association = ec2.associate_route_table(table.id, subnet.id)
    assert ec2.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)
    (seen,) = ec2.get_all_route_tables([table.id])
    assert {r.destination_cidr_block: r.gateway_id for r in seen.routes} == {"10.90.0.0/16": "local", "0.0.0.0/0": gateway.id}
    options = ec2.create_dhcp_options(domain_name="old.example", domain_name_servers=["10.90.0.2"])
    assert ec2.associate_dhcp_options(options.id, vpc.id)
    wall = ec2.create_network_acl(vpc.id)
    assert ec2.create_network_acl_entry(wall.id, 100, 6, "allow", "0.0.0.0/0", port_range_from=22, port_range_to=22)
    assert "100" in {entry.rule_number for entry in ec2.get_all_network_acls([wall.id])[0].network_acl_entries}

    card = ec2.create_network_interface(subnet.id, private_ip_address="10.90.1.50", description="a card")
    assert [i.description for i in ec2.get_all_network_interfaces([card.id])] == ["a card"]
    specification = NetworkInterfaceSpecification(
        subnet_id=subnet.id, device_index=0, associate_public_ip_address=True, private_ip_address="10.90.1.60"
    )
    reservation = ec2.run_instances(
        tiny_ami, instance_type="t3.micro", network_interfaces=NetworkInterfaceCollection(specification), user_data="data",
        disable_api_termination=True, instance_initiated_shutdown_behavior="terminate", monitoring_enabled=True,
    )  # fmt: skip
    instance = reservation.instances[0]
    until("the instance runs", lambda: instance.update() == "running")
    assert instance.private_ip_address == "10.90.1.60" and instance.interfaces[0].publicIp == instance.ip_address
    assert instance.vpc_id == vpc.id and instance.placement == f"{cloud.REGION}b" and instance.monitored
    assert instance.get_attribute("disableApiTermination") == {"disableApiTermination": True}
    with pytest.raises(EC2ResponseError) as refused:
        instance.terminate()
    assert refused.value.error_code == "OperationNotPermitted"
    assert instance.modify_attribute("disableApiTermination", False)
    address = ec2.allocate_address(domain="vpc")
    assert ec2.associate_address(instance.id, allocation_id=address.allocation_id)
    (seen,) = ec2.get_all_addresses(allocation_ids=[address.allocation_id])
    assert seen.instance_id == instance.id and seen.private_ip_address == "10.90.1.60"
    assert ec2.disassociate_address(association_id=seen.association_id) and seen.release()
    ec2.create_tags([instance.id, vpc.id], {"stage": "old", "empty": ""})
    assert {(t.res_id, t.value) for t in ec2.get_all_tags({"key": "stage"})} >= {(instance.id, "old"), (vpc.id, "old")}
    (status,) = ec2.get_all_instance_status([instance.id])
    assert (status.state_code, status.system_status.status) == (16, "ok")
    instance.terminate()
    until("the instance has ended", lambda: instance.update() == "terminated")

    assert ec2.delete_network_interface(card.id)
    assert ec2.delete_network_acl(wall.id) and ec2.disassociate_route_table(association)
    assert ec2.delete_route(table.id, "0.0.0.0/0") and ec2.delete_route_table(table.id)
    assert ec2.detach_internet_gateway(gateway.id, vpc.id) and ec2.delete_internet_gateway(gateway.id)
    assert ec2.delete_subnet(subnet.id)
    assert ec2.associate_dhcp_options("default", vpc.id) and ec2.delete_dhcp_options(options.id) and ec2.delete_vpc(vpc.id)


def test_keys_and_refusals(ec2, server):
    public = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@here"
    assert ec2.import_key_pair("old-one", public).fingerprint
    assert ec2.delete_key_pair("old-one")
    with pytest.raises(EC2ResponseError) as refused:
        ec2.run_instances("ami-0123456789abcdef0", dry_run=True)
    assert refused.value.status in (400, 412)
    with pytest.raises(EC2ResponseError) as refused:
        server.boto2_ec2(account=cloud.Account(cloud.MAIN.id, "", cloud.MAIN.key, "wrong")).get_all_zones()
    assert (refused.value.status, refused.value.error_code) == (401, "AuthFailure")
