-- What requests-service needs to change requests, beside the application's tables.

-- A call that may be sent again: its answer is kept for a day, so that the second
-- one does nothing more than answer the same.
CREATE TABLE ticketing_idempotency_keys (
    user_id integer NOT NULL,
    key varchar(64) NOT NULL,
    -- SHA-256 of the RPC's name and its message; another one under the same key is
    -- another call
    call bytea NOT NULL,
    -- the response as the wire writes it; NULL only within the call's transaction
    answer bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
-- Those of yesterday go, a few with each call.
CREATE INDEX ticketing_idempotency_keys_created_at ON ticketing_idempotency_keys (created_at);
