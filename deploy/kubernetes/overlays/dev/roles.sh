#!/bin/sh
# Run once by the image `postgres` on an empty volume, as its superuser: the roles of
# the services, which may log in and nothing more until `migrate grants`. The passwords
# come by the environment, and psql quotes them.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv auth_password AUTH_PASSWORD
\getenv requests_password REQUESTS_PASSWORD
CREATE ROLE ticketing_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE ticketing_auth LOGIN PASSWORD :'auth_password';
CREATE ROLE ticketing_requests LOGIN PASSWORD :'requests_password';
CREATE DATABASE ticketing OWNER ticketing_owner;
SQL
