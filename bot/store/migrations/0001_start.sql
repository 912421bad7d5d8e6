-- Instants are milliseconds since 1970 (UTC), amounts are thousandths of a credit.
-- Columns named options, video, failure, arguments and details hold JSON objects.

CREATE TABLE person (
    id              TEXT PRIMARY KEY,  -- platform:user
    platform        TEXT NOT NULL,
    user            TEXT NOT NULL,
    name            TEXT NOT NULL DEFAULT '',
    seen_ms         INTEGER NOT NULL,
    finish_tag      REAL NOT NULL DEFAULT 0,  -- fair order: where the next job of this person starts at the earliest
    second_tag      REAL,  -- fair order: the tag of the second of this person's jobs that wait in the normal lane
    waiting         INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    banned_ms       INTEGER,
    banned_until_ms INTEGER,
    ban_reason      TEXT,
    CHECK (id = platform || ':' || user),
    CHECK (banned_ms IS NOT NULL OR (banned_until_ms IS NULL AND ban_reason IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX person_by_seen ON person (seen_ms);
CREATE INDEX person_by_second_tag ON person (second_tag) WHERE second_tag IS NOT NULL;

CREATE TABLE account (
    id      TEXT PRIMARY KEY,  -- person:…, place:… or everyone
    tokens  INTEGER NOT NULL CHECK (tokens >= 0),
    held    INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    used    INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    added   INTEGER NOT NULL,  -- the first filling, refills and grants
    at_ms   INTEGER NOT NULL,  -- up to when refills are counted
    cap     INTEGER CHECK (cap >= 0),      -- set by an admin; NULL: as the settings say
    per_day INTEGER CHECK (per_day >= 0),  -- likewise
    CHECK (tokens + held + used = added)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    seq             INTEGER PRIMARY KEY,  -- the order of acceptance
    id              TEXT NOT NULL UNIQUE,
    requester       TEXT NOT NULL REFERENCES person (id),
    channel         TEXT NOT NULL,
    place           TEXT NOT NULL DEFAULT '',
    address         TEXT NOT NULL DEFAULT '',
    key             TEXT,  -- of the platform's update; the same one again is the same job
    state           TEXT NOT NULL DEFAULT 'queued' CHECK (
        state IN ('queued', 'running', 'rendered', 'delivered', 'failed', 'cancelled', 'undeliverable')
    ),
    lane            TEXT NOT NULL DEFAULT 'normal' CHECK (lane IN ('priority', 'normal')),
    tag             REAL NOT NULL,  -- fair order: the smallest goes first
    prompt          TEXT NOT NULL,
    options         TEXT NOT NULL,
    model           TEXT NOT NULL,
    preset          TEXT NOT NULL,
    seed            INTEGER NOT NULL,
    width_px        INTEGER NOT NULL,
    height_px       INTEGER NOT NULL,
    frames          INTEGER NOT NULL,
    fps             INTEGER NOT NULL,
    steps           INTEGER NOT NULL,
    estimate_s      REAL,
    price_mcr       INTEGER NOT NULL CHECK (price_mcr >= 0),
    credits         TEXT NOT NULL DEFAULT 'held' CHECK (credits IN ('held', 'used', 'returned')),
    lost_renders    INTEGER NOT NULL DEFAULT 0 CHECK (lost_renders >= 0),
    has_end_picture INTEGER NOT NULL DEFAULT 0 CHECK (has_end_picture IN (0, 1)),
    has_picture     INTEGER NOT NULL DEFAULT 1 CHECK (has_picture IN (0, 1)),
    has_video       INTEGER NOT NULL DEFAULT 0 CHECK (has_video IN (0, 1)),
    created_ms      INTEGER NOT NULL,
    started_ms      INTEGER,
    ended_ms        INTEGER,
    told            INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),  -- the person has seen the end
    video           TEXT,
    failure         TEXT,
    CHECK ((state IN ('delivered', 'failed', 'cancelled', 'undeliverable')) = (ended_ms IS NOT NULL)),
    CHECK ((state IN ('delivered', 'failed', 'cancelled', 'undeliverable')) = (credits <> 'held')),
    CHECK (state <> 'failed' OR (failure IS NOT NULL AND credits = 'returned')),
    CHECK (state NOT IN ('delivered', 'undeliverable') OR credits = 'used'),
    CHECK (state NOT IN ('rendered', 'delivered', 'undeliverable') OR video IS NOT NULL),
    CHECK (state <> 'running' OR started_ms IS NOT NULL)
) STRICT;
CREATE INDEX job_waiting ON job (lane, tag, seq) WHERE state = 'queued';
CREATE INDEX job_waiting_of ON job (requester, lane, tag, seq) WHERE state = 'queued';
CREATE INDEX job_under_way ON job (state, seq) WHERE state IN ('running', 'rendered');
CREATE INDEX job_by_requester ON job (requester, seq);
CREATE INDEX job_by_end ON job (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE INDEX job_with_files ON job (created_ms) WHERE has_picture = 1 OR has_video = 1;
CREATE UNIQUE INDEX job_key ON job (requester, key) WHERE key IS NOT NULL;

-- The same table as bot.domain.job.TRANSITIONS.
CREATE TABLE transition (
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;
INSERT INTO transition VALUES
    ('queued', 'running'), ('queued', 'failed'), ('queued', 'cancelled'),
    ('running', 'queued'), ('running', 'rendered'), ('running', 'failed'), ('running', 'cancelled'),
    ('rendered', 'delivered'), ('rendered', 'undeliverable'), ('rendered', 'failed'), ('rendered', 'cancelled');
CREATE TRIGGER job_transition BEFORE UPDATE OF state ON job
WHEN NOT EXISTS (SELECT 1 FROM transition WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'no such transition');
END;

CREATE TABLE entry (  -- the ledger: what was set aside, and what became of it
    job     TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    kind    TEXT NOT NULL CHECK (kind IN ('hold', 'use', 'return')),
    amount  INTEGER NOT NULL CHECK (amount >= 0),
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (job, account, kind)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_one_end ON entry (job, account) WHERE kind <> 'hold';

CREATE TABLE outbox (  -- who is still to be told of an end
    job           TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    attempts      INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    since_ms      INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL,
    in_doubt      INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt IN (0, 1))  -- the last try may have arrived
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (not_before_ms);

CREATE TABLE queue (  -- one row
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    virtual_time REAL NOT NULL DEFAULT 0,
    priority_run INTEGER NOT NULL DEFAULT 0,  -- claims from the priority lane since the last normal one
    active       INTEGER NOT NULL DEFAULT 0 CHECK (active >= 0),  -- persons with waiting jobs
    waiting      INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    is_paused    INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
    is_draining  INTEGER NOT NULL DEFAULT 0 CHECK (is_draining IN (0, 1))
) STRICT;
INSERT INTO queue (id) VALUES (1);

CREATE TABLE estimate (  -- measured render times
    model    TEXT NOT NULL,
    preset   TEXT NOT NULL,
    shape    TEXT NOT NULL,  -- WIDTHxHEIGHTxFRAMESxSTEPS; empty: all of the preset
    seconds  REAL NOT NULL,  -- with a shape: of a render; without: of a unit of work
    samples  INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (model, preset, shape)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id        INTEGER PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    who       TEXT NOT NULL,
    command   TEXT NOT NULL,
    arguments TEXT NOT NULL,
    outcome   TEXT NOT NULL
) STRICT;

CREATE TABLE report (
    id          INTEGER PRIMARY KEY,
    job         TEXT NOT NULL,
    reporter    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    resolved_ms INTEGER,
    UNIQUE (job, reporter)
) STRICT;

CREATE TABLE notice (  -- what admins are to be told
    id      INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    code    TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
