-- The indexes of postgres/indexes.sql that SQLite can use. SQLite has no index for LIKE with a bound
-- pattern, and one machine has few enough requests to search them all.

CREATE INDEX ticketing_requests_partner_status ON requests (partner_id, status, category_id, branch_id) WHERE is_active AND NOT is_deleted;
