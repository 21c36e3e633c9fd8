//! The names that requests refer to: of categories, services, pickup options and partners. They
//! change about once a year and are in every row of every page, so they are cached in memory, and
//! read again after [`FRESH`]. Four joins would cost PostgreSQL as much as the page itself.
//!
//! The cache does not decide what a caller sees. Names of branches are not cached: they are shown
//! only with a request of the branch's own partner.

use super::entity::{category, partner, partner_request as requests, pickup_option, service};
use crate::model::NamedReference;
use database::Dialect;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a name is used after it was read. The proto file states it.
pub(super) const FRESH: Duration = Duration::from_secs(10);
/// The largest number of cached names of one table.
const MOST: usize = 10_000;

/// The names that this process caches.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    categories: Arc<Kept<category::Entity>>,
    services: Arc<Kept<service::Entity>>,
    pickup_options: Arc<Kept<pickup_option::Entity>>,
    partners: Arc<Kept<partner::Entity>>,
}

/// The names that some requests need.
#[derive(Debug)]
pub(super) struct PageNames {
    categories: ById,
    services: ById,
    pickup_options: ById,
    partners: ById,
}

/// `None` if the row does not exist.
type ById = BTreeMap<i32, Option<Arc<Name>>>;

#[derive(Debug, PartialEq)]
struct Name {
    name: String,
    name_ar: Option<String>,
}

impl Names {
    /// The names that these requests need. Names that are not cached are read on this connection.
    pub(super) async fn of<'a>(
        &self,
        on: &impl ConnectionTrait,
        dialect: Dialect,
        rows: impl Iterator<Item = &'a requests::Model> + Clone,
    ) -> Result<PageNames, DbErr> {
        let categories = rows.clone().map(|row| row.category_id).collect();
        let services = rows.clone().filter_map(|row| row.service_id).collect();
        let pickup_options = rows.clone().map(|row| row.pickup_option_id).collect();
        let partners = rows.filter_map(|row| row.partner_id).collect();
        Ok(PageNames {
            categories: self.categories.of(on, dialect, categories).await?,
            services: self.services.of(on, dialect, services).await?,
            pickup_options: self.pickup_options.of(on, dialect, pickup_options).await?,
            partners: self.partners.of(on, dialect, partners).await?,
        })
    }
}

impl PageNames {
    pub(super) fn category(&self, id: i32) -> NamedReference {
        named(&self.categories, id)
    }

    pub(super) fn service(&self, id: i32) -> NamedReference {
        named(&self.services, id)
    }

    pub(super) fn pickup_option(&self, id: i32) -> NamedReference {
        named(&self.pickup_options, id)
    }

    pub(super) fn partner(&self, id: i32) -> NamedReference {
        named(&self.partners, id)
    }
}

fn named(names: &ById, id: i32) -> NamedReference {
    let name = names.get(&id).and_then(Option::as_deref);
    NamedReference {
        id,
        name: name.map(|name| name.name.clone()).unwrap_or_default(),
        name_ar: name.and_then(|name| name.name_ar.clone()),
    }
}

/// A table of names.
trait NamedEntity: EntityTrait {
    const ID: Self::Column;

    fn named(row: Self::Model) -> (i32, Name);
}

/// The names of one table, each with the time of reading.
#[derive(Debug)]
struct Kept<E> {
    read: Mutex<BTreeMap<i32, Reading>>,
    table: PhantomData<E>,
}

/// A name, and when it was read.
type Reading = (Instant, Option<Arc<Name>>);

impl<E> Default for Kept<E> {
    fn default() -> Self {
        Self {
            read: Mutex::default(),
            table: PhantomData,
        }
    }
}

impl<E: NamedEntity> Kept<E> {
    async fn of(
        &self,
        on: &impl ConnectionTrait,
        dialect: Dialect,
        ids: BTreeSet<i32>,
    ) -> Result<ById, DbErr> {
        let (mut names, missing) = self.fresh(ids, Instant::now());
        if missing.is_empty() {
            return Ok(names);
        }
        // the time before the statement, however long the answer takes
        let requested = Instant::now();
        let one_of = dialect.one_of(E::ID.into_expr(), missing.iter().copied());
        let rows = E::find().filter(one_of).all(on).await?;
        let mut found: BTreeMap<i32, Name> = rows.into_iter().map(E::named).collect();
        let read = missing
            .into_iter()
            .map(|id| (id, found.remove(&id).map(Arc::new)));
        let read: ById = read.collect();
        self.keep(&read, requested);
        names.extend(read);
        Ok(names)
    }
}

impl<E> Kept<E> {
    /// The fresh names, and the ids of the others.
    fn fresh(&self, ids: BTreeSet<i32>, now: Instant) -> (ById, Vec<i32>) {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = ById::new();
        let mut missing = Vec::new();
        for id in ids {
            match read.get(&id) {
                Some((at, name)) if now.saturating_duration_since(*at) < FRESH => {
                    names.insert(id, name.clone());
                }
                _ => missing.push(id),
            }
        }
        (names, missing)
    }

    fn keep(&self, names: &ById, at: Instant) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len().saturating_add(names.len()) > MOST {
            read.clear();
        }
        for (id, name) in names {
            read.insert(*id, (at, name.clone()));
        }
    }
}

impl NamedEntity for category::Entity {
    const ID: category::Column = category::Column::Id;

    fn named(row: category::Model) -> (i32, Name) {
        let category::Model {
            id, name, name_ar, ..
        } = row;
        (id, Name { name, name_ar })
    }
}

impl NamedEntity for service::Entity {
    const ID: service::Column = service::Column::Id;

    fn named(row: service::Model) -> (i32, Name) {
        let service::Model { id, name, name_ar } = row;
        (id, Name { name, name_ar })
    }
}

impl NamedEntity for pickup_option::Entity {
    const ID: pickup_option::Column = pickup_option::Column::Id;

    fn named(row: pickup_option::Model) -> (i32, Name) {
        let pickup_option::Model { id, name, name_ar } = row;
        (id, Name { name, name_ar })
    }
}

impl NamedEntity for partner::Entity {
    const ID: partner::Column = partner::Column::Id;

    fn named(row: partner::Model) -> (i32, Name) {
        let name = Name {
            name: row.name,
            name_ar: None,
        };
        (row.id, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Arc<Name> {
        Arc::new(Name {
            name: name.to_owned(),
            name_ar: None,
        })
    }

    #[test]
    fn a_name_is_read_again_after_ten_seconds_and_one_that_is_gone_too() {
        let kept = Kept::<category::Entity>::default();
        let read = Instant::now();
        let names = ById::from([(1, Some(name("Towing"))), (2, None)]);
        kept.keep(&names, read);
        let requested = || BTreeSet::from([1, 2, 3]);
        let late = read + FRESH.saturating_sub(Duration::from_nanos(1));
        assert_eq!(kept.fresh(requested(), late), (names, vec![3]));
        assert_eq!(
            kept.fresh(requested(), read + FRESH),
            (ById::new(), vec![1, 2, 3])
        );
        assert_eq!(FRESH, Duration::from_secs(10));
    }

    #[test]
    fn the_names_that_are_kept_are_bounded() {
        let kept = Kept::<category::Entity>::default();
        let now = Instant::now();
        for first in (0..30_000).step_by(100) {
            let page: ById = (first..first + 100).map(|id| (id, None)).collect();
            kept.keep(&page, now);
            assert!(kept.read.lock().unwrap().len() <= MOST);
            assert_eq!(
                kept.fresh(page.keys().copied().collect(), now),
                (page, vec![])
            );
        }
    }
}
