"""What ec2_model.py and its parts begin with."""

ACCOUNT = "123456789012"
REGION = "us-east-1"
KERNEL, RAMDISK, WINDOWS = "aki-00000001", "ari-00000002", "ami-00000003"


def tags(kind):
    return {"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "model & co"}]}
