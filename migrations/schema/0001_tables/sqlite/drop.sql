-- Drops what this folder makes, and nothing else. Users and partners refer to each other, so the
-- references are checked only at the commit, when both tables are gone.
PRAGMA defer_foreign_keys = ON;
DROP TABLE configurations;
DROP TABLE request_status_log;
DROP TABLE request_assignments;
DROP TABLE requests;
DROP TABLE pickup_option_types;
DROP TABLE services;
DROP TABLE partner_categories;
DROP TABLE categories;
DROP TABLE branches;
DROP TABLE partners;
DROP TABLE customers;
DROP TABLE user_sessions;
DROP TABLE role_permissions;
DROP TABLE users;
DROP TABLE permissions;
DROP TABLE roles;
