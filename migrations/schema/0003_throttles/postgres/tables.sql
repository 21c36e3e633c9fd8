-- Counts of attempts to guess passwords. They are in the database, so that all replicas share them.

CREATE TABLE ticketing_throttles (
    -- SHA-256, in hex, of an account and a network, of an account, or of a network; e-mails and
    -- addresses are not stored
    key varchar(64) PRIMARY KEY,
    -- the number of attempts; an attempt is counted before its outcome is known
    attempts integer NOT NULL,
    -- the time of the last attempt
    last_attempt_at timestamptz NOT NULL,
    -- from this time on, the attempts no longer count, and the row may be purged
    forgotten_at timestamptz NOT NULL
);
-- For the purge of rows that no longer count.
CREATE INDEX ticketing_throttles_forgotten_at ON ticketing_throttles (forgotten_at);
