//! The queue: gathered, bounded, kept while the database is away, flushed at a
//! stop.

use super::{super::batches::PAUSE, *};
use contract::ids::UserId;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::sync::mpsc;

fn event(user: i32) -> AuditEvent {
    let what = AuditEventType::CreateSession;
    let event = AuditEvent::refused(what, Cause::PasswordWrong, &Client::default());
    event.by(UserId(user))
}

fn users(batch: &[(AuditEvent, Duration)]) -> Vec<i32> {
    batch
        .iter()
        .map(|(event, _)| event.actor.unwrap().0)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn events_are_gathered_in_order_with_their_age_and_a_stop_writes_the_last() {
    let (written, mut seen) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let (log, writing) = AuditLog::start_with(stop.clone(), move |batch| {
        written.send(batch).unwrap();
        async { Ok(()) }
    });
    log.note(event(1));
    tokio::time::sleep(Duration::from_millis(50)).await;
    log.note(event(2));
    let batch = seen.recv().await.unwrap();
    assert_eq!(users(&batch), [1, 2]);
    assert_eq!(batch[0].1, batch[1].1 + Duration::from_millis(50));
    for user in 0..2_000 {
        log.note(event(user));
    }
    stop.cancel();
    writing.await.unwrap();
    let mut rest = Vec::new();
    while let Some(batch) = seen.recv().await {
        assert!(batch.len() <= BATCH);
        rest.extend(users(&batch));
    }
    assert_eq!(rest, (0..2_000).collect::<Vec<_>>());
    assert_eq!(log.dropped().get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_drops_and_counts_and_holds_nobody_up() {
    let (log, _writing) = AuditLog::start_with(CancellationToken::new(), |_| {
        std::future::pending::<Result<(), StoreError>>()
    });
    // no other task runs in between
    for user in 0..5_000 {
        log.note(event(user));
    }
    assert_eq!(log.dropped().get(), 5_000 - 4_096);
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_a_database_that_is_away_or_silent() {
    let (written, mut seen) = mpsc::unbounded_channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let (log, _writing) = AuditLog::start_with(CancellationToken::new(), move |batch| {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        let written = written.clone();
        async move {
            match call {
                0 => Err(StoreError::away()),
                1 => std::future::pending().await,
                _ => {
                    written.send(batch).unwrap();
                    Ok(())
                }
            }
        }
    });
    log.note(event(1));
    let batch = seen.recv().await.unwrap();
    assert_eq!(users(&batch), [1]);
    assert!(
        batch[0].1 >= PAUSE + MAX_TIME + PAUSE,
        "it is as old as it is"
    );
    assert_eq!(log.dropped().get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_refused_holds_up_no_other() {
    let (written, mut seen) = mpsc::unbounded_channel();
    let refuses = AtomicBool::new(true);
    let (log, _writing) = AuditLog::start_with(CancellationToken::new(), move |batch| {
        let refuse = refuses.swap(false, Ordering::SeqCst);
        written.send(batch).unwrap();
        async move {
            if refuse {
                return Err(StoreError::Inconsistent("refused".to_owned()));
            }
            Ok(())
        }
    });
    for user in [1, 2] {
        log.note(event(user));
        assert_eq!(users(&seen.recv().await.unwrap()), [user]);
    }
    assert_eq!(log.dropped().get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_database_that_is_away() {
    let stop = CancellationToken::new();
    let (log, writing) = AuditLog::start_with(stop.clone(), |_| async { Err(StoreError::away()) });
    for user in 0..1_000 {
        log.note(event(user));
    }
    tokio::time::sleep(GATHER * 2).await;
    stop.cancel();
    writing.await.unwrap();
    assert_eq!(log.dropped().get(), 1_000);
}
