-- Virtual networks: the VPCs of accounts, their subnets, and the interfaces that hold addresses in them.
CREATE TABLE vpcs (
  id         TEXT PRIMARY KEY,           -- vpc-…
  account    TEXT NOT NULL REFERENCES accounts(id),
  region     TEXT NOT NULL,
  cidr       TEXT NOT NULL,              -- 172.31.0.0/16
  is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
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
  created_at   BIGINT NOT NULL,
  UNIQUE (subnet, private_ip),
  CHECK ((instance IS NULL) = (device_index IS NULL))
);
CREATE UNIQUE INDEX network_interfaces_instance ON network_interfaces (instance, device_index) WHERE instance IS NOT NULL;
