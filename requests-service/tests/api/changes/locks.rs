//! Changes that wait for another transaction.

use super::{assign, by_id, partner_with_update, staff, update, waiting};
use crate::support::{Service, reason};
use contract::time::Clock;
use database::PoolLimits;
use proto::requests::v1::PartnerRequestChange;
use sea_orm::ConnectionTrait as _;
use std::pin::pin;
use testing::{Kind, Role, TestDatabase};
use tonic::Code;

/// Returns once a call waits for another transaction.
async fn somebody_waits(service: &Service) {
    let waits = "SELECT a.query AS line FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
                 WHERE a.datname = current_database() AND NOT l.granted";
    while service.lines(waits).await.is_empty() {}
}

/// An assignment sees what another transaction was about to do with the partner or
/// the branch, and does not trip over it.
#[tokio::test]
async fn an_assignment_waits_for_what_becomes_of_the_partner_and_the_branch() {
    let service = Service::start(Kind::Postgres).await;
    waiting(&service, 1).await;
    service
        .execute(
            "INSERT INTO branches (id, partner_id, name, lat, lng)
             VALUES (22, 2, 'Beta South', 0, 0), (23, 2, 'Beta North', 0, 0)",
        )
        .await;
    let other = service.database.open(&Clock::system()).await;
    for (statement, branch, expected) in [
        ("DELETE FROM branches WHERE id = 21", 21, "BRANCH_NOT_FOUND"),
        (
            "UPDATE branches SET is_active = false WHERE id = 22",
            22,
            "BRANCH_NOT_FOUND",
        ),
        (
            "UPDATE partners SET status = 'suspended' WHERE id = 2",
            23,
            "PARTNER_NOT_ACTIVE",
        ),
    ] {
        let before = service.get(&staff(), by_id(1)).await.unwrap();
        let transaction = other.begin().await.unwrap();
        transaction.execute_unprepared(statement).await.unwrap();
        let staff = staff();
        let mut call = pin!(service.assign(&staff, assign(1, 2, branch)));
        tokio::select! {
            outcome = &mut call => panic!("{statement}: {outcome:?}"),
            () = somebody_waits(&service) => {}
        }
        transaction.commit().await.unwrap();
        let refusal = call.await.unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal).as_str()),
            (Code::FailedPrecondition, expected),
            "{statement}"
        );
        assert_eq!(service.get(&staff, by_id(1)).await.unwrap(), before);
    }
}

/// SQLite has one writer: who waits too long for it is told so, and nothing else.
#[tokio::test]
async fn a_row_that_stays_locked_is_an_outage() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let url = database.url.clone();
    let service = Service::within(database, &url, PoolLimits::default()).await;
    service.build_world().await;
    waiting(&service, 1).await;
    let other = service.database.open(&Clock::system()).await;
    let writer = other.begin().await.unwrap();
    let confirm = || update(1, PartnerRequestChange::Confirm);
    let refusal = service
        .update(&partner_with_update(1), confirm())
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable);
    assert_eq!(reason(&refusal), "DATABASE_UNAVAILABLE");
    writer.rollback().await.unwrap();
    assert!(
        service
            .update(&partner_with_update(1), confirm())
            .await
            .is_ok()
    );
}

/// Whether another partner's request is being worked on is nothing to see, either:
/// it does not exist, at once.
#[tokio::test]
async fn nobody_waits_for_another_partners_request() {
    let service = Service::start(Kind::Postgres).await;
    waiting(&service, 1).await;
    let other = service.database.open(&Clock::system()).await;
    let holder = other.begin().await.unwrap();
    let hold = "SELECT id FROM requests FOR UPDATE";
    holder.execute_unprepared(hold).await.unwrap();
    let confirm = update(1, PartnerRequestChange::Confirm);
    let refusal = service
        .update(&partner_with_update(2), confirm)
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    holder.rollback().await.unwrap();
}

/// Of two transactions that wait for each other, PostgreSQL ends one. If that is
/// ours, it is made again, and the caller sees nothing of it.
#[tokio::test]
async fn a_change_that_loses_a_deadlock_is_made_again() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    // PostgreSQL looks for a deadlock once, so long after a wait began
    let later = format!(
        "DO $$ BEGIN EXECUTE format('ALTER ROLE {} IN DATABASE %I SET deadlock_timeout = ''5s''', \
         current_database()); END $$",
        Role::Requests.name()
    );
    database.execute(&later).await;
    let service = Service::on(database).await;
    service.build_world().await;
    waiting(&service, 1).await;
    let other = service.database.open(&Clock::system()).await;
    let transaction = other.begin().await.unwrap();
    // it is not the one that looks for deadlocks
    for statement in [
        "SET LOCAL deadlock_timeout = '1h'",
        "SET LOCAL statement_timeout = 0",
        "UPDATE branches SET name = 'Beta Centre' WHERE id = 21",
    ] {
        transaction.execute_unprepared(statement).await.unwrap();
    }
    let staff = staff();
    let mut call = pin!(service.assign(&staff, assign(1, 2, 21)));
    tokio::select! {
        outcome = &mut call => panic!("{outcome:?}"),
        () = somebody_waits(&service) => {}
    }
    let others = async {
        let touch = "UPDATE requests SET feedback = 'Thank you' WHERE id = 1";
        transaction.execute_unprepared(touch).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(call, others);
    let assigned = outcome.unwrap();
    assert_eq!(assigned.feedback.as_deref(), Some("Thank you"));
    assert_eq!(assigned.branch.unwrap().name, "Beta Centre");
    let log = "SELECT CAST(status AS text) AS line FROM request_status_log";
    assert_eq!(service.lines(log).await, ["assigned", "assigned"]);
}
