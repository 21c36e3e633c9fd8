//! Writes the demo data into the tables.

use super::{DemoUser, USERS};
use crate::data::{
    Life, Partner, Row, Table, Tables, Value, World, continue_ids, insert,
    names::{BRANCHES, CATEGORIES, PARTNERS, PICKUP_OPTIONS, SERVICES},
};
use contract::time::Timestamp;
use database::{Database, Transaction};
use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Expr, ExprTrait, Query},
};
use std::time::Duration;

/// The same data at each first start.
const SEED: u64 = 20_251_108;
/// The time over which the requests are spread.
const SPREAD: Duration = Duration::from_hours(90 * 24);

/// The id of the row at a position of a list, in an otherwise empty table.
fn id(position: usize) -> i32 {
    i32::try_from(position + 1).unwrap_or(i32::MAX)
}

/// Writes into the tables, in one transaction.
pub(crate) struct Seed<'a> {
    pub(crate) database: &'a Database,
    pub(crate) on: Transaction,
}

impl Seed<'_> {
    async fn rows(
        &self,
        name: &'static str,
        columns: &'static [&'static str],
        rows: impl IntoIterator<Item = Row>,
    ) -> Result<(), DbErr> {
        insert(&self.on, self.database, Table { name, columns }, rows).await
    }

    pub(super) async fn partners(&self) -> Result<(), DbErr> {
        let rows = PARTNERS.iter().map(|partner| {
            let status = Value::Enum("partner_status_enum", partner.status);
            vec![partner.name.into(), status, partner.phone.into()]
        });
        self.rows("partners", &["name", "status", "contact_phone"], rows)
            .await?;
        let rows = BRANCHES.iter().map(|branch| {
            vec![
                id(branch.partner).into(),
                branch.name.into(),
                branch.latitude.into(),
                branch.longitude.into(),
                branch.address.into(),
            ]
        });
        self.rows(
            "branches",
            &["partner_id", "name", "lat", "lng", "address"],
            rows,
        )
        .await
    }

    pub(super) async fn users(&self, hash: &str) -> Result<(), DbErr> {
        let columns = &[
            "name",
            "email",
            "password",
            "role_id",
            "user_type",
            "partner_id",
        ];
        for user in USERS {
            let role = Query::select()
                .column("id")
                .from("roles")
                .and_where(Expr::col("name").eq(user.role))
                .take();
            let role = self.on.query_one(&role).await?;
            let role: i32 = match role {
                Some(row) => row.try_get("", "id")?,
                None => return Err(DbErr::RecordNotFound(format!("role {}", user.role))),
            };
            let row = vec![
                user.name.into(),
                user.email.into(),
                hash.into(),
                role.into(),
                Value::Enum("user_type_enum", user.user_type),
                user.partner.map(id).into(),
            ];
            self.rows("users", columns, [row]).await?;
        }
        Ok(())
    }

    /// Categories, their services, and pickup options.
    pub(crate) async fn catalogue(&self) -> Result<(), DbErr> {
        let named = |(name, arabic): &(&str, &str)| vec![(*name).into(), (*arabic).into()];
        self.rows(
            "categories",
            &["name", "name_ar"],
            CATEGORIES.iter().map(named),
        )
        .await?;
        let options = PICKUP_OPTIONS.iter().map(named);
        self.rows("pickup_option_types", &["name", "name_ar"], options)
            .await?;
        let rows = SERVICES.iter().map(|(category, name, arabic)| {
            vec![id(*category).into(), (*name).into(), (*arabic).into()]
        });
        self.rows("services", &["category_id", "name", "name_ar"], rows)
            .await
    }

    /// Requests over the ninety days before `now`.
    pub(super) async fn requests(&self, count: i32, now: Timestamp) -> Result<(), DbErr> {
        let world = world();
        let step = SPREAD / Ord::max(count, 1).unsigned_abs();
        let life = |number: i32| {
            let before = i64::try_from((step * (count - number).unsigned_abs()).as_micros());
            let submitted = Timestamp::from_micros(now.micros() - before.unwrap_or_default());
            Life::new(SEED, number, &world, submitted, now)
        };
        for (table, rows) in Tables::ALL {
            let rows = (1..=count).flat_map(|number| rows(life(number)));
            insert(&self.on, self.database, table, rows).await?;
        }
        continue_ids(&self.on, self.database, "requests").await
    }
}

/// Positions in the lists above, as the ids that they got.
fn world() -> World {
    let user = |wanted: &dyn Fn(&DemoUser) -> bool| id(USERS.iter().position(wanted).unwrap_or(0));
    let partners = (0..PARTNERS.len()).map(|partner| Partner {
        id: id(partner),
        branches: of(BRANCHES.iter().map(|branch| branch.partner), partner),
        user: user(&|user| user.partner == Some(partner)),
    });
    let categories = (0..CATEGORIES.len()).map(|category| {
        (
            id(category),
            of(SERVICES.iter().map(|service| service.0), category),
        )
    });
    let customer = user(&|user| user.user_type == "customer");
    World {
        partners: partners.collect(),
        customers: customer..=customer,
        staff: user(&|user| user.user_type == "operation"),
        categories: categories.collect(),
        pickup_options: (0..PICKUP_OPTIONS.len()).map(id).collect(),
    }
}

/// The ids of the rows that belong to an owner.
fn of(owners: impl Iterator<Item = usize>, owner: usize) -> Vec<i32> {
    let owned = owners.enumerate().filter(|(_, of)| *of == owner);
    owned.map(|(position, _)| id(position)).collect()
}
