-- the columns of a row
"requests"."id" AS "id",
"requests"."request_number" AS "request_number",
"requests"."customer_id" AS "customer_id",
"requests"."customer_name" AS "customer_name",
"requests"."customer_phone" AS "customer_phone",
CAST("requests"."customer_lat" AS double precision) AS "customer_lat",
CAST("requests"."customer_lng" AS double precision) AS "customer_lng",
"requests"."customer_address" AS "customer_address",
"requests"."category_id" AS "category_id",
"requests"."service_id" AS "service_id",
"requests"."pickup_option_id" AS "pickup_option_id",
"requests"."partner_id" AS "partner_id",
"requests"."branch_id" AS "branch_id",
"requests"."assigned_by_user_id" AS "assigned_by_user_id",
CAST("requests"."status" AS text) AS "status",
"requests"."sla_deadline" AS "sla_deadline",
"requests"."created_at" AS "created_at",
"requests"."updated_at" AS "updated_at",
"requests"."submitted_at" AS "submitted_at",
"requests"."assigned_at" AS "assigned_at",
"requests"."confirmed_at" AS "confirmed_at",
"requests"."rejected_at" AS "rejected_at",
"requests"."in_progress_at" AS "in_progress_at",
"requests"."completed_at" AS "completed_at",
"requests"."closed_at" AS "closed_at",
"requests"."closed_by_user_id" AS "closed_by_user_id",
"requests"."rated_at" AS "rated_at",
"requests"."rating" AS "rating",
"requests"."feedback" AS "feedback",
"requests"."created_by_id" AS "created_by_id",
"requests"."updated_by_id" AS "updated_by_id",
"requests"."is_active" AS "is_active",
"requests"."is_deleted" AS "is_deleted",
"categories"."name" AS "category_name",
"categories"."name_ar" AS "category_name_ar",
"services"."name" AS "service_name",
"services"."name_ar" AS "service_name_ar",
"pickup_option_types"."name" AS "pickup_option_name",
"pickup_option_types"."name_ar" AS "pickup_option_name_ar",
"partners"."name" AS "partner_name",
"branches"."name" AS "branch_name"

-- list: staff, first page, newest first
SELECT the columns of a row
FROM (SELECT "half", "sort", "id"
FROM (SELECT 0 AS "half", "requests"."created_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."created_at" IS NOT NULL
ORDER BY "requests"."created_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "valued"
UNION ALL (SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "requests"."created_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."created_at" IS NULL
ORDER BY "requests"."created_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "unsorted")) AS "page"
INNER JOIN "requests" ON "requests"."id" = "page"."id"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
ORDER BY "page"."half" ASC, "page"."sort" DESC, "page"."id" DESC
LIMIT 21;

-- list: a partner, after a row with the sort value
SELECT the columns of a row
FROM (SELECT "half", "sort", "id"
FROM (SELECT 0 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $1
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $2
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($3 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NOT NULL
AND ("requests"."assigned_at", "requests"."id") < ($4, $5)
ORDER BY "requests"."assigned_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "valued"
UNION ALL (SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $6
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $7
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($8 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NULL
ORDER BY "requests"."assigned_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "unsorted")) AS "page"
INNER JOIN "requests" ON "requests"."id" = "page"."id"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
ORDER BY "page"."half" ASC, "page"."sort" DESC, "page"."id" DESC
LIMIT 21;

-- list: a partner, oldest first, after a row with the sort value
SELECT the columns of a row
FROM (SELECT "half", "sort", "id"
FROM (SELECT 0 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $1
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $2
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($3 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NOT NULL
AND ("requests"."assigned_at", "requests"."id") > ($4, $5)
ORDER BY "requests"."assigned_at" ASC NULLS FIRST, "requests"."id" ASC
LIMIT 21) AS "valued"
UNION ALL (SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $6
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $7
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($8 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NULL
ORDER BY "requests"."assigned_at" ASC NULLS FIRST, "requests"."id" ASC
LIMIT 21) AS "unsorted")) AS "page"
INNER JOIN "requests" ON "requests"."id" = "page"."id"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
ORDER BY "page"."half" ASC, "page"."sort" ASC, "page"."id" ASC
LIMIT 21;

-- list: a partner, oldest first, after a row without the sort value
SELECT the columns of a row
FROM (SELECT 1 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $1
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $2
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($3 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NULL
AND "requests"."id" > $4
ORDER BY "requests"."assigned_at" ASC NULLS FIRST, "requests"."id" ASC
LIMIT 21) AS "page"
INNER JOIN "requests" ON "requests"."id" = "page"."id"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
ORDER BY "page"."half" ASC, "page"."sort" ASC, "page"."id" ASC
LIMIT 21;

-- list: staff, every filter, after a row without the sort value
SELECT the columns of a row
FROM (SELECT 1 AS "half", "requests"."created_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND ("requests"."status" = ANY(CAST($1 AS "request_status_enum"[])))
AND ("requests"."category_id" = ANY($2))
AND ("requests"."branch_id" = ANY($3))
AND ("requests"."service_id" = ANY($4))
AND ("requests"."pickup_option_id" = ANY($5))
AND "requests"."partner_id" = $6
AND "requests"."submitted_at" >= $7
AND "requests"."submitted_at" <= CAST($8 AS timestamptz)
AND "requests"."created_at" >= $9
AND "requests"."created_at" <= CAST($10 AS timestamptz)
AND (LOWER(folded("requests"."request_number")) LIKE LOWER($11) ESCAPE E'\\' OR LOWER(folded("requests"."customer_name")) LIKE LOWER($12) ESCAPE E'\\' OR replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE $13 ESCAPE E'\\')
AND LOWER(folded("requests"."customer_name")) LIKE LOWER($14) ESCAPE E'\\'
AND replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE $15 ESCAPE E'\\'
AND "requests"."created_at" IS NULL
AND "requests"."id" < $16
ORDER BY "requests"."created_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "page"
INNER JOIN "requests" ON "requests"."id" = "page"."id"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
ORDER BY "page"."half" ASC, "page"."sort" DESC, "page"."id" DESC
LIMIT 21;

-- count: staff
SELECT COUNT(*) AS "matching"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted");

-- count: a partner, every filter
SELECT COUNT(*) AS "matching"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $1
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $2
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($3 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND ("requests"."status" = ANY(CAST($4 AS "request_status_enum"[])))
AND ("requests"."category_id" = ANY($5))
AND ("requests"."branch_id" = ANY($6))
AND ("requests"."service_id" = ANY($7))
AND ("requests"."pickup_option_id" = ANY($8))
AND "requests"."partner_id" = $9
AND "requests"."submitted_at" >= $10
AND "requests"."submitted_at" <= CAST($11 AS timestamptz)
AND "requests"."created_at" >= $12
AND "requests"."created_at" <= CAST($13 AS timestamptz)
AND (LOWER(folded("requests"."request_number")) LIKE LOWER($14) ESCAPE E'\\' OR LOWER(folded("requests"."customer_name")) LIKE LOWER($15) ESCAPE E'\\' OR replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE $16 ESCAPE E'\\')
AND LOWER(folded("requests"."customer_name")) LIKE LOWER($17) ESCAPE E'\\'
AND replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE $18 ESCAPE E'\\';

-- count: staff, a search without a trigram
SELECT COUNT(*) AS "matching"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND (LOWER(folded("requests"."request_number")) LIKE LOWER($1) ESCAPE E'\\' OR like(LOWER(folded("requests"."customer_name")), LOWER($2)) OR like(replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', ''), $3))
AND like(LOWER(folded("requests"."customer_name")), LOWER($4))
AND like(replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', ''), $5);

-- count of kinds: a partner, by status
SELECT CAST("requests"."status" AS text) AS "status", COUNT(*) AS "matching", CAST(NULL AS integer) AS "group_id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $1
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $2
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($3 AS "partner_status_enum")) OR "partners"."status" IS NULL)) GROUP BY "requests"."status"
LIMIT 21;

-- count of kinds: staff, by category
SELECT CAST("requests"."status" AS text) AS "status", COUNT(*) AS "matching", "requests"."category_id" AS "group_id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted") GROUP BY "requests"."status", "requests"."category_id"
LIMIT 21;

-- get: staff, by id
SELECT the columns of a row, "branches"."address" AS "branch_address", "branches"."phone" AS "branch_phone", (clock_timestamp() + $1 * interval '1 microsecond') AS "now"
FROM "requests"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."id" = $2;

-- get: a partner, by number
SELECT the columns of a row, "branches"."address" AS "branch_address", "branches"."phone" AS "branch_phone", (clock_timestamp() + $1 * interval '1 microsecond') AS "now"
FROM "requests"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = $2
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = $3
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (CAST($4 AS "partner_status_enum")) OR "partners"."status" IS NULL))
AND "requests"."request_number" = $5;

-- timeline
SELECT CAST("request_status_log"."status" AS text) AS "status", "request_status_log"."timestamp" AS "at", "request_status_log"."changed_by_id" AS "user_id", "users"."name" AS "user_name", "request_status_log"."notes" AS "notes"
FROM "request_status_log"
LEFT JOIN "users" ON "users"."id" = "request_status_log"."changed_by_id"
WHERE "request_status_log"."request_id" = $1
AND "request_status_log"."is_active"
AND (NOT "request_status_log"."is_deleted")
ORDER BY "request_status_log"."timestamp" DESC NULLS LAST, "request_status_log"."id" DESC
LIMIT 200;

-- assignments
SELECT "partner_id", "assigned_at"
FROM "request_assignments"
WHERE "request_id" = $1
ORDER BY "id" DESC
LIMIT 500;

