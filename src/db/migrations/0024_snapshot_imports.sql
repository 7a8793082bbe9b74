-- Imports of snapshots are tasks, too. The table is made anew: its CHECK changes.
CREATE TABLE image_tasks_now (
  id         TEXT PRIMARY KEY,           -- import-ami-…, import-snap-…, export-ami-…, export-i-…, bun-…; store-ami-…, which no client sees
  account    TEXT NOT NULL,
  region     TEXT NOT NULL,
  kind       TEXT NOT NULL
    CHECK (kind IN ('import-image', 'import-snapshot', 'export-image', 'store-image', 'bundle', 'export-instance')),
  wanted     TEXT NOT NULL,              -- JSON: what the request asked for
  state      TEXT NOT NULL CHECK (state IN ('active', 'completed', 'failed', 'cancelled')),
  stage      TEXT NOT NULL,              -- what is being done, in AWS's word
  progress   BIGINT NOT NULL,            -- percent
  made       TEXT,                       -- an image's id, a snapshot's, or an object's key
  message    TEXT,                       -- why it failed
  capture_of TEXT,                       -- the instance whose disk still has to be copied
  disk_of    TEXT,                       -- the image whose disk stands for that of a simulated instance
  attempt    BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  CHECK (state = 'active' OR capture_of IS NULL),
  CHECK (state <> 'failed' OR message IS NOT NULL)
);
INSERT INTO image_tasks_now SELECT * FROM image_tasks;
DROP TABLE image_tasks;
ALTER TABLE image_tasks_now RENAME TO image_tasks;
CREATE INDEX image_tasks_owner ON image_tasks (account, region, kind);
CREATE INDEX image_tasks_active ON image_tasks (created_at) WHERE state = 'active';
CREATE INDEX image_tasks_capture ON image_tasks (capture_of) WHERE capture_of IS NOT NULL;
