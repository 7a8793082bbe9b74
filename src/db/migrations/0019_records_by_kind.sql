-- A peering is one record that two accounts see: it is looked for among all of its kind.
CREATE INDEX network_records_kind ON network_records (kind);
