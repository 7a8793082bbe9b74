-- Launch templates, each with its versions; numbers of versions are never given twice.
CREATE TABLE launch_templates (
  id              TEXT PRIMARY KEY,       -- lt-…
  account         TEXT NOT NULL REFERENCES accounts(id),
  region          TEXT NOT NULL,
  name            TEXT NOT NULL,
  default_version BIGINT NOT NULL,
  made            BIGINT NOT NULL,        -- how many versions it ever had
  created_at      BIGINT NOT NULL,
  UNIQUE (account, region, name)
);
CREATE TABLE launch_template_versions (
  template    TEXT NOT NULL REFERENCES launch_templates(id) ON DELETE CASCADE,
  number      BIGINT NOT NULL,
  description TEXT,
  data        TEXT NOT NULL,              -- JSON of the parameters, as a launch reads them
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (template, number)
);
