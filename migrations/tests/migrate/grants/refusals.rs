//! Where grants would be of no use, or not for this connection to make.

use super::{adopted, all_grants, create, made, migrate, named, roles, unique};
use contract::time::Clock;
use database::{Database, PoolLimits};
use migrations::MigrateError;
use testing::{Kind, Role, TestDatabase};

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
    let said = refusal(&pool, &named("nobody's", Role::Requests.name())).await;
    assert!(said.contains("there is no role nobody's;"), "{said}");
    let said = refusal(&pool, &named("", "public")).await;
    assert!(said.contains("there is no role , public;"), "{said}");
    // a name is cut off at 63 bytes, and must not become another one
    let long = "ticketing_auth".repeat(5);
    let said = refusal(&pool, &named(&long, Role::Requests.name())).await;
    assert!(said.contains(&long), "{said}");
}

#[tokio::test]
async fn a_role_that_no_grant_binds_is_refused() {
    let (test, pool) = made().await;
    let said = refusal(&pool, &named(Role::Auth.name(), Role::Auth.name())).await;
    assert!(said.contains("the role of both services"), "{said}");

    let supers = create(&test, ["SUPERUSER", ""]).await;
    let said = refusal(&pool, &supers).await;
    assert!(
        said.contains(&format!("{}: it is a superuser", supers.auth)),
        "{said}"
    );

    let members = create(&test, ["", ""]).await;
    test.execute(&format!("GRANT {} TO {}", members.auth, members.requests))
        .await;
    let said = refusal(&pool, &members).await;
    assert!(said.contains("the other service's role"), "{said}");

    // an owner of the tables that is no superuser, and who inherits from it by another
    let owner = unique("owner");
    let between = unique("between");
    let roles = create(&test, ["NOINHERIT", ""]).await;
    test.execute(&format!(
        "CREATE ROLE {owner}; CREATE ROLE {between}; GRANT {owner} TO {between};
         ALTER TABLE users OWNER TO {owner}"
    ))
    .await;
    test.execute(&format!("GRANT {between} TO {}", roles.auth))
        .await;
    let said = refusal(&pool, &roles).await;
    assert!(
        said.contains(&format!("{}: it is a member of {owner}", roles.auth)),
        "{said}"
    );
    let said = refusal(&pool, &named(Role::Auth.name(), &owner)).await;
    assert!(
        said.contains(&format!("{owner}: it owns the tables")),
        "{said}"
    );
}

#[tokio::test]
async fn only_the_owner_may_grant_and_nobody_needs_to_where_nothing_differs() {
    let (test, pool) = made().await;
    let (other, more) = (unique("other"), create(&test, ["", ""]).await);
    test.execute(&format!(
        "CREATE ROLE {other} LOGIN;
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO {other} WITH GRANT OPTION"
    ))
    .await;
    let url = test.url.expose().replace("postgres@", &format!("{other}@"));
    let others = Database::open(
        &url.parse().unwrap(),
        PoolLimits::default(),
        Clock::system(),
    )
    .await
    .unwrap();
    let nothing = migrations::grant(&others, &roles()).await.unwrap();
    assert_eq!(nothing.to_string(), "nothing to do");
    let before = all_grants(&pool).await;
    let error = migrations::grant(&others, &more).await.unwrap_err();
    assert!(matches!(error, MigrateError::NotTheOwner(_)), "{error:?}");
    assert_eq!(all_grants(&pool).await, before);
}

/// To take it from the role would take it from a third one.
#[tokio::test]
async fn what_a_role_has_passed_on_is_left_and_said() {
    let (test, pool) = made().await;
    let third = unique("third");
    test.execute(&format!(
        "CREATE ROLE {third};
         GRANT SELECT ON users TO ticketing_requests WITH GRANT OPTION;
         SET ROLE ticketing_requests; GRANT SELECT ON users TO {third}; RESET ROLE"
    ))
    .await;
    let before = all_grants(&pool).await;
    let error = migrations::grant(&pool, &roles()).await.unwrap_err();
    assert!(matches!(error, MigrateError::PassedOn(_)), "{error:?}");
    assert_eq!(all_grants(&pool).await, before);
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
