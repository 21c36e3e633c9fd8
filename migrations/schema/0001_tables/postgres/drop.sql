-- What this folder makes, and nothing else: without CASCADE, so that a view that
-- someone else built on these tables stops it. One statement, since users and
-- partners refer to each other.
DROP TABLE
    configurations,
    request_status_log,
    request_assignments,
    requests,
    pickup_option_types,
    services,
    partner_categories,
    categories,
    branches,
    partners,
    customers,
    user_sessions,
    role_permissions,
    users,
    permissions,
    roles;

DROP FUNCTION update_updated_at_column();

DROP TYPE
    config_scope_enum,
    assignment_response_enum,
    partner_status_enum,
    request_status_enum,
    user_type_enum;
