-- Accounts and their access keys.
CREATE TABLE accounts (
  id           TEXT PRIMARY KEY,          -- 12 digits
  name         TEXT NOT NULL,
  canonical_id TEXT NOT NULL UNIQUE,      -- S3's canonical user id
  email        TEXT NOT NULL,
  created_at   BIGINT NOT NULL
);
CREATE TABLE access_keys (
  access_key_id     TEXT PRIMARY KEY,
  secret_access_key TEXT NOT NULL,
  account           TEXT NOT NULL REFERENCES accounts(id),
  declared          BIGINT NOT NULL CHECK (declared IN (0, 1)),  -- 1: by the configuration, which can take it back
  created_at        BIGINT NOT NULL
);
-- Facts of this installation, one a row: its id, the first start's choices.
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
