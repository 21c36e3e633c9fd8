-- Who there is before the first request, and what is drawn by chance. The program fills the
-- values in braces in: numbers, and names of its own.

-- One of `sides` numbers from 0, the same for the same seed.
CREATE FUNCTION pg_temp.draw(n bigint, what bigint, sides bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(n * 64 + what, {seed}) & 9223372036854775807) % sides
$$;

CREATE FUNCTION pg_temp.person(n bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT ({given})[language][pg_temp.draw(n, 1, 6) + 1] || ' '
        || ({family})[language][pg_temp.draw(n, 2, 6) + 1]
    FROM (SELECT pg_temp.draw(n, 3, 2) + 1 AS language) AS drawn
$$;

INSERT INTO partners (id, name, status)
SELECT id,
    (ARRAY['Roadside', 'Cooling', 'Plumbing', 'Home Care', 'Rescue'])[id % 5 + 1]
        || ' Partner ' || to_char(id, 'FM000'),
    CAST(CASE id % 25 WHEN 23 THEN 'inactive' WHEN 24 THEN 'suspended' ELSE 'active' END
        AS partner_status_enum)
FROM generate_series(1, {partners}) AS id;

-- one to four of each partner
INSERT INTO branches (id, partner_id, name, lat, lng)
SELECT id, partner, 'Branch ' || id, 24.5 + id % 100 / 200.0, 46.5 + id % 100 / 200.0
FROM generate_series(1, {partners}) AS partner,
    generate_series(partner * 4 - 3, partner * 4 - 3 + partner % 4) AS id;

-- an administrator, operations staff (an old database has no type for them), a user of each
-- partner, and customers
INSERT INTO users (id, name, email, password, role_id, user_type, partner_id)
SELECT id, pg_temp.person(id), who || '-' || id || '@generated.example', '{password}',
    (SELECT roles.id FROM roles WHERE roles.name = of_type),
    CAST(of_type AS user_type_enum),
    CASE of_type WHEN 'partner' THEN id - 2 END
FROM generate_series(1, {partners} + {customers} + 2) AS id,
    LATERAL (SELECT
        CASE WHEN id <= 2 THEN 'admin' WHEN id <= {partners} + 2 THEN 'partner' ELSE 'customer' END,
        CASE id WHEN 1 THEN 'admin' WHEN 2 THEN 'operation' END
    ) AS kind (of_type, staff),
    LATERAL (SELECT coalesce(staff, of_type)) AS named (who);

-- Each request's life: how far it came (most are done, a few are at every other stage), whose
-- it is, and when what happened. All of it is over a day ago.
CREATE TEMPORARY VIEW lives AS
SELECT id, stage, partner, branch, submitted, assigned, answered, started, completed, closed,
    (ARRAY['submitted', 'rejected', 'unassigned', 'assigned', 'confirmed', 'in_progress',
        'completed', 'closed'])[stage + 1] AS status
FROM generate_series(1, {requests}) AS id,
    LATERAL (SELECT
        width_bucket(pg_temp.draw(id, 4, 100), ARRAY[3, 5, 8, 14, 20, 26, 60]::bigint[]),
        -- the n-th partner has about an n-th of the first one's work
        least({partners}, floor(({partners} + 1) ^ (pg_temp.draw(id, 5, 1000000) / 1e6)))::int,
        now() - interval '1 day' * (2 + 365.0 * ({requests} - id) / {requests})
    ) AS begun (stage, partner, submitted),
    LATERAL (SELECT partner * 4 - 3 + pg_temp.draw(id, 6, partner % 4 + 1)::int) AS at (branch),
    LATERAL (SELECT submitted + interval '1 s' * (1 + pg_temp.draw(id, 7, 1800))) AS a (assigned),
    LATERAL (SELECT assigned + interval '1 s' * (1 + pg_temp.draw(id, 8, 840))) AS b (answered),
    LATERAL (SELECT answered + interval '1 s' * (1 + pg_temp.draw(id, 9, 3600))) AS c (started),
    LATERAL (SELECT started + interval '1 s' * (1 + pg_temp.draw(id, 10, 9000))) AS d (completed),
    LATERAL (SELECT completed + interval '1 s' * (1 + pg_temp.draw(id, 11, 36000))) AS e (closed);

INSERT INTO requests (id, request_number, customer_id, customer_name, customer_phone,
    customer_lat, customer_lng, customer_address, category_id, service_id, pickup_option_id,
    partner_id, branch_id, assigned_by_user_id, status, created_at, updated_at, submitted_at,
    assigned_at, sla_deadline, confirmed_at, in_progress_at, completed_at, closed_at,
    closed_by_user_id, rejected_at, rating)
SELECT lives.id,
    'REQ-' || to_char(submitted AT TIME ZONE 'UTC', 'YYYYMMDD') || '-'
        || lpad(lives.id::text, greatest(4, length(lives.id::text)), '0'),
    {partners} + 3 + pg_temp.draw(lives.id, 12, {customers}),
    pg_temp.person(lives.id),
    '+966 5' || pg_temp.draw(lives.id, 13, 10)
        || to_char(pg_temp.draw(lives.id, 14, 1000), ' FM000')
        || to_char(pg_temp.draw(lives.id, 15, 10000), ' FM0000'),
    24 + pg_temp.draw(lives.id, 16, 1000000) / 1e6,
    46 + pg_temp.draw(lives.id, 17, 1000000) / 1e6,
    1 + pg_temp.draw(lives.id, 18, 2000) || ' King Fahd Road',
    services.category_id,
    CASE pg_temp.draw(lives.id, 19, 2) WHEN 1 THEN services.id END,
    pickup_options[pg_temp.draw(lives.id, 20, cardinality(pickup_options)) + 1],
    CASE WHEN stage >= 3 THEN partner END,
    CASE WHEN stage >= 3 THEN branch END,
    CASE WHEN stage >= 3 THEN 2 END,
    CAST(lives.status AS request_status_enum),
    submitted,
    (ARRAY[submitted, answered, answered, assigned, answered, started, completed,
        closed])[stage + 1],
    submitted,
    CASE WHEN stage >= 3 THEN assigned END,
    -- a request that waits for its partner does so for up to a day from now
    CASE WHEN stage = 3 THEN now() + interval '1 min' * (10 + lives.id % 1430)
        WHEN stage > 3 THEN assigned + interval '15 min' END,
    CASE WHEN stage >= 4 THEN answered END,
    CASE WHEN stage >= 5 THEN started END,
    CASE WHEN stage >= 6 THEN completed END,
    CASE WHEN stage = 7 THEN closed END,
    CASE WHEN stage = 7 THEN 2 END,
    CASE WHEN stage IN (1, 2) THEN answered END,
    CASE WHEN stage >= 6 AND pg_temp.draw(lives.id, 21, 2) = 1
        THEN 2 + pg_temp.draw(lives.id, 22, 4) END
FROM lives
CROSS JOIN (SELECT
    (SELECT array_agg(id ORDER BY id) FROM services),
    (SELECT array_agg(id ORDER BY id) FROM pickup_option_types)
) AS catalogue (services, pickup_options)
JOIN services ON services.id
    = catalogue.services[pg_temp.draw(lives.id, 23, cardinality(catalogue.services)) + 1];

INSERT INTO request_assignments (request_id, partner_id, branch_id, assigned_by_user_id,
    assigned_at, responded_at, response, rejection_reason, created_at, is_active)
SELECT id, partner, branch, 2, assigned,
    CASE WHEN response <> 'pending' THEN answered END,
    CAST(response AS assignment_response_enum),
    CASE response WHEN 'rejected' THEN 'No free vehicle in this area' END,
    assigned, true
FROM lives, LATERAL (SELECT CASE
    WHEN stage = 2 AND id % 2 = 0 THEN 'timeout'
    WHEN stage IN (1, 2) THEN 'rejected'
    WHEN stage = 3 THEN 'pending'
    ELSE 'confirmed'
END) AS answer (response)
WHERE stage > 0;

INSERT INTO request_status_log (request_id, status, changed_by_id, "timestamp", created_at,
    updated_at)
SELECT lives.id, CAST(step.status AS request_status_enum), who, at, at, at
FROM lives, LATERAL (VALUES
    ('submitted', submitted, {partners} + 3 + pg_temp.draw(id, 12, {customers})::int, true),
    ('assigned', assigned, 2, stage >= 1),
    (lives.status, answered, partner + 2, stage IN (1, 2)),
    ('confirmed', answered, partner + 2, stage >= 4),
    ('in_progress', started, partner + 2, stage >= 5),
    ('completed', completed, partner + 2, stage >= 6),
    ('closed', closed, 2, stage = 7)
) AS step (status, at, who, happened)
WHERE happened;
