//! Defaults, and what is refused.

use super::*;
use contract::config::{self, Invalid};

fn configure(flags: &[&str]) -> Result<Config, Invalid> {
    let required = [
        "auth-service",
        "--database-url=sqlite://x?mode=rwc",
        "--keys-directory=keys",
        "--service-token-file=token",
    ];
    config::from_flags(required.iter().chain(flags))
}

#[test]
fn defaults_fit_together() {
    let config = configure(&[]).unwrap();
    assert_eq!(config.lifetimes, Lifetimes::default());
    assert_eq!(config.passwords, PasswordSettings::default());
    assert_eq!(config.trusted_proxies, 0);
    assert_eq!(config.throttle, ThrottleLimits::default());
    assert_eq!(config.limits.call, Duration::from_secs(10));
    assert_eq!(config.limits.validation, Duration::from_secs(2));
}

#[test]
fn every_wrong_value_is_named() {
    let problems = configure(&[
        "--public-listen=nowhere",
        "--database-url=mysql://user:secret@host/db",
        "--database-connections=0",
        "--refresh-overlap-seconds=39",
        "--session-retention-seconds=3599",
        "--password-hash=md5",
        "--issuer=",
        "--throttle-log-ins=0",
        "--throttle-registrations=0",
    ])
    .unwrap_err()
    .to_string();
    for variable in [
        "AUTH_PUBLIC_LISTEN",
        "DATABASE_URL",
        "DATABASE_CONNECTIONS",
        "AUTH_REFRESH_OVERLAP_SECONDS",
        "AUTH_SESSION_RETENTION_SECONDS",
        "AUTH_PASSWORD_HASH",
        "AUTH_ISSUER",
        "AUTH_THROTTLE_LOG_INS",
        "AUTH_THROTTLE_REGISTRATIONS",
    ] {
        assert!(problems.contains(variable), "{variable} in {problems}");
    }
    assert!(!problems.contains("secret"), "{problems}");
}

#[test]
fn what_tls_needs_is_given_together() {
    let wrong = |flags: &[&str]| configure(flags).unwrap_err().to_string();
    for (given, missing) in [
        (
            "--public-tls-certificate-file=c",
            "AUTH_PUBLIC_TLS_KEY_FILE",
        ),
        (
            "--public-tls-key-file=k",
            "AUTH_PUBLIC_TLS_CERTIFICATE_FILE",
        ),
        (
            "--internal-tls-certificate-file=c",
            "AUTH_INTERNAL_TLS_KEY_FILE",
        ),
        (
            "--internal-tls-key-file=k",
            "AUTH_INTERNAL_TLS_CERTIFICATE_FILE",
        ),
        (
            "--internal-client-identities=a",
            "AUTH_INTERNAL_TLS_CLIENT_AUTHORITY_FILE",
        ),
    ] {
        let problems = wrong(&[given]);
        assert!(
            problems.contains(&format!("{missing}: is required with ")),
            "{missing} in {problems}"
        );
    }
    let problems = wrong(&["--internal-tls-client-authority-file=a"]);
    for missing in [
        "AUTH_INTERNAL_CLIENT_IDENTITIES",
        "AUTH_INTERNAL_TLS_CERTIFICATE_FILE",
    ] {
        assert!(
            problems.contains(&format!("{missing}: is required with ")),
            "{problems}"
        );
    }
    let mutual = [
        "--internal-tls-certificate-file=c",
        "--internal-tls-key-file=k",
        "--internal-tls-client-authority-file=a",
    ];
    let with = |more: &[&'static str]| [mutual.as_slice(), more].concat();
    let problems = wrong(&with(&["--internal-client-identities=*.example"]));
    assert!(
        problems.contains("AUTH_INTERNAL_CLIENT_IDENTITIES: must be"),
        "{problems}"
    );
    // a service token is not needed then, and an empty variable is not given
    let config = configure(&with(&[
        "--internal-client-identities=requests",
        "--service-token-file=",
        "--public-tls-key-file=",
    ]))
    .unwrap();
    assert!(matches!(
        config.files.services(),
        ServiceAccess::Certificates(_)
    ));
    assert!(config.files.public().is_none());
    let internal = config.files.internal().unwrap();
    assert_eq!(internal.client_authority, Some("a".into()));
}

#[test]
fn the_databases_password_never_prints() {
    let url = "--database-url=postgres://user:s3cret@host/database";
    let required = [
        "auth-service",
        url,
        "--keys-directory=k",
        "--service-token-file=t",
    ];
    let config: Config = config::from_flags(required).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn lifetimes_that_do_not_fit_together_are_refused() {
    assert!(configure(&["--access-token-seconds=239"]).is_err());
    assert!(configure(&["--access-token-seconds=240"]).is_ok());
    assert!(configure(&["--refresh-token-seconds=899"]).is_err());
    assert!(configure(&["--session-seconds=604799"]).is_err());
}

#[test]
fn the_costs_of_hashing_have_a_floor_and_a_ceiling() {
    let problems =
        |flags: &[&str]| configure(flags).map_or_else(|wrong| wrong.to_string(), |_| String::new());
    for fine in [
        &["--argon2-memory-kib=7168", "--argon2-passes=5"][..],
        &["--argon2-memory-kib=47104", "--argon2-passes=1"],
        &["--argon2-memory-kib=1048576", "--hashing-concurrency=8"],
        &["--argon2-lanes=16"],
        &["--hashing-concurrency=256"],
    ] {
        assert_eq!(problems(fine), "");
    }
    for weak in [
        &["--argon2-memory-kib=7167", "--argon2-passes=64"][..],
        &["--argon2-memory-kib=47103", "--argon2-passes=1"],
        &["--argon2-memory-kib=12287"],
    ] {
        assert!(
            problems(weak).contains("AUTH_ARGON2_MEMORY_KIB: with"),
            "{weak:?}"
        );
    }
    let heavy = problems(&["--argon2-memory-kib=1048576", "--hashing-concurrency=9"]);
    assert!(heavy.contains("AUTH_HASHING_CONCURRENCY: times"), "{heavy}");
    let all = problems(&[
        "--argon2-memory-kib=1048577",
        "--argon2-passes=0",
        "--argon2-lanes=x",
        "--hashing-concurrency=257",
        "--trusted-proxies=17",
        "--access-token-seconds=1",
    ]);
    for variable in [
        "AUTH_ARGON2_MEMORY_KIB",
        "AUTH_ARGON2_PASSES",
        "AUTH_ARGON2_LANES",
        "AUTH_HASHING_CONCURRENCY",
        "AUTH_TRUSTED_PROXIES",
        "AUTH_ACCESS_TOKEN_SECONDS",
    ] {
        assert!(all.contains(variable), "{variable} in {all}");
    }
}
