//! What grants change: what differs, of the two roles, and nothing else.

use super::{adopted, all_grants, create, made, migrate, named, open, roles, unique};
use crate::fingerprint::lines;
use testing::Role;

#[tokio::test]
async fn grants_run_again_change_nothing() {
    for (test, pool) in [made().await, adopted().await] {
        test.grant().await;
        let before = all_grants(&pool).await;
        let again = migrations::grant(&pool, &roles()).await.unwrap();
        assert_eq!(again.to_string(), "nothing to do");
        assert_eq!(all_grants(&pool).await, before);
    }
}

/// Whatever the roles were granted, it comes to the same; and a third one keeps all.
#[tokio::test]
async fn grants_take_what_was_too_much_and_leave_every_other_role_alone() {
    let (test, pool) = made().await;
    let right = all_grants(&pool).await;
    let other = unique("the old application");
    test.execute(&format!(
        "CREATE ROLE \"{other}\";
         GRANT ALL ON ALL TABLES IN SCHEMA public TO \"{other}\";
         GRANT SELECT (name) ON partners TO \"{other}\" WITH GRANT OPTION;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO \"{other}\";
         GRANT CREATE ON SCHEMA public TO \"{other}\""
    ))
    .await;
    let with_other = all_grants(&pool).await;
    assert_ne!(with_other, right);

    test.execute(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO ticketing_requests, ticketing_auth;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ticketing_requests;
         GRANT SELECT (password), REFERENCES (id) ON users TO ticketing_requests;
         GRANT SELECT ON requests TO ticketing_requests WITH GRANT OPTION;
         GRANT SELECT ON ticketing_audit_events_id_seq TO ticketing_auth;
         GRANT USAGE, CREATE ON SCHEMA public TO ticketing_auth;
         REVOKE SELECT ON roles FROM ticketing_auth;
         REVOKE UPDATE (password) ON users FROM ticketing_auth",
    )
    .await;
    let changed = migrations::grant(&pool, &roles()).await.unwrap();
    assert!(!changed.changes.is_empty());
    assert_eq!(changed.warnings, Vec::<String>::new());
    // everybody has that on the schema, so that it is neither too much nor needed
    test.execute("REVOKE USAGE ON SCHEMA public FROM ticketing_auth")
        .await;
    let sorted = |grants: Vec<String>| -> Vec<String> {
        // the entries of a list stand in the order in which they came
        let mut lines: Vec<String> = grants
            .iter()
            .map(|line| {
                let mut words: Vec<&str> = line.split([' ', ',', '{', '}']).collect();
                words.sort_unstable();
                words.join(" ")
            })
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(all_grants(&pool).await), sorted(with_other));
}

#[tokio::test]
async fn a_plan_lists_what_is_granted_and_revoked_and_changes_nothing() {
    let (test, pool) = adopted().await;
    test.execute("GRANT DELETE, TRUNCATE ON users, ticketing_audit_events TO ticketing_auth")
        .await;
    let before = all_grants(&pool).await;
    let flags = [
        "grants",
        "--auth-role",
        Role::Auth.name(),
        "--requests-role",
        Role::Requests.name(),
    ];
    let environment = [("DATABASE_URL", test.url.expose())];
    let output = migrate(&[&flags[..], &["--plan"]].concat(), &environment).await;
    let plan = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{plan}");
    println!("$ migrate grants … --plan\n{plan}");
    assert_eq!(all_grants(&pool).await, before, "a plan changes nothing");
    for line in [
        "revokes  DELETE, TRUNCATE on ticketing_audit_events from ticketing_auth",
        "grants   SELECT, UPDATE (updated_at) on partners to ticketing_requests",
        "grants   SELECT (id, name) on users to ticketing_requests",
        "grants   USAGE on users_id_seq to ticketing_auth",
        "grants   SELECT on ticketing_migrations to ticketing_requests",
    ] {
        assert!(
            plan.lines().any(|planned| planned == line),
            "{line}: {plan}"
        );
    }
    let planned = migrations::plan_grants(&pool, &roles()).await.unwrap();
    assert_eq!(format!("{planned}\n"), plan);
    // and that is what is done
    let output = migrate(&flags, &environment).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), plan);
    assert_ne!(all_grants(&pool).await, before);
    let output = migrate(&[&flags[..], &["--plan"]].concat(), &environment).await;
    assert_eq!(output.stdout, b"nothing to do\n");
}

#[tokio::test]
async fn the_names_of_the_roles_may_come_from_the_environment() {
    let (test, _pool) = made().await;
    let environment = [
        ("DATABASE_URL", test.url.expose()),
        ("MIGRATE_AUTH_ROLE", Role::Auth.name()),
        ("MIGRATE_REQUESTS_ROLE", Role::Requests.name()),
    ];
    let output = migrate(&["grants"], &environment).await;
    assert_eq!(output.stdout, b"nothing to do\n", "{output:?}");
    let output = migrate(&["grants"], &environment[..2]).await;
    assert_eq!(output.status.code(), Some(64), "{output:?}");
}

#[tokio::test]
async fn a_role_of_any_name_is_granted_to_and_no_other() {
    let (test, pool) = made().await;
    for name in [
        "a role",
        "Ünïcode 名",
        "x\"; DROP TABLE users; --",
        "$1",
        "public",
        "select",
        "it's",
    ] {
        let roles = named(
            &format!("{name} a {}", unique("")),
            &format!("{name} b {}", unique("")),
        );
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        for role in [&roles.auth, &roles.requests] {
            test.execute(&format!("CREATE ROLE {} LOGIN", quoted(role)))
                .await;
        }
        let granted = migrations::grant(&pool, &roles).await.unwrap();
        assert!(!granted.changes.is_empty(), "{name}");
        let again = migrations::grant(&pool, &roles).await.unwrap();
        assert_eq!(again.to_string(), "nothing to do", "{name}");
        let may = format!(
            "SELECT CAST(count(*) AS integer) FROM pg_roles WHERE rolname = $role${}$role$
             AND has_column_privilege(oid, 'users', 'password', 'UPDATE')
             AND NOT has_table_privilege(oid, 'users', 'DELETE')",
            roles.auth
        );
        assert_eq!(test.query_number(&may).await, 1, "{name}");
    }
}

/// CONNECT and USAGE are everybody's, where nobody took them away.
#[tokio::test]
async fn who_may_not_connect_or_look_into_the_schema_is_let_in() {
    let (test, pool) = made().await;
    let roles = create(&test, ["", ""]).await;
    let name = lines(&pool, "SELECT quote_ident(current_database()) AS line").await;
    test.execute(&format!(
        "REVOKE ALL ON DATABASE {} FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC",
        name[0]
    ))
    .await;
    let granted = migrations::grant(&pool, &roles).await.unwrap().to_string();
    for role in [&roles.auth, &roles.requests] {
        let url = test.url.expose().replace("postgres@", &format!("{role}@"));
        let output = migrate(&["status"], &[("DATABASE_URL", &url)]).await;
        assert_eq!(output.status.code(), Some(0), "{granted}\n{output:?}");
        assert!(granted.contains(&format!(
            "grants   CONNECT on DATABASE {} to {role}",
            name[0]
        )));
        assert!(granted.contains(&format!("grants   USAGE on SCHEMA public to {role}")));
    }
    let again = migrations::grant(&open(&test).await, &roles).await.unwrap();
    assert_eq!(again.to_string(), "nothing to do");
}
