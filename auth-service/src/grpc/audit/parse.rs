//! Reads ListAuditEvents requests into the domain's types.

use super::CAUSE_PREFIX;
use crate::{
    domain::AuditPageSize,
    model::{AuditEventType, AuditFilter, AuditOutcome, AuditPosition, Cause},
};
use contract::{
    fields::Fields,
    fingerprint::Fingerprint,
    ids::{SessionId, UserId},
    page_tokens::{self, PageTokens},
};
use proto::auth::v1::{
    AuditCause as WireCause, AuditEventFilter, AuditEventType as WireType,
    AuditOutcome as WireOutcome, ListAuditEventsRequest,
};
use tonic::Status;

/// The first byte of page tokens.
const TOKEN_VERSION: u8 = 1;
const UNKNOWN: &str = "must be one of the contract, other than UNSPECIFIED";

/// A requested page.
#[derive(Clone, Debug)]
pub(crate) struct RequestedPage {
    pub(crate) filter: AuditFilter,
    pub(crate) after: Option<AuditPosition>,
    pub(crate) page_size: AuditPageSize,
    /// For the next page's token.
    pub(crate) tokens: PageTokens,
}

/// Reads a request.
pub(crate) fn list(message: ListAuditEventsRequest) -> Result<RequestedPage, Status> {
    let mut fields = Fields::default();
    let page_size = fields.page_size(message.page_size);
    let filter = filter(&mut fields, message.filter.unwrap_or_default());
    let filter = fields.done(filter)?;

    let list = Fingerprint::of("ListAuditEvents", &filter);
    let tokens = PageTokens::of(TOKEN_VERSION, list);
    let mut fields = Fields::default();
    let after = fields.accept(tokens.read(&message.page_token, page_tokens::time));
    fields.done(RequestedPage {
        filter,
        after,
        page_size,
        tokens,
    })
}

fn filter(fields: &mut Fields, filter: AuditEventFilter) -> AuditFilter {
    let AuditEventFilter {
        subject_user_ids,
        actor_user_ids,
        session_ids,
        types,
        causes,
        outcome,
        start_time,
        end_time,
    } = filter;
    let (start, end) = fields.time_range("filter", start_time, end_time);
    let session =
        |id: &String| SessionId::parse(id).ok_or("must be a session's id as ListSessions gives it");
    AuditFilter {
        subjects: fields.ids("filter.subject_user_ids", &subject_user_ids, UserId),
        actors: fields.ids("filter.actor_user_ids", &actor_user_ids, UserId),
        sessions: fields.values("filter.session_ids", &session_ids, session),
        event_types: fields.values("filter.types", &types, |number| {
            let wire = WireType::try_from(*number).ok();
            wire.and_then(event_type).ok_or(UNKNOWN)
        }),
        causes: fields.values("filter.causes", &causes, |number| {
            let wire = WireCause::try_from(*number).ok();
            wire.and_then(cause).ok_or(UNKNOWN)
        }),
        outcome: match WireOutcome::try_from(outcome) {
            Ok(WireOutcome::Unspecified) => None,
            Ok(WireOutcome::Done) => Some(AuditOutcome::Done),
            Ok(WireOutcome::Refused) => Some(AuditOutcome::Refused),
            Err(_) => {
                fields.refuse("filter.outcome", "must be one of the contract");
                None
            }
        },
        start,
        end,
    }
}

fn event_type(wire: WireType) -> Option<AuditEventType> {
    Some(match wire {
        WireType::Unspecified => return None,
        WireType::Register => AuditEventType::Register,
        WireType::CreateSession => AuditEventType::CreateSession,
        WireType::RefreshSession => AuditEventType::RefreshSession,
        WireType::RevokeSession => AuditEventType::RevokeSession,
        WireType::RevokeOwnSession => AuditEventType::RevokeOwnSession,
        WireType::RevokeAllSessions => AuditEventType::RevokeAllSessions,
        WireType::ChangePassword => AuditEventType::ChangePassword,
        WireType::RevokeUserSessions => AuditEventType::RevokeUserSessions,
        WireType::ValidateSession => AuditEventType::ValidateSession,
        WireType::EndAllSessions => AuditEventType::EndAllSessions,
    })
}

/// The contract's name of a cause is the cause's name in upper case, with a prefix.
fn cause(wire: WireCause) -> Option<Cause> {
    let text = wire.as_str_name().strip_prefix(CAUSE_PREFIX)?;
    Cause::parse(&text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::Timestamp;

    /// Each text of the log has its value on the wire, of the same name, and back.
    #[test]
    fn the_contract_has_a_value_for_each_text() {
        for known in AuditEventType::ALL {
            let name = format!("AUDIT_EVENT_TYPE_{}", known.as_str().to_uppercase());
            let wire = WireType::from_str_name(&name);
            assert_eq!(wire.and_then(event_type), Some(*known));
        }
        let unknown: Vec<&str> = Cause::ALL
            .iter()
            .filter(|known| super::super::render::cause(**known).and_then(cause) != Some(**known))
            .map(|unknown| unknown.as_str())
            .collect();
        let never_in_the_log = [
            "logged_out",
            "revoked_by_owner",
            "revoked_by_staff",
            "token_malformed",
            "token_algorithm",
            "token_key_unknown",
            "token_signature",
            "token_type",
            "token_issuer",
            "token_audience",
            "token_expired",
            "unavailable",
            "failed",
        ];
        assert_eq!(unknown, never_in_the_log);
    }

    /// Each value of the contract means a cause, so that none can be asked for in vain.
    #[test]
    fn each_cause_of_the_contract_is_known() {
        let values = (1..).map_while(|number| WireCause::try_from(number).ok());
        let unknown: Vec<_> = values.filter(|wire| cause(*wire).is_none()).collect();
        assert_eq!(unknown, []);
    }

    /// The digest of a list depends on the place of each cause, so that only the end of the
    /// list is free for new ones.
    #[test]
    fn the_causes_of_the_contract_keep_their_order() {
        let values = (1..).map_while(|number| WireCause::try_from(number).ok());
        let causes: Vec<_> = values.map(cause).collect();
        assert!(causes.is_sorted(), "{causes:?}");
        assert_eq!(Cause::Restored as u8, 16);
    }

    /// During an update, replicas of two builds serve pages of one list. These numbers stay, also
    /// when the filter gets a field.
    #[test]
    #[allow(
        clippy::needless_update,
        reason = "the filter has the fields of the first build, not all"
    )]
    fn a_list_has_the_same_fingerprint_in_every_build() {
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let filter = AuditEventFilter {
            subject_user_ids: vec![1, 2],
            actor_user_ids: vec![3],
            session_ids: vec!["5c2a1f60-7a4b-4d0e-9f5e-1f2a3b4c5d6e".to_owned()],
            types: vec![1, 2],
            causes: vec![1, 2],
            outcome: 1,
            start_time: time(1),
            end_time: time(2),
            ..Default::default()
        };
        let whole = ListAuditEventsRequest {
            filter: Some(filter),
            ..Default::default()
        };
        let lists = [ListAuditEventsRequest::default(), whole];
        let numbers = lists.map(|message| {
            let fingerprint = list(message).unwrap().tokens.list();
            u64::from_be_bytes(fingerprint.unwrap().bytes())
        });
        assert_eq!(
            numbers,
            [955_902_616_325_506_443, 7_444_184_875_931_736_388]
        );
    }

    /// Clients hold tokens of earlier builds, and during an update replicas of two builds serve
    /// pages of one list.
    #[test]
    fn a_token_has_the_same_bytes_in_every_build() {
        let token = "AQ1EDF1t8sWLAAYKJBgeQAEAAAAAAAAABw";
        let message = ListAuditEventsRequest {
            page_token: token.to_owned(),
            ..Default::default()
        };
        let requested = list(message).unwrap();
        let position = AuditPosition {
            sort: Timestamp::from_micros(1_700_000_000_000_001),
            id: 7,
        };
        assert_eq!(requested.after, Some(position));
        assert_eq!(requested.tokens.write(Some(&position)), token);
    }
}
