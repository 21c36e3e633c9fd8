//! ListAuditEvents: the audit log, for staff, filtered and in pages.

mod random;

use self::random::{SESSIONS, START, add, any_filter, in_other_words, is_meant, others, random};
use crate::rows::text;
use proto::auth::v1::{
    AuditCause, AuditEvent, AuditEventFilter, AuditEventType, AuditOutcome, ListAuditEventsRequest,
    ListAuditEventsResponse,
};
use testing::{
    Kind,
    auth::{Auth, TestUser, refusal, with_token},
    pages::all_pages,
};
use tonic::{Code, Status};

/// Somebody who may list, with a token; the log-in is in the log.
async fn staff(auth: &Auth) -> String {
    auth.add_user(TestUser {
        email: "admin@example.com",
        user_type: "admin",
        role: "admin",
        partner_id: None,
    })
    .await;
    auth.log_in("admin@example.com")
        .await
        .tokens
        .unwrap()
        .access_token
}

async fn page(
    auth: &Auth,
    token: &str,
    request: ListAuditEventsRequest,
) -> Result<ListAuditEventsResponse, Status> {
    let answer = auth
        .client()
        .list_audit_events(with_token(request, token))
        .await;
    answer.map(tonic::Response::into_inner)
}

/// The events on all pages of a size.
async fn walk(
    auth: &Auth,
    token: &str,
    filter: &AuditEventFilter,
    page_size: i32,
) -> Vec<AuditEvent> {
    let events = all_pages(async |page_token| {
        let request = ListAuditEventsRequest {
            filter: Some(filter.clone()),
            page_size,
            page_token,
        };
        let page = page(auth, token, request).await?;
        assert!(page.audit_events.len() <= usize::try_from(page_size).unwrap());
        Ok::<_, Status>((page.audit_events, page.next_page_token))
    });
    events.await.unwrap()
}

testing::on_both_databases! {
    async fn an_event_is_shown_with_all_that_is_kept_of_it(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        auth.database
            .execute(&format!(
                "INSERT INTO ticketing_audit_events (event, outcome, cause, actor_user_id, subject_user_id, session_id, \
                 ip_address, device_info, reason, created_before, ended_count, occurred_at) VALUES \
                 ('revoke_user_sessions', 'done', 'restored', 7, 8, '{}', '::1', 'a phone', 'why', {time}, 9, {time})",
                SESSIONS[0],
                time = match kind {
                    Kind::Postgres => "timestamptz '2026-01-01 00:00:00.000001+00'",
                    Kind::Sqlite => "1767225600000001",
                }
            ))
            .await;
        let listed = walk(&auth, &token, &AuditEventFilter::default(), 10).await;
        assert_eq!(listed.len(), 2, "the log-in, too");
        let time = Some(prost_types::Timestamp { seconds: START, nanos: 1_000 });
        assert_eq!(listed[1], AuditEvent {
            audit_event_id: 2,
            occur_time: time,
            r#type: AuditEventType::RevokeUserSessions.into(),
            outcome: AuditOutcome::Done.into(),
            cause: AuditCause::Restored.into(),
            actor_user_id: Some(7),
            subject_user_id: Some(8),
            session_id: SESSIONS[0].to_owned(),
            ip_address: "::1".to_owned(),
            device_info: "a phone".to_owned(),
            reason: "why".to_owned(),
            created_before: time,
            ended_count: Some(9),
        });
        let log_in = &listed[0];
        assert_eq!(log_in.r#type(), AuditEventType::CreateSession);
        assert_eq!((log_in.ended_count, log_in.created_before, log_in.reason.as_str()), (None, None, ""));
    }

    async fn any_filter_gives_what_it_means_newest_first_on_pages_of_any_size(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        let mut random = random();
        add(&auth, &mut random, 300).await;
        let all = walk(&auth, &token, &AuditEventFilter::default(), 100).await;
        let count = text(&auth.database, "SELECT CAST(COUNT(*) AS text) FROM ticketing_audit_events").await;
        assert_eq!(Some(all.len().to_string()), count);
        let key = |event: &AuditEvent| (event.occur_time.unwrap().seconds, event.occur_time.unwrap().nanos, event.audit_event_id);
        assert!(all.is_sorted_by(|one, next| key(one) > key(next)));
        let mut found = 0;
        for _ in 0..60 {
            let filter = any_filter(&mut random);
            let page_size = random.i32(1..60);
            let expected: Vec<_> = all.iter().filter(|event| is_meant(&filter, event)).cloned().collect();
            found += usize::from(!expected.is_empty());
            assert_eq!(walk(&auth, &token, &filter, page_size).await, expected, "{filter:?}");
        }
        assert!(found > 10, "{found} filters found something");
    }

    async fn a_walk_goes_on_however_its_filter_is_written_and_by_no_other_filter(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        let mut random = random();
        add(&auth, &mut random, 100).await;
        let mut next_pages = 0;
        for round in 0..40 {
            let filter = if round == 0 { AuditEventFilter::default() } else { any_filter(&mut random) };
            let whole = walk(&auth, &token, &filter, 100).await;
            let mut walked = Vec::new();
            let mut page_token = String::new();
            loop {
                let request = ListAuditEventsRequest {
                    filter: in_other_words(&mut random, &filter),
                    page_size: random.i32(1..20),
                    page_token,
                };
                let page = page(&auth, &token, request.clone()).await.unwrap();
                walked.extend(page.audit_events);
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
                next_pages += 1;
                if walked.len() >= 20 {
                    continue;
                }
                for other in others(&filter) {
                    let request = ListAuditEventsRequest { filter: Some(other), page_token: page_token.clone(), ..request };
                    let status = self::page(&auth, &token, request.clone()).await.expect_err("another list");
                    assert!(status.message().starts_with("page_token:"), "{status} {request:?}");
                }
            }
            assert_eq!(walked, whole, "{filter:?}");
        }
        assert!(next_pages > 20, "{next_pages}");
    }

    async fn events_that_come_meanwhile_repeat_and_hide_none(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        add(&auth, &mut random(), 50).await;
        let before = walk(&auth, &token, &AuditEventFilter::default(), 100).await;
        let mut request = ListAuditEventsRequest { page_size: 7, ..ListAuditEventsRequest::default() };
        let mut walked = Vec::new();
        loop {
            let page = page(&auth, &token, request.clone()).await.unwrap();
            walked.extend(page.audit_events);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
            auth.log_in("admin@example.com").await;
        }
        assert_eq!(walked, before);
    }

    async fn what_a_newer_build_wrote_is_unspecified(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        let free = match kind {
            Kind::Postgres => "ALTER TABLE ticketing_audit_events DROP CONSTRAINT ticketing_audit_events_event_check, \
                               DROP CONSTRAINT ticketing_audit_events_outcome_check",
            Kind::Sqlite => "PRAGMA ignore_check_constraints = on",
        };
        auth.database
            .execute(&format!("{free}; INSERT INTO ticketing_audit_events (event, outcome, cause) VALUES ('later', 'later', 'later')"))
            .await;
        let event = walk(&auth, &token, &AuditEventFilter::default(), 1).await.swap_remove(0);
        assert_eq!((event.r#type, event.outcome, event.cause), (0, 0, 0));
    }

    async fn a_page_has_twenty_by_default_and_a_hundred_at_most(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        add(&auth, &mut random(), 150).await;
        for (page_size, expected) in [(0, 20), (1, 1), (100, 100), (101, 100), (i32::MAX, 100)] {
            let request = ListAuditEventsRequest { page_size, ..ListAuditEventsRequest::default() };
            let page = page(&auth, &token, request).await.unwrap();
            assert_eq!(page.audit_events.len(), expected, "{page_size}");
        }
    }

    async fn a_wrong_field_is_refused_by_its_name(kind: Kind) {
        let auth = Auth::start(kind).await;
        let token = staff(&auth).await;
        add(&auth, &mut random(), 5).await;
        let of = |filter| ListAuditEventsRequest { filter: Some(filter), page_size: 1, page_token: String::new() };
        let of_user = of(AuditEventFilter { subject_user_ids: vec![1], ..AuditEventFilter::default() });
        let first = page(&auth, &token, of(AuditEventFilter::default())).await.unwrap();
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let filter = AuditEventFilter::default;
        let wrong = [
            (ListAuditEventsRequest { page_size: -1, ..ListAuditEventsRequest::default() }, "page_size"),
            (ListAuditEventsRequest { page_token: "x".to_owned(), ..of(filter()) }, "page_token"),
            (ListAuditEventsRequest { page_token: first.next_page_token.clone(), ..of_user }, "page_token"),
            (of(AuditEventFilter { subject_user_ids: vec![1, 0], ..filter() }), "filter.subject_user_ids[1]"),
            (of(AuditEventFilter { actor_user_ids: vec![-1], ..filter() }), "filter.actor_user_ids[0]"),
            (of(AuditEventFilter { actor_user_ids: vec![1; 101], ..filter() }), "filter.actor_user_ids"),
            (of(AuditEventFilter { session_ids: vec!["x".to_owned()], ..filter() }), "filter.session_ids[0]"),
            (of(AuditEventFilter { types: vec![0], ..filter() }), "filter.types[0]"),
            (of(AuditEventFilter { types: vec![99], ..filter() }), "filter.types[0]"),
            (of(AuditEventFilter { causes: vec![0], ..filter() }), "filter.causes[0]"),
            (of(AuditEventFilter { outcome: 3, ..filter() }), "filter.outcome"),
            (of(AuditEventFilter { start_time: time(i64::MAX), ..filter() }), "filter.start_time"),
            (of(AuditEventFilter { start_time: time(2), end_time: time(1), ..filter() }), "filter.end_time"),
        ];
        for (request, field) in wrong {
            let status = page(&auth, &token, request).await.unwrap_err();
            assert!(status.message().contains(&format!("{field}:")), "{field}: {status}");
            assert_eq!(refusal::<()>(Err(status)), (Code::InvalidArgument, "FIELD_INVALID".to_owned()));
        }
        // an absent filter is an empty one
        let request = ListAuditEventsRequest { filter: None, page_token: first.next_page_token, page_size: 1 };
        page(&auth, &token, request).await.expect("a page");
    }

    async fn only_staff_that_manage_users_may_list_events(kind: Kind) {
        let auth = Auth::start(kind).await;
        auth.add_customer("sara@example.com").await;
        for (email, user_type, role) in [
            ("partner@example.com", "partner", "admin"),
            ("viewer@example.com", "admin", "partner"),
            ("operation@example.com", "operation", "operational"),
        ] {
            auth.add_user(TestUser { email, user_type, role, partner_id: None }).await;
        }
        for (email, reason) in [
            ("sara@example.com", Some("USER_TYPE_NOT_ALLOWED")),
            ("partner@example.com", Some("USER_TYPE_NOT_ALLOWED")),
            ("viewer@example.com", Some("PERMISSION_MISSING")),
            ("operation@example.com", None),
        ] {
            let token = auth.log_in(email).await.tokens.unwrap().access_token;
            let answer = page(&auth, &token, ListAuditEventsRequest::default()).await;
            match reason {
                Some(reason) => assert_eq!(refusal(answer), (Code::PermissionDenied, reason.to_owned()), "{email}"),
                None => assert_eq!(answer.unwrap().audit_events.len(), 4),
            }
        }
    }
}
