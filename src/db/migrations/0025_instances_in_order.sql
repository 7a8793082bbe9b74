-- An account's instances in the order in which they are listed. The index before it had no other use.
CREATE INDEX instances_launched ON instances (account, region, launched_at, reservation_id, launch_index, id);
DROP INDEX instances_owner;
