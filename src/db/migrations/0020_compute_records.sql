-- What launches instances by itself or is launched onto: spot requests, fleets, dedicated hosts. One row each with its struct as JSON.
CREATE TABLE compute_records (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,               -- the prefix of its id
  account    TEXT NOT NULL REFERENCES accounts(id),
  region     TEXT NOT NULL,
  is_open    BIGINT NOT NULL CHECK (is_open IN (0, 1)),  -- the loop may have something to do about it
  body       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX compute_records_owner ON compute_records (account, region, kind);
CREATE INDEX compute_records_open ON compute_records (kind, is_open);
