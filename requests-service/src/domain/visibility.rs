//! Which requests a caller may see.

use super::{Error, PartnerRequests};
use crate::model::{Filter, PartnerState, Visibility};
use contract::principal::{Principal, UserType};

/// What a caller may see, by type of user.
pub(super) fn of(caller: &Principal) -> Result<Visibility, Error> {
    match caller.user_type {
        UserType::Admin | UserType::Operation => Ok(Visibility::AllPartners),
        UserType::Partner => caller
            .partner_id
            .map(Visibility::Partner)
            .ok_or(Error::PartnerNotAssigned),
        UserType::Customer | UserType::Unknown => Err(Error::UserTypeNotAllowed),
    }
}

/// Whether a filter names a partner that the caller does not work for.
fn names_another(visibility: Visibility, filter: &Filter) -> bool {
    match visibility {
        Visibility::Partner(own) => filter.partners.iter().any(|partner| *partner != own),
        Visibility::AllPartners => false,
    }
}

impl PartnerRequests {
    /// Refuses a filter that names a partner that the caller does not work for; otherwise the
    /// caller could take an empty list for the answer. If the caller's own partner is not active,
    /// the caller gets that refusal first, as from every other call.
    pub(super) async fn check_filter(
        &self,
        visibility: Visibility,
        filter: &Filter,
    ) -> Result<(), Error> {
        if !names_another(visibility, filter) {
            return Ok(());
        }
        self.check_partner_state(visibility).await?;
        Err(Error::PartnerNotYours)
    }

    /// Distinguishes an empty answer from a partner that is not active. The statements themselves
    /// return nothing for such a partner. So this is checked only when they returned nothing, and
    /// the usual call is one statement.
    pub(super) async fn check_partner_state(&self, visibility: Visibility) -> Result<(), Error> {
        let Visibility::Partner(partner) = visibility else {
            return Ok(());
        };
        match self.store.partner_state(partner).await? {
            PartnerState::Active => Ok(()),
            PartnerState::Deleted => Err(Error::PartnerDeleted),
            PartnerState::Inactive => Err(Error::PartnerInactive),
            PartnerState::Suspended => Err(Error::PartnerSuspended),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ids::{PartnerId, SessionId, UserId};

    fn caller(user_type: UserType, partner_id: Option<PartnerId>) -> Principal {
        Principal {
            user_id: UserId(1),
            name: String::new(),
            user_type,
            role: String::new(),
            partner_id,
            permissions: Vec::new(),
            session_id: SessionId::random(),
        }
    }

    #[test]
    fn only_staff_see_all_partners() {
        let partner = Some(PartnerId(7));
        for staff in [UserType::Admin, UserType::Operation] {
            let seen = of(&caller(staff, partner));
            assert!(matches!(seen, Ok(Visibility::AllPartners)));
        }
        let seen = of(&caller(UserType::Partner, partner));
        assert!(matches!(seen, Ok(Visibility::Partner(PartnerId(7)))));
        let seen = of(&caller(UserType::Partner, None));
        assert!(matches!(seen, Err(Error::PartnerNotAssigned)));
        for other in [UserType::Customer, UserType::Unknown] {
            let seen = of(&caller(other, partner));
            assert!(matches!(seen, Err(Error::UserTypeNotAllowed)));
        }
    }

    #[test]
    fn a_partner_user_may_name_its_own_partner_only() {
        let own = Visibility::Partner(PartnerId(7));
        let naming = |partners: &[i32]| Filter {
            partners: partners.iter().copied().map(PartnerId).collect(),
            ..Filter::default()
        };
        assert!(!names_another(own, &naming(&[])));
        assert!(!names_another(own, &naming(&[7])));
        assert!(names_another(own, &naming(&[7, 8])));
        assert!(!names_another(Visibility::AllPartners, &naming(&[7, 8])));
    }
}
