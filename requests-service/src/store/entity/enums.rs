//! The enums of the database, for filters and writes. Reads take the label as text, because another
//! version may have added one: `known` returns `None` for it.

use crate::model::{self, Response, Status};
use sea_orm::entity::prelude::*;

/// Status of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "Enum",
    enum_name = "request_status_enum",
    rename_all = "snake_case"
)]
#[allow(missing_docs, reason = "as in `Status`")]
pub enum RequestStatus {
    Submitted,
    Assigned,
    Confirmed,
    InProgress,
    Completed,
    Closed,
    Rejected,
    Unassigned,
}

/// Status of a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "Enum",
    enum_name = "partner_status_enum",
    rename_all = "snake_case"
)]
#[allow(missing_docs, reason = "as in `model::PartnerStatus`")]
pub enum PartnerStatus {
    Active,
    Inactive,
    Suspended,
}

/// A partner's response to an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "Enum",
    enum_name = "assignment_response_enum",
    rename_all = "snake_case"
)]
#[allow(missing_docs, reason = "the names say it")]
pub enum AssignmentResponse {
    Pending,
    Confirmed,
    Rejected,
}

/// Whether a setting is the platform's or a partner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "Enum",
    enum_name = "config_scope_enum",
    rename_all = "snake_case"
)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ConfigurationScope {
    Global,
    Partner,
}

/// The value of a label, if this version knows it.
pub(in crate::store) fn known<E: ActiveEnum<Value = String>>(label: &String) -> Option<E> {
    E::try_from_value(label).ok()
}

impl From<Status> for RequestStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Submitted => Self::Submitted,
            Status::Assigned => Self::Assigned,
            Status::Confirmed => Self::Confirmed,
            Status::InProgress => Self::InProgress,
            Status::Completed => Self::Completed,
            Status::Closed => Self::Closed,
            Status::Rejected => Self::Rejected,
            Status::Unassigned => Self::Unassigned,
        }
    }
}

impl From<RequestStatus> for Status {
    fn from(status: RequestStatus) -> Self {
        match status {
            RequestStatus::Submitted => Self::Submitted,
            RequestStatus::Assigned => Self::Assigned,
            RequestStatus::Confirmed => Self::Confirmed,
            RequestStatus::InProgress => Self::InProgress,
            RequestStatus::Completed => Self::Completed,
            RequestStatus::Closed => Self::Closed,
            RequestStatus::Rejected => Self::Rejected,
            RequestStatus::Unassigned => Self::Unassigned,
        }
    }
}

impl From<model::PartnerStatus> for PartnerStatus {
    fn from(status: model::PartnerStatus) -> Self {
        match status {
            model::PartnerStatus::Active => Self::Active,
            model::PartnerStatus::Inactive => Self::Inactive,
            model::PartnerStatus::Suspended => Self::Suspended,
        }
    }
}

impl From<PartnerStatus> for model::PartnerStatus {
    fn from(status: PartnerStatus) -> Self {
        match status {
            PartnerStatus::Active => Self::Active,
            PartnerStatus::Inactive => Self::Inactive,
            PartnerStatus::Suspended => Self::Suspended,
        }
    }
}

impl From<Response> for AssignmentResponse {
    fn from(response: Response) -> Self {
        match response {
            Response::Confirmed => Self::Confirmed,
            Response::Rejected => Self::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::Iterable as _;

    #[test]
    fn labels_are_the_names_that_messages_have_and_lead_back() {
        for status in Status::ALL {
            let label = RequestStatus::from(status).to_value();
            assert_eq!(label, status.name());
            assert_eq!(
                known::<RequestStatus>(&label).map(Status::from),
                Some(status)
            );
        }
        assert_eq!(RequestStatus::iter().count(), Status::ALL.len());
        assert_eq!(known::<RequestStatus>(&"on_hold".to_owned()), None);
        for response in [Response::Confirmed, Response::Rejected] {
            assert_eq!(
                AssignmentResponse::from(response).to_value(),
                response.name()
            );
        }
        for status in model::PartnerStatus::ALL {
            let label = PartnerStatus::from(status).to_value();
            let led = known::<PartnerStatus>(&label).map(model::PartnerStatus::from);
            assert_eq!(led, Some(status));
        }
    }
}
