-- A launch costs the same, however many instances there are: what it asked of all of them is kept up to date instead.
ALTER TABLE hosts ADD COLUMN promised_vcpus BIGINT NOT NULL DEFAULT 0;       -- to instances that run or are to run
ALTER TABLE hosts ADD COLUMN promised_memory_mib BIGINT NOT NULL DEFAULT 0;
UPDATE hosts SET
  promised_vcpus = (SELECT coalesce(sum(i.vcpus), 0) FROM instances i WHERE i.host = hosts.id AND i.desired = 'running'),
  promised_memory_mib = (SELECT coalesce(sum(i.memory_mib), 0) FROM instances i WHERE i.host = hosts.id AND i.desired = 'running');
CREATE TABLE instance_tallies (
  account TEXT NOT NULL,
  region  TEXT NOT NULL,
  alive   BIGINT NOT NULL,                -- instances that are not terminated
  vcpus   BIGINT NOT NULL,                -- of those that run or are to run
  PRIMARY KEY (account, region)
);
INSERT INTO instance_tallies (account, region, alive, vcpus)
  SELECT account, region, sum(CASE WHEN desired <> 'terminated' THEN 1 ELSE 0 END),
         sum(CASE WHEN desired = 'running' THEN vcpus ELSE 0 END)
  FROM instances GROUP BY account, region;
DROP INDEX instances_promised;
DROP INDEX instances_desired;

-- Where a search for a free address begins: every address of the pool from the first one on is taken below the mark.
CREATE TABLE address_marks (
  pool        TEXT NOT NULL,              -- a subnet's id; '' for public addresses
  first       BIGINT NOT NULL,            -- where a search would begin without the mark
  taken_below BIGINT NOT NULL,
  PRIMARY KEY (pool, first)
);
