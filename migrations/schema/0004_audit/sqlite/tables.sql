-- The audit log, with the columns of postgres/tables.sql.

CREATE TABLE ticketing_audit_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    occurred_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    event TEXT NOT NULL CHECK (event IN (
        'register', 'create_session', 'refresh_session', 'revoke_session', 'revoke_own_session',
        'revoke_all_sessions', 'change_password', 'revoke_user_sessions', 'validate_session',
        'end_all_sessions'
    )),
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    cause TEXT,
    actor_user_id INTEGER,
    subject_user_id INTEGER,
    session_id TEXT,
    ip_address TEXT,
    device_info TEXT,
    reason TEXT,
    created_before INTEGER,
    ended_count INTEGER
) STRICT;
CREATE INDEX ticketing_audit_events_time ON ticketing_audit_events (occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_actor ON ticketing_audit_events (actor_user_id, occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_subject ON ticketing_audit_events (subject_user_id, occurred_at DESC, id DESC);
CREATE INDEX ticketing_audit_events_session ON ticketing_audit_events (session_id, occurred_at DESC, id DESC);
