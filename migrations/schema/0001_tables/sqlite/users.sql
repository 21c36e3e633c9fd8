-- Users, roles, permissions and sessions: the columns of postgres/users.sql with the types of
-- SQLite, for one machine and one process. A time is an integer: microseconds since 1970 in UTC. A
-- boolean is 0 or 1, an enum is a text with a CHECK, and a decimal is REAL. The tables are STRICT,
-- so that a value of another type is refused.
--
-- No trigger sets updated_at, because it would change a row after RETURNING has read it. Only the
-- services write to this database, and they set updated_at.

CREATE TABLE roles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    -- no foreign key here, in permissions and in users, because users is created later
    created_by_id INTEGER,
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER,
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE permissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER,
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER,
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    -- case-sensitive, and unique among deleted users too, as in the application
    email TEXT NOT NULL UNIQUE,
    phone TEXT,
    password TEXT NOT NULL,
    role_id INTEGER NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    user_type TEXT NOT NULL CHECK (user_type IN ('admin', 'partner', 'customer', 'operation')),
    partner_id INTEGER REFERENCES partners (id) ON DELETE SET NULL,
    language_preference TEXT DEFAULT 'en',
    email_verified_at INTEGER,
    phone_verified_at INTEGER,
    last_login_at INTEGER,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER,
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER,
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

-- A role has a permission only if the row here and the row of the permission are both live.
CREATE TABLE role_permissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    role_id INTEGER NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission_id INTEGER NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    UNIQUE (role_id, permission_id)
) STRICT;

-- No token is stored here, and no hash of a token.
CREATE TABLE user_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- the sliding end: when the refresh token expires; never after absolute_expires_at
    expires_at INTEGER NOT NULL,
    device_info TEXT,
    ip_address TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    session_id TEXT NOT NULL UNIQUE,

    -- The columns below are the services' own. They are nullable and have no default, so a
    -- row that the application inserts has NULL in them. A row without a generation is a
    -- session of the application.

    -- the number of the token pair, from 1; each token contains the number of its pair
    generation INTEGER,
    -- when this generation began: at the log-in, or at a rotation
    rotated_at INTEGER,
    -- the first use of a token of this generation; NULL until then
    used_at INTEGER,
    -- the absolute end, which no refresh moves
    absolute_expires_at INTEGER,
    -- a digest of users.password at the log-in; if the password now has another digest, it
    -- was changed, and the session is not valid
    password_digest TEXT,
    -- when the session was ended (is_active is false then), and why
    ended_at INTEGER,
    end_reason TEXT
) STRICT;

CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    phone TEXT NOT NULL,
    preferred_language TEXT DEFAULT 'en',
    profile_picture_url TEXT,
    default_lat REAL,
    default_lng REAL,
    default_address TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1))
) STRICT;
