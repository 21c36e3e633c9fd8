//! Lists partners, for the platform's staff.

use super::{Error, visibility};
use crate::{
    model::{
        CountedPage, Partner, PartnerFilter, PartnerOrder, PartnerPageSize, PartnerPosition,
        Visibility,
    },
    store::Store,
};
use contract::{ids::PartnerId, principal::Principal};

/// The partners.
#[derive(Clone, Debug)]
pub struct Partners {
    store: Store,
}

/// A page to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PartnersQuery {
    pub filter: PartnerFilter,
    pub order: PartnerOrder,
    pub page_size: PartnerPageSize,
    /// The position after which the page begins; `None` for the first page.
    pub after: Option<PartnerPosition>,
    /// What to return in addition.
    pub with: With,
}

/// What a list returns in addition to the partners. Each costs one statement for the whole page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct With {
    /// The number of matching partners.
    pub total_size: bool,
    /// The counts of each partner.
    pub counts: bool,
    /// The branches of each partner.
    pub branches: bool,
}

/// Only callers who see the requests of all partners may list partners.
fn check(caller: &Principal) -> Result<(), Error> {
    match visibility::of(caller)? {
        Visibility::AllPartners => Ok(()),
        Visibility::Partner(_) => Err(Error::UserTypeNotAllowed),
    }
}

impl Partners {
    /// The partners in a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Lists one page.
    pub async fn list(
        &self,
        caller: &Principal,
        query: &PartnersQuery,
    ) -> Result<CountedPage<Partner, PartnerPosition>, Error> {
        check(caller)?;
        let PartnersQuery {
            filter,
            order,
            page_size,
            after,
            with,
        } = query;

        let partners = self
            .store
            .list_partners(filter, *order, after.clone(), page_size.limit())
            .await?;
        let mut page = page_size.page(partners, |last| order.field.position(last));
        let total_size = if with.total_size {
            Some(self.store.count_partners(filter).await?)
        } else {
            None
        };

        let partners = &mut page.rows;
        let ids: Vec<PartnerId> = partners.iter().map(|partner| partner.id).collect();
        if with.counts {
            let mut counts = self.store.partner_counts(&ids).await?;
            for partner in partners.iter_mut() {
                // a partner that was deleted meanwhile has no counts
                partner.counts = Some(counts.remove(&partner.id).unwrap_or_default());
            }
        }
        if with.branches {
            let mut branches = self.store.partner_branches(&ids).await?;
            for partner in partners.iter_mut() {
                partner.branches = branches.remove(&partner.id).unwrap_or_default();
            }
        }
        Ok(CountedPage { page, total_size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{
        ids::{SessionId, UserId},
        principal::UserType,
    };

    /// The session layer already refuses other callers. This check would still hold if the access rule
    /// of the method were wrong.
    #[test]
    fn partners_are_shown_to_staff_alone() {
        let may = |user_type| {
            let caller = Principal {
                user_id: UserId(1),
                name: String::new(),
                user_type,
                role: String::new(),
                partner_id: Some(PartnerId(7)),
                permissions: vec!["partner_manage".to_owned()],
                session_id: SessionId::random(),
            };
            check(&caller).is_ok()
        };
        assert!(may(UserType::Admin) && may(UserType::Operation));
        assert!(!may(UserType::Partner) && !may(UserType::Customer) && !may(UserType::Unknown));
    }
}
