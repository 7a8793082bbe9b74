-- Buckets, objects and their bytes' whereabouts. Keys and bucket names compare as UTF-8 bytes.
CREATE TABLE buckets (
  name       TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,               -- account id
  region     TEXT NOT NULL,
  acl        TEXT NOT NULL,               -- grants: PERMISSION:grantee, by spaces
  ownership  TEXT,                        -- the object ownership rule's name
  access_block BIGINT,                    -- the public access block's switches, a bit each
  policy     TEXT,                        -- JSON, as sent
  created_at BIGINT NOT NULL,
  versioning TEXT NOT NULL CHECK (versioning IN ('off', 'enabled', 'suspended')),
  lock       TEXT NOT NULL,               -- JSON: default retention; empty: no object lock
  lifecycle  TEXT NOT NULL                -- JSON rules; empty: none
);

-- What is configured of a bucket, a document per sub-resource (`cors`, `lifecycle`, …), in the form of who reads it.
CREATE TABLE bucket_configs (
  bucket   TEXT NOT NULL REFERENCES buckets(name),
  name     TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (bucket, name)
) WITHOUT ROWID;

-- One number for every write: orders the versions of a key, names inline bodies, makes upload ids ordered by time.
CREATE TABLE object_sequence (value BIGINT NOT NULL);
INSERT INTO object_sequence (value) VALUES (0);

-- One row is one version of a key. `rank` is the negated number of the write, so the newest version of a key comes
-- first and IS the current one. `live` marks the current version unless it is a delete marker: what GET and
-- listings see.
CREATE TABLE objects (
  bucket             TEXT NOT NULL REFERENCES buckets(name),
  key                TEXT NOT NULL,
  rank               BIGINT NOT NULL,
  version_id         TEXT NOT NULL,       -- 'null' when written without versioning
  live               BIGINT NOT NULL CHECK (live IN (0, 1)),
  delete_marker      BIGINT NOT NULL CHECK (delete_marker IN (0, 1)),
  size               BIGINT NOT NULL,
  etag               TEXT NOT NULL,       -- without quotes
  modified_at        BIGINT NOT NULL,
  owner              TEXT NOT NULL,       -- account id
  acl                TEXT NOT NULL,
  storage_class      TEXT NOT NULL,
  part_count         BIGINT NOT NULL,     -- 0 when not uploaded in parts
  checksum_algorithm TEXT,
  checksum_type      TEXT,
  checksum           TEXT,
  place              TEXT NOT NULL CHECK (place IN ('empty', 'inline', 'file', 'parts')),
  body               TEXT NOT NULL,       -- inline: its number; file: the blob's name; parts: the upload's id
  headers            TEXT NOT NULL,       -- JSON: what the client wants back with the bytes
  tags               TEXT NOT NULL,       -- JSON pairs; empty: none
  lock               TEXT NOT NULL,       -- JSON: retention and legal hold; empty: none
  PRIMARY KEY (bucket, key, rank),
  CHECK (NOT (live = 1 AND delete_marker = 1))
) WITHOUT ROWID;
CREATE UNIQUE INDEX objects_live ON objects (bucket, key) WHERE live = 1;
-- The version `null` of a key when it is not the live one.
CREATE UNIQUE INDEX objects_null ON objects (bucket, key) WHERE version_id = 'null' AND live = 0;
-- Who refers to a blob: a copy shares its source's body, so a body goes when its last row goes.
CREATE INDEX objects_body ON objects (body) WHERE place IN ('file', 'parts');

-- Bytes of small bodies; each belongs to exactly one object or part. (INTEGER: SQLite's own row number.)
CREATE TABLE inline_bodies (
  id   INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);

-- Multipart uploads in progress. Ids are ordered by time.
CREATE TABLE uploads (
  id                 TEXT PRIMARY KEY,
  bucket             TEXT NOT NULL REFERENCES buckets(name),
  key                TEXT NOT NULL,
  initiated_at       BIGINT NOT NULL,
  initiator          TEXT NOT NULL,       -- account id
  owner              TEXT NOT NULL,       -- account id: whose the object will be
  acl                TEXT NOT NULL,
  storage_class      TEXT NOT NULL,
  checksum_algorithm TEXT NOT NULL,
  checksum_type      TEXT NOT NULL,
  checksum_asked     BIGINT NOT NULL,     -- 1 when the client chose the algorithm
  headers            TEXT NOT NULL,
  tags               TEXT NOT NULL,
  lock               TEXT NOT NULL
);
CREATE INDEX uploads_by_key ON uploads (bucket, key, id);

-- Parts of an upload; after completion the object's bytes are the rows that have a `start`.
CREATE TABLE parts (
  upload      TEXT NOT NULL,
  number      BIGINT NOT NULL,
  size        BIGINT NOT NULL,
  etag        TEXT NOT NULL,
  checksum    TEXT NOT NULL,              -- in the upload's algorithm
  modified_at BIGINT NOT NULL,
  place       TEXT NOT NULL CHECK (place IN ('empty', 'inline', 'file')),
  body        TEXT NOT NULL,
  start       BIGINT,                     -- offset in the completed object
  PRIMARY KEY (upload, number)
) WITHOUT ROWID;
CREATE INDEX parts_start ON parts (upload, start) WHERE start IS NOT NULL;
CREATE INDEX parts_body ON parts (body) WHERE place = 'file';

-- Bodies whose last row went; the janitor takes their bytes away and then the row here.
CREATE TABLE garbage (
  body  TEXT PRIMARY KEY,
  place TEXT NOT NULL CHECK (place IN ('file', 'parts'))
);
