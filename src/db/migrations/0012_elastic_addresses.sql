-- Elastic IP addresses: public ones that an account keeps, and what each leads to.
CREATE TABLE elastic_addresses (
  id          TEXT PRIMARY KEY,           -- eipalloc-…
  account     TEXT NOT NULL REFERENCES accounts(id),
  region      TEXT NOT NULL,
  public_ip   BIGINT NOT NULL UNIQUE,     -- IPv4 as a number
  association TEXT UNIQUE,                -- eipassoc-… while it leads to an interface
  interface   TEXT REFERENCES network_interfaces(id),
  private_ip  BIGINT,                     -- the interface's address that it leads to
  domain_name TEXT NOT NULL,              -- what a reverse lookup is to give; '' for nothing
  created_at  BIGINT NOT NULL,
  UNIQUE (interface, private_ip),
  CHECK ((interface IS NULL) = (association IS NULL) AND (interface IS NULL) = (private_ip IS NULL))
);
CREATE INDEX elastic_addresses_owner ON elastic_addresses (account, region);
