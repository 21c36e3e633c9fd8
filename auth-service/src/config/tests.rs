//! Defaults, and what is refused.

use super::*;

fn configure(flags: &[&str]) -> Result<Config, Problems> {
    let required = [
        "auth-service",
        "--database-url=sqlite://x?mode=rwc",
        "--keys-directory=keys",
        "--service-token-file=token",
    ];
    Arguments::parse_from(required.iter().chain(flags)).try_into()
}

#[test]
fn defaults_fit_together() {
    let config = configure(&[]).unwrap();
    assert_eq!(config.lives, Lives::default());
    assert_eq!(config.throttle, ThrottleLimits::default());
}

#[test]
fn every_wrong_value_is_named() {
    let problems = configure(&[
        "--public-listen=nowhere",
        "--database-url=mysql://user:secret@host/db",
        "--database-connections=0",
        "--refresh-overlap-seconds=39",
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
fn the_databases_password_never_prints() {
    let url = "--database-url=postgres://user:s3cret@host/database";
    let required = [
        "auth-service",
        url,
        "--keys-directory=k",
        "--service-token-file=t",
    ];
    let arguments = Arguments::parse_from(required);
    assert!(!format!("{arguments:?}").contains("s3cret"));
    let config = Config::try_from(arguments).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn lives_that_do_not_fit_together_are_refused() {
    assert!(configure(&["--access-token-seconds=239"]).is_err());
    assert!(configure(&["--access-token-seconds=240"]).is_ok());
    assert!(configure(&["--refresh-token-seconds=899"]).is_err());
    assert!(configure(&["--session-seconds=604799"]).is_err());
}
