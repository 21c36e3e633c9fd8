-- Sessions of a database that `migrate up` made or took over: all are live. They began within
-- the last half of a refresh token's lifetime.
INSERT INTO user_sessions (user_id, session_id, expires_at, created_at, is_active, generation,
    rotated_at, absolute_expires_at, password_digest)
SELECT 1 + pg_temp.draw(n, 30, {users}),
    CAST(CAST(overlay(overlay(md5('{seed}/' || n) PLACING '4' FROM 13) PLACING '8' FROM 17)
        AS uuid) AS text),
    begun + interval '1 s' * {refresh_token}, begun, true, 1,
    begun, begun + interval '1 s' * {session}, '{digest}'
FROM generate_series(1, {sessions}) AS n,
    LATERAL (SELECT now() - interval '1 s' * pg_temp.draw(n, 31, {refresh_token} / 2)) AS b (begun);
