use super::*;
use contract::config;

fn configure(flags: &[&str]) -> Result<Config, String> {
    let flags = std::iter::once(&"requests-service").chain(flags);
    config::from_flags(flags).map_err(|invalid| invalid.to_string())
}

#[test]
fn every_wrong_value_is_named() {
    let problems = configure(&[
        "--public-listen=nowhere",
        "--database-url=postgres//user:secret@host",
        "--auth-service-url=auth:50052",
        "--validation-timeout-milliseconds=0",
    ]);
    let problems = problems.unwrap_err();
    for variable in [
        "REQUESTS_PUBLIC_LISTEN",
        "DATABASE_URL",
        "AUTH_SERVICE_URL",
        "SERVICE_TOKEN_FILE",
        "REQUESTS_VALIDATION_TIMEOUT_MILLISECONDS",
    ] {
        assert!(problems.contains(variable), "{variable} in {problems}");
    }
    assert!(!problems.contains("secret"), "{problems}");
}

#[test]
fn defaults_are_those_of_the_parts() {
    let config = configure(&[
        "--database-url=sqlite://x",
        "--auth-service-url=http://a:1",
        "--service-token-file=t",
    ]);
    let config = config.unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.pool.connections, PoolLimits::default().connections);
    assert_eq!((config.calls_in_flight, config.trusted_proxies), (512, 0));
    assert!(config.web_origins.is_empty());
}

#[test]
fn what_tls_needs_is_given_together() {
    const TOKEN: &str = "--service-token-file=t";
    const AUTHORITY: &str = "--auth-service-tls-authority-file=a";
    const CERTIFICATE: &str = "--auth-service-tls-certificate-file=c";
    const KEY: &str = "--auth-service-tls-key-file=k";
    let configure = |url: &str, more: &[&str]| {
        let url = format!("--auth-service-url={url}");
        let required = [url.as_str(), "--database-url=sqlite://x?mode=rwc"];
        configure(&[&required, more].concat())
    };
    for (url, more, problem) in [
        ("https://a:1", &[TOKEN][..], "AUTH_SERVICE_URL: https needs"),
        (
            "http://a:1",
            &[TOKEN, AUTHORITY],
            "AUTH_SERVICE_URL: must be https",
        ),
        ("ftp://a:1", &[TOKEN], "AUTH_SERVICE_URL: must be http"),
        (
            "https:",
            &[TOKEN, AUTHORITY],
            "AUTH_SERVICE_URL: must be http",
        ),
        (
            "https://a:1",
            &[TOKEN, AUTHORITY, KEY],
            "AUTH_SERVICE_TLS_CERTIFICATE_FILE: is required",
        ),
        (
            "https://a:1",
            &[TOKEN, AUTHORITY, CERTIFICATE],
            "AUTH_SERVICE_TLS_KEY_FILE: is required",
        ),
        (
            "http://a:1",
            &[CERTIFICATE, KEY],
            "AUTH_SERVICE_TLS_AUTHORITY_FILE: is required",
        ),
        (
            "http://a:1",
            &[TOKEN, "--public-tls-key-file=k"],
            "REQUESTS_PUBLIC_TLS_CERTIFICATE_FILE: is required",
        ),
        // a certificate stands in for the token, an authority does not
        (
            "https://a:1",
            &[AUTHORITY],
            "SERVICE_TOKEN_FILE: is required",
        ),
    ] {
        let problems = configure(url, more).unwrap_err();
        assert!(problems.contains(problem), "{problem} in {problems}");
    }
    configure("https://a:1", &[TOKEN, AUTHORITY]).expect("with a token");
    let config = configure("https://a:1", &[AUTHORITY, CERTIFICATE, KEY]).unwrap();
    assert_eq!(config.files.service_token_file, None);
    assert!(config.files.auth_service().unwrap().own.is_some());
}
