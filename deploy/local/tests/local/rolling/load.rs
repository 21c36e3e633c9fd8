//! Callers that never pause: lists, and changes with an idempotency key, over a channel
//! to all replicas.

use client::channel::Balanced;
use proto::requests::v1::{
    ListPartnerRequestsRequest, PartnerRequestChange, UpdatePartnerRequestStatusRequest,
    partner_requests_service_client::PartnerRequestsServiceClient,
};
use std::{
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use testing::auth::with_token;
use tokio::{sync::mpsc, task::JoinSet};
use tonic::{Code, Status};

/// Callers; each has the request of its number to itself.
pub(super) const CALLERS: i32 = 8;
/// Times that a caller asks: all that it asks may be asked again.
const ATTEMPTS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Load {
    callers: JoinSet<usize>,
    answered: mpsc::Receiver<()>,
    done: Arc<AtomicBool>,
    failed: Arc<Mutex<Vec<Status>>>,
}

/// What callers saw.
#[derive(Debug)]
pub(super) struct Seen {
    /// Changes that were answered in the end: all.
    pub(super) changes: usize,
    /// Attempts that failed.
    pub(super) failed: Vec<Status>,
}

impl Load {
    pub(super) fn start(requests: &Balanced, token: &str) -> Self {
        let (tell, answered) = mpsc::channel(64);
        let (done, failed) = (Arc::<AtomicBool>::default(), Arc::default());
        let mut callers = JoinSet::new();
        for number in 1..=CALLERS {
            let caller = Caller {
                client: PartnerRequestsServiceClient::new(requests.clone()),
                token: token.to_owned(),
                number,
                failed: Arc::clone(&failed),
            };
            callers.spawn(caller.call_until(Arc::clone(&done), tell.clone()));
        }
        Self {
            callers,
            answered,
            done,
            failed,
        }
    }

    /// Waits until so many more calls were answered.
    pub(super) async fn answers(&mut self, calls: usize) {
        while self.answered.try_recv().is_ok() {}
        for _ in 0..calls {
            if self.answered.recv().await.is_none() {
                while let Some(ended) = self.callers.join_next().await {
                    ended.expect("a caller that goes on");
                }
                panic!("nobody calls any more");
            }
        }
    }

    pub(super) async fn end(mut self) -> Seen {
        self.done.store(true, Ordering::Relaxed);
        self.answered.close();
        let counts = self.callers.join_all().await;
        Seen {
            changes: counts.into_iter().sum(),
            failed: mem::take(&mut self.failed.lock().unwrap()),
        }
    }
}

struct Caller {
    client: PartnerRequestsServiceClient<Balanced>,
    token: String,
    number: i32,
    failed: Arc<Mutex<Vec<Status>>>,
}

impl Caller {
    async fn call_until(mut self, done: Arc<AtomicBool>, tell: mpsc::Sender<()>) -> usize {
        let (mut calls, mut changes) = (0, 0);
        while !done.load(Ordering::Relaxed) {
            if calls % 4 == 3 {
                self.change(changes).await;
                changes += 1;
            } else {
                self.list().await;
            }
            calls += 1;
            // whoever does not wait for answers any more needs no word
            let _ = tell.try_send(());
        }
        changes
    }

    async fn list(&mut self) {
        for _ in 0..ATTEMPTS {
            let mut request = with_token(ListPartnerRequestsRequest::default(), &self.token);
            request.set_timeout(PATIENCE);
            match self.client.list_partner_requests(request).await {
                Ok(answer) => {
                    let rows = answer.into_inner().partner_requests.len();
                    assert_eq!(rows, usize::try_from(CALLERS).unwrap());
                    return;
                }
                Err(status) => self.failed(status),
            }
        }
        panic!("no attempt was answered");
    }

    /// Starts the work on a request, and steps back: each attempt by the same key.
    async fn change(&mut self, changes: usize) {
        let change = if changes.is_multiple_of(2) {
            PartnerRequestChange::Start
        } else {
            PartnerRequestChange::StepBack
        };
        for _ in 0..ATTEMPTS {
            let message = UpdatePartnerRequestStatusRequest {
                request_id: self.number,
                change: change.into(),
                idempotency_key: format!("caller-{}-{changes}", self.number),
                ..UpdatePartnerRequestStatusRequest::default()
            };
            let mut request = with_token(message, &self.token);
            request.set_timeout(PATIENCE);
            match self.client.update_partner_request_status(request).await {
                Ok(_) => return,
                Err(status) => self.failed(status),
            }
        }
        panic!("no attempt was answered");
    }

    fn failed(&self, status: Status) {
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        self.failed.lock().unwrap().push(status);
    }
}
