//! Where grants would be of no use, or not for this connection to make.

use super::{adopted, all_grants, create, made, migrate, named, roles, unique};
use database::Database;
use testing::{Kind, TestDatabase};

/// The message of a refusal, by plan and by deed, which changes nothing.
async fn refusal(pool: &Database, roles: &migrations::Roles) -> String {
    let before = all_grants(pool).await;
    let planned = migrations::plan_grants(pool, roles).await.unwrap_err();
    let error = migrations::grant(pool, roles).await.unwrap_err();
    assert_eq!(planned.to_string(), error.to_string());
    assert_eq!(all_grants(pool).await, before, "{error}");
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    error.to_string()
}

#[tokio::test]
async fn grants_on_a_database_that_is_not_migrated_are_refused() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    let pool = super::open(&test).await;
    assert!(refusal(&pool, &roles()).await.contains("Run `migrate up`"));
    let (test, pool) = adopted().await;
    test.execute("DELETE FROM ticketing_migrations WHERE name = '0006_folded_search'")
        .await;
    assert!(refusal(&pool, &roles()).await.contains("Run `migrate up`"));
    test.execute("INSERT INTO ticketing_migrations (name, origin) VALUES ('0006_folded_search', 'created'), ('9999_later', 'created')")
        .await;
    assert!(refusal(&pool, &roles()).await.contains("9999_later"));
}

#[tokio::test]
async fn a_role_that_nobody_created_is_named() {
    let (_test, pool) = made().await;
    let said = refusal(&pool, &named("nobody's", "ticketing_requests")).await;
    assert!(said.contains("there is no role nobody's;"), "{said}");
    let said = refusal(&pool, &named("", "public")).await;
    assert!(said.contains("there is no role , public;"), "{said}");
    // a name is cut off at 63 bytes, and must not become another one
    let long = "ticketing_auth".repeat(5);
    let said = refusal(&pool, &named(&long, "ticketing_requests")).await;
    assert!(said.contains(&long), "{said}");
}

#[tokio::test]
async fn a_role_that_grants_do_not_limit_is_refused() {
    let (test, pool) = made().await;
    let said = refusal(&pool, &named("ticketing_auth", "ticketing_auth")).await;
    assert!(said.contains("the role of both services"), "{said}");

    let (owner, between) = (unique("owner"), unique("between"));
    test.execute(&format!(
        "CREATE ROLE {owner}; CREATE ROLE {between} IN ROLE {owner}; ALTER TABLE users OWNER TO {owner}"
    ))
    .await;
    let said = refusal(&pool, &named("ticketing_auth", &owner)).await;
    assert!(
        said.contains(&format!("{owner}: it owns the tables")),
        "{said}"
    );
    for (attributes, why) in [
        ("SUPERUSER".to_owned(), "it is a superuser".to_owned()),
        (
            "IN ROLE ticketing_requests".to_owned(),
            "the other service's role".to_owned(),
        ),
        // by a role between, and only by SET ROLE
        (
            format!("NOINHERIT IN ROLE {between}"),
            format!("it is a member of {owner}"),
        ),
    ] {
        let role = unique("auth");
        test.execute(&format!("CREATE ROLE {role} {attributes}"))
            .await;
        let said = refusal(&pool, &named(&role, "ticketing_requests")).await;
        assert!(said.contains(&role) && said.contains(&why), "{said}");
    }
}

/// PostgreSQL only warns of a GRANT by a role that may not grant.
#[tokio::test]
async fn only_the_owner_may_grant_and_a_failed_grant_changes_nothing() {
    let (test, _pool) = made().await;
    let roles = create(&test).await;
    let owner = unique("owner");
    test.execute(&format!("CREATE ROLE {owner} LOGIN")).await;
    let url = test.url.expose().replace("postgres@", &format!("{owner}@"));
    let owners = super::connect(&url).await;
    let said = refusal(&owners, &roles).await;
    assert!(said.starts_with("permission denied for "), "{said}");
    assert!(said.contains("only the owner may grant"), "{said}");
    test.execute(&format!(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {owner};
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
             LOOP EXECUTE format('ALTER TABLE %s OWNER TO {owner}', name); END LOOP;
         END $$"
    ))
    .await;
    let said = refusal(&owners, &roles).await;
    let lacks = format!("had no effect: {} lacks USAGE on SCHEMA public", roles.auth);
    assert!(said.contains(&lacks), "{said}");
    // the database is another's, but lets everybody in
    test.execute(&format!("ALTER SCHEMA public OWNER TO {owner}"))
        .await;
    migrations::grant(&owners, &roles).await.unwrap();
}

/// An owner revokes what the owner granted, and nobody else's grant.
#[tokio::test]
async fn a_privilege_beyond_that_another_role_granted_is_named_and_undoes_all() {
    let (test, pool) = made().await;
    let grantor = unique("grantor");
    test.execute(&format!(
        "CREATE ROLE {grantor}; GRANT UPDATE (name) ON users TO {grantor} WITH GRANT OPTION;
         SET ROLE {grantor}; GRANT UPDATE (name) ON users TO ticketing_requests"
    ))
    .await;
    let said = refusal(&pool, &roles()).await;
    let holds = "ticketing_requests holds UPDATE (name) on TABLE users, granted by";
    assert!(said.contains(&format!("{holds} {grantor};")), "{said}");
}

/// To take it from the role would take it from a third one.
#[tokio::test]
async fn a_privilege_that_a_role_granted_further_stops_the_command() {
    let (test, pool) = made().await;
    let third = unique("third");
    test.execute(&format!(
        "CREATE ROLE {third};
         GRANT SELECT ON users TO ticketing_requests WITH GRANT OPTION;
         SET ROLE ticketing_requests; GRANT SELECT ON users TO {third}; RESET ROLE"
    ))
    .await;
    let said = refusal(&pool, &roles()).await;
    assert!(
        said.contains("granted its privileges to another role")
            && said.contains("REVOKE ALL ON TABLE users"),
        "{said}"
    );
}

#[tokio::test]
async fn sqlite_has_no_roles_and_that_is_exit_code_64() {
    let test = TestDatabase::migrated(Kind::Sqlite).await;
    let flags = ["grants", "--auth-role", "a", "--requests-role", "b"];
    let environment = [("DATABASE_URL", test.url.expose())];
    for arguments in [flags.to_vec(), [&flags[..], &["--plan"]].concat()] {
        let output = migrate(&arguments, &environment).await;
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("SQLite has no roles"), "{said}");
    }
}
