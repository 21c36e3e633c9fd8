-- Sessions as the old application made them: named after its clock and a random text.
INSERT INTO user_sessions (user_id, session_id, expires_at, created_at, is_active)
SELECT 1 + pg_temp.draw(n, 30, {users}),
    'sess_' || floor(extract(epoch FROM begun) * 1000) || '_' || left(md5('{seed}/' || n), 8) || n,
    begun + interval '7 days', begun, true
FROM generate_series(1, {sessions}) AS n,
    LATERAL (SELECT now() - interval '1 s' * pg_temp.draw(n, 31, 7 * 43200)) AS b (begun);
