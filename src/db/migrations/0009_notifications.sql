-- What a bucket tells of its changes, and to whom: JSON; empty: nothing.
ALTER TABLE buckets ADD COLUMN notification TEXT NOT NULL DEFAULT '';

-- Events on their way, put here by the transaction of the change they tell of. Ids are in the order of the changes.
CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  destination TEXT NOT NULL,              -- an ARN
  at          BIGINT NOT NULL,            -- milliseconds
  body        TEXT NOT NULL               -- JSON, as it is delivered
);
CREATE INDEX events_by_destination ON events (destination, id);
