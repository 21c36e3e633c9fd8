-- The audit log. auth-service inserts and reads events. It never changes or deletes them.

-- It has no foreign keys, so that an event stays when the rows it names are deleted.
CREATE TABLE ticketing_audit_events (
    -- an identity column, because an insert then needs no privilege on a sequence
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- the RPC or the command
    event varchar(50) NOT NULL CHECK (event IN (
        'register', 'create_session', 'refresh_session', 'revoke_session', 'revoke_own_session',
        'revoke_all_sessions', 'change_password', 'revoke_user_sessions', 'validate_session',
        'end_all_sessions'
    )),
    outcome varchar(10) NOT NULL CHECK (outcome IN ('done', 'refused')),
    cause varchar(50),
    -- the actor is the user who did it, if that was proven; the subject is the user whose
    -- account or sessions it was about
    actor_user_id integer,
    subject_user_id integer,
    session_id varchar(36),
    ip_address varchar(45),
    device_info varchar(255),
    -- the reason that staff gave
    reason varchar(200),
    -- if the sessions of all users ended: only those that began before this time
    created_before timestamptz,
    -- how many sessions ended
    ended_count integer
);
-- For the pages of the log, and for the purge, which both go by time.
CREATE INDEX ticketing_audit_events_time ON ticketing_audit_events (occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_actor ON ticketing_audit_events (actor_user_id, occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_subject ON ticketing_audit_events (subject_user_id, occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_session ON ticketing_audit_events (session_id, occurred_at DESC, id DESC);
