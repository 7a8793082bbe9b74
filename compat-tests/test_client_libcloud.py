"""Apache Libcloud's EC2 driver, which signs and reads EC2 in its own way."""

import pytest

import cloud
from cloud import until

libcloud = pytest.importorskip("libcloud", reason="Apache Libcloud is not installed: scripts/compat installs it")

from libcloud.common.types import InvalidCredsError  # noqa: E402
from libcloud.compute.providers import get_driver  # noqa: E402
from libcloud.compute.types import KeyPairDoesNotExistError, NodeState, Provider  # noqa: E402


def driver(server, account=cloud.MAIN, secret=None):
    return get_driver(Provider.EC2)(
        account.key, secret or account.secret, secure=False, host=server.host, port=server.port, region=cloud.REGION
    )


@pytest.fixture
def ec2(server):
    return driver(server)


def size_of(ec2, name="t3.micro"):
    return next(size for size in ec2.list_sizes() if size.id == name)


def image_of(ec2, image):
    (found,) = ec2.list_images(ex_image_ids=[image])
    return found


def test_places_and_images(ec2, tiny_ami):
    zones = ec2.ex_list_availability_zones()
    assert [zone.name for zone in zones] == [f"{cloud.REGION}{letter}" for letter in "abc"]
    assert {location.availability_zone.name for location in ec2.list_locations()} == {zone.name for zone in zones}
    image = image_of(ec2, tiny_ami)
    assert image.extra["state"] == "available" and image.extra["architecture"] == "x86_64"
    assert tiny_ami in {image.id for image in ec2.list_images(ex_owner="self")}
    assert ec2.ex_get_limits()["resource"]["max-instances"] > 0


def test_a_node_from_launch_to_end(ec2, tiny_ami):
    pair = ec2.create_key_pair("libcloud")
    assert pair.private_key.startswith("-----BEGIN") and pair.fingerprint == ec2.get_key_pair("libcloud").fingerprint
    group = ec2.ex_create_security_group("libcloud", "for a test")
    node = ec2.create_node(
        name="one & only", image=image_of(ec2, tiny_ami), size=size_of(ec2), ex_keyname="libcloud",
        ex_securitygroup="libcloud", ex_userdata="#!/bin/sh\n", ex_metadata={"stage": "test"},
        ex_clienttoken="libcloud-1", ex_terminate_on_shutdown=True,
    )  # fmt: skip
    assert node.state == NodeState.PENDING and node.name == "one & only"
    ((node, addresses),) = ec2.wait_until_running([node], wait_period=0.2, timeout=60)
    assert addresses == node.private_ips or addresses == node.public_ips
    (seen,) = ec2.list_nodes(ex_node_ids=[node.id])
    assert seen.extra["tags"] == {"Name": "one & only", "stage": "test"} and seen.extra["key_name"] == "libcloud"
    assert seen.extra["groups"] == [{"group_id": group["group_id"], "group_name": "libcloud"}]
    assert [n.id for n in ec2.list_nodes(ex_filters={"tag:stage": "test", "instance-state-name": "running"})] == [node.id]
    ec2.ex_create_tags(node, {"more": "1"})
    assert ec2.ex_describe_tags(node)["more"] == "1"
    ec2.ex_delete_tags(node, {"more": "1"})
    assert "more" not in ec2.ex_describe_tags(node)
    assert ec2.ex_get_console_output(node)["instance_id"] == node.id

    state = lambda: ec2.list_nodes(ex_node_ids=[node.id])[0].state  # noqa: E731
    assert ec2.stop_node(node)
    until("the node has stopped", lambda: state() == NodeState.STOPPED)
    assert ec2.ex_change_node_size(node, size_of(ec2, "t3.small"))
    assert ec2.ex_modify_instance_attribute(node, {"DisableApiTermination.Value": False})
    assert ec2.start_node(node)
    until("the node runs again", lambda: state() == NodeState.RUNNING)
    assert ec2.reboot_node(node)
    assert ec2.destroy_node(node)
    until("the node has ended", lambda: state() == NodeState.TERMINATED)
    assert ec2.ex_delete_security_group_by_id(group["group_id"]) and ec2.delete_key_pair(pair)
    with pytest.raises(KeyPairDoesNotExistError):
        ec2.get_key_pair("libcloud")


def test_a_node_with_a_key_of_ones_own(ec2, tiny_ami):
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@here"
    pair = ec2.import_key_pair_from_string("own", public)
    assert pair.name == "own" and [p.name for p in ec2.list_key_pairs() if p.name == "own"]
    node = ec2.create_node(name="own", image=image_of(ec2, tiny_ami), size=size_of(ec2), ex_keyname="own")
    assert node.extra["key_name"] == "own"
    ec2.destroy_node(node)
    ec2.delete_key_pair(pair)


def test_groups(ec2):
    group = ec2.ex_create_security_group("rules", "for a test")["group_id"]
    assert ec2.ex_authorize_security_group_ingress(group, 22, 22, cidr_ips=["10.0.0.0/8", "192.0.2.1/32"])
    assert ec2.ex_authorize_security_group_egress(group, 53, 53, cidr_ips=["0.0.0.0/0"], protocol="udp")
    assert ec2.ex_authorize_security_group_ingress(group, 80, 80, group_pairs=[{"group_id": group}])
    (seen,) = ec2.ex_get_security_groups(group_ids=[group])
    assert {(rule["from_port"], len(rule["cidr_ips"]), len(rule["group_pairs"])) for rule in seen.ingress_rules} == {("22", 2, 0), ("80", 0, 1)}
    assert ec2.ex_revoke_security_group_ingress(group, 22, 22, cidr_ips=["10.0.0.0/8"])
    assert ec2.ex_revoke_security_group_egress(group, 53, 53, cidr_ips=["0.0.0.0/0"], protocol="udp")
    assert "rules" in ec2.ex_list_security_groups()
    assert ec2.ex_authorize_security_group_permissive("rules")
    assert ec2.ex_delete_security_group_by_id(group)


def test_networks(ec2, tiny_ami):
    network = ec2.ex_create_network("10.9.0.0/16", name="net")
    subnet = ec2.ex_create_subnet(network.id, "10.9.1.0/24", f"{cloud.REGION}a", name="sub")
    assert [n.name for n in ec2.ex_list_networks(network_ids=[network.id])] == ["net"]
    assert [(s.name, s.state) for s in ec2.ex_list_subnets(subnet_ids=[subnet.id])] == [("sub", "available")]
    ec2.ex_modify_subnet_attribute(subnet, "auto_public_ip", True)
    gateway = ec2.ex_create_internet_gateway("gate")
    assert ec2.ex_attach_internet_gateway(gateway, network)
    table = ec2.ex_create_route_table(network, name="table")
    assert ec2.ex_create_route(table, "0.0.0.0/0", internet_gateway=gateway)
    association = ec2.ex_associate_route_table(table, subnet)
    (seen,) = ec2.ex_list_route_tables(route_table_ids=[table.id])
    assert {route.cidr: route.gateway_id for route in seen.routes} == {"10.9.0.0/16": "local", "0.0.0.0/0": gateway.id}
    assert [a.subnet_id for a in seen.subnet_associations] == [subnet.id]

    interface = ec2.ex_create_network_interface(subnet, name="card", description="a card", private_ip_address="10.9.1.9")
    assert [i.extra["private_ips"][0]["private_ip"] for i in ec2.ex_list_network_interfaces() if i.id == interface.id] == ["10.9.1.9"]
    node = ec2.create_node(name="inside", image=image_of(ec2, tiny_ami), size=size_of(ec2), ex_subnet=subnet, ex_assign_public_ip=True)
    assert node.private_ips[0].startswith("10.9.1.")
    address = ec2.ex_allocate_address("vpc")
    ec2.wait_until_running([node], wait_period=0.2, timeout=60)
    assert ec2.ex_associate_address_with_node(node, address, domain="vpc")
    assert [a.instance_id for a in ec2.ex_describe_all_addresses() if a.ip == address.ip] == [node.id]
    assert ec2.ex_describe_addresses_for_node(node) == [address.ip]
    (bound,) = [a for a in ec2.ex_describe_all_addresses() if a.ip == address.ip]
    assert ec2.ex_disassociate_address(bound, domain="vpc") and ec2.ex_release_address(bound, domain="vpc")
    ec2.destroy_node(node)
    until("the node has ended", lambda: ec2.list_nodes(ex_node_ids=[node.id])[0].state == NodeState.TERMINATED)

    assert ec2.ex_delete_network_interface(interface)
    assert ec2.ex_dissociate_route_table(association) and ec2.ex_delete_route(table, "0.0.0.0/0")
    assert ec2.ex_delete_route_table(table)
    assert ec2.ex_detach_internet_gateway(gateway, network) and ec2.ex_delete_internet_gateway(gateway)
    assert ec2.ex_delete_subnet(subnet) and ec2.ex_delete_network(network)


def test_what_a_user_is_told(server, ec2, tiny_ami):
    with pytest.raises(InvalidCredsError):
        driver(server, secret="wrong").list_nodes()
    with pytest.raises(Exception, match="InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist"):
        ec2.list_nodes(ex_node_ids=["i-0123456789abcdef0"])
    with pytest.raises(Exception, match="InvalidParameterValue: Cannot use reserved security group name: default"):
        ec2.ex_create_security_group("default", "again")
