-- Public addresses that interfaces have while their instance runs are in the same table: no address is given out twice.
ALTER TABLE elastic_addresses ADD COLUMN automatic BIGINT NOT NULL DEFAULT 0 CHECK (automatic IN (0, 1));
