-- What platforms have sent and nobody has seen to yet, and what a channel must remember between two messages.

CREATE TABLE inbox (
    channel TEXT NOT NULL,
    number  INTEGER NOT NULL,  -- the platform's own of the update
    lane    TEXT NOT NULL,  -- what has the same one is seen to in order: a chat, as a rule
    person  TEXT NOT NULL DEFAULT '',  -- with whom it is forgotten; empty: it is nobody's
    body    TEXT,  -- NULL: seen to; the row stays for a while, because a platform may send the update again
    at_ms   INTEGER NOT NULL,
    starts  INTEGER NOT NULL DEFAULT 0 CHECK (starts >= 0),  -- starts of the bot after which it was begun anew
    PRIMARY KEY (channel, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_open ON inbox (channel, number) WHERE body IS NOT NULL;
CREATE INDEX inbox_by_person ON inbox (channel, person) WHERE person <> '';
CREATE INDEX inbox_seen_to ON inbox (at_ms) WHERE body IS NULL;

CREATE TABLE note (
    channel TEXT NOT NULL,
    name    TEXT NOT NULL,
    person  TEXT NOT NULL,  -- with whom it is forgotten
    body    TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (channel, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX note_by_person ON note (person);

CREATE TABLE posted (
    channel TEXT PRIMARY KEY,
    notice  INTEGER NOT NULL  -- the last one that admins were told there
) STRICT, WITHOUT ROWID;
