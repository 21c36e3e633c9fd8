-- What auth-service needs against guessing, so that all replicas count together.

CREATE TABLE ticketing_throttles (
    -- SHA-256, in hex, of what is counted: an account and a network, an account alone,
    -- a network; no e-mail and no address lies here in plain
    key varchar(64) PRIMARY KEY,
    -- attempts that count; each is counted before its outcome is known
    attempts integer NOT NULL,
    -- when the last of them was made
    last_attempt_at timestamptz NOT NULL,
    -- from when on they count no more, and the row may go
    forgotten_at timestamptz NOT NULL
);
-- Those that count no more go, a batch at a time.
CREATE INDEX ticketing_throttles_forgotten_at ON ticketing_throttles (forgotten_at);
