-- Addresses of interfaces beside the one that each begins with.
CREATE TABLE secondary_addresses (
  subnet      TEXT NOT NULL REFERENCES subnets(id),
  private_ip  BIGINT NOT NULL,            -- as in network_interfaces, where the same address is not
  interface   TEXT NOT NULL REFERENCES network_interfaces(id) ON DELETE CASCADE,
  assigned_at BIGINT NOT NULL,
  PRIMARY KEY (subnet, private_ip)
);
CREATE INDEX secondary_addresses_interface ON secondary_addresses (interface);

-- An interface may outlive its instance and serve another one, while the first is still shown.
DROP INDEX instances_eni;

-- Client tokens of calls that make something: the same token answers what was made then. Launches have a table of their own.
CREATE TABLE client_tokens (
  account     TEXT NOT NULL,
  region      TEXT NOT NULL,
  action      TEXT NOT NULL,
  token       TEXT NOT NULL,
  fingerprint TEXT NOT NULL,              -- of the request's parameters
  made        TEXT NOT NULL,              -- the id of what was made
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (account, region, action, token)
);
CREATE INDEX client_tokens_age ON client_tokens (created_at);
