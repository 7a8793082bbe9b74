-- Key pairs: only the public half is ever kept.
CREATE TABLE key_pairs (
  id          TEXT PRIMARY KEY,           -- key-…
  account     TEXT NOT NULL REFERENCES accounts(id),
  region      TEXT NOT NULL,
  name        TEXT NOT NULL,
  type        TEXT NOT NULL CHECK (type IN ('rsa', 'ed25519')),
  fingerprint TEXT NOT NULL,
  public_key  TEXT NOT NULL,              -- one OpenSSH line
  created_at  BIGINT NOT NULL,
  UNIQUE (account, region, name)
);
-- Tags belong to the account that set them: two accounts may tag one shared image differently.
CREATE TABLE tags (
  account       TEXT NOT NULL REFERENCES accounts(id),
  region        TEXT NOT NULL,
  resource_id   TEXT NOT NULL,
  resource_type TEXT NOT NULL,            -- AWS's name: instance, image, key-pair, …
  key           TEXT NOT NULL,
  value         TEXT NOT NULL,
  PRIMARY KEY (account, resource_id, key)
);
CREATE INDEX tags_by_type ON tags (account, region, resource_type);
CREATE INDEX tags_by_resource ON tags (resource_id);
