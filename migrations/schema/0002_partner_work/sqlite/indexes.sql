-- Of postgres/indexes.sql, what serves SQLite: it has no index for LIKE with a bound
-- pattern, and one machine's requests are soon searched.

CREATE INDEX ticketing_requests_partner_status ON requests (partner_id, status, category_id, branch_id) WHERE is_active AND NOT is_deleted;
