-- Resources are looked for by their tags; and what an answer says of all tags of a kind is in the index already, by key.
DROP INDEX tags_by_type;
CREATE INDEX tags_by_value ON tags (account, region, resource_type, key, value, resource_id);
