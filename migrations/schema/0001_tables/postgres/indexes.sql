-- The indexes that the services' queries need.

-- A user's sessions, newest first.
CREATE INDEX ticketing_user_sessions_newest ON user_sessions (user_id, created_at DESC, id DESC) WHERE generation IS NOT NULL;
-- For statements that end all sessions of a user, and for the cascade from users. Both also look
-- for rows without a generation.
CREATE INDEX ticketing_user_sessions_user_id ON user_sessions (user_id);

CREATE INDEX ticketing_users_partner_id ON users (partner_id);
CREATE INDEX ticketing_branches_partner_id ON branches (partner_id);
CREATE INDEX ticketing_services_category_id ON services (category_id);
CREATE INDEX ticketing_request_assignments_request_id ON request_assignments (request_id);
CREATE INDEX ticketing_request_status_log_request_id ON request_status_log (request_id);

-- A page of requests reads one range of one of these indexes. Each column that a list can be
-- ordered by has two: one for the list of a partner, and one for staff, who see all requests.
-- They contain only live rows. A query can use them if it contains `is_active AND NOT is_deleted`
-- in exactly these words: SQLite recognises neither another form nor bound values.
-- Rows without the sort value are last. The ascending order reads the same range backwards.
CREATE INDEX ticketing_requests_partner_created_at ON requests (partner_id, created_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_partner_updated_at ON requests (partner_id, updated_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_partner_submitted_at ON requests (partner_id, submitted_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_partner_assigned_at ON requests (partner_id, assigned_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_partner_completed_at ON requests (partner_id, completed_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_created_at ON requests (created_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_updated_at ON requests (updated_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_submitted_at ON requests (submitted_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_assigned_at ON requests (assigned_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
CREATE INDEX ticketing_requests_completed_at ON requests (completed_at DESC NULLS LAST, id DESC) WHERE is_active AND NOT is_deleted;
