//! What the database's catalogue says: where the tables are, with the sequences behind
//! their defaults, and what the two roles may do with them.

use super::roles::Roles;
use database::Dialect;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use std::collections::BTreeSet;

/// A privilege, of a table or of a column of it.
pub(super) type Privilege = (String, Option<String>);

/// What follows a privilege that its holder may pass on, which none of ours may.
pub(super) const PASSED_ON: &str = " WITH GRANT OPTION";

/// A table, or a sequence.
pub(super) struct Object {
    /// The table's name; a sequence's is that of the table that uses it.
    pub(super) table: String,
    pub(super) is_sequence: bool,
    /// Whether a default of the table calls for it: one of an identity column needs no
    /// privilege.
    pub(super) is_called: bool,
    /// As a statement names it, with its schema.
    pub(super) quoted: String,
    /// As a person does.
    pub(super) name: String,
    /// Whether this connection may act as its owner.
    pub(super) is_ours: bool,
}

/// What a role holds or may do.
pub(super) struct Holding {
    pub(super) role: String,
    /// [`Object::quoted`].
    pub(super) quoted: String,
    pub(super) privilege: Privilege,
    /// Whether everybody may.
    pub(super) by_public: bool,
}

/// By what a role may create in a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Creation {
    /// It may not.
    No,
    /// The schema's owner granted it.
    Granted,
    /// In another way, which is not the role's alone.
    Otherwise,
}

/// How a role stands towards a schema, or the database.
pub(super) struct Entrance {
    pub(super) role: String,
    /// SCHEMA or DATABASE.
    pub(super) kind: String,
    pub(super) quoted: String,
    /// What is needed to get in.
    pub(super) privilege: String,
    pub(super) may_enter: bool,
    /// Whether it may make things of its own there.
    pub(super) creation: Creation,
    /// A search path is set for it, or for all.
    pub(super) has_path: bool,
}

/// The tables of these names where the search path looks first, and their sequences:
/// those that a default calls, whoever owns them, and those that belong to a column.
pub(super) async fn objects(
    on: &impl ConnectionTrait,
    tables: &[&str],
) -> Result<Vec<Object>, DbErr> {
    const OBJECTS: &str = "
        WITH tables AS (
            SELECT c.oid, c.relname::text AS of_table FROM pg_class c
            WHERE pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p') AND c.relname::text = ANY ($1)
        ), objects AS (
            SELECT oid, of_table, false AS is_sequence, false AS is_called FROM tables
            UNION
            SELECT d.refobjid, t.of_table, true, true
            FROM tables t
            JOIN pg_attrdef a ON a.adrelid = t.oid
            JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
                AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
            UNION
            SELECT d.objid, t.of_table, true, false
            FROM tables t
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
                AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        )
        SELECT of_table, is_sequence, bool_or(is_called) AS is_called,
               format('%I.%I', n.nspname, c.relname) AS quoted, c.relname::text AS name,
               pg_has_role(c.relowner, 'USAGE') AS is_ours
        FROM objects o JOIN pg_class c ON c.oid = o.oid JOIN pg_namespace n ON n.oid = c.relnamespace
        GROUP BY of_table, is_sequence, n.nspname, c.relname, c.relowner
        ORDER BY is_sequence, c.relname";
    let rows = ask(on, OBJECTS, vec![owned(tables).into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Object {
                table: row.try_get("", "of_table")?,
                is_sequence: row.try_get("", "is_sequence")?,
                is_called: row.try_get("", "is_called")?,
                quoted: row.try_get("", "quoted")?,
                name: row.try_get("", "name")?,
                is_ours: row.try_get("", "is_ours")?,
            })
        })
        .collect()
}

/// What the owners of tables and sequences granted the roles; what others did is not
/// theirs to take back.
pub(super) async fn granted(
    on: &impl ConnectionTrait,
    roles: &Roles,
) -> Result<Vec<Holding>, DbErr> {
    const GRANTED: &str = "
        WITH held AS (
            SELECT c.relname, c.relnamespace, c.relowner, NULL::text AS of_column, c.relacl AS acl
            FROM pg_class c WHERE c.relacl IS NOT NULL
            UNION ALL
            SELECT c.relname, c.relnamespace, c.relowner, a.attname::text, a.attacl
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
        )
        SELECT format('%I.%I', n.nspname, h.relname) AS quoted, r.rolname::text AS role, of_column,
               x.privilege_type || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege,
               false AS by_public
        FROM held h
        JOIN pg_namespace n ON n.oid = h.relnamespace
        CROSS JOIN LATERAL aclexplode(h.acl) x
        JOIN pg_roles r ON r.oid = x.grantee
        WHERE x.grantor = h.relowner AND r.rolname::text IN ($1, $2)";
    let rows = ask(on, GRANTED, names(roles)).await?;
    rows.iter().map(holding).collect()
}

/// What the roles may do with the tables of these names, by whatever way.
pub(super) async fn effective(
    on: &impl ConnectionTrait,
    roles: &Roles,
    tables: &[&str],
) -> Result<Vec<Holding>, DbErr> {
    const EFFECTIVE: &str = "
        WITH t AS (
            SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p') AND c.relname::text = ANY ($3)
        ), r AS (
            SELECT oid, rolname::text AS role FROM pg_roles WHERE rolname::text IN ($1, $2)
        )
        SELECT quoted, role, privilege, NULL::text AS of_column,
               has_table_privilege('public', t.oid, privilege) AS by_public
        FROM t CROSS JOIN r
        CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
            AS privilege
        WHERE has_table_privilege(r.oid, t.oid, privilege)
        UNION ALL
        SELECT quoted, role, privilege, a.attname::text,
               has_column_privilege('public', t.oid, a.attnum, privilege)
        FROM t CROSS JOIN r
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
        WHERE NOT has_table_privilege(r.oid, t.oid, privilege)
            AND has_column_privilege(r.oid, t.oid, a.attnum, privilege)";
    let mut values = names(roles);
    values.push(owned(tables).into());
    let rows = ask(on, EFFECTIVE, values).await?;
    rows.iter().map(holding).collect()
}

/// How the roles get to the tables of these names: the database, and their schemas.
pub(super) async fn entrances(
    on: &impl ConnectionTrait,
    roles: &Roles,
    tables: &[&str],
) -> Result<Vec<Entrance>, DbErr> {
    const ENTRANCES: &str = "
        WITH r AS (
            SELECT oid, rolname::text AS role, EXISTS (
                SELECT FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS setting
                WHERE setting LIKE 'search\\_path=%' AND s.setrole IN (r.oid, 0)
                    AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            ) AS has_path
            FROM pg_roles r WHERE rolname::text IN ($1, $2)
        ), s AS (
            SELECT DISTINCT n.oid, n.nspname, n.nspowner, n.nspacl
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p') AND c.relname::text = ANY ($3)
        )
        SELECT role, 'DATABASE' AS kind, quote_ident(current_database()) AS quoted, 'CONNECT' AS privilege,
               has_database_privilege(r.oid, current_database(), 'CONNECT') AS may_enter,
               false AS holds_create, false AS may_create, true AS has_path
        FROM r
        UNION ALL
        SELECT role, 'SCHEMA', quote_ident(s.nspname), 'USAGE', has_schema_privilege(r.oid, s.oid, 'USAGE'),
               EXISTS (SELECT FROM aclexplode(s.nspacl) x WHERE x.grantee = r.oid
                       AND x.grantor = s.nspowner AND x.privilege_type = 'CREATE'),
               has_schema_privilege(r.oid, s.oid, 'CREATE'),
               has_path OR s.nspname = 'public' OR s.nspname::text = role
        FROM r CROSS JOIN s
        ORDER BY kind, quoted";
    let mut values = names(roles);
    values.push(owned(tables).into());
    let rows = ask(on, ENTRANCES, values).await?;
    rows.iter()
        .map(|row| {
            Ok(Entrance {
                role: row.try_get("", "role")?,
                kind: row.try_get("", "kind")?,
                quoted: row.try_get("", "quoted")?,
                privilege: row.try_get("", "privilege")?,
                may_enter: row.try_get("", "may_enter")?,
                creation: match (
                    row.try_get("", "holds_create")?,
                    row.try_get("", "may_create")?,
                ) {
                    (true, _) => Creation::Granted,
                    (false, true) => Creation::Otherwise,
                    (false, false) => Creation::No,
                },
                has_path: row.try_get("", "has_path")?,
            })
        })
        .collect()
}

/// Triggers on tables of these names that run as whoever changes a row, other than the
/// application's own, which touches the row alone: each with its table.
pub(super) async fn triggers(
    on: &impl ConnectionTrait,
    tables: &[&str],
) -> Result<Vec<(String, String)>, DbErr> {
    const TRIGGERS: &str = "
        SELECT t.tgname::text AS name, c.relname::text AS of_table
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE pg_table_is_visible(c.oid) AND c.relname::text = ANY ($1) AND NOT t.tgisinternal
            AND NOT p.prosecdef AND p.proname <> 'update_updated_at_column'
        ORDER BY 2, 1";
    let rows = ask(on, TRIGGERS, vec![owned(tables).into()]).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "name")?, row.try_get("", "of_table")?)))
        .collect()
}

/// What a role holds on an object.
pub(super) fn of(holdings: &[Holding], role: &str, quoted: &str) -> BTreeSet<Privilege> {
    holdings
        .iter()
        .filter(|holding| holding.role == role && holding.quoted == quoted)
        .map(|holding| holding.privilege.clone())
        .collect()
}

/// Runs a query.
pub(super) async fn ask(
    on: &impl ConnectionTrait,
    text: &'static str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(Dialect::Postgres.backend(), text, values);
    on.query_all_raw(statement).await
}

/// The names of both, as values.
pub(super) fn names(roles: &Roles) -> Vec<Value> {
    vec![roles.auth.clone().into(), roles.requests.clone().into()]
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn holding(row: &QueryResult) -> Result<Holding, DbErr> {
    Ok(Holding {
        role: row.try_get("", "role")?,
        quoted: row.try_get("", "quoted")?,
        privilege: (row.try_get("", "privilege")?, row.try_get("", "of_column")?),
        by_public: row.try_get("", "by_public")?,
    })
}
