-- For the purge of sessions by the time at which they expired. It does not contain the rows of the
-- old application, which are never purged.
CREATE INDEX ticketing_user_sessions_expires_at ON user_sessions (expires_at) WHERE generation IS NOT NULL;
