-- Purpose: what values of Parquet say, as package parquet reads them. Each is
--   kept as one letter and its canonical text: b bool, i integer, f float, d day,
--   t instant, s text as BigQuery has loaded it, p text of which nothing was lost,
--   x what no column holds (the reason, a space and the raw text), ? what BigQuery
--   does not tell. They stand behind pull_functions and pull_json_functions.
-- Parameters: Zone (of local times), Forms (of numbers with 1 to 9 digits).
-- Idempotent: temporary functions, which end with the job.
CREATE TEMP FUNCTION tapline_parquet_bool(v BOOL) AS (CASE WHEN v THEN 'btrue' WHEN NOT v THEN 'bfalse' END);
CREATE TEMP FUNCTION tapline_parquet_int(v INT64) AS (CONCAT('i', CAST(v AS STRING)));
CREATE TEMP FUNCTION tapline_parquet_unsigned(v INT64) AS (CASE WHEN v < 0 THEN '?' ELSE CONCAT('i', CAST(v AS STRING)) END);
CREATE TEMP FUNCTION tapline_parquet_date(v DATE) AS (CONCAT('d', CAST(v AS STRING)));

-- The text of a number that is no integer, t as tapline_shortest has it: its
-- digits d and the power of ten e of the first.
CREATE TEMP FUNCTION tapline_decimal_of(n STRUCT<t STRING, d STRING, e INT64>) AS (
  CASE
    WHEN n.e NOT BETWEEN -4 AND 5 THEN REGEXP_REPLACE(n.t, r'\.?0*e', 'e')
    WHEN n.e < 0 THEN CONCAT(CASE WHEN STARTS_WITH(n.t, '-') THEN '-0.' ELSE '0.' END, REPEAT('0', -1 - n.e), n.d)
    ELSE CONCAT(CASE WHEN STARTS_WITH(n.t, '-') THEN '-' ELSE '' END, SUBSTR(n.d, 1, n.e + 1), '.', SUBSTR(n.d, n.e + 2)) END);
CREATE TEMP FUNCTION tapline_scientific(t STRING) AS (
  tapline_decimal_of(STRUCT(t AS t, tapline_digits(t) AS d, SAFE_CAST(REGEXP_EXTRACT(t, r'e(.*)$') AS INT64) AS e)));
CREATE TEMP FUNCTION tapline_parquet_double(v FLOAT64) AS (
  CASE
    WHEN IS_NAN(v) THEN 'xvalue.not_finite NaN'
    WHEN IS_INF(v) THEN CASE WHEN v > 0 THEN 'xvalue.not_finite +Inf' ELSE 'xvalue.not_finite -Inf' END
    WHEN v = 0 THEN CASE WHEN STARTS_WITH(FORMAT('%.1e', v), '-') THEN 'f-0' ELSE 'f0' END
    WHEN v = TRUNC(v) AND ABS(v) <= 9007199254740992 THEN CONCAT('f', CAST(CAST(v AS INT64) AS STRING))
    ELSE CONCAT('f', tapline_scientific(tapline_shortest(v))) END);

-- The power of two of a positive number's first bit: rounded to one bit, and
-- halved if that was up.
CREATE TEMP FUNCTION tapline_one_bit(v FLOAT64) AS (v * 4503599627370497 - (v * 4503599627370497 - v));
CREATE TEMP FUNCTION tapline_first_bit(v FLOAT64) AS (CASE WHEN tapline_one_bit(v) > v THEN tapline_one_bit(v) / 2 ELSE tapline_one_bit(v) END);

-- The number d if it is, rounded to single precision, the positive v, whose first
-- bit is p: what is added and taken away again leaves no more bits than that has.
CREATE TEMP FUNCTION tapline_rounder(n STRUCT<d FLOAT64, v FLOAT64, p FLOAT64>) AS (
  GREATEST(CASE WHEN n.d < n.p THEN n.p / 2 ELSE n.p END, 1.1754943508222875e-38) * 805306368);
CREATE TEMP FUNCTION tapline_meant(n STRUCT<d FLOAT64, v FLOAT64, p FLOAT64>) AS (
  CASE WHEN (n.d + tapline_rounder(n)) - tapline_rounder(n) = n.v THEN n.d END);

-- The number of fewest digits of which, of all of single precision, v is the
-- nearest. Of four powers of two it is not that which is nearest to v of its length.
CREATE TEMP FUNCTION tapline_shortest_single(n STRUCT<v FLOAT64, p FLOAT64>) AS (
  CASE
    WHEN n.v = 1.262177448353618888658765704e-29 THEN 1.2621775e-29
    WHEN n.v = 0.000244140625 THEN 0.00024414063
    WHEN n.v = 154742504910672534362390528.0 THEN 1.5474251e26
    WHEN n.v = 1237940039285380274899124224.0 THEN 1.2379401e27
    WHEN n.v < 1.1754943508222875e-38 THEN COALESCE({{range $i, $form := .Forms}}{{if $i}}, {{end}}
      tapline_meant(STRUCT(CAST(FORMAT({{text $form}}, n.v) AS FLOAT64) AS d, n.v AS v, n.p AS p)){{end}})
    ELSE COALESCE({{range $i, $form := .Forms}}{{if gt $i 4}}{{if gt $i 5}}, {{end}}
      tapline_meant(STRUCT(CAST(FORMAT({{text $form}}, n.v) AS FLOAT64) AS d, n.v AS v, n.p AS p)){{end}}{{end}}) END);
CREATE TEMP FUNCTION tapline_parquet_single(v FLOAT64) AS (
  CASE
    WHEN IS_NAN(v) OR IS_INF(v) OR v = 0 THEN tapline_parquet_double(v)
    WHEN v IS NOT NULL THEN IFNULL(tapline_parquet_double(CASE WHEN v < 0 THEN -1.0 ELSE 1.0 END * tapline_shortest_single(STRUCT(ABS(v) AS v, tapline_first_bit(ABS(v)) AS p))), '?') END);

CREATE TEMP FUNCTION tapline_parquet_instant(v TIMESTAMP) AS (CONCAT('t', tapline_stamp(v)));

-- Microseconds by which the clocks of the zone are ahead at an instant, and about
-- a day before and after it.
CREATE TEMP FUNCTION tapline_ahead(v TIMESTAMP) AS (UNIX_MICROS(TIMESTAMP(SAFE.DATETIME(v, {{text .Zone}}), 'UTC')) - UNIX_MICROS(v));
CREATE TEMP FUNCTION tapline_ahead_before(v TIMESTAMP) AS (tapline_ahead(IFNULL(SAFE.TIMESTAMP_SUB(v, INTERVAL 1 DAY), v)));
CREATE TEMP FUNCTION tapline_ahead_after(v TIMESTAMP) AS (tapline_ahead(IFNULL(SAFE.TIMESTAMP_ADD(v, INTERVAL 1 DAY), v)));

-- The instant at which clocks that are ahead by so much show v, which is given as
-- if they were in UTC; NULL if they do not.
CREATE TEMP FUNCTION tapline_shown(v TIMESTAMP, ahead INT64) AS (
  CASE WHEN tapline_ahead(tapline_instant(UNIX_MICROS(v) - ahead)) = ahead THEN tapline_instant(UNIX_MICROS(v) - ahead) END);

-- A local time that clocks show once; twice or never is not to be told.
CREATE TEMP FUNCTION tapline_once(a TIMESTAMP, b TIMESTAMP) AS (CASE WHEN a = b OR b IS NULL THEN a WHEN a IS NULL THEN b END);
CREATE TEMP FUNCTION tapline_parquet_local(v TIMESTAMP) AS (
  CASE WHEN v IS NOT NULL THEN IFNULL(tapline_parquet_instant(tapline_once(tapline_shown(v, tapline_ahead_before(v)), tapline_shown(v, tapline_ahead_after(v)))), '?') END);

-- Without the zeros behind the last digit of the fraction that matters.
CREATE TEMP FUNCTION tapline_unpadded(v STRING) AS (REGEXP_REPLACE(REGEXP_REPLACE(v, r'(\.[0-9]*[1-9])0+$', r'\1'), r'\.0*$', ''));
CREATE TEMP FUNCTION tapline_parquet_time(v TIME) AS (CONCAT('p', tapline_unpadded(CAST(v AS STRING))));

-- A decimal of a scale, by its text without zeros at the end.
CREATE TEMP FUNCTION tapline_scaled(v STRING, scale INT64) AS (
  CASE WHEN STRPOS(v, '.') = 0 THEN CONCAT(v, '.', REPEAT('0', scale)) ELSE CONCAT(v, REPEAT('0', scale - LENGTH(v) + STRPOS(v, '.'))) END);
CREATE TEMP FUNCTION tapline_parquet_fraction(v STRING) AS (
  CASE WHEN tapline_digits(v) = '' THEN 'f0' ELSE IFNULL(tapline_parquet_double(tapline_float(v)), CONCAT('p', v)) END);
CREATE TEMP FUNCTION tapline_parquet_decimal(v STRING, scale INT64) AS (
  CASE
    WHEN NOT REGEXP_CONTAINS(v, r'^-?[0-9]+(\.[0-9]+)?$') THEN '?'
    WHEN scale = 0 THEN CASE WHEN SAFE_CAST(tapline_unpadded(v) AS INT64) IS NULL THEN CONCAT('p', tapline_unpadded(v)) ELSE CONCAT('i', tapline_unpadded(v)) END
    ELSE tapline_parquet_fraction(tapline_scaled(tapline_unpadded(v), scale)) END);

CREATE TEMP FUNCTION tapline_parquet_string(v STRING) AS (CONCAT('s', v));
CREATE TEMP FUNCTION tapline_parquet_hex(v BYTES) AS (CONCAT('p', TO_HEX(v)));
CREATE TEMP FUNCTION tapline_parquet_uuid(v BYTES) AS (
  CONCAT('p', SUBSTR(TO_HEX(v), 1, 8), '-', SUBSTR(TO_HEX(v), 9, 4), '-', SUBSTR(TO_HEX(v), 13, 4), '-', SUBSTR(TO_HEX(v), 17, 4), '-', SUBSTR(TO_HEX(v), 21)));
CREATE TEMP FUNCTION tapline_parquet_bytes(v BYTES) AS (
  CASE WHEN REGEXP_CONTAINS(SAFE_CAST(v AS STRING), r'^[^\x00]*$') THEN CONCAT('p', SAFE_CAST(v AS STRING)) ELSE CONCAT('p', TO_BASE64(v)) END);

-- Why no column can hold the cell; NULL = one can.
CREATE TEMP FUNCTION tapline_parquet_wrong(v STRING) AS (
  CASE WHEN STARTS_WITH(v, 'x') THEN REGEXP_EXTRACT(v, r'^x([a-z._]+)') WHEN STARTS_WITH(v, 's') AND REGEXP_CONTAINS(v, r'\x00') THEN 'text.nul' END);
CREATE TEMP FUNCTION tapline_parquet_raw(v STRING) AS (CASE WHEN STARTS_WITH(v, 'x') THEN REGEXP_REPLACE(v, r'^x[a-z._]+ ', '') ELSE SUBSTR(v, 2) END);

-- The canonical text.
CREATE TEMP FUNCTION tapline_parquet_text(v STRING) AS (CASE WHEN tapline_parquet_wrong(v) IS NULL THEN SUBSTR(v, 2) END);

-- The bits of warehouse.CellKinds, and 256 for what is not to be told.
CREATE TEMP FUNCTION tapline_parquet_kind(v STRING) AS (
  CASE
    WHEN v IS NULL THEN 0
    WHEN tapline_parquet_wrong(v) IS NOT NULL THEN 128
    WHEN STARTS_WITH(v, 's') THEN CASE WHEN REGEXP_CONTAINS(v, r'\x{FFFD}') THEN 256 ELSE 64 END
    WHEN STARTS_WITH(v, 'p') THEN 64
    WHEN STARTS_WITH(v, 'i') THEN CASE WHEN SAFE_CAST(SUBSTR(v, 2) AS INT64) BETWEEN -9007199254740992 AND 9007199254740992 THEN 2 ELSE 4 END
    WHEN STARTS_WITH(v, 'f') THEN 8
    WHEN STARTS_WITH(v, 'b') THEN 1
    WHEN STARTS_WITH(v, 'd') THEN 16
    WHEN STARTS_WITH(v, 't') THEN 32
    ELSE 256 END);

-- What time a cell is: an instant, 14 digits as in tapline_compact, or 10 of
-- seconds since 1970; and its day.
CREATE TEMP FUNCTION tapline_parquet_compact(v STRING) AS (
  CASE WHEN STARTS_WITH(v, 't') THEN SUBSTR(v, 2)
    WHEN REGEXP_CONTAINS(tapline_parquet_text(v), r'^[1-9][0-9]{9}$') THEN tapline_stamp(tapline_instant(SAFE_CAST(tapline_parquet_text(v) AS INT64) * 1000000))
    ELSE tapline_compact(tapline_parquet_text(v)) END);
CREATE TEMP FUNCTION tapline_parquet_compact_day(v STRING) AS (CAST(DATE(tapline_time(tapline_parquet_compact(v)), {{text .Zone}}) AS STRING));
CREATE TEMP FUNCTION tapline_parquet_compact_kind(v STRING) AS (
  CASE WHEN v IS NULL THEN 0 WHEN tapline_parquet_kind(v) = 256 THEN 256 WHEN tapline_parquet_compact(v) IS NULL THEN 128 ELSE 32 END);
CREATE TEMP FUNCTION tapline_parquet_compact_day_kind(v STRING) AS (CASE WHEN tapline_parquet_compact_day(v) IS NULL THEN 0 ELSE 16 END);

-- A cell within JSON text; NULL if it is not to be told.
CREATE TEMP FUNCTION tapline_parquet_json(v STRING) AS (
  CASE
    WHEN v IS NULL THEN 'null'
    WHEN REGEXP_CONTAINS(v, r'^[bif]') THEN SUBSTR(v, 2)
    WHEN REGEXP_CONTAINS(v, r'^[dtps][^\x00-\x1f\x{FFFD}]*$') THEN CONCAT('"', REPLACE(REPLACE(SUBSTR(v, 2), '\\', '\\\\'), '"', '\\"'), '"') END)
