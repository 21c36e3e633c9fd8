//! By what a role may do more than it was granted, which is said and left alone.

use super::{adopted, create, made, roles, unique};

#[tokio::test]
async fn what_everybody_may_do_is_warned_of() {
    let (test, pool) = made().await;
    test.execute(
        "GRANT SELECT ON user_sessions TO PUBLIC; GRANT SELECT (id, password), UPDATE (name) ON users TO PUBLIC;
         GRANT CREATE ON SCHEMA public TO PUBLIC",
    )
    .await;
    let expected = [
        "warning  ticketing_auth may also CREATE on SCHEMA public, by a grant to PUBLIC or to a role that it is a member of",
        "warning  ticketing_requests may also CREATE on SCHEMA public, by a grant to PUBLIC or to a role that it is a member of",
        "warning  ticketing_auth may also UPDATE (name) on users, by a grant to PUBLIC",
        "warning  ticketing_requests may also SELECT (password), UPDATE (name) on users, by a grant to PUBLIC",
        "warning  ticketing_requests may also SELECT on user_sessions, by a grant to PUBLIC",
    ];
    let planned = migrations::plan_grants(&pool, &roles()).await.unwrap();
    let granted = migrations::grant(&pool, &roles()).await.unwrap();
    assert_eq!(granted, planned);
    assert_eq!(granted.changes, Vec::<String>::new());
    let mut warnings = granted.warnings.clone();
    warnings.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(warnings, expected);
    assert!(granted.to_string().starts_with("nothing to do\nwarning  "));
}

#[tokio::test]
async fn what_comes_by_membership_or_by_another_grantor_is_warned_of() {
    let (test, pool) = made().await;
    let roles = create(&test, ["CREATEROLE", ""]).await;
    let (group, grantor) = (unique("readers"), unique("grantor"));
    test.execute(&format!(
        "CREATE ROLE {group}; GRANT SELECT ON requests TO {group}; GRANT {group} TO {};
         CREATE ROLE {grantor}; GRANT DELETE ON requests TO {grantor} WITH GRANT OPTION;
         SET ROLE {grantor}; GRANT DELETE ON requests TO {}; RESET ROLE",
        roles.auth, roles.requests
    ))
    .await;
    migrations::grant(&pool, &roles).await.unwrap();
    let granted = migrations::grant(&pool, &roles).await.unwrap().to_string();
    let by = "by a role that it is a member of, or a grant that is not the owner's";
    assert_eq!(
        granted,
        format!(
            "nothing to do\n\
             warning  {0} has CREATEROLE, by which it gets beyond any grant\n\
             warning  {0} may also SELECT on requests, {by}\n\
             warning  {1} may also DELETE on requests, {by}",
            roles.auth, roles.requests
        )
    );
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
    let test = testing::TestDatabase::empty(testing::Kind::Postgres).await;
    test.execute("CREATE SCHEMA \"Of the platform\"").await;
    let separator = if test.url.expose().contains('?') {
        '&'
    } else {
        '?'
    };
    let path = format!(
        "{}{separator}options[search_path]=%22Of%20the%20platform%22",
        test.url.expose()
    );
    let pool = database::Database::open(
        &path.parse().unwrap(),
        database::PoolLimits::default(),
        contract::time::Clock::system(),
    )
    .await
    .unwrap();
    migrations::up(&pool).await.unwrap();
    let roles = create(&test, ["", ""]).await;
    let granted = migrations::grant(&pool, &roles).await.unwrap();
    let hint = |role: &str| {
        format!(
            "warning  {role} does not look in SCHEMA \"Of the platform\": ALTER ROLE \"{role}\" SET search_path = \"Of the platform\""
        )
    };
    let mut expected = [hint(&roles.auth), hint(&roles.requests)];
    expected.sort();
    let mut warnings = granted.warnings.clone();
    warnings.sort();
    assert_eq!(warnings, expected);
    for warning in &warnings {
        let (_, statement) = warning.split_once(": ").unwrap();
        test.execute(statement).await;
    }
    let again = migrations::grant(&pool, &roles).await.unwrap();
    assert_eq!(again.to_string(), "nothing to do");
}
