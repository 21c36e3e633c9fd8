#!/bin/sh
# Makes the signing key and the service token once, on volumes that only the services'
# user can read. It also hands the database its script: a checkout may be readable by its
# owner only, and this runs as root where the database does not.
set -eu
install -m 755 /roles.sh /roles/roles.sh
umask 077
if [ -z "$(ls /keys)" ]; then
    openssl genpkey -algorithm ed25519 -out "/keys/$(date -u +%Y%m%dT%H%M%SZ).pem"
fi
if [ ! -e /service-token/token ]; then
    openssl rand -base64 32 > /service-token/token
fi
chown -R 65532:65532 /keys /service-token
