//! The whole schema of a database as lines of text, to compare two of them.

use database::{Database, Dialect};
use sea_orm::{ConnectionTrait, Statement};

/// Columns, constraints, indexes, triggers, functions, enums, extensions and views, sorted. Types of
/// columns included; rows are not.
pub async fn fingerprint(database: &Database) -> Vec<String> {
    lines(database, match database.dialect() {
        Dialect::Postgres => POSTGRES,
        Dialect::Sqlite => "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY 1",
    })
    .await
}

/// The first column, `line`, of a query.
pub async fn lines(database: &Database, query: &str) -> Vec<String> {
    let backend = database.dialect().backend();
    let rows = database
        .connection()
        .query_all_raw(Statement::from_string(backend, query))
        .await
        .expect("the query runs");
    rows.iter()
        .map(|row| row.try_get("", "line").expect("text"))
        .collect()
}

const POSTGRES: &str = "
    SELECT concat_ws(' ', 'column', table_name, column_name, ordinal_position, data_type, udt_name,
                     character_maximum_length, numeric_precision, numeric_scale, is_nullable, column_default) AS line
    FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'function', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = pg_proc.oid AND d.deptype = 'e')
    UNION ALL
    SELECT concat_ws(' ', 'extension', extname, extnamespace::regnamespace, extowner::regrole, obj_description(oid, 'pg_extension'))
    FROM pg_extension
    UNION ALL
    SELECT concat_ws(' ', 'enum', enumtypid::regtype, enumsortorder, enumlabel) FROM pg_enum
    UNION ALL
    SELECT concat_ws(' ', 'sequence', sequencename) FROM pg_sequences WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'view', oid::regclass, pg_get_viewdef(oid)) FROM pg_class
    WHERE relkind IN ('v', 'm') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ORDER BY 1";
