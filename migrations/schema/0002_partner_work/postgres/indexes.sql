-- The indexes that counts and searches need on the application's tables.

-- Counts by status, category or branch read only this index, and not the table.
CREATE INDEX ticketing_requests_partner_status ON requests (partner_id, status, category_id, branch_id) WHERE is_active AND NOT is_deleted;
-- For numbers by their beginning. It contains all rows, not only live ones. PostgreSQL uses the
-- statistics of an expression only if the index contains all rows; without them, it assumes that
-- every search finds many rows.
CREATE INDEX ticketing_requests_number ON requests (lower(request_number) text_pattern_ops);
-- For any part of names and phones. `migrate` adds the schema of the extension to `gin_trgm_ops`.
-- It contains all rows, as `ticketing_requests_number` does. The expressions must be exactly those
-- of the search.
CREATE INDEX ticketing_requests_search ON requests USING gin (lower(customer_name) gin_trgm_ops, replace(replace(replace(replace(replace(replace(customer_phone, ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') gin_trgm_ops);
