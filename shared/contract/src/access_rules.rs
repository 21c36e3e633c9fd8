//! Who may call what, read from the method options of the proto files.

use crate::{
    errors,
    principal::{Principal, UserType},
};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use proto::auth::v1::{AccessRule as WireRule, Caller, ErrorReason};
use std::collections::HashMap;
use tonic::{Code, Status};

/// Name of the method option.
const OPTION: &str = "ticketing.auth.v1.access";

/// What a method requires of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessRule {
    /// Anybody may call.
    Public,
    /// The access token of an active session.
    Session {
        /// The permission that the user must have.
        permission: Option<String>,
        /// The types of users that may call; empty: all.
        user_types: Vec<UserType>,
    },
    /// A service token, or a service's client certificate.
    Service,
    /// The same of a proxy that asks about its client's request. Because `authorization` holds the
    /// client's token, the proxy's token is in [`PROXY_TOKEN`](crate::bearer::PROXY_TOKEN). A proxy
    /// without either gets no answer (UNAVAILABLE): UNAUTHENTICATED would say something of its
    /// client.
    Proxy,
}

/// Refuses a user who is of none of these types (none are named: all are let in), or lacks this
/// permission.
pub fn require(
    principal: &Principal,
    permission: Option<&str>,
    user_types: &[UserType],
) -> Result<(), Status> {
    if !user_types.is_empty() && !user_types.contains(&principal.user_type) {
        return Err(errors::refuse(
            Code::PermissionDenied,
            ErrorReason::UserTypeNotAllowed,
            "users of your type may not make this call",
        ));
    }
    match permission {
        Some(permission) if !principal.may(permission) => {
            Err(errors::permission_missing(permission))
        }
        _ => Ok(()),
    }
}

/// The rules of what has no method in our proto files: paths that are served by HTTP alone, and
/// methods of others. The tables of a service stand beside its routes.
pub type PathRules = &'static [(&'static str, AccessRule)];

/// The rule of each method, by its path (`/package.Service/Method`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules(HashMap<String, AccessRule>);

impl AccessRules {
    /// Reads the rules of the named services from an encoded descriptor set. If a method has no
    /// rule, the service does not start; otherwise the mistake would show only when the method is
    /// called.
    pub fn read(descriptor_set: &[u8], services: &[&str]) -> Result<Self, InvalidRules> {
        let pool = DescriptorPool::decode(descriptor_set).map_err(|_| InvalidRules::Unreadable)?;
        let mut rules = HashMap::new();
        for name in services {
            let service = pool
                .get_service_by_name(name)
                .ok_or_else(|| InvalidRules::UnknownService((*name).to_owned()))?;
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let rule =
                    read_rule(&pool, &method).ok_or_else(|| InvalidRules::Method(path.clone()))?;
                rules.insert(path, rule);
            }
        }
        Ok(Self(rules))
    }

    /// Adds the rules that a table has for these paths. Fails for a path that is not in the table.
    pub fn with_paths(mut self, table: PathRules, paths: &[&str]) -> Result<Self, InvalidRules> {
        for path in paths {
            let found = table.iter().find(|(named, _)| named == path);
            let (path, rule) = found.ok_or_else(|| InvalidRules::Path((*path).to_owned()))?;
            self.0.insert((*path).to_owned(), rule.clone());
        }
        Ok(self)
    }

    /// The rule of a method path.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&AccessRule> {
        self.0.get(path)
    }

    /// The paths of all methods, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All methods and their rules, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AccessRule)> {
        self.0.iter().map(|(path, rule)| (path.as_str(), rule))
    }
}

fn read_rule(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<AccessRule> {
    let option = pool.get_extension_by_name(OPTION)?;
    let options = method.options();
    if !options.has_extension(&option) {
        return None;
    }
    let rule: WireRule = options
        .get_extension(&option)
        .as_message()?
        .transcode_to()
        .ok()?;
    let requires_nothing_more = rule.permission.is_empty() && rule.user_types.is_empty();
    match rule.caller() {
        Caller::Public if requires_nothing_more => Some(AccessRule::Public),
        Caller::Service if requires_nothing_more => Some(AccessRule::Service),
        Caller::Session => Some(AccessRule::Session {
            user_types: rule.user_types().map(known).collect::<Option<_>>()?,
            permission: Some(rule.permission).filter(|name| !name.is_empty()),
        }),
        Caller::Public | Caller::Service | Caller::Unspecified => None,
    }
}

fn known(user_type: proto::auth::v1::UserType) -> Option<UserType> {
    Some(UserType::from(user_type)).filter(|user_type| *user_type != UserType::Unknown)
}

/// Why access rules cannot be enforced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    /// The bytes are not an encoded `FileDescriptorSet`.
    #[error("the descriptor set cannot be read")]
    Unreadable,
    /// The descriptor set lacks a service.
    #[error("the descriptor set has no service {0}")]
    UnknownService(String),
    /// A method has no rule, or a rule that contradicts itself.
    #[error(
        "{0} has no access rule that can be enforced; set the option (ticketing.auth.v1.access)"
    )]
    Method(String),
    /// A path that no proto file of ours has is in no table of rules.
    #[error("{0} has no access rule; name it in a table beside the routes")]
    Path(String),
    /// A method requires a session, and the service cannot validate sessions.
    #[error("{0} requires a session, and this service has no validator")]
    NoValidator(String),
    /// A method requires a service token, and the service accepts none.
    #[error("{0} requires a service token, and this service accepts none")]
    NoServiceCredentials(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_a_rule() {
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
        let services: Vec<String> = pool
            .services()
            .map(|service| service.full_name().to_owned())
            .collect();
        let names: Vec<&str> = services.iter().map(String::as_str).collect();
        let rules = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &names).unwrap();
        assert_eq!(
            rules.of("/ticketing.auth.v1.AuthService/CreateSession"),
            Some(&AccessRule::Public)
        );
        assert_eq!(rules.of("/ticketing.auth.v1.AuthService/Nothing"), None);
    }

    /// The rules of a service whose one method carries `option`.
    fn rules_with(option: &str) -> Result<AccessRules, InvalidRules> {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            r#"syntax = "proto3"; package third.v1; import "ticketing/auth/v1/access.proto";
            message Empty {{}}
            service ThirdService {{ rpc Do(Empty) returns (Empty) {{ {option} }} }}"#
        );
        std::fs::write(folder.path().join("third.proto"), text).unwrap();
        let contract = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto"));
        let mut compiler = protox::Compiler::new([folder.path(), contract]).unwrap();
        compiler
            .include_imports(true)
            .open_file("third.proto")
            .unwrap();
        AccessRules::read(
            &compiler.encode_file_descriptor_set(),
            &["third.v1.ThirdService"],
        )
    }

    #[test]
    fn a_rule_is_read_from_any_contract() {
        let rules = rules_with(
            r#"option (ticketing.auth.v1.access) =
                {caller: CALLER_SESSION, permission: "reports_view", user_types: [USER_TYPE_ADMIN]};"#,
        )
        .unwrap();
        let expected = AccessRule::Session {
            permission: Some("reports_view".to_owned()),
            user_types: vec![UserType::Admin],
        };
        assert_eq!(rules.of("/third.v1.ThirdService/Do"), Some(&expected));
    }

    #[test]
    fn a_method_without_a_rule_or_with_a_contradiction_stops_the_start() {
        for option in [
            "",
            "option (ticketing.auth.v1.access) = {};",
            r#"option (ticketing.auth.v1.access) = {caller: CALLER_PUBLIC, permission: "request_view"};"#,
            "option (ticketing.auth.v1.access) = {caller: CALLER_SERVICE, user_types: [USER_TYPE_ADMIN]};",
            "option (ticketing.auth.v1.access) = {caller: CALLER_SESSION, user_types: [USER_TYPE_UNSPECIFIED]};",
        ] {
            let expected = InvalidRules::Method("/third.v1.ThirdService/Do".to_owned());
            assert_eq!(rules_with(option), Err(expected), "{option}");
        }
    }

    #[test]
    fn a_path_that_no_table_has_stops_the_start() {
        const TABLE: PathRules = &[("/keys", AccessRule::Public), ("/ask", AccessRule::Service)];
        let rules = |paths| {
            let none = AccessRules::read(proto::FILE_DESCRIPTOR_SET, &[])?;
            none.with_paths(TABLE, paths)
        };
        let asked = rules(&["/ask"]).unwrap();
        assert_eq!(asked.of("/ask"), Some(&AccessRule::Service));
        assert_eq!(asked.of("/keys"), None, "it is not on this listener");
        let missing = Err(InvalidRules::Path("/other".to_owned()));
        assert_eq!(rules(&["/ask", "/other"]), missing);
    }

    #[test]
    fn an_unknown_service_stops_the_start() {
        assert_eq!(
            AccessRules::read(proto::FILE_DESCRIPTOR_SET, &["ticketing.Nothing"]),
            Err(InvalidRules::UnknownService("ticketing.Nothing".to_owned()))
        );
    }
}
