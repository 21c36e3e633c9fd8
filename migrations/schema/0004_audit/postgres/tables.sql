-- The audit log of auth-service, which appends to it and reads it, and changes nothing.

-- Names no other table, so that no other row's end changes what is written here.
CREATE TABLE ticketing_audit_events (
    -- no privilege on a sequence is needed to insert
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- the RPC, or the command
    event varchar(50) NOT NULL CHECK (event IN (
        'register', 'create_session', 'refresh_session', 'revoke_session', 'revoke_own_session',
        'revoke_all_sessions', 'change_password', 'revoke_user_sessions', 'validate_session',
        'end_all_sessions'
    )),
    outcome varchar(10) NOT NULL CHECK (outcome IN ('done', 'refused')),
    cause varchar(50),
    -- who did it, where that was proven; whose account or sessions it was about
    actor_user_id integer,
    subject_user_id integer,
    session_id varchar(36),
    ip_address varchar(45),
    device_info varchar(255),
    -- staff's words
    reason varchar(200),
    -- of many users' sessions: those that began before this
    created_before timestamptz,
    -- sessions that were live until then
    ended_count integer
);
-- Pages are read in the order of these; so is what is purged.
CREATE INDEX ticketing_audit_events_time ON ticketing_audit_events (occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_actor ON ticketing_audit_events (actor_user_id, occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_subject ON ticketing_audit_events (subject_user_id, occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_session ON ticketing_audit_events (session_id, occurred_at DESC, id DESC);
