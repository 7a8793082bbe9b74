-- An event that its webhook refused is tried again when this time (milliseconds) has come; the others go on.
ALTER TABLE events ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
