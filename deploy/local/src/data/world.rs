//! What requests refer to: partners and their branches, customers, staff, categories and services.

/// A partner that requests are assigned to.
#[derive(Clone, Debug)]
pub(crate) struct Partner {
    pub(crate) id: i32,
    /// `branches.id` of its branches; at least one.
    pub(crate) branches: Vec<i32>,
    /// The user who responds for it.
    pub(crate) user: i32,
}

/// Everything that a request refers to.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// By size: the first has the most work. At least one.
    pub(crate) partners: Vec<Partner>,
    /// `users.id` of the customers.
    pub(crate) customers: std::ops::RangeInclusive<i32>,
    /// `users.id` of those who assign and close.
    pub(crate) staff: i32,
    /// `categories.id`, each with the services of the category.
    pub(crate) categories: Vec<(i32, Vec<i32>)>,
    /// `pickup_option_types.id`.
    pub(crate) pickup_options: Vec<i32>,
}

impl World {
    /// A partner: the n-th has about an n-th of the first one's work.
    pub(super) fn draw_partner(&self, random: &mut fastrand::Rng) -> &Partner {
        let count = self.partners.len();
        // the inverse of a sum of 1/n: from 1 to the count, and a fraction
        let bound = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) + 1.0;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at least 1"
        )]
        let place = bound.powf(random.f64()) as usize;
        &self.partners[place.clamp(1, count) - 1]
    }
}
