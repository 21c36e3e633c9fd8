//! The calls of auth-service.

use super::{World, people::PASSWORD};
use proto::auth::v1::{ListAuditEventsRequest, ListSessionsRequest, RefreshSessionRequest};
use testing::{auth::with_token, fingerprint::lines};
use tonic::Code;

/// Everybody tries; who is not live or has no hash is refused, and no more than that.
pub(super) async fn create(world: &World) {
    let all = "SELECT concat_ws('|', id, email) AS line FROM users ORDER BY id";
    for line in lines(&world.pool, all).await {
        let (id, email) = line.split_once('|').unwrap();
        let live = world
            .callers
            .iter()
            .any(|caller| caller.id.to_string() == id);
        match world.services.log_in(email, PASSWORD).await {
            Ok(answer) => {
                let user = answer.user.unwrap();
                assert!(live, "{email}");
                assert_eq!(
                    (user.user_id.to_string().as_str(), user.email.as_str()),
                    (id, email)
                );
            }
            Err(refusal) => {
                assert!(!live, "{email}: {refusal}");
                assert_eq!(refusal.code(), Code::Unauthenticated, "{email}: {refusal}");
            }
        }
    }
}

/// On a session of its own, so that the others' tokens stay what they are.
pub(super) async fn refresh(world: &World) {
    for caller in &world.callers {
        let begun = world
            .services
            .log_in(&caller.email, PASSWORD)
            .await
            .unwrap();
        let request = RefreshSessionRequest {
            refresh_token: begun.tokens.unwrap().refresh_token,
        };
        let mut client = world.services.auth.client();
        let answer = client.refresh_session(request).await.unwrap().into_inner();
        assert_eq!(
            answer.session.unwrap().session_id,
            begun.session.unwrap().session_id
        );
        world
            .services
            .validate(&answer.tokens.unwrap().access_token)
            .await
            .unwrap();
    }
}

pub(super) async fn validate(world: &World) {
    for caller in &world.callers {
        let answer = world.services.validate(&caller.tokens.access_token).await;
        let principal = answer.unwrap().principal.unwrap();
        let partner = format!(
            "SELECT coalesce(partner_id::text, '') AS line FROM users WHERE id = {}",
            caller.id
        );
        let partner = lines(&world.pool, &partner).await;
        let told = principal.partner_id.map(|id| id.to_string());
        assert_eq!(principal.user_id, caller.id);
        assert_eq!(told.unwrap_or_default(), partner[0], "{}", caller.email);
    }
}

/// Ours, each once, and none of the old application's.
pub(super) async fn list(world: &World) {
    for caller in &world.callers {
        let mut request = ListSessionsRequest {
            page_size: 1,
            ..ListSessionsRequest::default()
        };
        let mut listed = Vec::new();
        loop {
            let token = &caller.tokens.access_token;
            let page = world
                .services
                .sessions(token, request.clone())
                .await
                .unwrap();
            listed.extend(page.sessions.into_iter().map(|session| session.session_id));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        listed.sort_unstable();
        let ours = format!(
            "SELECT session_id AS line FROM user_sessions WHERE generation IS NOT NULL AND user_id = {} ORDER BY session_id",
            caller.id
        );
        assert_eq!(listed, lines(&world.pool, &ours).await, "{}", caller.email);
    }
}

/// Staff who manage users see the log-ins of all callers; others see nothing.
pub(super) async fn list_audit(world: &World) {
    let manages = "SELECT u.id::text AS line FROM users u
        JOIN role_permissions g ON g.role_id = u.role_id AND g.is_active AND NOT g.is_deleted
        JOIN permissions p ON p.id = g.permission_id AND p.is_active AND NOT p.is_deleted
        WHERE p.name = 'user_manage' AND u.user_type::text IN ('admin', 'operation')";
    let manages = lines(&world.pool, manages).await;
    let logged_in = "SELECT DISTINCT subject_user_id::text AS line FROM ticketing_audit_events
        WHERE event = 'create_session' AND outcome = 'done'";
    let logged_in = lines(&world.pool, logged_in).await;
    for caller in &world.callers {
        assert!(
            logged_in.contains(&caller.id.to_string()),
            "{}",
            caller.email
        );
        let mut client = world.services.auth.client();
        let request = ListAuditEventsRequest::default();
        let answer = client
            .list_audit_events(with_token(request, &caller.tokens.access_token))
            .await;
        if manages.contains(&caller.id.to_string()) {
            assert_eq!(answer.unwrap().into_inner().audit_events.len(), 20);
        } else {
            assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        }
    }
}
