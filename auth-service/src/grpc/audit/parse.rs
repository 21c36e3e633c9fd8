//! From the wire to the domain's words.

use super::{CAUSE_PREFIX, page_token};
use crate::{
    grpc::parse::Fields,
    model::{AuditEventType, AuditFilter, AuditOutcome, AuditPosition, Cause},
};
use contract::{
    fingerprint::Fingerprint,
    ids::{SessionId, UserId},
    time::Timestamp,
};
use proto::auth::v1::{
    AuditCause as WireCause, AuditEventFilter, AuditEventType as WireType,
    AuditOutcome as WireOutcome, ListAuditEventsRequest,
};
use std::collections::BTreeSet;
use tonic::Status;

/// Values that a list may hold.
const MAX_VALUES: usize = 100;
const UNKNOWN: &str = "must be one of the contract, other than UNSPECIFIED";

/// A page that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) filter: AuditFilter,
    pub(crate) after: Option<AuditPosition>,
    pub(crate) page_size: u32,
    /// For the next page's token.
    pub(crate) fingerprint: Fingerprint,
}

/// The page, and of which events.
pub(crate) fn list(message: ListAuditEventsRequest) -> Result<Asked, Status> {
    let mut fields = Fields::default();
    let page_size = fields.page_size(message.page_size);
    let filter = filter(&mut fields, message.filter.unwrap_or_default());
    let filter = fields.done(filter)?;

    let fingerprint = Fingerprint::of("ListAuditEvents", &filter);
    let mut fields = Fields::default();
    let after = match message.page_token.as_str() {
        "" => None,
        token => {
            let position = page_token::read(token, fingerprint);
            if position.is_none() {
                let problem = "is not one of ours for this filter; start at the first page";
                fields.refuse("page_token", problem);
            }
            position
        }
    };
    fields.done(Asked {
        filter,
        after,
        page_size,
        fingerprint,
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
    let user = |id: &i32| (*id > 0).then_some(UserId(*id)).ok_or("must be positive");
    let session =
        |id: &String| SessionId::parse(id).ok_or("must be a session's id as ListSessions gives it");
    let filter = AuditFilter {
        subjects: values(fields, "filter.subject_user_ids", &subject_user_ids, user),
        actors: values(fields, "filter.actor_user_ids", &actor_user_ids, user),
        sessions: values(fields, "filter.session_ids", &session_ids, session),
        event_types: values(fields, "filter.types", &types, |number| {
            let wire = WireType::try_from(*number).ok();
            wire.and_then(event_type).ok_or(UNKNOWN)
        }),
        causes: values(fields, "filter.causes", &causes, |number| {
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
        start: time(fields, "filter.start_time", start_time),
        end: time(fields, "filter.end_time", end_time),
    };
    if let (Some(start), Some(end)) = (filter.start, filter.end)
        && end < start
    {
        fields.refuse("filter.end_time", "must not be before start_time");
    }
    filter
}

/// The values of a list, whose order and repetitions mean nothing; the first that is
/// wrong is named.
fn values<W, T: Ord>(
    fields: &mut Fields,
    field: &str,
    wire: &[W],
    read: impl Fn(&W) -> Result<T, &'static str>,
) -> BTreeSet<T> {
    if wire.len() > MAX_VALUES {
        fields.refuse(field, format!("must have at most {MAX_VALUES} values"));
        return BTreeSet::new();
    }
    let mut values = BTreeSet::new();
    for (index, value) in wire.iter().enumerate() {
        match read(value) {
            Ok(value) => {
                values.insert(value);
            }
            Err(problem) => {
                fields.refuse(&format!("{field}[{index}]"), problem);
                break;
            }
        }
    }
    values
}

fn time(
    fields: &mut Fields,
    field: &str,
    time: Option<prost_types::Timestamp>,
) -> Option<Timestamp> {
    let read = Timestamp::try_from(time?);
    if let Err(problem) = &read {
        fields.refuse(field, problem.to_string());
    }
    read.ok()
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

/// The contract's names are the log's texts, with a prefix and in upper case.
fn cause(wire: WireCause) -> Option<Cause> {
    let text = wire.as_str_name().strip_prefix(CAUSE_PREFIX)?;
    Cause::parse(&text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// During an update, replicas of two builds serve pages of one list. Whoever changes a filter
    /// on purpose changes the number here, and says in the CHANGELOG that clients have to start
    /// at the first page again.
    #[test]
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
        };
        let whole = ListAuditEventsRequest {
            filter: Some(filter),
            ..Default::default()
        };
        let lists = [ListAuditEventsRequest::default(), whole];
        let numbers = lists.map(|message| {
            let fingerprint = list(message).unwrap().fingerprint;
            u64::from_be_bytes(fingerprint.bytes())
        });
        assert_eq!(
            numbers,
            [955_902_616_325_506_443, 7_444_184_875_931_736_388]
        );
    }
}
