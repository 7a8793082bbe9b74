-- Records of server access logs that wait for their delivery: a row is what a bucket's requests wrote within a moment.
CREATE TABLE access_logs (
  id     INTEGER PRIMARY KEY,
  bucket TEXT NOT NULL,                   -- whose requests they are
  target TEXT NOT NULL,                   -- JSON: where they go
  at     BIGINT NOT NULL,                 -- milliseconds: of the first
  lines  TEXT NOT NULL
);
CREATE INDEX access_logs_by_bucket ON access_logs (bucket, target, id);
