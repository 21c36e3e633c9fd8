//! Converts audit events into responses. The contract's names are those of the domain in upper
//! case, with a prefix. A value without a name is UNSPECIFIED.

use super::CAUSE_PREFIX;
use crate::model::{AuditEntry, AuditOutcome, AuditPosition, Cause};
use contract::{page_tokens::PageTokens, pages::Page};
use proto::auth::v1::{
    AuditCause as WireCause, AuditEvent, AuditEventType, AuditOutcome as WireOutcome,
    ListAuditEventsResponse,
};

/// A page of the list with these tokens.
pub(crate) fn page(
    page: Page<AuditEntry, AuditPosition>,
    tokens: PageTokens,
) -> ListAuditEventsResponse {
    ListAuditEventsResponse {
        next_page_token: tokens.write(page.next.as_ref()),
        audit_events: page.rows.into_iter().map(event).collect(),
    }
}

fn event(entry: AuditEntry) -> AuditEvent {
    let name = |prefix: &str, text: &str| format!("{prefix}{}", text.to_uppercase());
    let event_type = entry.event_type.and_then(|known| {
        AuditEventType::from_str_name(&name("AUDIT_EVENT_TYPE_", known.as_str()))
    });
    let cause = entry.cause.and_then(cause);
    let outcome = match entry.outcome {
        None => WireOutcome::Unspecified,
        Some(AuditOutcome::Done) => WireOutcome::Done,
        Some(AuditOutcome::Refused) => WireOutcome::Refused,
    };
    AuditEvent {
        audit_event_id: entry.position.id,
        occur_time: Some(entry.position.sort.into()),
        r#type: event_type.unwrap_or_default().into(),
        outcome: outcome.into(),
        cause: cause.unwrap_or_default().into(),
        actor_user_id: entry.actor.map(|user| user.0),
        subject_user_id: entry.subject.map(|user| user.0),
        session_id: entry.session.unwrap_or_default(),
        ip_address: entry.client.ip_address.unwrap_or_default(),
        device_info: entry.client.device_info.unwrap_or_default(),
        reason: entry.reason.unwrap_or_default(),
        created_before: entry.created_before.map(Into::into),
        ended_count: entry.ended_count,
    }
}

pub(super) fn cause(known: Cause) -> Option<WireCause> {
    let text = known.as_str().to_uppercase();
    WireCause::from_str_name(&format!("{CAUSE_PREFIX}{text}"))
}
