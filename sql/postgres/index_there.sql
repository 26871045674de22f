-- Purpose: whether an index of a table starts with these columns.
-- Parameters: $1 schema, $2 table, $3 columns.
-- Idempotent: reads only.
SELECT EXISTS (
  SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND i.indisvalid AND i.indpred IS NULL
    AND $3::text[] = (
      SELECT array_agg(a.attname::text ORDER BY k.place)
      FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
      WHERE k.place <= cardinality($3::text[])))
