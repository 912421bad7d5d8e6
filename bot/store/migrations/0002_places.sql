-- What a place can take and allows, and what has become of a video that was too large for it.

ALTER TABLE job ADD COLUMN max_video_bytes INTEGER CHECK (max_video_bytes > 0);  -- NULL: the operator's limit only
ALTER TABLE job ADD COLUMN is_private INTEGER NOT NULL DEFAULT 0 CHECK (is_private IN (0, 1));
ALTER TABLE job ADD COLUMN is_shrunk INTEGER NOT NULL DEFAULT 0 CHECK (is_shrunk IN (0, 1));  -- encoded again, smaller
CREATE INDEX job_open_in_channel ON job (channel, seq) WHERE state IN ('queued', 'running', 'rendered');

CREATE TABLE place_rules (
    place TEXT PRIMARY KEY,  -- platform:id
    rules TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
