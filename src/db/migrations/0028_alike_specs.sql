-- What is an instance's own stands beside its spec: instances that were asked for alike have the same spec, which is read once
-- for all of them.
ALTER TABLE instances ADD COLUMN client_token TEXT NOT NULL DEFAULT '';           -- of its launch
ALTER TABLE instances ADD COLUMN capacity_reservation TEXT NOT NULL DEFAULT '';   -- that it was launched or started into
-- Only SQLite ever has rows from before: its functions will do.
UPDATE instances SET
  client_token = coalesce(spec ->> '$.client_token', ''),
  capacity_reservation = coalesce(spec ->> '$.options.reservation', ''),
  spec = json_remove(spec, '$.client_token', '$.options.reservation');
CREATE INDEX instances_reserved ON instances (account, region, capacity_reservation, desired) WHERE capacity_reservation <> '';
