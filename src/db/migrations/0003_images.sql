-- Images: machine images, kernels and ramdisks. The row is the truth; images/<hex>/info.json is written from it.
CREATE TABLE images (
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
  mappings       TEXT NOT NULL,           -- JSON [{"virtual": …, "device": …}]
  state          TEXT NOT NULL CHECK (state IN ('pending', 'available', 'failed', 'deregistered')),
  reason_code    TEXT,
  reason_message TEXT,
  is_public      INTEGER NOT NULL,
  imported       INTEGER NOT NULL,        -- by the operator: a reset of the tests keeps it
  format         TEXT,                    -- raw, qcow2, vmdk, vpc, vhdx, vdi, iso; NULL until known
  size           BIGINT,                  -- bytes of the image file
  virtual_size   BIGINT,                  -- bytes of the disk in it
  digest         TEXT,                    -- SHA-256 of the image file
  manifest       TEXT,                    -- while the bundle still has to be fetched
  attempt        INTEGER NOT NULL,        -- failed tries that are worth another one
  not_before     BIGINT NOT NULL,         -- when the next try may begin
  created_at     BIGINT NOT NULL,
  CHECK (state <> 'available' OR (digest IS NOT NULL AND format IS NOT NULL AND size IS NOT NULL AND virtual_size IS NOT NULL)),
  CHECK (state <> 'pending' OR manifest IS NOT NULL),
  CHECK (state <> 'failed' OR reason_code IS NOT NULL)
);
CREATE UNIQUE INDEX images_name ON images (account, region, name) WHERE state IN ('pending', 'available');
CREATE INDEX images_state ON images (state);
-- Who else may launch an image that is not public.
CREATE TABLE image_launch_permissions (
  image_id TEXT NOT NULL REFERENCES images (id),
  account  TEXT NOT NULL,
  PRIMARY KEY (image_id, account)
);
CREATE INDEX image_launch_permissions_account ON image_launch_permissions (account);
