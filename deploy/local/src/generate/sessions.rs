//! Sessions: ours where the table has our columns, else the old application's.

use super::{Options, Population, population::PASSWORD_HASH};
use crate::data::{Row, Table};
use auth_service::model::{Lives, PasswordHash};
use sea_orm::{ConnectionTrait, DbErr, sea_query::Query};
use shared::database::Database;
use std::time::Duration;

const OURS: Table = Table {
    name: "user_sessions",
    columns: &[
        "user_id",
        "session_id",
        "expires_at",
        "created_at",
        "is_active",
        "generation",
        "rotated_at",
        "absolute_expires_at",
        "password_digest",
    ],
};

const THEIRS: Table = Table {
    name: "user_sessions",
    columns: &[
        "user_id",
        "session_id",
        "expires_at",
        "created_at",
        "is_active",
    ],
};

/// The table as it is found, and its rows.
pub(super) async fn rows(
    options: &Options,
    population: &Population,
    database: &Database,
) -> Result<(Table, impl Iterator<Item = Row>), DbErr> {
    let probe = Query::select()
        .column("generation")
        .from("user_sessions")
        .limit(1)
        .take();
    let ours = database.connection().query_one(&probe).await.is_ok();
    let digest = PasswordHash::new(PASSWORD_HASH.to_owned()).digest();
    let (until, seed, users) = (options.until, options.seed, population.users());
    let lives = Lives::default();
    let rows = (1..=options.sessions).map(move |number| {
        let mut random = fastrand::Rng::with_seed(seed ^ u64::from(number.unsigned_abs()) << 24);
        let age = i64::from(random.u32(0..30 * 86_400)) * 1_000_000;
        let created = shared::time::Timestamp::from_micros(until.micros() - age);
        let user = random.i32(1..=users);
        if !ours {
            // as the old application made them: from its clock and a random text
            let id = format!(
                "sess_{}_{:08x}{number:x}",
                created.micros() / 1_000,
                random.u32(..)
            );
            let end = created + Duration::from_hours(7 * 24);
            return vec![
                user.into(),
                id.into(),
                end.into(),
                created.into(),
                true.into(),
            ];
        }
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let absolute = created + lives.session;
        vec![
            user.into(),
            id.to_string().into(),
            (created + lives.refresh_token).min(absolute).into(),
            created.into(),
            (random.u8(0..10) > 0).into(),
            1.into(),
            created.into(),
            absolute.into(),
            digest.clone().into(),
        ]
    });
    Ok((if ours { OURS } else { THEIRS }, rows))
}
