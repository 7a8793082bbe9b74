-- Virtual networks: the VPCs of accounts, their subnets, and the interfaces that hold addresses in them.
CREATE TABLE vpcs (
  id         TEXT PRIMARY KEY,           -- vpc-…
  account    TEXT NOT NULL REFERENCES accounts(id),
  region     TEXT NOT NULL,
  cidr       TEXT NOT NULL,              -- 172.31.0.0/16
  is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
  attributes TEXT NOT NULL,              -- JSON of network::VpcAttributes
  created_at BIGINT NOT NULL
);
-- One default VPC for an account in a region; no two of them share a range, as the host reaches every guest.
CREATE UNIQUE INDEX vpcs_default ON vpcs (account, region) WHERE is_default = 1;
CREATE UNIQUE INDEX vpcs_default_cidr ON vpcs (cidr) WHERE is_default = 1;

CREATE TABLE subnets (
  id         TEXT PRIMARY KEY,           -- subnet-…
  vpc        TEXT NOT NULL REFERENCES vpcs(id),
  zone       TEXT NOT NULL,              -- full name: us-east-1a
  cidr       TEXT NOT NULL,
  is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
  attributes TEXT NOT NULL,              -- JSON of network::SubnetAttributes
  created_at BIGINT NOT NULL,
  UNIQUE (vpc, cidr)
);
CREATE UNIQUE INDEX subnets_default ON subnets (vpc, zone) WHERE is_default = 1;

CREATE TABLE network_interfaces (
  id           TEXT PRIMARY KEY,         -- eni-…
  account      TEXT NOT NULL REFERENCES accounts(id),
  subnet       TEXT NOT NULL REFERENCES subnets(id),
  mac          TEXT NOT NULL UNIQUE,     -- 02:…, lower case
  private_ip   BIGINT NOT NULL,          -- IPv4 as a number, so that free addresses are found in order
  instance     TEXT,                     -- i-… while attached
  device_index BIGINT,
  groups       TEXT NOT NULL,            -- JSON [{"id": sg-…, "name": …}]: names of groups never change
  details      TEXT NOT NULL,            -- JSON of network::NicDetails
  created_at   BIGINT NOT NULL,
  UNIQUE (subnet, private_ip),
  CHECK ((instance IS NULL) = (device_index IS NULL))
);
CREATE UNIQUE INDEX network_interfaces_instance ON network_interfaces (instance, device_index) WHERE instance IS NOT NULL;

-- What surrounds subnets: security groups, route tables, gateways, network ACLs, DHCP options. They are read and written whole.
CREATE TABLE network_records (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,              -- the prefix of its id: sg, rtb, igw, acl, dopt
  account    TEXT NOT NULL REFERENCES accounts(id),
  region     TEXT NOT NULL,
  vpc        TEXT NOT NULL,              -- the VPC it is in; '' while it is in none
  name       TEXT NOT NULL,              -- of a security group; else ''
  body       TEXT NOT NULL,              -- JSON of its struct in the room network
  created_at BIGINT NOT NULL
);
CREATE INDEX network_records_owner ON network_records (account, region, kind);
CREATE INDEX network_records_vpc ON network_records (vpc, kind);
CREATE UNIQUE INDEX network_records_name ON network_records (vpc, kind, name) WHERE name <> '';

-- Accounts' regions that were handed over with their default VPC: one that is deleted is not made again unasked.
CREATE TABLE regions_begun (
  account TEXT NOT NULL REFERENCES accounts(id),
  region  TEXT NOT NULL,
  PRIMARY KEY (account, region)
);
