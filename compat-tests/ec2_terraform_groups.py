"""Terraform's calls, as in ec2_terraform.py, for security groups and their rules, in all the ways that its resources have for them."""

import uuid

import pytest

from terraform import code, filters, holds, retagged, steady, tagged

ALL = "0.0.0.0/0"


@pytest.fixture
def vpc(ec2):
    id = ec2.create_vpc(CidrBlock="10.31.0.0/16")["Vpc"]["VpcId"]
    yield id
    ec2.delete_vpc(VpcId=id)


@pytest.fixture
def groups(ec2, vpc):
    """Make groups as aws_security_group does: it takes away the rule that lets everything out, in words that are not the rule's own."""
    made = []

    def make(name=None, **more):
        id = ec2.create_security_group(GroupName=name or f"terraform-{uuid.uuid4().hex[:12]}", Description="Managed by Terraform", VpcId=vpc,
                                       TagSpecifications=tagged("security-group"), **more)["GroupId"]
        everywhere = lambda **ranges: {"GroupId": id, "IpPermissions": [{"IpProtocol": "-1", "FromPort": 0, "ToPort": 0, **ranges}]}
        ec2.revoke_security_group_egress(**everywhere(IpRanges=[{"CidrIp": ALL}]))
        ec2.revoke_security_group_egress(**everywhere(Ipv6Ranges=[{"CidrIpv6": "::/0"}]))  # is not there, which is no error
        made.append(id)
        return id

    yield make
    for id in reversed(made):
        ec2.delete_security_group(GroupId=id)


def group_of(ec2, id):
    [one] = ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"]
    return one


def test_aws_security_group(ec2, vpc, groups):
    id, other = groups("tf-web"), groups()
    read = lambda: group_of(ec2, id)
    steady(read, {"GroupName": "tf-web", "Description": "Managed by Terraform", "VpcId": vpc, "IpPermissions": [], "IpPermissionsEgress": []},
           "OwnerId Tags")
    ingress = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 8000, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "in"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
               {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": ALL}]},
               {"IpProtocol": "-1", "FromPort": 0, "ToPort": 0, "UserIdGroupPairs": [{"GroupId": id}, {"GroupId": other, "Description": "b"}]}]
    egress = [{"IpProtocol": "-1", "FromPort": 0, "ToPort": 0, "IpRanges": [{"CidrIp": ALL}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=id, IpPermissions=ingress)
    ec2.authorize_security_group_egress(GroupId=id, IpPermissions=egress)
    seen = steady(read, {})
    by = {p["IpProtocol"]: p for p in seen["IpPermissions"]}
    holds(by["tcp"], ingress[0])
    holds(by["icmp"], ingress[1])
    assert "FromPort" not in by["-1"] and by["-1"]["IpRanges"] == []
    pairs = {p["GroupId"]: p for p in by["-1"]["UserIdGroupPairs"]}
    holds(pairs[id], {"UserId": seen["OwnerId"], "GroupName": None, "Description": None})
    holds(pairs[other], {"UserId": seen["OwnerId"], "GroupName": None, "Description": "b"})
    [out] = seen["IpPermissionsEgress"]
    holds(out, {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ALL}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "FromPort": None, "ToPort": None})
    # A change is the old taken away, all of it in one call, and the new added.
    ec2.revoke_security_group_ingress(GroupId=id, IpPermissions=ingress[:2])
    ec2.authorize_security_group_ingress(GroupId=id, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ALL}]}])
    assert sorted(p["IpProtocol"] for p in read()["IpPermissions"]) == ["-1", "tcp"]
    retagged(ec2, id, read)
    # revoke_rules_on_delete sends back what was read.
    last = read()
    ec2.revoke_security_group_ingress(GroupId=id, IpPermissions=last["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=id, IpPermissions=last["IpPermissionsEgress"])
    holds(read(), {"IpPermissions": [], "IpPermissionsEgress": []})
    [found] = ec2.describe_security_groups(Filters=filters(group_name="tf-web", vpc_id=vpc))["SecurityGroups"]
    assert found["GroupId"] == id
    again = {"GroupName": "tf-web", "Description": "Managed by Terraform", "VpcId": vpc}
    assert code(ec2.create_security_group, **again) == "InvalidGroup.Duplicate"
    gone = {code(call, **arguments) for call, arguments in [
        (ec2.describe_security_groups, {"GroupIds": ["sg-12345678"]}), (ec2.delete_security_group, {"GroupId": "sg-12345678"})]}
    assert gone == {"InvalidGroup.NotFound"}


def test_aws_default_security_group(ec2, vpc):
    """What it has is sent back to be taken away; of a pair that has both, the provider drops the name."""
    [found] = ec2.describe_security_groups(Filters=filters(group_name="default", vpc_id=vpc))["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=found["GroupId"], IpPermissions=found["IpPermissionsEgress"])
    ec2.revoke_security_group_ingress(GroupId=found["GroupId"], IpPermissions=found["IpPermissions"])
    holds(group_of(ec2, found["GroupId"]), {"IpPermissions": [], "IpPermissionsEgress": []})
    assert code(ec2.delete_security_group, GroupId=found["GroupId"]) == "CannotDelete"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_aws_security_group_rule(ec2, groups, direction):
    """The older resource: one permission, found again among all of the group; it sends an owner even if there is none to say."""
    id, other = groups(), groups()
    authorize, revoke, describe = (getattr(ec2, f"{verb}_{direction}") for verb in [
        "authorize_security_group", "revoke_security_group", "update_security_group_rule_descriptions"])
    kept = "IpPermissions" if direction == "ingress" else "IpPermissionsEgress"
    rules = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "one"}]},
             {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": id, "UserId": ""}]},
             {"IpProtocol": "udp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": [{"GroupId": other, "UserId": "", "Description": "b"}]},
             {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}]
    for rule in rules:
        authorize(GroupId=id, IpPermissions=[rule])
        [seen] = [p for p in group_of(ec2, id)[kept] if p["IpProtocol"] == rule["IpProtocol"]]
        for pair in rule.get("UserIdGroupPairs", []):
            pair.pop("UserId")
        holds(seen, rule)
    assert code(authorize, GroupId=id, IpPermissions=[rules[0]]) == "InvalidPermission.Duplicate"
    rules[0]["IpRanges"][0]["Description"] = "changed"
    describe(GroupId=id, IpPermissions=[rules[0]])
    [seen] = [p for p in group_of(ec2, id)[kept] if p["IpProtocol"] == "tcp"]
    holds(seen, rules[0])
    for rule in rules:
        revoke(GroupId=id, IpPermissions=[rule])
    assert group_of(ec2, id)[kept] == []


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_aws_vpc_security_group_rules(ec2, groups, direction):
    """aws_vpc_security_group_ingress_rule and its egress: by id, changed in place."""
    id, other = groups(), groups()
    authorize, revoke = (getattr(ec2, f"{verb}_security_group_{direction}") for verb in ["authorize", "revoke"])
    sources = [({"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "v4"}]}, {"CidrIpv4": "10.0.0.0/8", "Description": "v4"}),
               ({"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}, {"CidrIpv6": "2001:db8::/32"}),
               ({"UserIdGroupPairs": [{"GroupId": other}]}, {"ReferencedGroupInfo": {"GroupId": other}})]
    for source, seen in sources:
        for ports in [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 8080}, {"IpProtocol": "-1"}]:
            [made] = authorize(GroupId=id, IpPermissions=[{**ports, **source}])["SecurityGroupRules"]
            rule = made["SecurityGroupRuleId"]
            read = lambda: ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]
            steady(read, {"GroupId": id, "IsEgress": direction == "egress", "FromPort": -1, "ToPort": -1, "Description": None, **ports, **seen},
                   "GroupOwnerId Tags")
            ec2.create_tags(Resources=[rule], Tags=tagged("")[0]["Tags"])
            retagged(ec2, rule, read)
            wanted = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "Description": "changed", **seen}
            if group := wanted.pop("ReferencedGroupInfo", None):
                wanted["ReferencedGroupId"] = group["GroupId"]
            ec2.modify_security_group_rules(GroupId=id, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}])
            steady(read, {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, **seen})
            revoke(GroupId=id, SecurityGroupRuleIds=[rule])
            again = code(revoke, GroupId=id, SecurityGroupRuleIds=[rule])
            assert again == code(ec2.describe_security_group_rules, SecurityGroupRuleIds=[rule]) == "InvalidSecurityGroupRuleId.NotFound"


def test_aws_network_interface_sg_attachment(ec2, vpc, groups):
    first, second = groups(), groups()
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.31.1.0/24")["Subnet"]["SubnetId"]
    id = ec2.create_network_interface(SubnetId=subnet, Groups=[first])["NetworkInterface"]["NetworkInterfaceId"]
    of = lambda: [g["GroupId"] for g in ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]["Groups"]]
    for wanted in [[second, first], [first]]:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Groups=wanted)
        assert sorted(of()) == sorted(wanted)
    assert code(ec2.delete_security_group, GroupId=first) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=id)
    assert code(ec2.delete_network_interface, NetworkInterfaceId=id) == "InvalidNetworkInterfaceID.NotFound"
    ec2.delete_subnet(SubnetId=subnet)
