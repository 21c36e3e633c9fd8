//! What the operator of a proxy requires of whoever calls a route.

use contract::{errors::refuse, principal::UserType};
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status};

/// The name of the required permission.
const PERMISSION: &str = "permission";
/// The names of the types of users that may call, separated by commas.
const USER_TYPES: &str = "user_types";

/// What a route requires beside a session. The default requires nothing more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RouteRule {
    pub(super) permission: Option<String>,
    pub(super) user_types: Vec<UserType>,
}

impl RouteRule {
    /// Reads the requirements by their names. An unknown one refuses every request of the route,
    /// because it may be a requirement that is misspelt.
    pub(super) fn read<N: AsRef<str>, V: AsRef<str>>(
        requirements: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Status> {
        let mut rule = Self::default();
        for (name, value) in requirements {
            let (name, value) = (name.as_ref(), value.as_ref());
            let is_read = match name {
                PERMISSION => rule.require(value),
                USER_TYPES => rule.limit_to(value),
                _ => None,
            };
            is_read.ok_or_else(|| unknown(name, value))?;
        }
        Ok(rule)
    }

    /// `None` if the permission is empty or not the only one.
    fn require(&mut self, permission: &str) -> Option<()> {
        if permission.is_empty() || self.permission.is_some() {
            return None;
        }
        self.permission = Some(permission.to_owned());
        Some(())
    }

    /// `None` if a type is unknown, or the types were given before.
    fn limit_to(&mut self, user_types: &str) -> Option<()> {
        if !self.user_types.is_empty() {
            return None;
        }
        let named = |name: &str| UserType::KNOWN.into_iter().find(|it| it.name() == name);
        self.user_types = user_types.split(',').map(named).collect::<Option<_>>()?;
        Some(())
    }
}

/// PERMISSION_DENIED, because the configuration of a route cannot be understood.
pub(super) fn unknown(name: &str, value: &str) -> Status {
    tracing::warn!(name, value, "a route has a requirement that is not known");
    refuse(
        Code::PermissionDenied,
        ErrorReason::RouteRuleInvalid,
        "the proxy's configuration of this route has a requirement that is not known; auth-service's \
         log names it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<RouteRule> {
        RouteRule::read(form_urlencoded::parse(query.as_bytes())).ok()
    }

    #[test]
    fn a_route_requires_a_permission_and_types_of_users() {
        assert_eq!(read(""), Some(RouteRule::default()));
        let both = RouteRule {
            permission: Some("request_view".to_owned()),
            user_types: vec![UserType::Partner, UserType::Admin],
        };
        let query = "permission=request_view&user_types=partner,admin";
        assert_eq!(read(query), Some(both));
    }

    #[test]
    fn what_is_not_known_refuses_everybody() {
        for query in [
            "permision=request_view",
            "permission=",
            "permission=a&permission=b",
            "user_types=",
            "user_types=partner,",
            "user_types=partner,%20admin",
            "user_types=unknown",
            "user_types=Partner",
            "user_types=partner&user_types=admin",
        ] {
            assert_eq!(read(query), None, "{query}");
        }
    }
}
