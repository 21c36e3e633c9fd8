//! How grants are made: planned or done, in one transaction, to roles of any name.

use super::{adopted, all_grants, made, migrate, named, roles, unique};
use sea_orm::ConnectionTrait as _;
use testing::Role;

#[tokio::test]
async fn a_plan_prints_the_statements_that_are_run_and_changes_nothing() {
    let (test, pool) = adopted().await;
    let before = all_grants(&pool).await;
    let (auth, requests) = (Role::Auth.name(), Role::Requests.name());
    let flags = ["grants", "--auth-role", auth, "--requests-role", requests];
    let environment = [("DATABASE_URL", test.url.expose())];
    let output = migrate(&[&flags[..], &["--plan"]].concat(), &environment).await;
    let plan = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{plan}");
    assert_eq!(all_grants(&pool).await, before);
    for line in [
        r#"REVOKE ALL ON TABLE users FROM "ticketing_auth", "ticketing_requests";"#,
        r#"GRANT SELECT (id, name) ON TABLE users TO "ticketing_requests";"#,
        r#"GRANT USAGE ON SEQUENCE users_id_seq TO "ticketing_auth";"#,
        r#"REVOKE ALL ON TABLE logs FROM "ticketing_auth", "ticketing_requests";"#,
    ] {
        assert!(
            plan.lines().any(|planned| planned == line),
            "{line}: {plan}"
        );
    }
    // done, with the names from the environment
    let names = [
        ("MIGRATE_AUTH_ROLE", auth),
        ("MIGRATE_REQUESTS_ROLE", requests),
    ];
    let output = migrate(&["grants"], &[&environment[..], &names].concat()).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), plan);
    let output = migrate(&["grants"], &environment).await;
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    let granted = all_grants(&pool).await;
    assert_ne!(granted, before);
    // the plan is what an operator may run instead
    test.execute("DROP OWNED BY ticketing_auth, ticketing_requests")
        .await;
    test.execute(&plan).await;
    assert_eq!(all_grants(&pool).await, granted);
}

/// The statements are stopped after all tables were revoked, and before the last are granted.
#[tokio::test]
async fn services_at_work_keep_their_access_while_grants_are_made() {
    let (test, pool) = made().await;
    test.execute(
        "CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             IF current_query() LIKE '%TABLE users FROM%' THEN PERFORM pg_advisory_xact_lock(1); END IF;
         END $$;
         CREATE EVENT TRIGGER stop ON ddl_command_end WHEN TAG IN ('REVOKE') EXECUTE FUNCTION stop()",
    )
    .await;
    let held = pool.begin().await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock(1)";
    held.execute_unprepared(lock).await.unwrap();
    let granting = tokio::spawn({
        let pool = super::open(&test).await;
        async move { migrations::grant(&pool, &roles()).await }
    });
    test.wait_for_waiting(1).await;
    let auth = test.open_as(Role::Auth).await;
    let requests = test.open_as(Role::Requests).await;
    let work = async |times| {
        for _ in 0..times {
            for (service, statement) in [
                (&auth, "SELECT password FROM users"),
                (&auth, "UPDATE users SET password = '' WHERE false"),
                (&auth, "DELETE FROM ticketing_throttles"),
                (&requests, "SELECT name FROM users"),
                (&requests, "SELECT id FROM partners FOR SHARE"),
            ] {
                let done = service.connection().execute_unprepared(statement).await;
                done.expect(statement);
            }
        }
    };
    work(10).await;
    held.rollback().await.unwrap();
    work(100).await;
    granting.await.unwrap().unwrap();
    work(1).await;
}

#[tokio::test]
async fn two_runs_at_once_come_one_after_the_other() {
    let (test, pool) = made().await;
    let roles = roles();
    let other = super::open(&test).await;
    let (one, two) = tokio::join!(
        migrations::grant(&pool, &roles),
        migrations::plan_grants(&other, &roles)
    );
    assert_eq!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn a_role_of_any_name_is_granted_to_and_no_other() {
    let (test, pool) = made().await;
    let names = [
        "a role",
        "Ünïcode 名",
        "x\"; DROP TABLE users; --",
        "$1",
        "public",
        "it's",
    ];
    for name in names {
        let name = format!("{name} {}", unique(""));
        let roles = named(&name, &format!("{name} b"));
        let quoted = name.replace('"', "\"\"");
        test.execute(&format!(
            "CREATE ROLE \"{quoted}\"; CREATE ROLE \"{quoted} b\""
        ))
        .await;
        migrations::grant(&pool, &roles).await.unwrap();
        let may = format!(
            "SELECT CAST(count(*) AS integer) FROM pg_roles WHERE rolname = $role${name}$role$
             AND has_column_privilege(oid, 'users', 'password', 'UPDATE')
             AND NOT has_table_privilege(oid, 'users', 'DELETE')"
        );
        assert_eq!(test.query_number(&may).await, 1, "{name}");
    }
}
