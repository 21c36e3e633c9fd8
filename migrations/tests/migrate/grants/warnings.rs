//! By what a role may do more than it was granted, which is said and left alone.

use super::{adopted, create, made, roles, unique};
use testing::{Kind, TestDatabase};

#[tokio::test]
async fn privileges_of_public_are_warned_of() {
    let (test, pool) = made().await;
    test.execute(
        "GRANT SELECT ON user_sessions TO PUBLIC; GRANT SELECT (id, password), UPDATE (name) ON users TO PUBLIC;
         GRANT CREATE ON SCHEMA public TO PUBLIC",
    )
    .await;
    let planned = migrations::plan_grants(&pool, &roles()).await.unwrap();
    let granted = migrations::grant(&pool, &roles()).await.unwrap();
    assert_eq!(granted, planned);
    let expected = [
        "warning  ticketing_auth may also CREATE on SCHEMA public, by a grant to PUBLIC",
        "warning  ticketing_auth may also UPDATE (name) on TABLE users, by a grant to PUBLIC",
        "warning  ticketing_requests may also CREATE on SCHEMA public, by a grant to PUBLIC",
        "warning  ticketing_requests may also SELECT on TABLE user_sessions, by a grant to PUBLIC",
        "warning  ticketing_requests may also SELECT (password) on TABLE users, by a grant to PUBLIC",
        "warning  ticketing_requests may also UPDATE (name) on TABLE users, by a grant to PUBLIC",
    ];
    assert_eq!(granted.warnings, expected);
    assert!(granted.to_string().ends_with(&expected.join("\n")));
}

#[tokio::test]
async fn privileges_by_membership_and_ways_around_grants_are_warned_of() {
    let (test, pool) = made().await;
    let roles = create(&test).await;
    let group = unique("readers");
    let (auth, requests) = (&roles.auth, &roles.requests);
    test.execute(&format!(
        "ALTER ROLE {auth} CREATEROLE; GRANT pg_read_all_data TO {requests};
         CREATE ROLE {group}; GRANT SELECT ON requests TO {group}; GRANT {group} TO {auth}"
    ))
    .await;
    let granted = migrations::grant(&pool, &roles).await.unwrap();
    let around = "so it can do more than its grants allow";
    let expected = [
        format!("warning  {auth} has CREATEROLE, {around}"),
        format!("warning  {requests} is a member of pg_read_all_data, {around}"),
        format!("warning  {auth} may also SELECT on TABLE requests, as a member of {group}"),
    ];
    assert_eq!(granted.warnings, expected);
}

#[tokio::test]
async fn a_trigger_that_runs_as_the_service_is_warned_of() {
    let (test, pool) = adopted().await;
    test.execute(
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
         CREATE TRIGGER noted AFTER UPDATE ON requests EXECUTE FUNCTION noted();
         CREATE TRIGGER noted AFTER UPDATE ON categories EXECUTE FUNCTION noted()",
    )
    .await;
    let warnings = migrations::grant(&pool, &roles()).await.unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("warning  the trigger noted on requests runs as"),
        "{warnings:?}"
    );
    test.execute("ALTER FUNCTION noted() SECURITY DEFINER")
        .await;
    let warnings = migrations::grant(&pool, &roles()).await.unwrap().warnings;
    assert_eq!(warnings, Vec::<String>::new());
}

/// The tables may lie where the roles do not look by themselves.
#[tokio::test]
async fn a_schema_that_the_roles_do_not_look_in_is_warned_of() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    test.execute("CREATE SCHEMA \"Of the platform\"").await;
    let path = "?options[search_path]=%22Of%20the%20platform%22";
    let pool = super::connect(&format!("{}{path}", test.url.expose())).await;
    crate::up(&pool).await.unwrap();
    let roles = create(&test).await;
    let granted = migrations::grant(&pool, &roles).await.unwrap();
    let of_path = granted
        .warnings
        .iter()
        .filter(|line| line.contains(" does not look in SCHEMA"));
    assert_eq!(of_path.clone().count(), 2, "{:?}", granted.warnings);
    for warning in of_path {
        let (_, statement) = warning.split_once(": ").unwrap();
        test.execute(statement).await;
    }
    let again = migrations::grant(&pool, &roles).await.unwrap();
    assert_eq!(again.warnings, Vec::<String>::new());
}
