use super::{DatabaseUrl, InvalidDatabaseUrl};
use sqlx::postgres::PgConnectOptions;

/// Host, or the directory of a socket; port, user and database, as the driver reads them.
fn read(text: &str) -> String {
    let url: DatabaseUrl = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let read: PgConnectOptions = url.for_driver().parse().unwrap();
    let socket = read.get_socket().map(|socket| socket.display().to_string());
    format!(
        "{} {} {} {}",
        socket.unwrap_or_else(|| read.get_host().to_owned()),
        read.get_port(),
        read.get_username(),
        read.get_database().unwrap_or("-"),
    )
}

#[test]
fn urls_are_read_as_libpq_reads_them() {
    for (text, expected) in [
        ("postgres://u@h/d", "h 5432 u d"),
        ("postgresql://u:p@h:6432/d", "h 6432 u d"),
        ("postgres://u@h", "h 5432 u -"),
        ("postgres://u@h:/d", "h 5432 u d"),
        ("postgres://u:p@[::1]:5432/d", "::1 5432 u d"),
        ("postgres://u@[fe80::1%25eth0]/d", "fe80::1%eth0 5432 u d"),
        (
            "postgres://u@/d?host=/run/postgresql",
            "/run/postgresql 5432 u d",
        ),
        (
            "postgres://u@%2Frun%2Fpostgresql:5433/d",
            "/run/postgresql 5433 u d",
        ),
        ("postgres:///d?host=h&port=1&user=u", "h 1 u d"),
        ("postgres://u@h/d?host=other&dbname=e", "other 5432 u e"),
        ("postgres://u@h/d?hostaddr=192.0.2.1", "192.0.2.1 5432 u d"),
        ("postgres://u:p%40s%2Fs@h/d", "h 5432 u d"),
        ("postgres://u:p#s?s:s[+]@h/d", "h 5432 u d"),
        ("postgres://u%40corp:p@h/d%2Fe", "h 5432 u@corp d/e"),
        ("postgres://u@h/d@e", "h 5432 u d@e"),
        ("postgres://u@h/d?", "h 5432 u d"),
        (
            "postgres://u@h/d?sslmode=verify-full&sslrootcert=ca.crt&",
            "h 5432 u d",
        ),
        ("postgres://u@h/d?ssl=true", "h 5432 u d"),
        (
            "postgres://u@h/d?connect_timeout=5&target_session_attrs=read-write",
            "h 5432 u d",
        ),
        ("postgres://u@h/d?options=-c%20geqo%3Doff", "h 5432 u d"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn the_driver_gets_each_character_of_a_password() {
    for (text, password) in [
        ("postgres://u:p%40s%2Fs%25@h/d", "p%40s%2Fs%25"),
        ("postgres://u:p#s?s:s[+]@h/d", "p%23s%3Fs%3As%5B%2B%5D"),
        ("postgres://u@h/d?password=a+b%26c", "a%2Bb%26c"),
        ("postgres://u:é@h/d", "%C3%A9"),
    ] {
        let url: DatabaseUrl = text.parse().unwrap();
        let parameters: Vec<_> = url.for_driver().split(['?', '&']).collect();
        let expected = format!("password={password}");
        assert!(
            parameters.contains(&expected.as_str()),
            "{text}: {parameters:?}"
        );
    }
}

#[test]
fn parameters_that_only_libpq_supports_are_named() {
    let url = "postgres://u@h/d?connect_timeout=5&options[geqo]=off&krbsrvname=POSTGRES";
    let url: DatabaseUrl = url.parse().unwrap();
    assert_eq!(url.ignored(), ["connect_timeout", "krbsrvname"]);
    assert!(
        url.for_driver().ends_with("options%5Bgeqo%5D=off&user=u"),
        "{}",
        url.for_driver()
    );
}

/// What a URL with these parameters is refused for, if it is.
fn refused(parameters: &str) -> Option<String> {
    let url = format!("postgres://u:secret@h/d?{parameters}");
    let error = url.parse::<DatabaseUrl>().err()?.to_string();
    assert!(!error.contains("secret"), "{error}");
    Some(error)
}

#[test]
fn a_url_that_demands_what_no_connection_has_is_refused() {
    for (parameters, said) in [
        (
            "channel_binding=require",
            "must have channel_binding=disable or channel_binding=prefer or leave it out, since",
        ),
        ("channel_binding=disable&channel_binding=require", "must"),
        ("gssencmode=require", "must have gssencmode=disable or"),
        ("min_protocol_version=3.2", "must have min_protocol_version"),
        ("oauth_issuer=https://issuer", "must leave oauth_issuer out"),
        ("replication=database", "must have replication=false or"),
        ("require_auth=scram-sha-256", "must leave require_auth out"),
        ("requirepeer=postgres", "must leave requirepeer out, since"),
        ("service=production", "must leave service out, since"),
        ("ssl_max_protocol_version=TLSv1.2", "must have ssl_max"),
        ("ssl_min_protocol_version=TLSv1.3", "must have ssl_min"),
        ("sslcertmode=require", "must have sslcertmode=allow or"),
        ("sslcertmode=disable", "must have sslcertmode=allow or"),
        ("sslcrl=revoked.pem", "must leave sslcrl out, since lists"),
        ("sslcrldir=revoked", "must leave sslcrldir out, since lists"),
        ("sslnegotiation=direct", "must have sslnegotiation=postgres"),
        ("target_session_attrs=read-only", "must have target_session"),
        ("target_session_attrs=standby", "must have target_session"),
        ("sslrootcert=system", "must not have sslrootcert=system"),
        (
            "hostaddr=192.0.2.1&sslmode=verify-full",
            "must leave hostaddr out",
        ),
    ] {
        let error = refused(parameters).expect(parameters);
        assert!(error.starts_with(said), "{parameters}: {error}");
    }
}

#[test]
fn parameters_that_every_connection_meets_are_accepted() {
    for parameters in [
        "channel_binding=prefer",
        "gssencmode=disable",
        "min_protocol_version=3.0",
        "replication=off",
        "require_auth=",
        "requirepeer=",
        "ssl_max_protocol_version=TLSv1.3",
        "ssl_min_protocol_version=tlsv1.2",
        "sslcertmode=allow",
        "sslcrl=",
        "sslnegotiation=postgres",
        "sslrootcert=./system",
        "target_session_attrs=any",
        "target_session_attrs=primary",
        "target_session_attrs=read-write",
        "hostaddr=192.0.2.1&sslmode=verify-ca",
    ] {
        assert_eq!(refused(parameters), None, "{parameters}");
    }
}

#[test]
fn each_way_to_demand_tls_reaches_the_driver() {
    for (parameters, mode) in [
        ("ssl=true", "require"),
        ("requiressl=1", "require"),
        ("requiressl=0", "prefer"),
        ("sslmode=verify-full", "verify-full"),
        // as libpq does, which then has an authority to ask
        ("sslmode=require&sslrootcert=ca.crt", "verify-ca"),
        ("sslrootcert=ca.crt&ssl=true", "verify-ca"),
        ("sslmode=prefer&sslrootcert=ca.crt", "prefer"),
    ] {
        let url: DatabaseUrl = format!("postgres://u@h/d?{parameters}").parse().unwrap();
        let expected = format!("sslmode={}", mode.replace("verify-", "verify%2D"));
        let mut passed = url.for_driver().split(['?', '&']);
        assert!(passed.any(|pair| pair == expected), "{parameters}");
    }
}

#[test]
fn a_wrong_url_is_refused_without_its_password_in_the_message() {
    use InvalidDatabaseUrl::*;
    for (text, expected) in [
        ("", Form),
        ("mysql://u@h/d", Form),
        ("host=h user=u", Form),
        ("sqlite::memory:", Form),
        ("postgres://u:se@cret@h/d", Encoding),
        ("postgres://u:se/cret@h/d", Encoding),
        ("postgres://u:1/secret?x=y@h/d", Encoding),
        ("postgres://u:se%cret@h/d", Encoding),
        ("postgres://u:secret%@h/d", Encoding),
        ("postgres://u:secret%+1@h/d", Encoding),
        ("postgres://u:secret%00@h/d", Encoding),
        ("postgres://u:secret%FF@h/d", Encoding),
        ("postgres://u:secret@h:port/d", Port),
        ("postgres://u:secret@h:0/d", Port),
        ("postgres://u:secret@h:65536/d", Port),
        ("postgres://u:secret@h/d?port=-1", Port),
        ("postgres://u:secret@::1:5432/d", Brackets),
        ("postgres://u:secret@[::1/d", Brackets),
        ("postgres://u:secret@[]/d", Brackets),
        ("postgres://u:secret@[::1]5432/d", Brackets),
        ("postgres://u:secret@g,h/d", SeveralHosts),
        ("postgres://u:secret@g:1,h:2/d", SeveralHosts),
        ("postgres://u:secret@[::1],[::2]/d", SeveralHosts),
        ("postgres://u:secret@/d?host=g,h", SeveralHosts),
        ("postgres://u:secret@h/d?sslmode=bogus", SslMode),
        ("postgres://u:secret@h/d?sslmode=", SslMode),
        ("postgres://u:secret@h/d?sslmode", NotAPair),
        ("postgres://u:secret@h/d?options=geqo=off", NotAPair),
        (
            "postgres://u:secret@h/d?ssl-mode=require",
            Parameter("ssl-mode".to_owned()),
        ),
        (
            "postgres://u:secret@h/d?ssl=yes",
            Parameter("ssl".to_owned()),
        ),
    ] {
        let error = text.parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().contains("secret"), "{text}: {error}");
    }
}

#[test]
fn a_sqlite_url_is_accepted() {
    let url: DatabaseUrl = "sqlite:///tmp/a.db?mode=rwc".parse().unwrap();
    assert_eq!(url.for_driver(), url.expose());
}
