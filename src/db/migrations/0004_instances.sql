-- Hypervisor hosts: a libvirt URI and what it can carry.
CREATE TABLE hosts (
  id         TEXT PRIMARY KEY,
  uri        TEXT NOT NULL,
  zone       TEXT NOT NULL DEFAULT '',   -- '' carries every zone of every region
  vcpus      BIGINT NOT NULL,            -- what may be promised, after overcommitment
  memory_mib BIGINT NOT NULL,
  up         BIGINT NOT NULL CHECK (up IN (0, 1)),
  why_down   TEXT NOT NULL DEFAULT '',
  updated_at BIGINT NOT NULL
);

-- One row an instance: what is wanted (desired), what was last seen (observed), and how the loop stands.
CREATE TABLE instances (
  id              TEXT PRIMARY KEY,
  account         TEXT NOT NULL,
  region          TEXT NOT NULL,
  zone            TEXT NOT NULL,
  reservation_id  TEXT NOT NULL,
  launch_index    BIGINT NOT NULL,
  host            TEXT NOT NULL REFERENCES hosts(id),
  instance_type   TEXT NOT NULL,
  vcpus           BIGINT NOT NULL,
  memory_mib      BIGINT NOT NULL,
  eni_id          TEXT NOT NULL,
  spec            TEXT NOT NULL,         -- JSON of compute::Spec: what the launch asked for
  desired         TEXT NOT NULL CHECK (desired IN ('running', 'stopped', 'terminated')),
  observed        TEXT NOT NULL CHECK (observed IN ('absent', 'off', 'running', 'gone')),
  generation      BIGINT NOT NULL,       -- grows with every change of intent and every event
  settled         BIGINT NOT NULL,       -- the generation at which the loop found nothing left to do
  powered         BIGINT NOT NULL DEFAULT 0,   -- 1 once this intent's machine was switched on
  boot_id         TEXT NOT NULL DEFAULT '',    -- the host's boot in which that was
  force           BIGINT NOT NULL DEFAULT 0,   -- 1: stop without asking the guest
  deadline        BIGINT NOT NULL DEFAULT 0,   -- when patience with the guest ends (0: none running)
  reboot          BIGINT NOT NULL DEFAULT 0,   -- 1: a reboot is wanted
  attempt         BIGINT NOT NULL DEFAULT 0,
  not_before      BIGINT NOT NULL DEFAULT 0,
  reason_code     TEXT NOT NULL DEFAULT '',    -- StateReason
  reason_message  TEXT NOT NULL DEFAULT '',
  transition      TEXT NOT NULL DEFAULT '',    -- StateTransitionReason
  launched_at     BIGINT NOT NULL,
  changed_at      BIGINT NOT NULL,
  CHECK (observed <> 'gone' OR desired = 'terminated')
);
CREATE INDEX instances_owner ON instances (account, region, id);
CREATE INDEX instances_work ON instances (settled, generation);
CREATE INDEX instances_host ON instances (host);
CREATE UNIQUE INDEX instances_eni ON instances (eni_id);

-- Client tokens of launches: the same token answers the same reservation.
CREATE TABLE launch_tokens (
  account        TEXT NOT NULL,
  region         TEXT NOT NULL,
  token          TEXT NOT NULL,
  fingerprint    TEXT NOT NULL,          -- of the request's parameters
  reservation_id TEXT NOT NULL,
  created_at     BIGINT NOT NULL,
  PRIMARY KEY (account, region, token)
);
