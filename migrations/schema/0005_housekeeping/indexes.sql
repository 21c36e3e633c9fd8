-- Sessions that ended long ago are found by when, and nothing is read where there are
-- none. The old application's rows are not in it: they are never purged.
CREATE INDEX ticketing_user_sessions_expires_at ON user_sessions (expires_at) WHERE generation IS NOT NULL;
