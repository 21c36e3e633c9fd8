-- Users, roles, permissions, sessions: the columns of postgres/users.sql in what
-- SQLite has for them, for one machine and one process. Times are integer
-- microseconds since 1970 in UTC, booleans 0 or 1, enums text with a CHECK,
-- decimals REAL. STRICT, so that a value of another type is refused, not kept.
--
-- No trigger sets updated_at here: it would change a row after its RETURNING was
-- read. The services alone write this database, and they set it themselves.

CREATE TABLE roles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    -- no foreign key here, in permissions and in users: these three come first
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
    -- case-sensitive, deleted users included, as the application has it
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

-- A grant counts only if its row here and the permission's own row are both live.
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

-- No token, and no hash of one, is ever stored.
CREATE TABLE user_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- when the refresh token expires; slides, never past absolute_expires_at
    expires_at INTEGER NOT NULL,
    device_info TEXT,
    ip_address TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    session_id TEXT NOT NULL UNIQUE,

    -- The rest is not the application's. All are nullable and none has a default:
    -- the application's own inserts leave them NULL, and a row without a
    -- generation is no session of ours.

    -- counts the token pairs, from 1; a refresh token names the one it is of
    generation INTEGER,
    -- when this generation began, at first the log-in
    rotated_at INTEGER,
    -- when a token of this generation was first used, NULL until then
    used_at INTEGER,
    -- no refresh leads past it
    absolute_expires_at INTEGER,
    -- of users.password as it was at the log-in; where the two differ, the
    -- password has been changed since
    password_digest TEXT,
    -- when the session was ended (is_active = false), and by what
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
