//! Rows at random, as the old application may have left them: no call that reads
//! breaks on one, and each caller sees what is its own.

mod partner_requests;
mod partners;
mod people;
mod rows;
mod sessions;
mod work;

use super::services::Services;
use database::Database;
use fastrand::Rng;
use proto::auth::v1::TokenPair;
use testing::{
    fingerprint::lines,
    old_database::{OldDatabase, open, up},
    random, within_the_limit,
};

/// Both services on a database with odd rows, and who calls them.
struct World {
    services: Services,
    pool: Database,
    callers: Vec<Caller>,
}

/// Somebody who is logged in.
struct Caller {
    id: i32,
    email: String,
    tokens: TokenPair,
    /// The ids of the requests that there are for them; `None`: they may not ask.
    sees: Option<Vec<i32>>,
    /// The one whose requests they see, if not everyone's.
    partner: Option<i32>,
}

/// Who may log in, and `all`, `none`, or the partner whose requests they see.
const USERS: &str = "
    SELECT concat_ws('|', u.id,
        CASE WHEN u.user_type::text IN ('admin', 'operation') THEN 'all'
             WHEN u.user_type::text = 'partner' AND EXISTS (
                 SELECT FROM partners p WHERE p.id = u.partner_id AND p.is_active IS TRUE AND p.is_deleted IS FALSE
                    AND (p.status IS NULL OR p.status = 'active')) THEN u.partner_id::text
             ELSE 'none' END,
        u.email) AS line
    FROM users u WHERE u.is_active IS TRUE AND u.is_deleted IS FALSE AND length(u.password) = 60 ORDER BY u.id";

impl World {
    async fn make(random: &mut Rng, shape: char) -> Self {
        let old = OldDatabase {
            shape,
            other_names: random.bool(),
            otp_enabled: random.bool(),
            operation: random.bool(),
        };
        let test = old.make_with(&[rows::ADDED, &rows::script(random)]).await;
        let pool = open(&test).await;
        up(&pool).await;
        test.execute(&people::old_sessions(random, "after")).await;
        let services = Services::start_on(test).await;
        let mut world = Self {
            services,
            pool,
            callers: Vec::new(),
        };
        for line in lines(&world.pool, USERS).await {
            let mut words = line.splitn(3, '|');
            let mut word = || words.next().unwrap();
            let (id, sees, email) = (word(), word(), word());
            let answer = world.services.log_in(email, people::PASSWORD).await;
            let partner = sees.parse().ok();
            world.callers.push(Caller {
                id: id.parse().unwrap(),
                email: email.to_owned(),
                tokens: answer.unwrap().tokens.unwrap(),
                sees: match sees {
                    "none" => None,
                    _ => Some(world.live_requests(partner).await),
                },
                partner,
            });
        }
        world
    }

    /// The ids of live requests, of one partner or of all.
    async fn live_requests(&self, partner: Option<i32>) -> Vec<i32> {
        let partner = partner.map_or("true".to_owned(), |id| format!("partner_id = {id}"));
        let query = format!(
            "SELECT id::text AS line FROM requests WHERE is_active IS TRUE AND is_deleted IS FALSE AND {partner} ORDER BY id"
        );
        let ids = lines(&self.pool, &query).await;
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }

    /// Every way to make a call that reads.
    async fn check(&self, random: &mut Rng, rpc: &str) {
        match rpc {
            "AuthService.CreateSession" => sessions::create(self).await,
            "AuthService.RefreshSession" => sessions::refresh(self).await,
            "AuthService.ListSessions" => sessions::list(self).await,
            "AuthService.ListAuditEvents" => sessions::list_audit(self).await,
            // no row is asked for keys
            "AuthService.GetJwks" => {}
            "SessionValidationService.ValidateSession" => sessions::validate(self).await,
            "PartnerRequestsService.ListPartnerRequests" => {
                partner_requests::list(self, random).await;
            }
            "PartnerRequestsService.GetPartnerRequest" => partner_requests::get(self).await,
            "PartnerRequestsService.CountPartnerRequests" => partners::count(self).await,
            "PartnersService.ListPartners" => partners::list(self).await,
            other => panic!("{other} reads, and is not tried here on odd rows"),
        }
    }
}

/// The RPCs of the contract that read, as `Service.Method`.
fn rpcs_that_read() -> Vec<String> {
    let set: prost_types::FileDescriptorSet =
        prost::Message::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| &file.service);
    let rpcs = services.flat_map(|service| {
        let methods = service
            .method
            .iter()
            .map(prost_types::MethodDescriptorProto::name);
        methods.map(|method| (service.name(), method))
    });
    let reads = ["List", "Get", "Count", "Validate", "Create", "Refresh"];
    rpcs.filter(|(_, method)| reads.iter().any(|start| method.starts_with(start)))
        .map(|(service, method)| format!("{service}.{method}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_rows_of_the_old_application_break_no_call_that_reads() {
    let rpcs = rpcs_that_read();
    assert!(rpcs.len() >= 8, "{rpcs:?}");
    let mut random = random();
    for shape in 'a'..='e' {
        within_the_limit(Box::pin(async {
            let world = World::make(&mut random, shape).await;
            for rpc in &rpcs {
                world.check(&mut random, rpc).await;
            }
        }))
        .await;
    }
}
