//! `down` on a database that was taken over.

use super::{
    KEEP,
    locks::waiting,
    old_database::{OldDatabase, checksums, old_log_in, old_sessions, open, our_log_in},
    up,
};
use crate::fingerprint::{fingerprint, lines};
use migrations::{Down, MigrateError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn down_that_keeps_the_session_id_gives_shape_b_back_as_it_was_found() {
    for shape in ['b', 'd'] {
        let test = OldDatabase::of_shape(shape).make().await;
        let pool = open(&test).await;
        let before = fingerprint(&pool).await;
        let rows = checksums(&pool).await;
        let mut sessions = old_sessions(&pool).await;
        up(&pool).await;
        our_log_in(&test).await;
        let plan = migrations::plan_down(&pool, KEEP).await.unwrap();
        assert!(
            !plan.contains("cannot log in") && plan.contains("the services' sessions: 1 session"),
            "{plan}"
        );
        crate::down(&pool, KEEP).await.unwrap();
        assert_eq!(fingerprint(&pool).await, before);
        assert_eq!(checksums(&pool).await, rows);
        if shape == 'd' {
            sessions.pop();
        }
        assert_eq!(old_sessions(&pool).await, sessions);
        old_log_in(&test, "after down").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_of_down_says_that_the_application_cannot_log_in() {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    up(&pool).await;
    let before = fingerprint(&pool).await;
    let plan = migrations::plan_down(&pool, Down::default()).await.unwrap();
    assert!(
        plan.contains("an application of after 8 November 2025 cannot log in"),
        "{plan}"
    );
    assert_eq!(fingerprint(&pool).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_of_down_names_each_column_that_goes() {
    let columns = "
        SELECT concat_ws(' ', table_name, column_name) AS line FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE 'ticketing\\_%'";
    for how in [KEEP, Down::default()] {
        let test = OldDatabase::of_shape('b').make().await;
        let pool = open(&test).await;
        up(&pool).await;
        let before = lines(&pool, columns).await;
        let plan = migrations::plan_down(&pool, how).await.unwrap();
        crate::down(&pool, how).await.unwrap();
        let after = lines(&pool, columns).await;
        let gone: Vec<_> = before
            .iter()
            .filter(|column| !after.contains(column))
            .collect();
        let kept = usize::from(how.keep_session_id);
        assert!(gone.len() >= 8 - kept, "{gone:?}");
        let goes: Vec<_> = plan
            .lines()
            .filter(|line| line.starts_with("goes "))
            .collect();
        for column in gone {
            let (table, name) = column.split_once(' ').unwrap();
            let is_named = goes.iter().any(|line| {
                let mut words =
                    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                line.contains(table) && words.any(|word| word == name)
            });
            assert!(is_named, "{column}: {plan}");
        }
    }
}

/// A service that was not stopped logs somebody in while `down` deletes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_came_late_goes_as_well() {
    let test = OldDatabase::of_shape('b').make().await;
    let (pool, other) = (open(&test).await, open(&test).await);
    up(&pool).await;
    our_log_in(&test).await;
    let holding = crate::holding(
        &other,
        "SELECT 1 FROM user_sessions WHERE generation = 1 FOR UPDATE",
    )
    .await;
    let worker = pool.clone();
    let at_work = tokio::spawn(async move { crate::down(&worker, KEEP).await });
    waiting(&other, &at_work, "DELETE FROM user_sessions").await;
    test.execute(
        "INSERT INTO user_sessions (user_id, session_id, expires_at, generation)
         VALUES (2, 'late', now() + interval '7 days', 1)",
    )
    .await;
    old_log_in(&test, "meanwhile").await;
    holding.rollback().await.unwrap();
    at_work.await.unwrap().unwrap();
    let left = "SELECT session_id AS line FROM user_sessions WHERE id > 3";
    assert_eq!(lines(&pool, left).await, ["meanwhile"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_on_what_goes_stop_down() {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    up(&pool).await;
    test.execute("CREATE VIEW reports.ids AS SELECT session_id FROM user_sessions")
        .await;
    let before = fingerprint(&pool).await;
    for error in [
        crate::down(&pool, Down::default()).await.unwrap_err(),
        migrations::plan_down(&pool, Down::default())
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, MigrateError::Views(..)), "{error:?}");
        let said = error.to_string();
        assert!(
            said.contains("reports.ids") && said.contains("--keep-session-id"),
            "{said}"
        );
    }
    assert_eq!(fingerprint(&pool).await, before);
    crate::down(&pool, KEEP).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_depends_on_our_columns_in_another_way_is_named() {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    up(&pool).await;
    test.execute(
        "CREATE TRIGGER of_theirs BEFORE UPDATE OF generation ON user_sessions
         FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()",
    )
    .await;
    let before = fingerprint(&pool).await;
    let error = crate::down(&pool, KEEP).await.unwrap_err();
    assert!(matches!(error, MigrateError::Dependents(_)), "{error:?}");
    assert!(error.to_string().contains("of_theirs"), "{error}");
    assert_eq!(fingerprint(&pool).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_newer_build_made_stops_down_there_too() {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    up(&pool).await;
    test.execute(
        "INSERT INTO ticketing_migrations (name, origin) VALUES ('9999_later', 'created')",
    )
    .await;
    let before = fingerprint(&pool).await;
    let error = crate::down(&pool, KEEP).await.unwrap_err();
    assert!(
        matches!(error, MigrateError::UnknownMigrations(_)),
        "{error:?}"
    );
    assert_eq!(fingerprint(&pool).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_taken_over_is_never_made_afresh() {
    let test = OldDatabase::of_shape('b').make().await;
    let pool = open(&test).await;
    up(&pool).await;
    let before = fingerprint(&pool).await;
    let error = crate::fresh(&pool, true).await.unwrap_err();
    assert!(matches!(error, MigrateError::Adopted), "{error:?}");
    // that would take session_id away
    assert!(!error.to_string().contains("--drop-data"), "{error}");
    assert_eq!(fingerprint(&pool).await, before);
}
