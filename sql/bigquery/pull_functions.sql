-- Purpose: what the text of a CSV cell says, as package csv reads it. They stand
--   before the statements that use them.
-- Parameters: Zone (of local times).
-- Idempotent: temporary functions, which end with the job.
CREATE TEMP FUNCTION tapline_same(v STRING) AS (v);

-- Why the text cannot be taken as it is; NULL = it can. BigQuery makes U+FFFD of
-- bytes that are no UTF-8.
CREATE TEMP FUNCTION tapline_wrong(v STRING) AS (
  CASE WHEN REGEXP_CONTAINS(v, r'\x{FFFD}') THEN 'text.invalid_utf8' WHEN REGEXP_CONTAINS(v, r'\x00') THEN 'text.nul' END);

CREATE TEMP FUNCTION tapline_storable(v STRING) AS (REGEXP_REPLACE(v, r'\x00', r'\\x00'));

-- The digits of a number that matter, without zeros at either end.
CREATE TEMP FUNCTION tapline_digits(v STRING) AS (
  RTRIM(LTRIM(REGEXP_REPLACE(REGEXP_REPLACE(v, r'[eE].*$', ''), r'[^0-9]', ''), '0'), '0'));

-- The shortest decimal that gives the number back has 15, 16 or 17 digits or fewer.
CREATE TEMP FUNCTION tapline_shortest(f FLOAT64) AS (
  CASE WHEN SAFE_CAST(FORMAT('%.14e', f) AS FLOAT64) = f THEN FORMAT('%.14e', f)
    WHEN SAFE_CAST(FORMAT('%.15e', f) AS FLOAT64) = f THEN FORMAT('%.15e', f)
    ELSE FORMAT('%.16e', f) END);

-- A number whose digits a FLOAT64 gives back, else NULL.
CREATE TEMP FUNCTION tapline_float(v STRING) AS (
  CASE WHEN REGEXP_CONTAINS(v, r'^-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]+)?$') AND NOT IS_INF(SAFE_CAST(v AS FLOAT64))
    AND tapline_digits(v) = tapline_digits(tapline_shortest(SAFE_CAST(v AS FLOAT64))) THEN SAFE_CAST(v AS FLOAT64) END);

CREATE TEMP FUNCTION tapline_bool(v STRING) AS (
  CASE WHEN v IN ('true', 'True', 'TRUE') THEN TRUE WHEN v IN ('false', 'False', 'FALSE') THEN FALSE END);

-- Whether it is an integer as it would be written again.
CREATE TEMP FUNCTION tapline_is_int(v STRING) AS (
  REGEXP_CONTAINS(v, r'^-?(0|[1-9][0-9]*)$') AND v <> '-0' AND SAFE_CAST(v AS INT64) IS NOT NULL);

CREATE TEMP FUNCTION tapline_date(v STRING) AS (
  CASE WHEN REGEXP_CONTAINS(v, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}$') THEN SAFE_CAST(v AS DATE) END);

-- Seconds of "+05:30" at the end; 0 for "Z".
CREATE TEMP FUNCTION tapline_offset(v STRING) AS (
  CASE WHEN ENDS_WITH(v, 'Z') THEN 0
    ELSE (SAFE_CAST(SUBSTR(v, -5, 2) AS INT64) * 3600 + SAFE_CAST(SUBSTR(v, -2, 2) AS INT64) * 60) * (CASE WHEN SUBSTR(v, -6, 1) = '-' THEN -1 ELSE 1 END) END);

-- Microseconds since 1970 as an instant of the years 1 to 9999, else NULL.
CREATE TEMP FUNCTION tapline_instant(micros INT64) AS (SAFE.TIMESTAMP_MICROS(micros));

CREATE TEMP FUNCTION tapline_local(v STRING) AS (SAFE.TIMESTAMP(SAFE_CAST(v AS DATETIME), {{text .Zone}}));

CREATE TEMP FUNCTION tapline_time(v STRING) AS (
  CASE
    WHEN REGEXP_CONTAINS(v, r'^\$D_[+-]?[0-9]{1,12}$') THEN tapline_instant(SAFE_CAST(SUBSTR(v, 4) AS INT64) * 1000000)
    WHEN REGEXP_CONTAINS(v, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?$') THEN tapline_local(v)
    WHEN REGEXP_CONTAINS(v, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$')
      THEN tapline_instant(UNIX_MICROS(SAFE.TIMESTAMP(SAFE_CAST(REGEXP_REPLACE(v, r'(Z|[+-][0-9]{2}:[0-9]{2})$', '') AS DATETIME), 'UTC')) - tapline_offset(v) * 1000000)
  END);

-- The text of an instant: RFC 3339 with as many digits of the second as needed.
CREATE TEMP FUNCTION tapline_stamp(t TIMESTAMP) AS (
  CONCAT(REGEXP_REPLACE(FORMAT_TIMESTAMP('%E4Y-%m-%dT%H:%M:%E6S', t, 'UTC'), r'\.?0+$', ''), 'Z'));

-- YYYYMMDDHHMMSS, a local time, as the text of an instant or of its day.
CREATE TEMP FUNCTION tapline_compact(v STRING) AS (
  CASE WHEN REGEXP_CONTAINS(v, r'^[0-9]{8}([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]$') THEN tapline_stamp(tapline_local(CONCAT(
    SUBSTR(v, 1, 4), '-', SUBSTR(v, 5, 2), '-', SUBSTR(v, 7, 2), ' ', SUBSTR(v, 9, 2), ':', SUBSTR(v, 11, 2), ':', SUBSTR(v, 13, 2)))) END);
CREATE TEMP FUNCTION tapline_compact_day(v STRING) AS (
  CASE WHEN tapline_compact(v) IS NOT NULL THEN CONCAT(SUBSTR(v, 1, 4), '-', SUBSTR(v, 5, 2), '-', SUBSTR(v, 7, 2)) END);

-- The bits of warehouse.CellKinds.
CREATE TEMP FUNCTION tapline_found_kind(v STRING) AS (
  CASE
    WHEN v IS NULL THEN 0
    WHEN tapline_wrong(v) IS NOT NULL THEN 128
    WHEN tapline_bool(v) IS NOT NULL THEN 1
    WHEN tapline_is_int(v) THEN CASE WHEN SAFE_CAST(v AS INT64) BETWEEN -9007199254740992 AND 9007199254740992 THEN 2 ELSE 4 END
    WHEN REGEXP_CONTAINS(v, r'^-?(0|[1-9][0-9]*)(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-][0-9]+)$') THEN CASE WHEN tapline_float(v) IS NULL THEN 64 ELSE 8 END
    WHEN tapline_date(v) IS NOT NULL THEN 16
    WHEN tapline_time(v) IS NOT NULL THEN 32
    ELSE 64 END);
CREATE TEMP FUNCTION tapline_text_kind(v STRING) AS (CASE WHEN v IS NULL THEN 0 WHEN tapline_wrong(v) IS NOT NULL THEN 128 ELSE 64 END);
CREATE TEMP FUNCTION tapline_compact_kind(v STRING) AS (CASE WHEN v IS NULL THEN 0 WHEN tapline_compact(v) IS NULL THEN 128 ELSE 32 END);
CREATE TEMP FUNCTION tapline_compact_day_kind(v STRING) AS (CASE WHEN tapline_compact(v) IS NULL THEN 0 ELSE 16 END);

-- Cells as columns hold them; NULL = the column cannot.
CREATE TEMP FUNCTION tapline_as_written(v STRING) AS (CASE WHEN tapline_wrong(v) IS NULL THEN v END);
CREATE TEMP FUNCTION tapline_as_string(v STRING) AS (
  CASE WHEN tapline_wrong(v) IS NOT NULL THEN NULL WHEN tapline_bool(v) IS NOT NULL THEN LOWER(v)
    ELSE IFNULL(tapline_stamp(tapline_time(v)), v) END);
CREATE TEMP FUNCTION tapline_as_bool(v STRING) AS (tapline_bool(v));
CREATE TEMP FUNCTION tapline_as_int64(v STRING) AS (
  CASE WHEN tapline_bool(v) THEN 1 WHEN NOT tapline_bool(v) THEN 0 WHEN tapline_is_int(v) THEN SAFE_CAST(v AS INT64)
    WHEN NOT (STARTS_WITH(v, '-') AND tapline_float(v) = 0) AND tapline_float(v) BETWEEN -9007199254740992 AND 9007199254740992 AND tapline_float(v) = TRUNC(tapline_float(v))
      AND REGEXP_CONTAINS(v, r'[.eE]') THEN CAST(tapline_float(v) AS INT64) END);
CREATE TEMP FUNCTION tapline_as_float64(v STRING) AS (
  CASE WHEN tapline_bool(v) THEN 1.0 WHEN NOT tapline_bool(v) THEN 0.0
    WHEN tapline_is_int(v) THEN CASE WHEN SAFE_CAST(v AS INT64) BETWEEN -9007199254740992 AND 9007199254740992 THEN SAFE_CAST(v AS FLOAT64) END
    ELSE tapline_float(v) END);
CREATE TEMP FUNCTION tapline_as_date(v STRING) AS (
  CASE WHEN tapline_date(v) IS NOT NULL THEN tapline_date(v) WHEN MOD(UNIX_MICROS(tapline_time(v)), 86400000000) = 0 THEN DATE(tapline_time(v)) END);
CREATE TEMP FUNCTION tapline_as_timestamp(v STRING) AS (
  CASE WHEN tapline_time(v) IS NOT NULL THEN tapline_time(v) WHEN tapline_date(v) IS NOT NULL THEN TIMESTAMP(tapline_date(v)) END);

-- What stands for a cell whose column is hashed.
CREATE TEMP FUNCTION tapline_hash(v STRING) AS (TO_HEX(SHA256(v)))
