//! Rows at random, as the old application may have left them.

use super::{people, work};
use fastrand::Rng;
use std::fmt::Write as _;

/// Values that an operator added to the enums; and the database may lack the key.
pub(super) const ADDED: &str = "
    ALTER TYPE request_status_enum ADD VALUE 'on_hold';
    ALTER TYPE partner_status_enum ADD VALUE 'paused';
    ALTER TABLE users DROP CONSTRAINT fk_users_partner;";

pub(super) const PARTNERS: u32 = 8;
pub(super) const BRANCHES: u32 = 8;
pub(super) const CATEGORIES: u32 = 4;
pub(super) const SERVICES: u32 = 5;
pub(super) const PICKUP_OPTIONS: u32 = 4;
pub(super) const USERS: u32 = 22;

pub(super) fn one_of<'a>(random: &mut Rng, choices: &[&'a str]) -> &'a str {
    random.choice(choices).copied().unwrap()
}

/// A time, or none; with ties, and with what no calendar has.
pub(super) fn time(random: &mut Rng) -> String {
    match random.u8(0..10) {
        0 | 1 => "NULL".to_owned(),
        2 => "'infinity'".to_owned(),
        3 => "'-infinity'".to_owned(),
        4 => one_of(
            random,
            &[
                "'4713-01-01 00:00:00+00 BC'",
                "'0001-01-01 00:00:00+00'",
                "'9999-12-31 23:59:59.999999+00'",
                "'294246-12-31 23:59:59.999999+00'",
            ],
        )
        .to_owned(),
        _ => format!(
            "timestamptz '2025-11-08 09:00:00.000001+00' + {} * interval '1 hour'",
            random.u8(0..6)
        ),
    }
}

/// A flag that is most often the one of a live row.
pub(super) fn flag(random: &mut Rng, live: &'static str) -> &'static str {
    match random.u8(0..10) {
        0 => "NULL",
        1 => "true",
        2 => "false",
        _ => live,
    }
}

/// Text of at most 255 characters.
pub(super) fn text(random: &mut Rng) -> String {
    let text = match random.u8(0..8) {
        0 => String::new(),
        1 => "ن".repeat(255),
        2 => "🚗".repeat(255),
        3 => "O'Neil \\ % _ \" \t\n".to_owned(),
        4 => "\u{202e}القرا\u{653}ن\u{200f}".to_owned(),
        5 => "İSTANBUL ẞ ﬁ".to_owned(),
        _ => format!("Name {}", random.u8(..)),
    };
    quoted(&text)
}

pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One in four is NULL.
pub(super) fn or_null<T: ToString + ?Sized>(random: &mut Rng, value: &T) -> String {
    if random.u8(0..4) == 0 {
        "NULL".to_owned()
    } else {
        value.to_string()
    }
}

/// `created_at, updated_at, is_active, is_deleted`.
pub(super) fn common(random: &mut Rng) -> String {
    let times = [time(random), time(random)].join(", ");
    format!(
        "{times}, {}, {}",
        flag(random, "true"),
        flag(random, "false")
    )
}

/// Rows `1..=count` of a table, of the columns named and the common ones.
pub(super) fn insert(
    random: &mut Rng,
    into: &str,
    count: u32,
    mut values: impl FnMut(&mut Rng, u32) -> String,
) -> String {
    let rows: Vec<_> = (1..=count)
        .map(|id| format!("({}, {})", values(random, id), common(random)))
        .collect();
    let (table, columns) = into.split_once(' ').unwrap();
    format!(
        "INSERT INTO {table} ({columns}, created_at, updated_at, is_active, is_deleted) VALUES {};\n",
        rows.join(", ")
    )
}

/// Everything, for a database without rows.
pub(super) fn script(random: &mut Rng) -> String {
    let mut script = migrations::SEED.to_owned();
    script += &people::users(random);
    script += &insert(
        random,
        "partners id, name, status",
        PARTNERS,
        |random, id| {
            let status = ["'active'", "'inactive'", "'suspended'", "'paused'", "NULL"];
            format!("{id}, {}, {}", text(random), one_of(random, &status))
        },
    );
    // one, at least, may work
    script += "UPDATE partners SET status = 'active', is_active = true, is_deleted = false WHERE id = 1;\n";
    script += &insert(
        random,
        "branches id, partner_id, name, lat, lng, radius_km",
        BRANCHES,
        |random, id| {
            let (partner, radius) = (random.u32(1..=PARTNERS), or_null(random, "999.99"));
            format!("{id}, {partner}, {}, 90, -180, {radius}", text(random))
        },
    );
    script += &insert(
        random,
        "categories id, name, name_ar",
        CATEGORIES,
        |random, id| {
            let arabic = text(random);
            format!("{id}, {}, {}", text(random), or_null(random, &arabic))
        },
    );
    script += &insert(
        random,
        "services id, category_id, name, name_ar",
        SERVICES,
        |random, id| {
            let (category, arabic) = (random.u32(1..=CATEGORIES), text(random));
            let name = text(random);
            format!("{id}, {category}, {name}, {}", or_null(random, &arabic))
        },
    );
    script += &insert(
        random,
        "pickup_option_types id, name, requires_service_selection",
        PICKUP_OPTIONS,
        |random, id| format!("{id}, 'نوع {id}', {}", flag(random, "false")),
    );
    script += &work::requests(random);
    script += &work::histories(random);
    script += &configurations(random);
    script += &people::old_sessions(random, "before");
    // foreign keys were switched off, or restored without their rows
    script += "SET session_replication_role = replica;\n";
    for (table, last) in [
        ("partners", PARTNERS),
        ("branches", BRANCHES),
        ("categories", CATEGORIES),
        ("services", SERVICES),
        ("pickup_option_types", PICKUP_OPTIONS),
    ] {
        if random.bool() {
            writeln!(script, "DELETE FROM {table} WHERE id = {last};").unwrap();
        }
    }
    script + "RESET session_replication_role;\n"
}

/// Whatever an operator may have typed.
fn configurations(random: &mut Rng) -> String {
    let text = [
        "''",
        "'soon'",
        "'15'",
        "' 15 '",
        "'-1'",
        "'0'",
        "'1441'",
        "'1e3'",
        "'١٥'",
        "'99999999999999999999'",
    ];
    let mut script = String::new();
    for partner in 0..=PARTNERS {
        let (scope, owner) = match partner {
            0 => ("global", "NULL".to_owned()),
            id => ("partner", id.to_string()),
        };
        writeln!(
            script,
            "INSERT INTO configurations (scope, partner_id, key, value, created_at, updated_at, is_active, is_deleted)
             VALUES ('{scope}', {owner}, 'sla_timeout_minutes', {}, {});",
            one_of(random, &text), common(random)
        )
        .unwrap();
    }
    script
}
