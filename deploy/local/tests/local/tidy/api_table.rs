//! README's API table is what the contract's descriptors say.

use proto::FILE_DESCRIPTOR_SET;
use shared::session_layer::{AccessRule, AccessRules, UserType};

const SERVICES: [&str; 4] = [
    auth_service::app::AUTH_SERVICE,
    auth_service::app::VALIDATION_SERVICE,
    requests_service::app::PARTNER_REQUESTS_SERVICE,
    requests_service::app::PARTNERS_SERVICE,
];

/// Who may call, in the README's words.
fn who(rule: &AccessRule) -> String {
    let name = |user_type: &UserType| format!("{user_type:?}").to_lowercase();
    match rule {
        AccessRule::Public => "anyone".to_owned(),
        AccessRule::Service => "services, by service token".to_owned(),
        AccessRule::Session {
            permission,
            user_types,
        } => {
            let users: Vec<String> = user_types.iter().map(name).collect();
            let users = match users.join(", ") {
                none if none.is_empty() => "any session".to_owned(),
                some => format!("sessions of {some} users"),
            };
            let with = permission.as_ref().map(|name| format!(" with `{name}`"));
            users + &with.unwrap_or_default()
        }
    }
}

#[test]
fn the_readmes_api_table_is_the_contract() {
    let rules = AccessRules::read(FILE_DESCRIPTOR_SET, &SERVICES).unwrap();
    let mut rows: Vec<String> = rules
        .iter()
        .map(|(path, rule)| format!("| `{}` | {} |", path.trim_start_matches('/'), who(rule)))
        .collect();
    rows.sort_unstable();
    let table = format!(
        "| RPC | who may call |\n| --- | --- |\n{}\n\n",
        rows.join("\n")
    );
    let readme = include_str!("../../../../../README.md");
    assert!(readme.contains(&table), "README needs this table:\n{table}");
}
