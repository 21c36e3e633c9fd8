-- Partners, their offers, and requests: the columns of postgres/requests.sql, with the types that
-- users.sql explains.

CREATE TABLE partners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    status TEXT DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
    logo_url TEXT,
    contact_email TEXT,
    contact_phone TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partner_id INTEGER NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    lat REAL NOT NULL,
    lng REAL NOT NULL,
    contact_name TEXT,
    phone TEXT,
    address TEXT,
    radius_km REAL DEFAULT 10.0,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_ar TEXT,
    description TEXT,
    description_ar TEXT,
    icon_url TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE partner_categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partner_id INTEGER NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
    category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    UNIQUE (partner_id, category_id)
) STRICT;

CREATE TABLE services (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_ar TEXT,
    description TEXT,
    description_ar TEXT,
    icon_url TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE pickup_option_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    name_ar TEXT,
    description TEXT,
    description_ar TEXT,
    requires_service_selection INTEGER DEFAULT 0 CHECK (requires_service_selection IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_number TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    customer_phone TEXT NOT NULL,
    customer_name TEXT NOT NULL,
    customer_lat REAL NOT NULL,
    customer_lng REAL NOT NULL,
    customer_address TEXT NOT NULL,
    category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE RESTRICT,
    service_id INTEGER REFERENCES services (id) ON DELETE RESTRICT,
    pickup_option_id INTEGER NOT NULL REFERENCES pickup_option_types (id) ON DELETE RESTRICT,
    partner_id INTEGER REFERENCES partners (id) ON DELETE SET NULL,
    branch_id INTEGER REFERENCES branches (id) ON DELETE SET NULL,
    assigned_by_user_id INTEGER REFERENCES users (id),
    assigned_at INTEGER,
    status TEXT DEFAULT 'submitted' CHECK (status IN ('submitted', 'assigned', 'confirmed', 'in_progress', 'completed', 'closed', 'rejected', 'unassigned')),
    sla_deadline INTEGER, -- the partner must confirm before it; NULL: no limit
    submitted_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    confirmed_at INTEGER,
    rejected_at INTEGER,
    in_progress_at INTEGER,
    completed_at INTEGER,
    closed_at INTEGER,
    closed_by_user_id INTEGER REFERENCES users (id),
    rating INTEGER CHECK (rating >= 1 AND rating <= 5),
    feedback TEXT,
    rated_at INTEGER,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

CREATE TABLE request_assignments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    partner_id INTEGER NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
    branch_id INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
    assigned_by_user_id INTEGER NOT NULL REFERENCES users (id),
    assigned_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    responded_at INTEGER,
    response TEXT DEFAULT 'pending' CHECK (response IN ('confirmed', 'rejected', 'timeout', 'pending')),
    rejection_reason TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1))
) STRICT;

CREATE TABLE request_status_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('submitted', 'assigned', 'confirmed', 'in_progress', 'completed', 'closed', 'rejected', 'unassigned')),
    changed_by_id INTEGER NOT NULL REFERENCES users (id),
    notes TEXT,
    "timestamp" INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1))
) STRICT;

-- The services read only the key sla_timeout_minutes.
CREATE TABLE configurations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT DEFAULT 'global' CHECK (scope IN ('global', 'partner')),
    partner_id INTEGER REFERENCES partners (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    description TEXT,
    created_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    created_by_id INTEGER REFERENCES users (id),
    updated_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000),
    updated_by_id INTEGER REFERENCES users (id),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    CONSTRAINT unique_config_key UNIQUE (scope, partner_id, key),
    CONSTRAINT partner_id_required_for_partner_scope CHECK (
        (scope = 'partner' AND partner_id IS NOT NULL) OR (scope = 'global' AND partner_id IS NULL)
    )
) STRICT;
