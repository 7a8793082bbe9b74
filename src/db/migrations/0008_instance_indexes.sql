-- What a launch and a pass of the loop ask costs the same, however many instances there are.
DROP INDEX instances_work;
CREATE INDEX instances_due ON instances (not_before) WHERE settled < generation;
DROP INDEX instances_host;
CREATE INDEX instances_promised ON instances (host, desired, vcpus, memory_mib);
CREATE INDEX instances_desired ON instances (account, region, desired);
CREATE INDEX instances_reservation ON instances (reservation_id);
