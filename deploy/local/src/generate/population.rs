//! Who and what there is before the first request: users, partners of very
//! different sizes with their branches, and what can be asked for.

use super::Options;
use crate::data::{
    Partner, Row, Table, Value, World,
    names::{CATEGORIES, NAMES, PICKUP_OPTIONS, SERVICES},
};
use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Expr, ExprTrait, Query},
};
use shared::database::Database;

/// What every generated user logs in with is "demo password": bcrypt of cost
/// 10, which the old application reads as well.
pub(super) const PASSWORD_HASH: &str =
    "$2b$10$irfUPsD9ydglIaEM4LC9aO5FvMCp1VcMXLL4KtklQuSKcCbHE763y";

const TRADES: [&str; 5] = ["Roadside", "Cooling", "Plumbing", "Home Care", "Rescue"];
const ADMIN: i32 = 1;
const OPERATION: i32 = 2;
/// The first user of a partner; each partner has one.
const FIRST_PARTNER_USER: i32 = 3;
/// Branches of each partner: one to so many.
const MAX_BRANCHES: i32 = 4;

pub(super) struct Population {
    partners: i32,
    customers: i32,
}

impl Population {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            partners: (options.requests.isqrt() / 10).clamp(3, 300),
            customers: (options.requests / 10).clamp(10, 200_000),
        }
    }

    fn first_customer(&self) -> i32 {
        FIRST_PARTNER_USER + self.partners
    }

    /// The last user's id; ids begin at 1.
    pub(super) fn users(&self) -> i32 {
        self.first_customer() + self.customers - 1
    }

    pub(super) fn world(&self) -> World {
        let partners = (1..=self.partners).map(|id| Partner {
            id,
            branches: branches(id).collect(),
            user: FIRST_PARTNER_USER + id - 1,
        });
        let services_of = |category: usize| {
            let all = (1..).zip(SERVICES);
            all.filter(|(_, service)| service.0 == category)
                .map(|(id, _)| id)
                .collect()
        };
        World {
            partners: partners.collect(),
            customers: self.first_customer()..=self.users(),
            staff: OPERATION,
            categories: (1..).zip((0..CATEGORIES.len()).map(services_of)).collect(),
            pickup_options: (1..).take(PICKUP_OPTIONS.len()).collect(),
        }
    }

    /// The rows of every table but those that requests and sessions fill, in the
    /// order of their references.
    pub(super) async fn tables(
        &self,
        database: &Database,
    ) -> Result<Vec<(Table, Vec<Row>)>, DbErr> {
        let role = async |name: &str| {
            let query = Query::select()
                .column("id")
                .from("roles")
                .and_where(Expr::col("name").eq(name))
                .take();
            let row = database.connection().query_one(&query).await?;
            row.ok_or_else(|| DbErr::RecordNotFound(format!("role {name}")))?
                .try_get::<i32>("", "id")
        };
        let roles = [
            role("admin").await?,
            role("partner").await?,
            role("customer").await?,
        ];
        Ok(vec![
            self.partner_rows(),
            self.branch_rows(),
            self.user_rows(roles),
            named("categories", &CATEGORIES),
            named("pickup_option_types", &PICKUP_OPTIONS),
            service_rows(),
        ])
    }

    fn partner_rows(&self) -> (Table, Vec<Row>) {
        let table = Table {
            name: "partners",
            columns: &["id", "name", "status"],
        };
        let rows = (1..=self.partners).map(|id| {
            let status = match id % 25 {
                23 => "inactive",
                24 => "suspended",
                _ => "active",
            };
            let trade = TRADES[id.unsigned_abs() as usize % TRADES.len()];
            let name = format!("{trade} Partner {id:03}");
            vec![
                id.into(),
                name.into(),
                Value::Enum("partner_status_enum", status),
            ]
        });
        (table, rows.collect())
    }

    fn branch_rows(&self) -> (Table, Vec<Row>) {
        let columns = &["id", "partner_id", "name", "lat", "lng"];
        let table = Table {
            name: "branches",
            columns,
        };
        let rows = (1..=self.partners).flat_map(|partner| {
            branches(partner).map(move |id| {
                let shift = f64::from(id % 100) / 200.0;
                let name = format!("Branch {id}");
                vec![
                    id.into(),
                    partner.into(),
                    name.into(),
                    (24.5 + shift).into(),
                    (46.5 + shift).into(),
                ]
            })
        });
        (table, rows.collect())
    }

    fn user_rows(&self, [admin, partner, customer]: [i32; 3]) -> (Table, Vec<Row>) {
        let columns = &[
            "id",
            "name",
            "email",
            "password",
            "role_id",
            "user_type",
            "partner_id",
        ];
        let table = Table {
            name: "users",
            columns,
        };
        let rows = (1..=self.users()).map(|id| {
            // an old database has no type `operation`
            let (who, role, user_type, of) = match id {
                ADMIN => ("admin", admin, "admin", None),
                OPERATION => ("operation", admin, "admin", None),
                id if id < self.first_customer() => (
                    "partner",
                    partner,
                    "partner",
                    Some(id - FIRST_PARTNER_USER + 1),
                ),
                _ => ("customer", customer, "customer", None),
            };
            let (given, family) = NAMES[id.unsigned_abs() as usize % NAMES.len()];
            let pick = |names: [&'static str; 6], number: u32| names[number as usize % names.len()];
            let number = id.unsigned_abs() / 2;
            let name = format!("{} {}", pick(given, number), pick(family, number / 6));
            vec![
                id.into(),
                name.into(),
                format!("{who}-{id}@generated.example").into(),
                PASSWORD_HASH.into(),
                role.into(),
                Value::Enum("user_type_enum", user_type),
                of.into(),
            ]
        });
        (table, rows.collect())
    }
}

/// The ids of a partner's branches.
fn branches(partner: i32) -> impl Iterator<Item = i32> {
    let first = (partner - 1) * MAX_BRANCHES + 1;
    first..=first + partner % MAX_BRANCHES
}

fn named(name: &'static str, names: &[(&str, &str)]) -> (Table, Vec<Row>) {
    let table = Table {
        name,
        columns: &["id", "name", "name_ar"],
    };
    let rows = (1..).zip(names);
    (
        table,
        rows.map(|(id, (name, arabic))| vec![id.into(), (*name).into(), (*arabic).into()])
            .collect(),
    )
}

fn service_rows() -> (Table, Vec<Row>) {
    let table = Table {
        name: "services",
        columns: &["id", "category_id", "name", "name_ar"],
    };
    let rows = (1..).zip(SERVICES).map(|(id, (category, name, arabic))| {
        let category = i32::try_from(category + 1).unwrap_or(i32::MAX);
        vec![id.into(), category.into(), name.into(), arabic.into()]
    });
    (table, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_demo_s() {
        assert!(bcrypt::verify(crate::demo::PASSWORD, PASSWORD_HASH).unwrap());
    }
}
