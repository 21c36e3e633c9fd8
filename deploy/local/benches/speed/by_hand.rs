//! What PostgreSQL and its driver take alone: a page by a statement that is written by hand
//! and prepared once, on one connection; and a statement that does nothing.

use crate::{
    load::{Window, difference},
    processes::Processes,
};
use sqlx::{
    AssertSqlSafe, ColumnIndex, Decode, PgConnection, Postgres, Row as _, Type,
    postgres::PgRow,
    types::chrono::{DateTime, Utc},
};
use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use testing::Cluster;
use tokio::process::Command;

/// How many requests a page has, which is as many as the service gives by default.
pub(crate) const SIZE: usize = 20;

type Time = Option<DateTime<Utc>>;
type Name = Option<String>;

/// The page of live requests of which a condition holds, newest first, and one more, which
/// tells whether another page follows.
pub(crate) fn select(condition: &str) -> String {
    let limit = SIZE + 1;
    format!(
        "SELECT r.id, r.request_number, r.customer_name, r.customer_phone, r.customer_address, \
         r.customer_lat::float8, r.customer_lng::float8, r.status::text, r.rating, r.feedback, \
         r.category_id, c.name, c.name_ar, r.service_id, s.name, s.name_ar, \
         r.pickup_option_id, o.name, o.name_ar, r.partner_id, p.name, r.branch_id, b.name, \
         r.sla_deadline, r.created_at, r.updated_at, r.submitted_at, r.assigned_at, \
         r.confirmed_at, r.rejected_at, r.in_progress_at, r.completed_at, r.closed_at, r.rated_at \
         FROM (SELECT * FROM requests WHERE is_active AND NOT is_deleted AND {condition} \
         ORDER BY created_at DESC NULLS LAST, id DESC LIMIT {limit}) r \
         LEFT JOIN categories c ON c.id = r.category_id \
         LEFT JOIN services s ON s.id = r.service_id \
         LEFT JOIN pickup_option_types o ON o.id = r.pickup_option_id \
         LEFT JOIN partners p ON p.id = r.partner_id \
         LEFT JOIN branches b ON b.id = r.branch_id AND b.partner_id = r.partner_id \
         ORDER BY r.created_at DESC NULLS LAST, r.id DESC"
    )
}

/// The condition of the requests that come after one.
pub(crate) async fn after(connection: &mut PgConnection, id: i32) -> String {
    let query = "SELECT created_at::text FROM requests WHERE id = $1";
    let time: String = sqlx::query_scalar(query)
        .bind(id)
        .fetch_one(connection)
        .await
        .expect("the request");
    format!("(created_at, id) < ('{time}', {id})")
}

/// The ids and numbers that a page's statement gives.
pub(crate) async fn requests(connection: &mut PgConnection, page: &str) -> Vec<(i32, String)> {
    let rows = fetch(connection, page).await;
    rows.iter().map(|row| (at(row, 0), at(row, 1))).collect()
}

/// Reads a page again and again, for a while.
pub(crate) async fn read(
    connection: PgConnection,
    page: &str,
    window: Duration,
    processes: &Processes,
) -> (PgConnection, Window) {
    let (page, processes) = (page.to_owned(), processes.clone());
    // on one of the runtime's threads, as a service's calls are
    let reading = tokio::spawn(async move {
        let mut connection = connection;
        for _ in 0..10 {
            fetch(&mut connection, &page).await;
        }
        let mut times = Vec::new();
        let (begun, before) = (Instant::now(), processes.times());
        while times.is_empty() || begun.elapsed() < window {
            let requested = Instant::now();
            for row in fetch(&mut connection, &page).await {
                black_box(decode(&row));
            }
            times.push(requested.elapsed());
        }
        let cpu = difference(processes.times(), before);
        (connection, Window::new(times, begun.elapsed(), cpu))
    });
    reading.await.expect("pages")
}

async fn fetch(connection: &mut PgConnection, page: &str) -> Vec<PgRow> {
    let query = sqlx::query(AssertSqlSafe(page));
    query.fetch_all(connection).await.expect("a page")
}

/// All that a page shows of a request.
fn decode(row: &PgRow) -> impl Sized {
    let request: (i32, String, String, String, String) =
        (at(row, 0), at(row, 1), at(row, 2), at(row, 3), at(row, 4));
    let place: (f64, f64) = (at(row, 5), at(row, 6));
    let stands: (Name, Option<i32>, Name) = (at(row, 7), at(row, 8), at(row, 9));
    let named =
        |id| -> (Option<i32>, Name, Name) { (at(row, id), at(row, id + 1), at(row, id + 2)) };
    let whose = |id| -> (Option<i32>, Name) { (at(row, id), at(row, id + 1)) };
    let times: [Time; 11] = std::array::from_fn(|place| at(row, 23 + place));
    let names = ([10, 13, 16].map(named), [19, 21].map(whose));
    (request, place, stands, names, times)
}

fn at<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, column: usize) -> T
where
    usize: ColumnIndex<PgRow>,
{
    row.try_get(column).expect("a column")
}

/// How many µs a statement that does nothing takes, from here and back.
pub(crate) async fn select_one(
    connection: &mut PgConnection,
    script: &Path,
    database: &str,
    count: u32,
) -> f64 {
    let Some(pgbench) = Cluster::program("pgbench") else {
        let begun = Instant::now();
        for _ in 0..count {
            let one: i32 = sqlx::query_scalar("SELECT 1")
                .fetch_one(&mut *connection)
                .await
                .expect("one");
            assert_eq!(one, 1);
        }
        return begun.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    };
    std::fs::write(script, "SELECT 1;").expect("a file");
    let output = Command::new(pgbench)
        .args(["--no-vacuum", "--protocol=prepared", "--client=1"])
        .arg(format!("--transactions={count}"))
        .arg(format!("--file={}", script.display()))
        .arg(database)
        .output()
        .await
        .expect("pgbench");
    let said = String::from_utf8_lossy(&output.stdout);
    let average = said.lines().find_map(|line| {
        let milliseconds = line.strip_prefix("latency average = ")?;
        milliseconds.strip_suffix(" ms")?.parse::<f64>().ok()
    });
    average.unwrap_or_else(|| panic!("{output:?}")) * 1_000.0
}
