-- Names and phones by any part of them, where there is pg_trgm; `gin_trgm_ops` is
-- named with the schema that the extension lies in. Over all rows, as
-- `ticketing_requests_number`. The expressions are those of the search, to the letter.
CREATE INDEX ticketing_requests_search ON requests USING gin (lower(customer_name) gin_trgm_ops, replace(replace(replace(replace(replace(replace(customer_phone, ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') gin_trgm_ops);
