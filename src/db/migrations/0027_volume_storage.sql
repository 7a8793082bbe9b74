-- What an account's volumes take together is counted at every launch on volumes.
DROP INDEX volumes_owner;
CREATE INDEX volumes_owner ON volumes (account, region, gib);
