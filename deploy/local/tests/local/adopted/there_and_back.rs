//! Every shape with every difference beside it: up, up again, log-ins over the wire,
//! and down in both ways.

use super::log_ins::{self, OLD_USERS, OldUser};
use database::Database;
use migrations::{Down, MigrateError, NAMES, Report};
use testing::{
    Kind, TestDatabase,
    fingerprint::{fingerprint, lines},
    old_database::{
        OldDatabase, checksums, checksums_but_log_ins, old_log_in, old_sessions, open, our_indexes,
        schema_of_others, session_columns, up,
    },
    within_the_limit,
};

/// A database of the old application, and how it was before anything was done.
struct Case {
    old: OldDatabase,
    test: TestDatabase,
    pool: Database,
    rows: Vec<String>,
    /// The same, but for what the log-ins may write.
    rows_but_log_ins: Vec<String>,
    logged_in: bool,
    others: Vec<String>,
    sessions: Vec<String>,
    file: Vec<String>,
}

/// Where the rows of `user_sessions` lie: elsewhere, once the table was rewritten.
const FILE: &str = "SELECT pg_relation_filenode('user_sessions')::text AS line";

impl Case {
    async fn make(old: OldDatabase) -> Self {
        let test = old.make().await;
        let pool = open(&test).await;
        let mut sessions = old_sessions(&pool).await;
        match old.shape {
            'b' => {}
            'd' => drop(sessions.pop()),
            _ => sessions.clear(),
        }
        Self {
            old,
            rows: checksums(&pool).await,
            rows_but_log_ins: checksums_but_log_ins(&pool, &log_ins::ids()).await,
            logged_in: false,
            others: schema_of_others(&pool).await,
            sessions,
            file: lines(&pool, FILE).await,
            test,
            pool,
        }
    }

    /// No row of another table was written, and nothing of the schema is different.
    async fn unchanged(&self, after: &str) {
        let Self { old, pool, .. } = self;
        if self.logged_in {
            let rows = checksums_but_log_ins(pool, &log_ins::ids()).await;
            assert_eq!(rows, self.rows_but_log_ins, "{old}: rows {after}");
        } else {
            assert_eq!(checksums(pool).await, self.rows, "{old}: rows {after}");
        }
        assert_eq!(
            schema_of_others(pool).await,
            self.others,
            "{old}: schema {after}"
        );
        if ['b', 'd'].contains(&old.shape) && !after.ends_with("the other way") {
            let file = lines(pool, FILE).await;
            assert_eq!(file, self.file, "{old}: rewritten {after}");
        }
    }

    async fn up(&self, made: &Database) {
        let Self { old, pool, .. } = self;
        let everything = fingerprint(pool).await;
        let plan = migrations::plan_up(pool).await.unwrap();
        assert_eq!(
            fingerprint(pool).await,
            everything,
            "{old}: a plan changes nothing"
        );

        let (report, said) = up(pool).await;
        assert_eq!(report.applied, NAMES, "{old}");
        let planned: Vec<_> = plan
            .lines()
            .filter(|line| !line.starts_with("applies"))
            .collect();
        assert!(
            said.starts_with(&planned.join("\n")),
            "{old}: {plan}\nis not what was done\n{said}"
        );
        let keeps = ['b', 'd'].contains(&old.shape);
        assert_eq!(
            said.contains("cannot log anyone in from now on"),
            !keeps,
            "{said}"
        );
        let counted = match old.shape {
            'b' => "deleted: no session; kept: 3 sessions",
            'd' => "deleted: 1 session; kept: 3 sessions",
            _ => "deleted: 3 sessions; kept: no session",
        };
        assert!(said.contains(counted), "{said}");
        self.unchanged("after up").await;
        assert_eq!(
            session_columns(pool).await,
            session_columns(made).await,
            "{old}"
        );
        assert_eq!(our_indexes(pool).await, our_indexes(made).await, "{old}");
        assert_eq!(old_sessions(pool).await, self.sessions, "{old}");
        let status = migrations::status(pool).await.unwrap();
        assert_eq!(status.lines().count(), NAMES.len(), "{status}");
        for (line, name) in status.lines().zip(NAMES) {
            let origin = if name == NAMES[0] {
                "adopted"
            } else {
                "created"
            };
            let start = format!("applied  {name}  {origin} ");
            assert!(line.starts_with(&start), "{status}");
        }
    }

    async fn up_again(&self) {
        let Self { old, pool, .. } = self;
        let adopted = fingerprint(pool).await;
        assert_eq!(up(pool).await, (Report::default(), String::new()), "{old}");
        assert_eq!(migrations::plan_up(pool).await.unwrap(), "nothing to do");
        assert_eq!(fingerprint(pool).await, adopted, "{old}");
        self.unchanged("after up again").await;
    }

    /// By both services, which stop when it is done.
    async fn log_in(self, users: &[OldUser], after: &str) -> Self {
        let test = log_ins::log_in(self.test, users).await;
        let case = Self {
            test,
            logged_in: true,
            ..self
        };
        case.unchanged(after).await;
        let ids: Vec<_> = log_ins::ids().iter().map(ToString::to_string).collect();
        assert_eq!(log_ins::logged_in(&case.pool).await, ids, "{}", case.old);
        let ours = "SELECT count(*)::integer FROM user_sessions WHERE generation = 1";
        let ours = case.test.query_number(ours).await;
        assert_eq!(ours, i32::try_from(users.len()).unwrap(), "{}", case.old);
        case
    }

    async fn down(&self, made: &Database) {
        let Self {
            old, test, pool, ..
        } = self;
        old_log_in(test, "after up").await;
        let theirs =
            "SELECT id::text AS line FROM user_sessions WHERE generation IS NULL ORDER BY id";
        let theirs = lines(pool, theirs).await;
        assert_eq!(theirs.len(), self.sessions.len() + 1, "{old}");
        let report = down(pool, false).await.unwrap();
        let newest_first: Vec<_> = NAMES.into_iter().rev().collect();
        assert_eq!(report.dropped, newest_first, "{old}");
        self.unchanged("after down").await;
        assert_rolled_back(pool, made).await;
        let left = lines(
            pool,
            "SELECT id::text AS line FROM user_sessions ORDER BY id",
        )
        .await;
        assert_eq!(left, theirs, "{old}");
        assert_eq!(down(pool, false).await.unwrap(), Report::default());
    }

    /// It is in shape (e) by now, whatever it was.
    async fn up_and_down_by_the_other_way(self) {
        up(&self.pool).await;
        // the cheapest of the hashes
        let case = self
            .log_in(&OLD_USERS[..1], "after a log-in, the other way")
            .await;
        case.down_the_other_way().await;
    }

    async fn down_the_other_way(&self) {
        let Self { test, pool, .. } = self;
        down(pool, true).await.unwrap();
        self.unchanged("after down the other way").await;
        assert!(our_indexes(pool).await.is_empty());
        old_log_in(test, "after down").await;
        let plan = migrations::plan_up(pool).await.unwrap();
        assert!(plan.contains("shape (b)"), "{plan}");
    }
}

async fn down(database: &Database, keep_session_id: bool) -> Result<Report, MigrateError> {
    let how = Down {
        drop_data: false,
        keep_session_id,
    };
    migrations::down(database, how, &|_| ()).await
}

async fn there_and_back(shape: char) {
    let made = TestDatabase::migrated(Kind::Postgres).await;
    let made = open(&made).await;
    for old in OldDatabase::all_of_shape(shape) {
        let case = Case::make(old).await;
        case.up(&made).await;
        case.up_again().await;
        let case = case.log_in(&OLD_USERS, "after the log-ins").await;
        case.down(&made).await;
        Box::pin(case.up_and_down_by_the_other_way()).await;
    }
}

/// The shape of the application's own rollback: session_id and our columns gone.
async fn assert_rolled_back(pool: &Database, made: &Database) {
    let mut expected = session_columns(made).await;
    expected.retain(|line| {
        [
            "created_at",
            "device_info",
            "expires_at",
            "id ",
            "ip_address",
            "is_active",
            "user_id",
        ]
        .iter()
        .any(|name| line.starts_with(name))
    });
    expected.extend(["refresh_token text f".to_owned(), "token text f".to_owned()]);
    expected.sort();
    assert_eq!(session_columns(pool).await, expected);
    let left = "SELECT relname::text AS line FROM pg_class WHERE relname LIKE 'ticketing\\_%'";
    assert!(lines(pool, left).await.is_empty());
}

macro_rules! there_and_back {
    ($($name:ident $shape:literal)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            within_the_limit(Box::pin(there_and_back($shape))).await;
        }
    )+};
}

there_and_back! {
    whole_tokens_go_and_everyone_logs_in 'a'
    sessions_with_an_id_stay_and_everyone_logs_in 'b'
    a_table_that_lost_both_gets_an_id_and_everyone_logs_in 'c'
    the_session_without_an_id_goes_and_everyone_logs_in 'd'
    a_rolled_back_table_gets_an_id_again_and_everyone_logs_in 'e'
}
