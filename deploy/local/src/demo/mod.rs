//! Demo data: partners, every kind of user, and requests in every status. It is the same at each
//! first start, except for the times, which are before the start.

mod seed;

use auth_service::{
    model::Password,
    passwords::{Algorithm, Argon2Costs, Owner, PasswordError, Passwords},
};
use contract::time::Clock;
use database::Database;
use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
pub(crate) use seed::Seed;

/// The password of every demo user.
pub const PASSWORD: &str = "demo password";

/// A demo user.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    /// The e-mail for log-ins.
    pub email: &'static str,
    /// What the user demonstrates.
    pub what: &'static str,
    name: &'static str,
    user_type: &'static str,
    role: &'static str,
    /// Position in the list of partners.
    partner: Option<usize>,
}

/// The demo users. The printed lines log the first one in.
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
    /// The database has the demo data.
    Present,
    /// The database has other users.
    OtherData,
}

/// Why no demo data was written.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database failed.
    #[error("cannot write the demo data: {0}. If tables are missing, run `migrate up` first")]
    Database(#[from] DbErr),
    /// The password could not be hashed.
    #[error("cannot write the demo data: {0}")]
    Password(#[from] PasswordError),
}

/// Writes the demo data into a database without users, in one transaction.
pub async fn seed_if_empty(
    database: &Database,
    requests: i32,
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
    let password = Password::new(PASSWORD.to_owned());
    let hash = Passwords::new(1, Argon2Costs::default())
        .hash(Algorithm::Argon2id, &password, Owner::default(), || ())
        .await?;
    let seed = Seed {
        database,
        on: database.begin().await?,
    };
    seed.partners().await?;
    seed.users(hash.expose()).await?;
    seed.catalogue().await?;
    seed.requests(requests, clock.now()).await?;
    seed.on.commit().await?;
    Ok(Presence::Present)
}
