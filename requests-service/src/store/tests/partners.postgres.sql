-- the columns of a row
"partners"."id" AS "id",
"partners"."name" AS "name",
CAST("partners"."status" AS text) AS "status",
"partners"."logo_url" AS "logo_url",
"partners"."contact_email" AS "contact_email",
"partners"."contact_phone" AS "contact_phone",
"partners"."created_at" AS "created_at",
"partners"."updated_at" AS "updated_at",
"partners"."is_active" AS "is_active",
"partners"."is_deleted" AS "is_deleted"

-- list: first page, newest first
SELECT the columns of a row
FROM (SELECT "half", "sort", "id"
FROM (SELECT 0 AS "half", "partners"."created_at" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND "partners"."created_at" IS NOT NULL
ORDER BY "partners"."created_at" DESC NULLS LAST, "partners"."id" DESC
LIMIT 13) AS "valued"
UNION ALL (SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "partners"."created_at" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND "partners"."created_at" IS NULL
ORDER BY "partners"."created_at" DESC NULLS LAST, "partners"."id" DESC
LIMIT 13) AS "unsorted")) AS "page"
INNER JOIN "partners" ON "partners"."id" = "page"."id"
ORDER BY "page"."half" ASC, "page"."sort" DESC, "page"."id" DESC
LIMIT 13;

-- list: after a row with the sort value
SELECT the columns of a row
FROM (SELECT "half", "sort", "id"
FROM (SELECT 0 AS "half", "partners"."created_at" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND "partners"."created_at" IS NOT NULL
AND ("partners"."created_at", "partners"."id") < ($1, $2)
ORDER BY "partners"."created_at" DESC NULLS LAST, "partners"."id" DESC
LIMIT 13) AS "valued"
UNION ALL (SELECT "half", "sort", "id"
FROM (SELECT 1 AS "half", "partners"."created_at" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND "partners"."created_at" IS NULL
ORDER BY "partners"."created_at" DESC NULLS LAST, "partners"."id" DESC
LIMIT 13) AS "unsorted")) AS "page"
INNER JOIN "partners" ON "partners"."id" = "page"."id"
ORDER BY "page"."half" ASC, "page"."sort" DESC, "page"."id" DESC
LIMIT 13;

-- list: every filter, oldest first, after a row without the sort value
SELECT the columns of a row
FROM (SELECT 1 AS "half", "partners"."created_at" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND (("partners"."status" = ANY(CAST($1 AS "partner_status_enum"[]))) OR "partners"."status" IS NULL)
AND EXISTS(SELECT 1
FROM "partner_categories"
INNER JOIN "categories" ON "categories"."id" = "partner_categories"."category_id"
WHERE "partner_categories"."is_active"
AND (NOT "partner_categories"."is_deleted")
AND "categories"."is_active"
AND (NOT "categories"."is_deleted")
AND "partner_categories"."partner_id" = "partners"."id"
AND ("partner_categories"."category_id" = ANY($2)))
AND LOWER(folded("partners"."name")) LIKE LOWER($3) ESCAPE E'\\'
AND "partners"."created_at" IS NULL
AND "partners"."id" > $4
ORDER BY "partners"."created_at" ASC NULLS FIRST, "partners"."id" ASC
LIMIT 13) AS "page"
INNER JOIN "partners" ON "partners"."id" = "page"."id"
ORDER BY "page"."half" ASC, "page"."sort" ASC, "page"."id" ASC
LIMIT 13;

-- list: first page by name
SELECT the columns of a row
FROM (SELECT 0 AS "half", "partners"."name" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND "partners"."name" IS NOT NULL
ORDER BY "partners"."name" COLLATE "C" ASC NULLS FIRST, "partners"."id" ASC
LIMIT 13) AS "page"
INNER JOIN "partners" ON "partners"."id" = "page"."id"
ORDER BY "page"."half" ASC, "page"."sort" COLLATE "C" ASC, "page"."id" ASC
LIMIT 13;

-- list: every filter, by name, after a row
SELECT the columns of a row
FROM (SELECT 0 AS "half", "partners"."name" AS "sort", "partners"."id" AS "id"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND (("partners"."status" = ANY(CAST($1 AS "partner_status_enum"[]))) OR "partners"."status" IS NULL)
AND EXISTS(SELECT 1
FROM "partner_categories"
INNER JOIN "categories" ON "categories"."id" = "partner_categories"."category_id"
WHERE "partner_categories"."is_active"
AND (NOT "partner_categories"."is_deleted")
AND "categories"."is_active"
AND (NOT "categories"."is_deleted")
AND "partner_categories"."partner_id" = "partners"."id"
AND ("partner_categories"."category_id" = ANY($2)))
AND LOWER(folded("partners"."name")) LIKE LOWER($3) ESCAPE E'\\'
AND "partners"."name" IS NOT NULL
AND ("partners"."name" COLLATE "C", "partners"."id") < ($4, $5)
ORDER BY "partners"."name" COLLATE "C" DESC NULLS LAST, "partners"."id" DESC
LIMIT 13) AS "page"
INNER JOIN "partners" ON "partners"."id" = "page"."id"
ORDER BY "page"."half" ASC, "page"."sort" COLLATE "C" DESC, "page"."id" DESC
LIMIT 13;

-- count
SELECT COUNT(*) AS "matching"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted");

-- count: every filter
SELECT COUNT(*) AS "matching"
FROM "partners"
WHERE "partners"."is_active"
AND (NOT "partners"."is_deleted")
AND (("partners"."status" = ANY(CAST($1 AS "partner_status_enum"[]))) OR "partners"."status" IS NULL)
AND EXISTS(SELECT 1
FROM "partner_categories"
INNER JOIN "categories" ON "categories"."id" = "partner_categories"."category_id"
WHERE "partner_categories"."is_active"
AND (NOT "partner_categories"."is_deleted")
AND "categories"."is_active"
AND (NOT "categories"."is_deleted")
AND "partner_categories"."partner_id" = "partners"."id"
AND ("partner_categories"."category_id" = ANY($2)))
AND LOWER(folded("partners"."name")) LIKE LOWER($3) ESCAPE E'\\';

-- counts of a page's partners
SELECT "partners"."id" AS "id", "of_branches"."branches" AS "branches", "of_categories"."categories" AS "categories", "of_requests"."requests" AS "requests", "of_requests"."completed_requests" AS "completed_requests", "of_requests"."mean_rating" AS "mean_rating"
FROM "partners"
LEFT JOIN (SELECT COUNT(*) AS "branches", "branches"."partner_id" AS "partner"
FROM "branches"
WHERE "branches"."is_active"
AND (NOT "branches"."is_deleted")
AND ("branches"."partner_id" = ANY($1)) GROUP BY "branches"."partner_id") AS "of_branches" ON "of_branches"."partner" = "partners"."id"
LEFT JOIN (SELECT COUNT(*) AS "categories", "partner_categories"."partner_id" AS "partner"
FROM "partner_categories"
INNER JOIN "categories" ON "categories"."id" = "partner_categories"."category_id"
WHERE "partner_categories"."is_active"
AND (NOT "partner_categories"."is_deleted")
AND "categories"."is_active"
AND (NOT "categories"."is_deleted")
AND ("partner_categories"."partner_id" = ANY($2)) GROUP BY "partner_categories"."partner_id") AS "of_categories" ON "of_categories"."partner" = "partners"."id"
LEFT JOIN (SELECT COUNT(*) AS "requests", COUNT((CASE WHEN ("requests"."status" = ANY(CAST($3 AS "request_status_enum"[]))) THEN 1 END)) AS "completed_requests", CAST(AVG("requests"."rating") AS double precision) AS "mean_rating", "requests"."partner_id" AS "partner"
FROM "requests"
WHERE "requests"."is_active"
AND (NOT "requests"."is_deleted")
AND ("requests"."partner_id" = ANY($4)) GROUP BY "requests"."partner_id") AS "of_requests" ON "of_requests"."partner" = "partners"."id"
WHERE "partners"."id" = ANY($5);

-- branches of a page's partners
SELECT "placed"."id", "placed"."partner_id", "placed"."name", "placed"."lat", "placed"."lng", "placed"."contact_name", "placed"."phone", "placed"."address", "placed"."radius_km", "placed"."is_active", "placed"."is_deleted"
FROM (SELECT row_number() OVER ( PARTITION BY "branches"."partner_id"
ORDER BY "branches"."name" COLLATE "C" ASC, "branches"."id" ASC ) AS "place", "branches"."id" AS "id", "branches"."partner_id" AS "partner_id", "branches"."name" AS "name", CAST("branches"."lat" AS double precision) AS "lat", CAST("branches"."lng" AS double precision) AS "lng", "branches"."contact_name" AS "contact_name", "branches"."phone" AS "phone", "branches"."address" AS "address", CAST("branches"."radius_km" AS double precision) AS "radius_km", "branches"."is_active" AS "is_active", "branches"."is_deleted" AS "is_deleted"
FROM "branches"
WHERE "branches"."is_active"
AND (NOT "branches"."is_deleted")
AND ("branches"."partner_id" = ANY($1))) AS "placed"
WHERE "placed"."place" <= 100
ORDER BY "placed"."partner_id" ASC, "placed"."place" ASC;

