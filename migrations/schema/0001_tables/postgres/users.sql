-- Users, roles, permissions, sessions: the tables that auth-service owns.
--
-- In this folder the application's tables stand as it declares them itself: names,
-- types, defaults and nullability are the same, so that the services work alike on
-- a database made here and on an adopted one. That is why every defaulted column
-- is nullable. What is not the application's bears the prefix ticketing_.
--
-- Names have no schema: everything goes where the connection's search_path says.

CREATE TYPE user_type_enum AS ENUM ('admin', 'partner', 'customer', 'operation');

CREATE TABLE roles (
    id serial PRIMARY KEY,
    name varchar(50) NOT NULL UNIQUE,
    description text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    -- no foreign key here, in permissions and in users: these three come first
    created_by_id integer,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer,
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE permissions (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    description text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer,
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE users (
    id serial PRIMARY KEY,
    name varchar(255) NOT NULL,
    -- case-sensitive, deleted users included, as the application has it
    email varchar(255) NOT NULL UNIQUE,
    phone varchar(50),
    password varchar(255) NOT NULL,
    role_id integer NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    user_type user_type_enum NOT NULL,
    partner_id integer, -- its foreign key follows the table partners
    language_preference varchar(5) DEFAULT 'en',
    email_verified_at timestamptz,
    phone_verified_at timestamptz,
    last_login_at timestamptz,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer,
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

-- A grant counts only if its row here and the permission's own row are both live.
CREATE TABLE role_permissions (
    id serial PRIMARY KEY,
    role_id integer NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission_id integer NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false,
    UNIQUE (role_id, permission_id)
);

-- No token, and no hash of one, is ever stored.
CREATE TABLE user_sessions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- when the refresh token expires; slides, never past absolute_expires_at
    expires_at timestamptz NOT NULL,
    device_info text,
    ip_address varchar(45),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    is_active boolean DEFAULT true,
    session_id varchar(100) NOT NULL UNIQUE,

    -- The rest is not the application's. All are nullable and none has a default:
    -- the application's own inserts leave them NULL, and a row without a
    -- generation is no session of ours.

    -- counts the token pairs, from 1; a refresh token names the one it is of
    generation integer,
    -- when this generation began, at first the log-in
    rotated_at timestamptz,
    -- when a token of this generation was first used, NULL until then
    used_at timestamptz,
    -- no refresh leads past it
    absolute_expires_at timestamptz,
    -- of users.password as it was at the log-in; where the two differ, the
    -- password has been changed since
    password_digest varchar(64),
    -- when the session was ended (is_active = false), and by what
    ended_at timestamptz,
    end_reason varchar(50)
);

CREATE TABLE customers (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    phone varchar(50) NOT NULL,
    preferred_language varchar(5) DEFAULT 'en',
    profile_picture_url text,
    default_lat numeric(10, 8),
    default_lng numeric(11, 8),
    default_address text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    is_active boolean DEFAULT true
);
