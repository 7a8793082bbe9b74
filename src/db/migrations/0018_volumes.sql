-- The files of volumes and snapshots: each holds what was written since the one that it stands on.
CREATE TABLE volume_layers (
  name  TEXT PRIMARY KEY,                        -- the file's: the volume that wrote it, and a number
  base  TEXT REFERENCES volume_layers(name),
  bytes BIGINT NOT NULL,                         -- size of the disk that it holds
  made  BIGINT NOT NULL CHECK (made IN (0, 1))   -- 1 once the file is durable
);
CREATE INDEX volume_layers_base ON volume_layers (base);

CREATE TABLE volumes (
  id           TEXT PRIMARY KEY,                 -- vol-…
  account      TEXT NOT NULL REFERENCES accounts(id),
  region       TEXT NOT NULL,
  zone         TEXT NOT NULL,
  gib          BIGINT NOT NULL,
  type         TEXT NOT NULL CHECK (type IN ('standard', 'io1', 'io2', 'gp2', 'gp3', 'sc1', 'st1')),
  iops         BIGINT,
  throughput   BIGINT,                           -- MiB a second
  encrypted    BIGINT NOT NULL CHECK (encrypted IN (0, 1)),
  kms_key      TEXT,                             -- ARN
  multi_attach BIGINT NOT NULL CHECK (multi_attach IN (0, 1)),
  auto_io      BIGINT NOT NULL CHECK (auto_io IN (0, 1)),
  snapshot     TEXT,                             -- the one it was made from, which may be gone
  layer        TEXT NOT NULL REFERENCES volume_layers(name),   -- what guests write to
  next_layer   TEXT REFERENCES volume_layers(name),            -- what they are to write to once pending snapshots are taken
  modification TEXT,                             -- JSON of volumes::Modification: the last one
  created_at   BIGINT NOT NULL
);
CREATE INDEX volumes_owner ON volumes (account, region);
CREATE INDEX volumes_layer ON volumes (layer);

CREATE TABLE volume_attachments (
  volume       TEXT NOT NULL REFERENCES volumes(id),
  instance     TEXT NOT NULL,
  device       TEXT NOT NULL,                    -- as the API names it: /dev/sdf
  target       TEXT NOT NULL,                    -- as the machine has it: vdb
  delete_too   BIGINT NOT NULL CHECK (delete_too IN (0, 1)),   -- the volume goes when the instance is terminated
  state        TEXT NOT NULL CHECK (state IN ('attaching', 'attached', 'detaching')),
  plugged      BIGINT NOT NULL CHECK (plugged IN (0, 1)),      -- 1: a machine that runs may be writing to it
  attached_at  BIGINT NOT NULL,
  PRIMARY KEY (volume, instance),
  UNIQUE (instance, device),
  UNIQUE (instance, target)
);

CREATE TABLE snapshots (
  id           TEXT PRIMARY KEY,                 -- snap-…
  account      TEXT NOT NULL REFERENCES accounts(id),
  region       TEXT NOT NULL,
  volume       TEXT NOT NULL,                    -- vol-ffffffff for what no volume was
  gib          BIGINT NOT NULL,
  description  TEXT NOT NULL,
  encrypted    BIGINT NOT NULL CHECK (encrypted IN (0, 1)),
  kms_key      TEXT,
  layer        TEXT NOT NULL REFERENCES volume_layers(name),
  state        TEXT NOT NULL CHECK (state IN ('pending', 'completed', 'error')),
  is_public    BIGINT NOT NULL CHECK (is_public IN (0, 1)),
  started_at   BIGINT NOT NULL,
  completed_at BIGINT
);
CREATE INDEX snapshots_owner ON snapshots (account, region);
CREATE INDEX snapshots_layer ON snapshots (layer);

-- Accounts that may make volumes of a snapshot, besides its owner.
CREATE TABLE snapshot_permissions (
  snapshot TEXT NOT NULL REFERENCES snapshots(id),
  account  TEXT NOT NULL,
  PRIMARY KEY (snapshot, account)
);

-- What new volumes of an account are like, where it said so.
CREATE TABLE volume_defaults (
  account   TEXT NOT NULL REFERENCES accounts(id),
  region    TEXT NOT NULL,
  encrypted BIGINT NOT NULL CHECK (encrypted IN (0, 1)),
  kms_key   TEXT,
  PRIMARY KEY (account, region)
);
