-- Counts of attempts to guess passwords, with the columns of postgres/tables.sql.

CREATE TABLE ticketing_throttles (
    key TEXT NOT NULL PRIMARY KEY,
    attempts INTEGER NOT NULL,
    last_attempt_at INTEGER NOT NULL,
    forgotten_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ticketing_throttles_forgotten_at ON ticketing_throttles (forgotten_at);
