//! Memory at full load: every kind of read, the largest pages, more signatures than are
//! kept, and as many passwords to hash as are let in.

use crate::{
    calls::{
        LARGEST_PAGE, callers, count, get, list, list_audit, list_partners, list_sessions, log_in,
        refresh, validate,
    },
    deployment::Deployment,
};
use std::time::Duration;
use testing::{
    load::{Callers, Seen},
    service::Service,
};

const WINDOW: Duration = Duration::from_secs(30);
/// What each may take, in MiB: for its work, and for what a stored hash may ask for.
const AUTH: f64 = 96.0;
const REQUESTS: f64 = 64.0;
/// `AUTH_HASHING_CONCURRENCY` × 4 × `AUTH_ARGON2_MEMORY_KIB`, of their defaults.
const HASHING: f64 = 2.0 * 4.0 * 19.0;

pub(crate) async fn measure(deployment: &Deployment) {
    let auth = deployment.auth(&[]).await;
    let idle = auth.memory();
    let (internal, public) = (auth.address("internal"), auth.address("public"));
    let tokens = deployment.access_tokens().await;
    let refreshing = deployment.refresh_tokens(32).await;
    let emails = deployment.customers(128).await;
    let admin = deployment.access_token_of("admin").await;
    let seen = tokio::join!(
        validate(callers(internal, 256), WINDOW, &tokens),
        log_in(callers(public, 128), WINDOW, &emails),
        refresh(callers(public, 32), WINDOW, refreshing),
        list_sessions(callers(public, 16), WINDOW, &admin),
        list_audit(callers(public, 16), WINDOW, &admin),
    );
    println!("memory at full load:");
    print("validations", &seen.0);
    print("log-ins", &seen.1);
    print("refreshes", &seen.2);
    print("lists of sessions", &seen.3);
    print("lists of audit events", &seen.4);
    of("auth-service", &auth, idle, AUTH + HASHING);

    let requests = deployment.requests(&auth, &[]).await;
    let idle = requests.memory();
    let public = requests.address("public");
    let seen = tokio::join!(
        list(callers(public, 192), WINDOW, &admin, LARGEST_PAGE),
        count(callers(public, 16), WINDOW, &admin),
        get(callers(public, 32), WINDOW, &admin),
        list_partners(callers(public, 16), WINDOW, &admin),
    );
    print("lists", &seen.0);
    print("counts", &seen.1);
    print("single requests", &seen.2);
    print("lists of partners", &seen.3);
    of("requests-service", &requests, idle, REQUESTS);
    of_strangers(deployment).await;
}

/// Strangers who send the largest messages that are read at all.
async fn of_strangers(deployment: &Deployment) {
    let auth = deployment.auth(&[]).await;
    let idle = auth.memory();
    let strangers = Callers {
        pause: Some(Duration::from_millis(1)),
        ..callers(auth.address("public"), 384)
    };
    let no_tokens = vec!["x".repeat(65_000); strangers.count];
    let seen = refresh(strangers, WINDOW / 3, no_tokens).await;
    print("the longest messages", &seen);
    of("auth-service", &auth, idle, AUTH);
}

fn print(what: &str, seen: &Seen) {
    println!("  {what}: {seen}");
}

fn of(name: &str, service: &Service, idle: f64, most: f64) {
    let peak = service.peak_memory();
    println!("  {name}: {idle:.0} MiB idle, {peak:.0} MiB at most, of {most:.0} MiB");
}
