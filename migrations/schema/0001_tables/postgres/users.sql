-- Users, roles, permissions and sessions: the tables that auth-service owns.
--
-- This folder declares the application's tables exactly as the application does: with the same
-- names, types, defaults and nullability. So the services work in the same way on a new database
-- and on one that was taken over. This is why every column with a default is nullable. The names
-- of the services' own tables and indexes begin with ticketing_.
--
-- Names have no schema, so the search_path of the connection decides where everything is made.

CREATE TYPE user_type_enum AS ENUM ('admin', 'partner', 'customer', 'operation');

CREATE TABLE roles (
    id serial PRIMARY KEY,
    name varchar(50) NOT NULL UNIQUE,
    description text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    -- no foreign key here, in permissions and in users, because users is created later
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
    -- case-sensitive, and unique among deleted users too, as in the application
    email varchar(255) NOT NULL UNIQUE,
    phone varchar(50),
    password varchar(255) NOT NULL,
    role_id integer NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    user_type user_type_enum NOT NULL,
    partner_id integer, -- its foreign key is added after the table partners
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

-- A role has a permission only if the row here and the row of the permission are both live.
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

-- No token is stored here, and no hash of a token.
CREATE TABLE user_sessions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- the sliding end: when the refresh token expires; never after absolute_expires_at
    expires_at timestamptz NOT NULL,
    device_info text,
    ip_address varchar(45),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    is_active boolean DEFAULT true,
    session_id varchar(100) NOT NULL UNIQUE,

    -- The columns below are the services' own. They are nullable and have no default, so a
    -- row that the application inserts has NULL in them. A row without a generation is a
    -- session of the application.

    -- the number of the token pair, from 1; each token contains the number of its pair
    generation integer,
    -- when this generation began: at the log-in, or at a rotation
    rotated_at timestamptz,
    -- the first use of a token of this generation; NULL until then
    used_at timestamptz,
    -- the absolute end, which no refresh moves
    absolute_expires_at timestamptz,
    -- a digest of users.password at the log-in; if the password now has another digest, it
    -- was changed, and the session is not valid
    password_digest varchar(64),
    -- when the session was ended (is_active is false then), and why
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
