//! How each parameter in a PostgreSQL URL is treated.
//!
//! libpq refuses a connection that does not fulfil what a parameter demands. The driver, sqlx 0.9,
//! supports few of the parameters and ignores the others. So a URL is refused if it demands
//! something that a connection of the driver would lack.

/// How a parameter is treated.
#[derive(Debug)]
pub(super) enum Parameter {
    /// It is passed on to the driver.
    Passed,
    /// It is passed on to the driver, unless it has this value, which is refused for this reason.
    Except(&'static str, &'static str),
    /// It sets `sslmode`: each possible value, and the resulting `sslmode`.
    SslMode(&'static [(&'static str, &'static str)]),
    /// It has no effect, and a warning names it. It either demands nothing of a connection, or the
    /// connection fails by itself without it.
    Ignored,
    /// Each of these values demands what holds anyway. Other values are refused for this reason.
    Only(&'static [&'static str], &'static str),
}
use Parameter::{Except, Ignored, Only, Passed, SslMode};

/// The name of a parameter, and how it is treated; `None` if libpq has no such parameter.
pub(super) fn find(name: &str) -> Option<&'static (&'static str, Parameter)> {
    PARAMETERS.iter().find(|(known, _)| *known == name)
}

/// The parameters of libpq (PostgreSQL 18, "Parameter Key Words"), in the order of their names.
///
/// Two rules look at more than one of them, as in libpq: `hostaddr` beside `host`, and
/// `sslrootcert` with `sslmode=require`. [`read`](super::postgres::read) has them.
#[rustfmt::skip]
const PARAMETERS: [(&str, Parameter); 53] = [
    // each connection says "ticketing"
    ("application_name", Ignored),
    ("channel_binding", Only(&["disable", "prefer"], "log-ins are not bound to the TLS \
        connection; sslmode=verify-full makes sure of the server")),
    // always UTF8
    ("client_encoding", Ignored),
    ("connect_timeout", Ignored),
    ("dbname", Passed),
    ("fallback_application_name", Ignored),
    ("gssdelegation", Ignored),
    ("gssencmode", Only(&["disable", "prefer"], "connections are encrypted by TLS alone; \
        sslmode=verify-full demands that")),
    ("gsslib", Ignored),
    ("host", Passed),
    ("hostaddr", Passed),
    ("keepalives", Ignored),
    ("keepalives_count", Ignored),
    ("keepalives_idle", Ignored),
    ("keepalives_interval", Ignored),
    ("krbsrvname", Ignored),
    ("load_balance_hosts", Ignored),
    ("max_protocol_version", Ignored),
    ("min_protocol_version", Only(&["3.0"], "the driver speaks version 3.0 of the protocol")),
    ("oauth_client_id", Only(&[], OAUTH)),
    ("oauth_client_secret", Only(&[], OAUTH)),
    ("oauth_issuer", Only(&[], OAUTH)),
    ("oauth_scope", Only(&[], OAUTH)),
    ("options", Passed),
    // without the password, the server refuses the log-in
    ("passfile", Ignored),
    ("password", Passed),
    ("port", Passed),
    ("replication", Only(&["false", "off", "no", "0"], "a connection for replication takes no \
        statements with values")),
    ("require_auth", Only(&[], "the driver logs in by whichever method the server asks for; \
        sslmode=verify-full makes sure of the server")),
    ("requirepeer", Only(&[], "nobody looks whose process the server is; let only its user \
        write to the directory of its socket")),
    ("requiressl", SslMode(&[("0", "prefer"), ("1", "require")])),
    // libpq makes these of a password; without one, the server refuses the log-in
    ("scram_client_key", Ignored),
    ("scram_server_key", Ignored),
    ("service", Only(&[], SERVICE)),
    ("servicefile", Only(&[], SERVICE)),
    // the spelling of JDBC
    ("ssl", SslMode(&[("true", "require")])),
    ("ssl_max_protocol_version", Only(&["TLSv1.3"], TLS_VERSION)),
    ("ssl_min_protocol_version", Only(&["TLSv1", "TLSv1.1", "TLSv1.2"], TLS_VERSION)),
    ("sslcert", Passed),
    ("sslcertmode", Only(&["allow"], "the certificate of sslcert is sent if the server asks for \
        it; clientcert in the server's pg_hba.conf demands one")),
    ("sslcompression", Ignored),
    ("sslcrl", Only(&[], REVOKED)),
    ("sslcrldir", Only(&[], REVOKED)),
    ("sslkey", Passed),
    ("sslkeylogfile", Ignored),
    ("sslmode", SslMode(&[("disable", "disable"), ("allow", "allow"), ("prefer", "prefer"),
        ("require", "require"), ("verify-ca", "verify-ca"), ("verify-full", "verify-full")])),
    ("sslnegotiation", Only(&["postgres"], "the driver asks the server for TLS first; \
        sslmode=require or verify-full demands it")),
    // without it, an encrypted key cannot be read
    ("sslpassword", Ignored),
    ("sslrootcert", Except("system", "authorities of the operating system are not read; leave it \
        out to trust the public ones that the program brings, or name a file of authorities")),
    // the driver always names the host
    ("sslsni", Ignored),
    // a server that is read-only is refused
    ("target_session_attrs", Only(&["any", "read-write", "primary"], "a server that takes no \
        writes is never used")),
    ("tcp_user_timeout", Ignored),
    ("user", Passed),
];

const OAUTH: &str = "the driver has no log-in by OAuth; use a password or a certificate";
const REVOKED: &str = "lists of revoked certificates are not read; to shut a certificate out, \
                       let the authority that sslrootcert names be another one";
const SERVICE: &str = "service files are not read; write what the service says into the URL";
const TLS_VERSION: &str = "TLS is of version 1.2 or 1.3 as the server chooses; set the parameter \
                           of that name in the server's postgresql.conf";
