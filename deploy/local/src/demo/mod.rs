//! Demo data: partners, every kind of user, and requests in every status. The
//! same at each first start, but for the times, which lie before it.

mod names;
mod requests;

use auth_service::{
    model::Password,
    passwords::{Algorithm, PasswordError, Passwords},
};
use names::{BRANCHES, CATEGORIES, PARTNERS, PICKUP_OPTIONS, SERVICES};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};
use shared::{database::Database, time::Clock};

/// What every demo user logs in with.
pub const PASSWORD: &str = "demo password";

/// A demo user.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    /// What it logs in with.
    pub email: &'static str,
    /// What it is there to show.
    pub what: &'static str,
    name: &'static str,
    user_type: &'static str,
    role: &'static str,
    /// Position in the list of partners.
    partner: Option<usize>,
}

/// The demo users; the first is the one that the printed lines log in.
pub const USERS: [DemoUser; 7] = [
    DemoUser {
        email: "partner@swift.example",
        what: "staff of Swift Roadside: its requests",
        name: "Swift dispatcher",
        user_type: "partner",
        role: "partner",
        partner: Some(0),
    },
    DemoUser {
        email: "partner@oasis.example",
        what: "staff of Oasis Home Care: its requests",
        name: "Oasis dispatcher",
        user_type: "partner",
        role: "partner",
        partner: Some(1),
    },
    DemoUser {
        email: "partner@paused.example",
        what: "staff of a suspended partner: refused",
        name: "Paused dispatcher",
        user_type: "partner",
        role: "partner",
        partner: Some(2),
    },
    DemoUser {
        email: "unassigned@platform.example",
        what: "a partner user without a partner: refused",
        name: "Unassigned dispatcher",
        user_type: "partner",
        role: "partner",
        partner: None,
    },
    DemoUser {
        email: "operation@platform.example",
        what: "operations staff: all requests",
        name: "Operations",
        user_type: "operation",
        role: "operational",
        partner: None,
    },
    DemoUser {
        email: "admin@platform.example",
        what: "administrator: all requests",
        name: "Administrator",
        user_type: "admin",
        role: "admin",
        partner: None,
    },
    DemoUser {
        email: "customer@platform.example",
        what: "a customer: refused",
        name: "Customer",
        user_type: "customer",
        role: "customer",
        partner: None,
    },
];

/// Whether the demo data is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Present,
    /// The database has other users.
    OtherData,
}

/// No demo data was written.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database failed.
    #[error("cannot write the demo data: {0}")]
    Database(#[from] DbErr),
    /// The password could not be hashed.
    #[error("cannot write the demo data: {0}")]
    Password(#[from] PasswordError),
}

/// Writes the demo data into a database without users, in one transaction.
pub async fn seed_if_empty(
    database: &Database,
    requests: u32,
    clock: &Clock,
) -> Result<Presence, DemoError> {
    let is_there = |query: SelectStatement| async move {
        Ok::<_, DbErr>(database.connection().query_one(&query).await?.is_some())
    };
    let users = Query::select().column("id").from("users").limit(1).take();
    if is_there(users.clone()).await? {
        let ours = Expr::col("email").eq(USERS[0].email);
        let found = is_there(users.clone().and_where(ours).take()).await?;
        return Ok(if found {
            Presence::Present
        } else {
            Presence::OtherData
        });
    }
    let hash = Passwords::new(Algorithm::Argon2id, 1)?
        .hash(&Password::new(PASSWORD.to_owned()))
        .await?;
    let transaction = database.begin().await?;
    write_partners(&transaction).await?;
    write_users(&transaction, hash.expose()).await?;
    write_catalogue(&transaction).await?;
    requests::write(&transaction, database, requests, clock.now()).await?;
    transaction.commit().await?;
    Ok(Presence::Present)
}

/// The id of the row at a position of a list, in an otherwise empty table.
fn id(position: usize) -> i32 {
    i32::try_from(position + 1).unwrap_or(i32::MAX)
}

/// Inserts rows into a table.
async fn insert(
    on: &DatabaseTransaction,
    table: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Expr>>,
) -> Result<(), DbErr> {
    let mut insert = Query::insert();
    insert.into_table(table).columns(columns.iter().copied());
    for row in rows {
        insert.values_panic(row);
    }
    on.execute(&insert).await.map(drop)
}

async fn write_partners(on: &DatabaseTransaction) -> Result<(), DbErr> {
    let rows = PARTNERS.iter().map(|partner| {
        let status = Expr::val(partner.status).as_enum(Alias::new("partner_status_enum"));
        vec![partner.name.into(), status, partner.phone.into()]
    });
    insert(
        on,
        "partners",
        &["name", "status", "contact_phone"],
        rows.collect(),
    )
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
    let columns = ["partner_id", "name", "lat", "lng", "address"];
    insert(on, "branches", &columns, rows.collect()).await
}

async fn write_users(on: &DatabaseTransaction, hash: &str) -> Result<(), DbErr> {
    for user in USERS {
        let role = Query::select()
            .column("id")
            .from("roles")
            .and_where(Expr::col("name").eq(user.role))
            .take();
        let row = vec![
            user.name.into(),
            user.email.into(),
            hash.into(),
            Expr::SubQuery(None, Box::new(role.into())),
            Expr::val(user.user_type).as_enum(Alias::new("user_type_enum")),
            user.partner.map(id).into(),
        ];
        let columns = [
            "name",
            "email",
            "password",
            "role_id",
            "user_type",
            "partner_id",
        ];
        insert(on, "users", &columns, vec![row]).await?;
    }
    Ok(())
}

async fn write_catalogue(on: &DatabaseTransaction) -> Result<(), DbErr> {
    let named = ["name", "name_ar"];
    let rows = CATEGORIES
        .iter()
        .map(|(name, arabic)| vec![(*name).into(), (*arabic).into()]);
    insert(on, "categories", &named, rows.collect()).await?;
    let rows = PICKUP_OPTIONS
        .iter()
        .map(|(name, arabic)| vec![(*name).into(), (*arabic).into()]);
    insert(on, "pickup_option_types", &named, rows.collect()).await?;
    let rows = SERVICES.iter().map(|(category, name, arabic)| {
        vec![id(*category).into(), (*name).into(), (*arabic).into()]
    });
    insert(
        on,
        "services",
        &["category_id", "name", "name_ar"],
        rows.collect(),
    )
    .await
}
