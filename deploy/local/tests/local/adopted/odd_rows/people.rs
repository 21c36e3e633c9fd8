//! Users at random, and sessions of theirs.

use super::rows::{PARTNERS, USERS, flag, one_of, or_null, text, time};
use fastrand::Rng;

/// What every user logs in with that has a password.
pub(super) const PASSWORD: &str = "demo password";
/// bcrypt of the least cost, so that a hundred log-ins take no time.
const HASH: &str = "$2b$04$TicketingOldRows00000uo2HuSFXqsiSyTvno6HJC2IfuPOovp5a";

/// An administrator, a user of each partner, of a partner that is missing and of none,
/// customers and operation staff, and some of whom nothing is known.
pub(super) fn users(random: &mut Rng) -> String {
    let rows: Vec<_> = (1..=USERS)
        .map(|id| {
            let (user_type, role) = match id {
                1 => ("admin", "admin"),
                12 | 13 => ("customer", "customer"),
                14 => ("admin", "operational"),
                _ => ("partner", "partner"),
            };
            let partner = match id {
                2..=9 => format!("{}", id - 1),
                10 => "999".to_owned(),
                1 | 11 | 12 => "NULL".to_owned(),
                _ => {
                    let partner = random.u32(1..=PARTNERS);
                    or_null(random, &partner)
                }
            };
            let (hash, flags) = if id < 16 {
                (HASH, "true, false".to_owned())
            } else {
                let hash = one_of(random, &[HASH, HASH, "", "no hash", "$2b$12$tooshort"]);
                let flags = [flag(random, "true"), flag(random, "false")].join(", ");
                (hash, flags)
            };
            // those from 16 on differ from the others in case alone
            let email = match id {
                16.. => format!("USER{}@example.com", id - 15),
                15 => format!("{}@example.com", "ن".repeat(243)),
                _ => format!("user{id}@example.com"),
            };
            let (phone, language) = (or_null(random, "'٠١٢٣'"), or_null(random, "''"));
            format!(
                "({id}, {}, '{email}', '{hash}', (SELECT id FROM roles WHERE name = '{role}'), '{user_type}',
                  {partner}, {phone}, {language}, {}, {}, {}, {flags})",
                text(random), time(random), time(random), time(random)
            )
        })
        .collect();
    format!(
        "INSERT INTO users (id, name, email, password, role_id, user_type, partner_id, phone, language_preference,
                            last_login_at, created_at, updated_at, is_active, is_deleted) VALUES {};\n",
        rows.join(", ")
    )
}

/// Sessions of the old application, on a table with `session_id`.
pub(super) fn old_sessions(random: &mut Rng, when: &str) -> String {
    let rows: Vec<_> = (1..=USERS)
        .map(|user| {
            let ends = one_of(
                random,
                &["'infinity'", "'-infinity'", "now() + interval '7 days'"],
            );
            let device = text(random);
            format!(
                "({user}, '{when} {user}', {ends}, {}, {}, {}, {})",
                or_null(random, &device),
                or_null(random, "'2001:db8::1'"),
                time(random),
                flag(random, "true")
            )
        })
        .collect();
    format!(
        "INSERT INTO user_sessions (user_id, session_id, expires_at, device_info, ip_address, created_at, is_active)
         VALUES {};\n",
        rows.join(", ")
    )
}
