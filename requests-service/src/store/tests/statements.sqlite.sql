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
UNION ALL SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "requests"."created_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."created_at" IS NULL
ORDER BY "requests"."created_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "unsorted") AS "page"
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
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NOT NULL
AND ("requests"."assigned_at", "requests"."id") < (?, ?)
ORDER BY "requests"."assigned_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "valued"
UNION ALL SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NULL
ORDER BY "requests"."assigned_at" DESC NULLS LAST, "requests"."id" DESC
LIMIT 21) AS "unsorted") AS "page"
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
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NOT NULL
AND ("requests"."assigned_at", "requests"."id") > (?, ?)
ORDER BY "requests"."assigned_at" ASC NULLS FIRST, "requests"."id" ASC
LIMIT 21) AS "valued"
UNION ALL SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "requests"."assigned_at" AS "sort", "requests"."id" AS "id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NULL
ORDER BY "requests"."assigned_at" ASC NULLS FIRST, "requests"."id" ASC
LIMIT 21) AS "unsorted") AS "page"
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
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."assigned_at" IS NULL
AND "requests"."id" > ?
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
AND "requests"."status" IN (?, ?)
AND "requests"."category_id" IN (?, ?)
AND "requests"."branch_id" IN (?, ?)
AND "requests"."service_id" IN (?, ?)
AND "requests"."pickup_option_id" IN (?, ?)
AND "requests"."partner_id" = ?
AND "requests"."submitted_at" >= ?
AND "requests"."submitted_at" <= ?
AND "requests"."created_at" >= ?
AND "requests"."created_at" <= ?
AND (LOWER(folded("requests"."request_number")) LIKE LOWER(?) ESCAPE '\' OR LOWER(folded("requests"."customer_name")) LIKE LOWER(?) ESCAPE '\' OR replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE ? ESCAPE '\')
AND LOWER(folded("requests"."customer_name")) LIKE LOWER(?) ESCAPE '\'
AND replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE ? ESCAPE '\'
AND "requests"."created_at" IS NULL
AND "requests"."id" < ?
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
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."status" IN (?, ?)
AND "requests"."category_id" IN (?, ?)
AND "requests"."branch_id" IN (?, ?)
AND "requests"."service_id" IN (?, ?)
AND "requests"."pickup_option_id" IN (?, ?)
AND "requests"."partner_id" = ?
AND "requests"."submitted_at" >= ?
AND "requests"."submitted_at" <= ?
AND "requests"."created_at" >= ?
AND "requests"."created_at" <= ?
AND (LOWER(folded("requests"."request_number")) LIKE LOWER(?) ESCAPE '\' OR LOWER(folded("requests"."customer_name")) LIKE LOWER(?) ESCAPE '\' OR replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE ? ESCAPE '\')
AND LOWER(folded("requests"."customer_name")) LIKE LOWER(?) ESCAPE '\'
AND replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE ? ESCAPE '\';

-- count: staff, a search without a trigram
SELECT COUNT(*) AS "matching"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND (LOWER(folded("requests"."request_number")) LIKE LOWER(?) ESCAPE '\' OR LOWER(folded("requests"."customer_name")) LIKE LOWER(?) ESCAPE '\' OR replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE ? ESCAPE '\')
AND LOWER(folded("requests"."customer_name")) LIKE LOWER(?) ESCAPE '\'
AND replace(replace(replace(replace(replace(replace(folded("requests"."customer_phone"), ' ', ''), '+', ''), '-', ''), '.', ''), '(', ''), ')', '') LIKE ? ESCAPE '\';

-- count of kinds: a partner, by status
SELECT CAST("requests"."status" AS text) AS "status", COUNT(*) AS "matching", CAST(NULL AS integer) AS "group_id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL)) GROUP BY "requests"."status"
LIMIT 21;

-- count of kinds: staff, by category
SELECT CAST("requests"."status" AS text) AS "status", COUNT(*) AS "matching", "requests"."category_id" AS "group_id"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted") GROUP BY "requests"."status", "requests"."category_id"
LIMIT 21;

-- get: staff, by id
SELECT the columns of a row, "branches"."address" AS "branch_address", "branches"."phone" AS "branch_phone", (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + ?) AS "now"
FROM "requests"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."id" = ?;

-- get: a partner, by number
SELECT the columns of a row, "branches"."address" AS "branch_address", "branches"."phone" AS "branch_phone", (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + ?) AS "now"
FROM "requests"
LEFT JOIN "categories" ON "categories"."id" = "requests"."category_id"
LEFT JOIN "services" ON "services"."id" = "requests"."service_id"
LEFT JOIN "pickup_option_types" ON "pickup_option_types"."id" = "requests"."pickup_option_id"
LEFT JOIN "partners" ON "partners"."id" = "requests"."partner_id"
LEFT JOIN "branches" ON "branches"."id" = "requests"."branch_id"
AND "branches"."partner_id" = "requests"."partner_id"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND "requests"."partner_id" = ?
AND EXISTS(SELECT 1
FROM "partners"
WHERE "partners"."id" = ?
AND "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND ("partners"."status" = (?) OR "partners"."status" IS NULL))
AND "requests"."request_number" = ?;

-- timeline
SELECT CAST("request_status_log"."status" AS text) AS "status", "request_status_log"."timestamp" AS "at", "request_status_log"."changed_by_id" AS "user_id", "users"."name" AS "user_name", "request_status_log"."notes" AS "notes"
FROM "request_status_log"
LEFT JOIN "users" ON "users"."id" = "request_status_log"."changed_by_id"
WHERE "request_status_log"."request_id" = ?
AND "request_status_log"."is_active"
AND (NOT "request_status_log"."is_deleted")
ORDER BY "request_status_log"."timestamp" DESC NULLS LAST, "request_status_log"."id" DESC
LIMIT 200;

-- assignments
SELECT "partner_id", "assigned_at"
FROM "request_assignments"
WHERE "request_id" = ?
ORDER BY "id" DESC
LIMIT 500;

