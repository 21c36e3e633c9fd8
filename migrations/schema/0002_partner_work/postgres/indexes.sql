-- The indexes that counts and searches need on the application's tables.

-- Counts by status, category or branch are read from this one alone.
CREATE INDEX ticketing_requests_partner_status ON requests (partner_id, status, category_id, branch_id) WHERE is_active AND NOT is_deleted;
-- Numbers by their beginning. Not only live rows: PostgreSQL uses the statistics of an
-- expression only where the index holds all rows, and without them it takes each
-- search for one that finds much.
CREATE INDEX ticketing_requests_number ON requests (lower(request_number) text_pattern_ops);
-- Names and phones by any part of them; `gin_trgm_ops` is
-- named with the schema that the extension lies in. Over all rows, as
-- `ticketing_requests_number`. The expressions are those of the search, to the letter.
CREATE INDEX ticketing_requests_search ON requests USING gin (lower(customer_name) gin_trgm_ops, replace(replace(replace(replace(replace(replace(customer_phone, ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') gin_trgm_ops);
