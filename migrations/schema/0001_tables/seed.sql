-- The roles and permissions of the application. The text serves both databases. It is run only if
-- migrate has made the tables.

INSERT INTO roles (name, description) VALUES
    ('admin', 'Everything'),
    ('operational', 'Everything but the configuration'),
    ('partner', 'Sees and works off the requests of its own partner'),
    ('customer', 'Sends requests');

INSERT INTO permissions (name, description) VALUES
    ('request_view', 'See requests'),
    ('request_update', 'Confirm, reject, start and complete requests'),
    ('request_assign', 'Assign requests to partners'),
    ('request_close', 'Close completed requests'),
    ('partner_manage', 'Manage partners'),
    ('user_manage', 'Manage users'),
    ('branch_manage', 'Manage branches'),
    ('category_manage', 'Manage categories'),
    ('service_manage', 'Manage services'),
    ('reports_view', 'See reports'),
    ('config_manage', 'Manage the configuration'),
    ('notification_view', 'See notifications');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id
FROM roles, permissions
WHERE roles.name = 'admin'
   OR (roles.name = 'operational' AND permissions.name <> 'config_manage')
   OR (roles.name = 'partner' AND permissions.name IN ('request_view', 'request_update', 'notification_view'))
ORDER BY roles.id, permissions.id;
