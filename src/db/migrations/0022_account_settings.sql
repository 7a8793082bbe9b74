-- What an account says of a region as a whole, such as how new instances use the metadata service.
CREATE TABLE account_settings (
  account TEXT NOT NULL REFERENCES accounts(id),
  region  TEXT NOT NULL,
  name    TEXT NOT NULL,
  value   TEXT NOT NULL,
  PRIMARY KEY (account, region, name)
);

-- What the operator lets accounts have, where it is not the default.
CREATE TABLE quotas (
  account TEXT NOT NULL,                  -- '' for every account
  name    TEXT NOT NULL,                  -- of db::quotas
  value   BIGINT NOT NULL,
  PRIMARY KEY (account, name)
);
