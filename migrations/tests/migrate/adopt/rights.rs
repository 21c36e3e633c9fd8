//! Rights that `up` needs and its role lacks: `up` and its plan stop, and nothing is
//! changed.

use super::{
    KEEP,
    old_database::{OldDatabase, open},
    refusals::refused_as,
    up,
};
use crate::fingerprint::{fingerprint, lines};
use contract::time::Clock;
use database::{Database, DatabaseUrl, PoolLimits};
use migrations::{MigrateError, NAMES};
use testing::{Kind, TestDatabase};

/// A role that owns the tables of the application and their schema, and may make nothing
/// else in the database: its name, and a pool of its own.
pub(super) async fn owner_of_tables(test: &TestDatabase) -> (String, Database) {
    let role = format!("owner_{}", fastrand::u64(..));
    let admin = open(test).await;
    let name = lines(&admin, "SELECT quote_ident(current_database()) AS line").await;
    test.execute(&format!(
        "CREATE ROLE {role} LOGIN;
         REVOKE ALL ON DATABASE {} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {} TO {role};
         ALTER SCHEMA public OWNER TO {role};
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT oid::regclass FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
             LOOP EXECUTE format('ALTER TABLE %s OWNER TO {role}', name); END LOOP;
         END $$",
        name[0], name[0]
    ))
    .await;
    let pool = as_role(test, &role, "").await;
    (role, pool)
}

async fn as_role(test: &TestDatabase, role: &str, options: &str) -> Database {
    let url = test.url.expose().replace("postgres@", &format!("{role}@"));
    let url: DatabaseUrl = format!("{url}{options}").parse().unwrap();
    Database::open(&url, PoolLimits::default(), Clock::system())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_lacking_stops_up_in_the_old_applications_database() {
    for (take, give, said) in [
        (
            "ALTER SCHEMA public OWNER TO postgres; REVOKE CREATE ON SCHEMA public FROM PUBLIC, ROLE;
             GRANT USAGE ON SCHEMA public TO ROLE",
            "GRANT CREATE ON SCHEMA public TO ROLE",
            "lacks CREATE on the schema public;",
        ),
        (
            "ALTER TABLE requests OWNER TO postgres; GRANT ALL ON requests TO ROLE",
            "ALTER TABLE requests OWNER TO ROLE",
            "lacks ownership of requests (it belongs to postgres);",
        ),
        (
            "ALTER TABLE user_sessions OWNER TO postgres; GRANT ALL ON user_sessions TO ROLE;
             ALTER TABLE services OWNER TO postgres; GRANT ALL ON services TO ROLE",
            "GRANT postgres TO ROLE",
            "lacks ownership of services (it belongs to postgres), ownership of user_sessions (it belongs to postgres);",
        ),
        (
            "ALTER USER ROLE SET default_tablespace = closed",
            "GRANT CREATE ON TABLESPACE closed TO ROLE",
            "lacks CREATE on the tablespace closed (default_tablespace);",
        ),
    ] {
        let test = OldDatabase::of_shape('a').make().await;
        test.execute("CREATE EXTENSION pg_trgm").await;
        let (role, pool) = owner_of_tables(&test).await;
        if take.contains("default_tablespace") {
            make_tablespace(&test).await;
        }
        // nothing is altered there
        test.execute("ALTER TABLE logs OWNER TO postgres").await;
        test.execute(&take.replace("ROLE", &role)).await;
        let error = refused_as(&pool, &open(&test).await).await;
        assert!(matches!(error, MigrateError::RightsLacking(_)), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
        test.execute(&give.replace("ROLE", &role)).await;
        // a role's settings are those of new connections
        let pool = as_role(&test, &role, "").await;
        assert_eq!(crate::up(&pool).await.unwrap().applied, NAMES);
    }
}

/// A tablespace in the server's own directory, which is for tests alone.
async fn make_tablespace(test: &TestDatabase) {
    let pool = open(test).await;
    let database = lines(&pool, "SELECT quote_ident(current_database()) AS line").await;
    let allow = format!(
        "ALTER DATABASE {} SET allow_in_place_tablespaces = on",
        database[0]
    );
    test.execute(&allow).await;
    test.execute("CREATE TABLESPACE closed LOCATION ''").await;
}

/// A role of the group that owns the tables is as good as their owner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_of_the_owner_may_do_all_that_up_does() {
    let test = OldDatabase::of_shape('a').make().await;
    test.execute("CREATE EXTENSION pg_trgm").await;
    let (owner, _pool) = owner_of_tables(&test).await;
    let member = format!("member_{}", fastrand::u64(..));
    test.execute(&format!("CREATE ROLE {member} LOGIN IN ROLE {owner}"))
        .await;
    let pool = as_role(&test, &member, "").await;
    migrations::plan_up(&pool).await.unwrap();
    assert_eq!(crate::up(&pool).await.unwrap().applied, NAMES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_lacking_stops_up_in_an_empty_database() {
    let test = TestDatabase::empty(Kind::Postgres).await;
    test.execute("CREATE EXTENSION pg_trgm").await;
    let (role, pool) = owner_of_tables(&test).await;
    let admin = open(&test).await;
    test.execute(&format!(
        "ALTER SCHEMA public OWNER TO postgres; REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role};
         GRANT USAGE ON SCHEMA public TO {role}"
    ))
    .await;
    let nowhere = as_role(&test, &role, "?options=-c%20search_path%3Dnowhere").await;
    for (pool, said) in [
        (&pool, "CREATE on the schema public"),
        (&nowhere, "a schema to make anything in"),
    ] {
        let before = fingerprint(&admin).await;
        let planned = migrations::plan_up(pool).await.unwrap_err().to_string();
        let error = crate::up(pool).await.unwrap_err().to_string();
        assert_eq!(planned, error);
        assert!(
            error.contains(said) && error.contains("nothing was changed"),
            "{error}"
        );
        assert_eq!(fingerprint(&admin).await, before);
    }
}

/// Also where an earlier build went without the extension.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_the_role_cannot_make_stops_up() {
    let old = OldDatabase::of_shape('a').make().await;
    let earlier = OldDatabase::of_shape('b').make().await;
    crate::up(&open(&earlier).await).await.unwrap();
    earlier.execute("DROP EXTENSION pg_trgm CASCADE").await;
    for test in [old, earlier] {
        let (_role, pool) = owner_of_tables(&test).await;
        let admin = open(&test).await;
        let error = refused_as(&pool, &admin).await;
        assert!(matches!(error, MigrateError::NoTrigrams(_)), "{error:?}");
        let error = error.to_string();
        assert!(
            error.contains("permission denied to create extension \"pg_trgm\"")
                && error.contains("let a superuser run CREATE EXTENSION pg_trgm"),
            "{error}"
        );
        test.execute("CREATE EXTENSION pg_trgm").await;
        crate::up(&pool).await.unwrap();
        let index = "SELECT indexname::text AS line FROM pg_indexes WHERE indexname = 'ticketing_requests_search'";
        assert_eq!(lines(&admin, index).await.len(), 1);
        assert_eq!(migrations::plan_up(&pool).await.unwrap(), "nothing to do");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_is_closed_to_the_role_stops_up() {
    let test = OldDatabase::of_shape('a').make().await;
    test.execute("CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions")
        .await;
    let (role, pool) = owner_of_tables(&test).await;
    let error = refused_as(&pool, &open(&test).await).await.to_string();
    let grant = format!("GRANT USAGE ON SCHEMA extensions TO {role}");
    assert!(error.contains(&grant), "{error}");
    test.execute(&grant).await;
    assert_eq!(crate::up(&pool).await.unwrap().applied, NAMES);
}

/// On some hosted servers an extension belongs to the provider's role, whoever creates it.
const EXTENSIONS_BELONG_TO_THE_PROVIDER: &str = "
    CREATE FUNCTION take_extensions() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        UPDATE pg_extension SET extowner = 'postgres'::regrole;
    END $$;
    CREATE EVENT TRIGGER take_extensions ON ddl_command_end
        WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION take_extensions()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_the_role_may_make_and_not_mark_is_used_and_left_by_down() {
    let test = OldDatabase::of_shape('b').make().await;
    let (role, pool) = owner_of_tables(&test).await;
    let admin = open(&test).await;
    let name = lines(&admin, "SELECT quote_ident(current_database()) AS line").await;
    test.execute(&format!("GRANT CREATE ON DATABASE {} TO {role}", name[0]))
        .await;
    test.execute(EXTENSIONS_BELONG_TO_THE_PROVIDER).await;
    let (report, said) = up(&pool).await;
    assert_eq!(report.applied, NAMES);
    assert!(
        said.contains(
            "makes    the extension pg_trgm, which search by index needs; `down` will leave it \
             (must be owner of extension pg_trgm)\n"
        ),
        "{said}"
    );
    crate::down(&pool, KEEP).await.unwrap();
    let extension = "SELECT extname::text AS line FROM pg_extension WHERE extname = 'pg_trgm'";
    assert_eq!(lines(&admin, extension).await.len(), 1);
}
