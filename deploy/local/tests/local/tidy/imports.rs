//! Which folder may name which module or library. The crates under `shared/` need no rules:
//! their manifests say it.

use super::{File, files, none};

/// What files of some folders must not name.
struct Rule {
    /// Folders or files.
    of: &'static [&'static str],
    /// Folders or files among them that may.
    but: &'static [&'static str],
    /// Modules and crates.
    names: &'static [&'static str],
}

const SERVICES: &[&str] = &["auth-service/src/", "requests-service/src/"];
const TRANSPORT: &[&str] = &["tonic", "tonic_health", "tonic_types", "prost", "proto"];
const STORAGE: &[&str] = &["sea_orm", "sqlx"];

const RULES: &[Rule] = &[
    Rule {
        of: SERVICES,
        but: &[
            "auth-service/src/grpc/",
            "auth-service/src/app/",
            // the contract's names of the causes, beside their other names
            "auth-service/src/model/cause.rs",
            "requests-service/src/grpc/",
            "requests-service/src/app.rs",
            // a Uri
            "requests-service/src/config/",
        ],
        names: TRANSPORT,
    },
    Rule {
        of: SERVICES,
        but: &["auth-service/src/store/", "requests-service/src/store/"],
        names: STORAGE,
    },
    // one direction: app, grpc, domain, store; model below all
    Rule {
        of: &["auth-service/src/model/", "requests-service/src/model/"],
        but: &[],
        names: &[
            "app",
            "config",
            "domain",
            "grpc",
            "store",
            "tokens",
            "passwords",
        ],
    },
    Rule {
        of: &["auth-service/src/store/", "requests-service/src/store/"],
        but: &[],
        names: &["app", "config", "domain", "grpc", "tokens"],
    },
    Rule {
        of: &["auth-service/src/domain/", "requests-service/src/domain/"],
        but: &[],
        names: &["app", "config", "grpc"],
    },
    Rule {
        of: &["auth-service/src/grpc/", "requests-service/src/grpc/"],
        but: &[],
        names: &["app", "config"],
    },
    Rule {
        of: &[
            "auth-service/src/tokens/",
            "auth-service/src/passwords/",
            "auth-service/src/metrics/",
        ],
        but: &[],
        names: &["app", "config", "domain", "grpc", "store"],
    },
    // entities are the store's own
    Rule {
        of: SERVICES,
        but: &["auth-service/src/store/", "requests-service/src/store/"],
        names: &["entity"],
    },
    Rule {
        of: &["auth-service/src/"],
        but: &[],
        names: &["requests_service", "migrations"],
    },
    Rule {
        of: &["requests-service/src/"],
        but: &[],
        names: &["auth_service", "migrations"],
    },
    Rule {
        of: &["deploy/local/src/"],
        but: &[
            "deploy/local/src/data/",
            "deploy/local/src/demo/",
            "deploy/local/src/generate/",
        ],
        names: STORAGE,
    },
    Rule {
        of: &["deploy/local/src/"],
        but: &[],
        names: TRANSPORT,
    },
];

/// What files name that a rule forbids them.
fn breaches(files: &[File]) -> Vec<String> {
    let is_in = |path: &str, places: &[&str]| places.iter().any(|place| path.starts_with(place));
    let mut found = Vec::new();
    for file in files {
        let rules = RULES
            .iter()
            .filter(|rule| is_in(&file.path, rule.of) && !is_in(&file.path, rule.but));
        let named = names(&file.text);
        for name in rules.flat_map(|rule| rule.names) {
            if let Some((_, line)) = named.iter().find(|(named, _)| named == name) {
                found.push(format!("{}:{line} names {name}", file.path));
            }
        }
    }
    found
}

/// The modules and crates that a source names, each with its line: what stands before
/// `::`, and whatever a `use` names. The modules of `contract` have names of their own.
fn names(source: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let (mut in_use, mut of_contract) = (false, false);
    for (line, number) in source.lines().zip(1..) {
        let code = line.split(" // ").next().unwrap_or_default().trim_start();
        if code.starts_with("//") {
            continue;
        }
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
        in_use |= begins.iter().any(|begin| code.starts_with(begin));
        of_contract |= code.starts_with("use contract::");
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let mut rest = code;
        // text in quotes names nothing: `sqlx=warn` is a level of the log
        let mut in_text = false;
        while let Some(character) = rest.chars().next() {
            let word = &rest[..rest.find(|next| !is_word(next)).unwrap_or(rest.len())];
            let taken = word.len().max(character.len_utf8());
            rest = &rest[taken..];
            in_text ^= character == '"';
            let is_named = in_use || rest.starts_with("::");
            if !word.is_empty() && !in_text && !of_contract && is_named {
                found.push((word, number));
            }
        }
        in_use &= !code.contains(';');
        of_contract &= in_use;
    }
    found
}

#[test]
fn every_folder_names_only_what_it_may() {
    none(&breaches(&files(&[".rs"])));
}

#[test]
fn every_rule_is_about_folders_that_are_there() {
    let files = files(&[".rs"]);
    let places = RULES.iter().flat_map(|rule| rule.of.iter().chain(rule.but));
    let empty = places.filter(|place| !files.iter().any(|file| file.path.starts_with(**place)));
    let empty: Vec<_> = empty.map(ToString::to_string).collect();
    none(&empty);
}

#[test]
fn a_planted_breach_is_found() {
    let plant = |path: &str, text: &str| {
        breaches(&[File {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    };
    for (path, text) in [
        ("auth-service/src/domain/log_in.rs", "use tonic::Status;"),
        (
            "auth-service/src/domain/log_in.rs",
            "fn f() -> proto::auth::v1::Session {}",
        ),
        (
            "auth-service/src/model/user.rs",
            "use crate::{\n    domain::Sessions,\n};",
        ),
        ("auth-service/src/model/user.rs", "use crate::store;"),
        (
            "auth-service/src/model/user.rs",
            "use contract::time;\nuse crate::config;",
        ),
        ("requests-service/src/app.rs", "use sea_orm::DbErr;"),
        (
            "requests-service/src/store/get.rs",
            "use super::super::domain::Visibility;",
        ),
        (
            "requests-service/src/grpc/render/mod.rs",
            "use crate::store::entity;",
        ),
        ("deploy/local/src/run.rs", "    let x = sqlx::query(\"\");"),
        ("deploy/local/src/run.rs", "pub use sea_orm as x;"),
    ] {
        assert_eq!(plant(path, text).len(), 1, "{text} in {path}");
    }
    for (path, text) in [
        (
            "auth-service/src/domain/log_in.rs",
            "// tonic::Status is of grpc",
        ),
        (
            "auth-service/src/domain/log_in.rs",
            "let s = \"tonic::Status\"; // domain",
        ),
        (
            "auth-service/src/domain/log_in.rs",
            "self.app.config().grpc",
        ),
        (
            "auth-service/src/store/entity/user.rs",
            "#[sea_orm(primary_key)]",
        ),
        (
            "auth-service/src/model/user.rs",
            "let domain = 1; store.load();",
        ),
        ("auth-service/src/grpc/parse.rs", "use tonic::Status;"),
        (
            "auth-service/src/model/user.rs",
            "use contract::{\n    config::within,\n};",
        ),
    ] {
        assert_eq!(plant(path, text), [""; 0], "{text} in {path}");
    }
}
