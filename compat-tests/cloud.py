"""A Novella server as a test starts it, and clients that point at it."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.parse

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("NOVELLA_BIN") or (ROOT / "target/debug/novella"))
REGION = "us-east-1"


class Account:
    def __init__(self, id, name, key, secret):
        self.id, self.name, self.key, self.secret = id, name, key, secret

    def toml(self):
        return (
            f'[[accounts]]\nid = "{self.id}"\nname = "{self.name}"\n[[accounts.keys]]\n'
            f'access_key_id = "{self.key}"\nsecret_access_key = "{self.secret}"\n'
        )


MAIN = Account("111122223333", "main", "AKIAMAIN000000000001", "main-secret/with+signs")
OTHER = Account("444455556666", "other", "AKIAOTHER00000000001", "other-secret")


def until(what, condition, seconds=60, every=0.1):
    """Poll until `condition` gives something true, and give that."""
    limit = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > limit:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


class Server:
    """`inside` is put before the command: how to get into a namespace, say. `config` is more TOML."""

    def __init__(self, folder, *options, inside=(), config=""):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.options, self.inside = list(options), list(inside)
        self.log = self.folder / "server.log"
        self.config = self.folder / "novella.toml"
        self.config.write_text(f'regions = ["{REGION}"]\n{MAIN.toml()}{OTHER.toml()}[[instance_profiles]]\nname = "web"\n{config}')
        self.account = MAIN
        self.process = None

    def start(self):
        log = self.log.open("ab")
        said = self.folder / "said"
        said.write_bytes(b"")
        self.process = subprocess.Popen(
            [*self.inside, PROGRAM, "serve", "--config", self.config, "--data-dir", self.data,
             "--listen", "127.0.0.1:0", *self.options],
            stdin=subprocess.DEVNULL, stdout=said.open("wb"), stderr=log,
        )

        def address():
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()[-3000:]}"
            return re.search(r"Serving .* on (http://[0-9.:]+) ", said.read_text())

        self.url = until("the server says where it listens", address)[1]
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port = parts.hostname, parts.port
        return self

    def _pid(self):
        """nsenter forks; the server is its child then."""
        if not self.inside:
            return self.process.pid
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text())

    def kill(self):
        """As a power cut would."""
        os.kill(self._pid(), signal.SIGKILL)
        self.process.wait()

    def stop(self):
        os.kill(self._pid(), signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    # -- clients

    def client(self, service, account=MAIN, url=None, **config):
        config.setdefault("retries", {"total_max_attempts": 1})
        config.setdefault("s3", {"addressing_style": "path"})
        return boto3.client(
            service, region_name=REGION, endpoint_url=url or self.url, aws_access_key_id=account.key,
            aws_secret_access_key=account.secret, config=botocore.config.Config(**config),
        )

    def boto2_ec2(self, account=MAIN, path="/services/Cloud", **options):
        import boto
        from boto.ec2.regioninfo import RegionInfo

        return boto.connect_ec2(
            account.key, account.secret, is_secure=False, port=self.port, path=path,
            region=RegionInfo(name="nova", endpoint=self.host), **options,
        )

    def boto2_s3(self, account=MAIN, path="/services/objectstorage"):
        from boto.s3.connection import OrdinaryCallingFormat, S3Connection

        return S3Connection(
            account.key, account.secret, is_secure=False, host=self.host, port=self.port, path=path,
            calling_format=OrdinaryCallingFormat(),
        )

    def environment(self, account=MAIN):
        """What `eval "$(novella env)"` sets, and nothing of the tester's own cloud."""
        keep = {k: v for k, v in os.environ.items() if not re.match("AWS_|EC2_|S3_|EUCA", k)}
        return keep | {
            "AWS_ACCESS_KEY_ID": account.key, "AWS_SECRET_ACCESS_KEY": account.secret, "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1",
            "EC2_ACCESS_KEY": account.key, "EC2_SECRET_KEY": account.secret, "EC2_URL": f"{self.url}/services/Cloud",
            "S3_URL": f"{self.url}/services/objectstorage", "EC2_USER_ID": account.id,
            "EC2_CERT": str(self.certificate), "EUCALYPTUS_CERT": str(self.certificate),
        }

    def aws(self, *arguments, account=MAIN, tool=None, check=True):
        """aws-cli; `--endpoint-url` because releases before 2.13 do not read AWS_ENDPOINT_URL."""
        command = [tool or shutil.which("aws"), "--endpoint-url", self.url, *map(str, arguments)]
        done = subprocess.run(command, env=self.environment(account), capture_output=True, text=True)
        assert done.returncode == 0 or not check, f"{arguments}: {done.stderr}"
        return done.stdout.strip() if check else done

    # -- images

    @property
    def certificate(self):
        return self.data / "keys/cloud-cert.pem"

    def bundle(self, image, prefix, to, *options):
        """`novella bundle`; the files, the manifest last."""
        done = subprocess.run(
            [PROGRAM, "bundle", "--data-dir", self.data, "--image", image, "--prefix", prefix, "--destination", to, *options],
            check=True, capture_output=True, text=True, env=self.environment(),
        )
        return [pathlib.Path(line.split()[-1]) for line in done.stdout.splitlines()]

    def upload(self, files, bucket, prefix=""):
        """Put a bundle into a bucket; where its manifest is."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=bucket)
        for file in files:
            s3.put_object(Bucket=bucket, Key=f"{prefix}{file.name}", Body=file.read_bytes())
        return f"{bucket}/{prefix}{files[-1].name}"

    def registered(self, location, account=MAIN, **more):
        """Register a bundle and wait for what becomes of it; the image as described."""
        ec2 = self.client("ec2", account)
        more.setdefault("Name", location.replace("/", "-"))
        image = ec2.register_image(ImageLocation=location, **more)["ImageId"]

        def settled():
            described = ec2.describe_images(ImageIds=[image])["Images"][0]
            return described if described["State"] != "pending" else None

        return until(f"{image} is read", settled)


def state_of(ec2, instance):
    described = ec2.describe_instances(InstanceIds=[instance])
    return described["Reservations"][0]["Instances"][0]["State"]["Name"]


def await_state(ec2, instance, state, seconds=60):
    until(f"{instance} is {state}", lambda: state_of(ec2, instance) == state, seconds)
