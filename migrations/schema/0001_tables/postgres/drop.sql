-- Drops what this folder makes, and nothing else. It has no CASCADE, so a view of somebody else on
-- these tables stops it. It is one statement, because users and partners refer to each other.
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
