-- Images whose root disk is a volume have snapshots and no file. The table is made anew: its CHECKs change.
CREATE TABLE images_now (
  id             TEXT PRIMARY KEY,        -- ami-…, aki-…, ari-…
  account        TEXT NOT NULL,           -- the owner
  region         TEXT,                    -- NULL: in every region (imported by the operator)
  name           TEXT,
  description    TEXT NOT NULL,
  location       TEXT NOT NULL,           -- bucket/key of the manifest; for an imported file its name
  image_type     TEXT NOT NULL CHECK (image_type IN ('machine', 'kernel', 'ramdisk')),
  architecture   TEXT NOT NULL,
  platform       TEXT,                    -- 'windows' or NULL
  kernel_id      TEXT,
  ramdisk_id     TEXT,
  root_device    TEXT NOT NULL,           -- /dev/sda1
  on_volume      BIGINT NOT NULL CHECK (on_volume IN (0, 1)),   -- 1: what is at its root device is a volume
  mappings       TEXT NOT NULL,           -- JSON [{"virtual": …, "device": …}]
  state          TEXT NOT NULL CHECK (state IN ('pending', 'available', 'failed', 'disabled', 'deregistered')),
  reason_code    TEXT,
  reason_message TEXT,
  is_public      INTEGER NOT NULL,
  imported       INTEGER NOT NULL,        -- by the operator: a reset of the tests keeps it
  format         TEXT,                    -- raw, qcow2, vmdk, vpc, vhdx, vdi, iso; NULL until known
  size           BIGINT,                  -- bytes of the image file
  virtual_size   BIGINT,                  -- bytes of the disk in it
  digest         TEXT,                    -- SHA-256 of the image file
  manifest       TEXT,                    -- while a bundle still has to be fetched
  origin         TEXT,                    -- JSON: while the bytes still have to come from elsewhere
  capture_of     TEXT,                    -- the instance whose disk still has to be copied
  details        TEXT NOT NULL,           -- JSON: where it comes from, what its owner said of its use
  last_launched  BIGINT,
  attempt        INTEGER NOT NULL,        -- failed tries that are worth another one
  not_before     BIGINT NOT NULL,         -- when the next try may begin
  created_at     BIGINT NOT NULL,
  CHECK (state NOT IN ('available', 'disabled') OR on_volume = 1
    OR (digest IS NOT NULL AND format IS NOT NULL AND size IS NOT NULL AND virtual_size IS NOT NULL)),
  CHECK (on_volume = 0 OR (digest IS NULL AND image_type = 'machine')),
  CHECK (state <> 'pending' OR manifest IS NOT NULL OR origin IS NOT NULL),
  CHECK (state = 'pending' OR capture_of IS NULL),
  CHECK (state <> 'failed' OR reason_code IS NOT NULL)
);
INSERT INTO images_now (id, account, region, name, description, location, image_type, architecture, platform, kernel_id,
    ramdisk_id, root_device, on_volume, mappings, state, reason_code, reason_message, is_public, imported, format, size,
    virtual_size, digest, manifest, origin, capture_of, details, last_launched, attempt, not_before, created_at)
  SELECT id, account, region, name, description, location, image_type, architecture, platform, kernel_id,
    ramdisk_id, root_device, 0, mappings, state, reason_code, reason_message, is_public, imported, format, size,
    virtual_size, digest, manifest, origin, capture_of, details, last_launched, attempt, not_before, created_at FROM images;
CREATE TABLE permissions_kept AS SELECT image_id, account FROM image_launch_permissions;
DROP TABLE image_launch_permissions;
DROP TABLE images;
ALTER TABLE images_now RENAME TO images;
CREATE UNIQUE INDEX images_name ON images (account, region, name) WHERE state IN ('pending', 'available', 'disabled');
CREATE INDEX images_state ON images (state);
CREATE INDEX images_capture ON images (capture_of) WHERE capture_of IS NOT NULL;
CREATE TABLE image_launch_permissions (
  image_id TEXT NOT NULL REFERENCES images (id),
  account  TEXT NOT NULL,
  PRIMARY KEY (image_id, account)
);
CREATE INDEX image_launch_permissions_account ON image_launch_permissions (account);
INSERT INTO image_launch_permissions SELECT image_id, account FROM permissions_kept;
DROP TABLE permissions_kept;

-- The volumes that an image's instances come with.
CREATE TABLE image_volumes (
  image_id   TEXT NOT NULL REFERENCES images (id),
  position   BIGINT NOT NULL,             -- in the order of the request
  device     TEXT NOT NULL,               -- /dev/sda1
  snapshot   TEXT,                        -- NULL: empty, or still to be taken
  source     TEXT,                        -- the volume of which the snapshot is still to be taken
  gib        BIGINT NOT NULL,
  type       TEXT NOT NULL,
  iops       BIGINT,
  throughput BIGINT,                      -- MiB a second
  delete_too BIGINT NOT NULL CHECK (delete_too IN (0, 1)),   -- it goes when its instance is terminated
  encrypted  BIGINT NOT NULL CHECK (encrypted IN (0, 1)),
  PRIMARY KEY (image_id, device),
  CHECK (snapshot IS NULL OR source IS NULL)
);
CREATE INDEX image_volumes_snapshot ON image_volumes (snapshot) WHERE snapshot IS NOT NULL;
