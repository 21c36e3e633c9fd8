-- The table that requests-service needs to change requests, with the columns of
-- postgres/tables.sql.

CREATE TABLE ticketing_idempotency_keys (
    user_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    call BLOB NOT NULL,
    answer BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX ticketing_idempotency_keys_created_at ON ticketing_idempotency_keys (created_at);
