-- Placement groups. Which instances are in one, their specs say.
CREATE TABLE placement_groups (
  id         TEXT PRIMARY KEY,            -- pg-…
  account    TEXT NOT NULL REFERENCES accounts(id),
  region     TEXT NOT NULL,
  name       TEXT NOT NULL,
  strategy   TEXT NOT NULL CHECK (strategy IN ('cluster', 'spread', 'partition')),
  partitions BIGINT,                      -- of the strategy partition only
  created_at BIGINT NOT NULL,
  UNIQUE (account, region, name)
);
