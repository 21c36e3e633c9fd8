//! No caller sees or changes what is another partner's: users of two partners call everything at once with whatever they
//! got hold of, their own and each other's ids, numbers, page tokens, etags and
//! idempotency keys. Nothing of the one is ever in an answer to the other.

use crate::{
    changes::{self, partner_with_update},
    support::{Row, Service},
};
use futures_util::{StreamExt as _, stream};
use proto::requests::v1::{
    CountPartnerRequestsRequest, GetPartnerRequestRequest, ListPartnerRequestsRequest,
    PartnerRequest, PartnerRequestChange, PartnerRequestGroup, UpdatePartnerRequestStatusRequest,
    get_partner_request_request::Key,
};
use std::sync::Mutex;
use testing::Kind;
use tonic::{Code, Status};

/// Requests: the odd ones are partner 1's, the even ones partner 2's.
const REQUESTS: i32 = 60;
/// Calls of each of a partner's users.
const CALLS: usize = 150;
/// Users of each partner at once.
const USERS: i32 = 3;

/// What anyone has seen, and anyone tries.
#[derive(Default)]
struct Loot {
    page_tokens: Vec<(i32, String)>,
    etags: Vec<String>,
    keys: Vec<UpdatePartnerRequestStatusRequest>,
}

/// A user who tries everything.
struct Walker<'a> {
    service: &'a Service,
    loot: &'a Mutex<Loot>,
    partner: i32,
    token: String,
    random: fastrand::Rng,
}

impl Walker<'_> {
    fn owns(&self, request: &PartnerRequest) -> bool {
        (request.request_id - self.partner) % 2 == 0
    }

    /// Everything shown is the caller's own. A rejected request has no partner any
    /// more, and is shown to nobody but the one who rejected it.
    fn check(&self, shown: &PartnerRequest) {
        assert!(self.owns(shown), "{shown:?} to partner {}", self.partner);
        let held = shown
            .partner
            .as_ref()
            .map_or(self.partner, |partner| partner.id);
        assert_eq!(held, self.partner);
        self.loot.lock().unwrap().etags.push(shown.etag.clone());
    }

    fn any_id(&mut self) -> i32 {
        self.random.i32(1..=REQUESTS)
    }

    /// One of the things that anyone has seen.
    fn any<T: Clone>(&mut self, of: impl Fn(&Loot) -> &Vec<T>) -> Option<T> {
        let loot = self.loot.lock().unwrap();
        let seen = of(&loot);
        (!seen.is_empty()).then(|| seen[self.random.usize(..seen.len())].clone())
    }

    async fn list(&mut self) {
        let (order, page_token) = if self.random.bool() {
            self.any(|loot| &loot.page_tokens).unwrap_or_default()
        } else {
            (self.random.i32(0..=5), String::new())
        };
        let request = ListPartnerRequestsRequest {
            page_size: 5,
            page_token,
            include_total_size: true,
            order: Some(proto::requests::v1::PartnerRequestOrder {
                field: order,
                direction: 0,
            }),
            ..ListPartnerRequestsRequest::default()
        };
        let page = self.service.list(&self.token, request).await.unwrap();
        assert!(page.total_size.unwrap() <= i64::from(REQUESTS / 2));
        for shown in &page.partner_requests {
            self.check(shown);
        }
        if !page.next_page_token.is_empty() {
            let token = (order, page.next_page_token);
            self.loot.lock().unwrap().page_tokens.push(token);
        }
    }

    async fn get(&mut self) {
        let id = self.any_id();
        let key = if self.random.bool() {
            Key::RequestId(id)
        } else {
            Key::Number(Row::new(id, None).number)
        };
        let request = GetPartnerRequestRequest { key: Some(key) };
        match self.service.detail(&self.token, request).await {
            Ok(shown) => {
                self.check(&shown.partner_request.unwrap());
                for entry in shown.timeline {
                    let actor = entry.actor.unwrap().user_id;
                    assert!([903, 900 + self.partner].contains(&actor));
                }
            }
            Err(refusal) => assert_eq!(refusal.code(), Code::NotFound, "{refusal:?}"),
        }
    }

    async fn count(&mut self) {
        let group = [
            PartnerRequestGroup::Unspecified,
            PartnerRequestGroup::Branch,
        ];
        let request = CountPartnerRequestsRequest {
            group_by: self.random.choice(group).unwrap().into(),
            ..CountPartnerRequestsRequest::default()
        };
        let counted = self.service.count(&self.token, request).await.unwrap();
        assert!(counted.total_size <= i64::from(REQUESTS / 2));
        let branch = 10 * self.partner + 1;
        for count in counted.counts {
            assert!(count.group_id.is_none_or(|group| group == branch));
        }
    }

    async fn change(&mut self) {
        let change = [
            PartnerRequestChange::Confirm,
            PartnerRequestChange::Reject,
            PartnerRequestChange::Start,
            PartnerRequestChange::Complete,
            PartnerRequestChange::StepBack,
            PartnerRequestChange::Reopen,
        ];
        let change = self.random.choice(change).unwrap();
        let fresh = UpdatePartnerRequestStatusRequest {
            etag: match self.random.u8(0..3) {
                0 => self.any(|loot| &loot.etags).unwrap_or_default(),
                _ => String::new(),
            },
            idempotency_key: self.random.u32(0..200).to_string(),
            ..changes::update(self.any_id(), change)
        };
        let again = self.random.bool().then(|| self.any(|loot| &loot.keys));
        let request = again.flatten().unwrap_or(fresh);
        self.loot.lock().unwrap().keys.push(request.clone());
        match self.service.update(&self.token, request).await {
            Ok(shown) => self.check(&shown),
            Err(refusal) => assert_refused(&refusal),
        }
    }

    async fn walk(mut self) {
        for _ in 0..CALLS {
            match self.random.u8(0..8) {
                0 => self.list().await,
                1 => self.get().await,
                2 => self.count().await,
                _ => self.change().await,
            }
        }
        // what is for staff is not for partners, whatever they know
        let id = self.any_id();
        let assign = changes::assign(id, self.partner, 10 * self.partner + 1);
        let assigned = self.service.assign(&self.token, assign).await;
        let closed = self.service.close(&self.token, changes::close(id)).await;
        for outcome in [assigned, closed] {
            assert_eq!(outcome.unwrap_err().code(), Code::PermissionDenied);
        }
    }
}

fn assert_refused(refusal: &Status) {
    assert!(
        matches!(
            refusal.code(),
            Code::NotFound | Code::FailedPrecondition | Code::Aborted | Code::InvalidArgument
        ),
        "{refusal:?}"
    );
}

testing::on_both_databases! {
    async fn nothing_crosses_between_partners_that_try_everything(kind: Kind) {
        let service = Service::start(kind).await;
        let rows: Vec<_> = (1..=REQUESTS)
            .map(|id| Row { status: Some("submitted"), ..Row::new(id, None) })
            .collect();
        service.insert(&rows).await;
        for id in 1..=REQUESTS {
            let owner = if id % 2 == 1 { 1 } else { 2 };
            let assign = changes::assign(id, owner, 10 * owner + 1);
            service.assign(&changes::staff(), assign).await.unwrap();
        }
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let loot = Mutex::new(Loot::default());
        let walkers = (0..2 * USERS).map(|number| {
            let owner = 1 + number % 2;
            Walker {
                service: &service,
                loot: &loot,
                partner: owner,
                token: partner_with_update(owner),
                random: fastrand::Rng::with_seed(seed + u64::try_from(number).unwrap()),
            }
            .walk()
        });
        // SQLite has one writer, and gives no turns: of many, one may wait for longer
        // than is waited for
        let at_once = match kind {
            Kind::Postgres => 2 * USERS,
            Kind::Sqlite => 2,
        };
        stream::iter(walkers)
            .buffer_unordered(usize::try_from(at_once).unwrap())
            .collect::<()>()
            .await;

        // nobody changed what was another's
        let strangers = "SELECT CAST(l.request_id AS text) AS line FROM request_status_log l
            WHERE l.changed_by_id <> 903 AND (l.request_id - l.changed_by_id + 900) % 2 <> 0";
        assert!(service.lines(strangers).await.is_empty());
        let changed = "SELECT '' AS line FROM request_status_log WHERE changed_by_id <> 903";
        let changed = service.lines(changed).await.len();
        println!("{changed} changes were made");
        assert!(changed > 0);
    }
}
