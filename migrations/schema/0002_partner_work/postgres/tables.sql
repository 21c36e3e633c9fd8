-- The table that requests-service needs to change requests, besides the application's tables.

-- The answers to calls with an idempotency key, for a day. If a call is sent again, it gets the same
-- answer and changes nothing.
CREATE TABLE ticketing_idempotency_keys (
    user_id integer NOT NULL,
    key varchar(64) NOT NULL,
    -- SHA-256 of the name of the RPC and of the message; a call with the same key and another
    -- digest is refused
    call bytea NOT NULL,
    -- the encoded response; NULL only within the transaction of the call
    answer bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
-- For the purge of keys that are older than a day.
CREATE INDEX ticketing_idempotency_keys_created_at ON ticketing_idempotency_keys (created_at);
