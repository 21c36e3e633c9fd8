-- Partners, their offers, and requests: the tables that requests-service owns, as the application
-- declares them.

CREATE TYPE request_status_enum AS ENUM ('submitted', 'assigned', 'confirmed', 'in_progress', 'completed', 'closed', 'rejected', 'unassigned');
CREATE TYPE partner_status_enum AS ENUM ('active', 'inactive', 'suspended');
CREATE TYPE assignment_response_enum AS ENUM ('confirmed', 'rejected', 'timeout', 'pending');
CREATE TYPE config_scope_enum AS ENUM ('global', 'partner');

CREATE TABLE partners (
    id serial PRIMARY KEY,
    name varchar(255) NOT NULL,
    status partner_status_enum DEFAULT 'active',
    logo_url text,
    contact_email varchar(255),
    contact_phone varchar(50),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

ALTER TABLE users ADD CONSTRAINT fk_users_partner
    FOREIGN KEY (partner_id) REFERENCES partners (id) ON DELETE SET NULL;

CREATE TABLE branches (
    id serial PRIMARY KEY,
    partner_id integer NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    lat numeric(10, 8) NOT NULL,
    lng numeric(11, 8) NOT NULL,
    contact_name varchar(255),
    phone varchar(50),
    address text,
    radius_km numeric(5, 2) DEFAULT 10.0,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE categories (
    id serial PRIMARY KEY,
    name varchar(255) NOT NULL,
    name_ar varchar(255),
    description text,
    description_ar text,
    icon_url text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE partner_categories (
    id serial PRIMARY KEY,
    partner_id integer NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
    category_id integer NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false,
    UNIQUE (partner_id, category_id)
);

CREATE TABLE services (
    id serial PRIMARY KEY,
    category_id integer NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    name_ar varchar(255),
    description text,
    description_ar text,
    icon_url text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE pickup_option_types (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    name_ar varchar(100),
    description text,
    description_ar text,
    requires_service_selection boolean DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE requests (
    id serial PRIMARY KEY,
    request_number varchar(50) NOT NULL UNIQUE,
    customer_id integer NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    customer_phone varchar(50) NOT NULL,
    customer_name varchar(255) NOT NULL,
    customer_lat numeric(10, 8) NOT NULL,
    customer_lng numeric(11, 8) NOT NULL,
    customer_address text NOT NULL,
    category_id integer NOT NULL REFERENCES categories (id) ON DELETE RESTRICT,
    service_id integer REFERENCES services (id) ON DELETE RESTRICT,
    pickup_option_id integer NOT NULL REFERENCES pickup_option_types (id) ON DELETE RESTRICT,
    partner_id integer REFERENCES partners (id) ON DELETE SET NULL,
    branch_id integer REFERENCES branches (id) ON DELETE SET NULL,
    assigned_by_user_id integer REFERENCES users (id),
    assigned_at timestamptz,
    status request_status_enum DEFAULT 'submitted',
    sla_deadline timestamptz, -- the partner must confirm before it; NULL: no limit
    submitted_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    confirmed_at timestamptz,
    rejected_at timestamptz,
    in_progress_at timestamptz,
    completed_at timestamptz,
    closed_at timestamptz,
    closed_by_user_id integer REFERENCES users (id),
    rating integer CHECK (rating >= 1 AND rating <= 5),
    feedback text,
    rated_at timestamptz,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

CREATE TABLE request_assignments (
    id serial PRIMARY KEY,
    request_id integer NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    partner_id integer NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
    branch_id integer NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
    assigned_by_user_id integer NOT NULL REFERENCES users (id),
    assigned_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    responded_at timestamptz,
    response assignment_response_enum DEFAULT 'pending',
    rejection_reason text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    is_active boolean DEFAULT true
);

CREATE TABLE request_status_log (
    id serial PRIMARY KEY,
    request_id integer NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    status request_status_enum NOT NULL,
    changed_by_id integer NOT NULL REFERENCES users (id),
    notes text,
    "timestamp" timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false
);

-- The services read only the key sla_timeout_minutes.
CREATE TABLE configurations (
    id serial PRIMARY KEY,
    scope config_scope_enum DEFAULT 'global',
    partner_id integer REFERENCES partners (id) ON DELETE CASCADE,
    key varchar(100) NOT NULL,
    value text NOT NULL,
    description text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by_id integer REFERENCES users (id),
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_by_id integer REFERENCES users (id),
    is_active boolean DEFAULT true,
    is_deleted boolean DEFAULT false,
    CONSTRAINT unique_config_key UNIQUE (scope, partner_id, key),
    CONSTRAINT partner_id_required_for_partner_scope CHECK (
        (scope = 'partner' AND partner_id IS NOT NULL) OR (scope = 'global' AND partner_id IS NULL)
    )
);
