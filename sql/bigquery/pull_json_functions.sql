-- Purpose: what values of JSON say, as package json reads them. A value is given
--   as it stands in its record, and is valid; a cell is what tapline_json_cell
--   makes of it. They stand behind pull_functions.
-- Parameters: Zone (of local times; "" = the functions of strings alone).
-- Idempotent: temporary functions, which end with the job.

-- What a string stands for, without lone surrogates in it.
CREATE TEMP FUNCTION tapline_json_string(v STRING) AS (
  CASE WHEN STRPOS(v, '\\') > 0 THEN JSON_VALUE(v, '$') ELSE SUBSTR(v, 2, LENGTH(v) - 2) END);

-- The same of a key, with or without its colon.
CREATE TEMP FUNCTION tapline_json_key(v STRING) AS (tapline_json_string(REGEXP_REPLACE(v, r'[ \t\r\n]*:$', '')))
{{- if .Zone}};

-- Why no column can hold the value; NULL = one can. BigQuery makes U+FFFD of
-- bytes that are no UTF-8.
CREATE TEMP FUNCTION tapline_json_flaw(v STRING) AS (
  CASE
    WHEN REGEXP_CONTAINS(v, r'\x{FFFD}') THEN 'text.invalid_utf8'
    WHEN STRPOS(v, '\\u') = 0 THEN NULL
    WHEN NOT REGEXP_CONTAINS(v, r'^(?:[^\\]|\\[^u]|\\u(?:[^dD]|[dD][0-7]|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]))*$') THEN 'text.invalid_utf8'
    WHEN NOT REGEXP_CONTAINS(v, r'^(?:[^\\]|\\[^u]|\\u(?:[^0]|0[^0]|00[^0]|000[^0]))*$') THEN 'text.nul' END);

-- The instant of "$D_<seconds since 1970>".
CREATE TEMP FUNCTION tapline_json_dollar(v STRING) AS (
  CASE WHEN REGEXP_CONTAINS(v, r'^\$D_[+-]?[0-9]+$') AND SAFE_CAST(SUBSTR(v, 4) AS INT64) BETWEEN -62135596800 AND 253402300799
    THEN tapline_instant(SAFE_CAST(SUBSTR(v, 4) AS INT64) * 1000000) END);

-- The canonical text of what tapline_shortest gives, but for integers up to 2^53.
CREATE TEMP FUNCTION tapline_json_power(s STRING) AS (SAFE_CAST(REGEXP_EXTRACT(s, r'e(.*)$') AS INT64));
CREATE TEMP FUNCTION tapline_json_fraction(s STRING) AS (
  CASE
    WHEN tapline_json_power(s) NOT BETWEEN -4 AND 5 THEN REGEXP_REPLACE(s, r'\.?0*e', 'e')
    WHEN tapline_json_power(s) < 0 THEN CONCAT(REGEXP_EXTRACT(s, r'^(-?)'), '0.', REPEAT('0', -1 - tapline_json_power(s)), tapline_digits(s))
    ELSE CONCAT(REGEXP_EXTRACT(s, r'^(-?)'), SUBSTR(tapline_digits(s), 1, tapline_json_power(s) + 1), '.', SUBSTR(tapline_digits(s), tapline_json_power(s) + 2)) END);

-- The canonical text of a FLOAT64 other than 0.
CREATE TEMP FUNCTION tapline_json_float(f FLOAT64) AS (
  CASE WHEN f = TRUNC(f) AND ABS(f) <= 9007199254740992 THEN CAST(CAST(f AS INT64) AS STRING) ELSE tapline_json_fraction(tapline_shortest(f)) END);

-- What stands in the sifted table: a letter for what the value is, and its
-- canonical text; b, i, l, f and t are of the kinds of warehouse.CellKinds, d is
-- a date as it is written, u and n are flaws, with the value as it stands.
CREATE TEMP FUNCTION tapline_json_cell(v STRING) AS (
  CASE
    WHEN tapline_json_flaw(v) IS NOT NULL THEN CONCAT(CASE WHEN tapline_json_flaw(v) = 'text.nul' THEN 'n' ELSE 'u' END, v)
    WHEN STARTS_WITH(v, '"') THEN CONCAT(CASE WHEN LENGTH(tapline_json_string(v)) <= 16 AND tapline_json_dollar(tapline_json_string(v)) IS NOT NULL THEN 'd' ELSE 't' END, tapline_json_string(v))
    WHEN v IN ('true', 'false') THEN CONCAT('b', v)
    WHEN NOT REGEXP_CONTAINS(v, r'^[-0-9]') THEN CONCAT('t', v)
    WHEN REGEXP_CONTAINS(v, r'^-?[0.]+([eE]|$)') AND REGEXP_CONTAINS(v, r'[.eE]') THEN CASE WHEN STARTS_WITH(v, '-') THEN 'f-0' ELSE 'f0' END
    WHEN REGEXP_CONTAINS(v, r'[.eE]') THEN IFNULL(CONCAT('f', tapline_json_float(tapline_float(v))), CONCAT('t', v))
    WHEN SAFE_CAST(v AS INT64) IS NULL THEN CONCAT('t', v)
    ELSE CONCAT(CASE WHEN SAFE_CAST(v AS INT64) BETWEEN -9007199254740992 AND 9007199254740992 THEN 'i' ELSE 'l' END, CAST(SAFE_CAST(v AS INT64) AS STRING)) END);

-- Of cells.
CREATE TEMP FUNCTION tapline_json_raw(c STRING) AS (SUBSTR(c, 2));
CREATE TEMP FUNCTION tapline_json_wrong(c STRING) AS (CASE WHEN STARTS_WITH(c, 'u') THEN 'text.invalid_utf8' WHEN STARTS_WITH(c, 'n') THEN 'text.nul' END);
CREATE TEMP FUNCTION tapline_json_name(c STRING) AS (CASE WHEN tapline_json_wrong(c) IS NULL THEN SUBSTR(c, 2) END);
CREATE TEMP FUNCTION tapline_json_text(c STRING) AS (
  CASE WHEN STARTS_WITH(c, 'd') THEN tapline_stamp(tapline_json_dollar(SUBSTR(c, 2))) ELSE tapline_json_name(c) END);
CREATE TEMP FUNCTION tapline_json_kind(c STRING) AS (
  CASE SUBSTR(c, 1, 1) WHEN 'b' THEN 1 WHEN 'i' THEN 2 WHEN 'l' THEN 4 WHEN 'f' THEN 8 WHEN 'd' THEN 32 WHEN 't' THEN 64 WHEN 'u' THEN 128 WHEN 'n' THEN 128 ELSE 0 END);
CREATE TEMP FUNCTION tapline_json_text_kind(c STRING) AS (CASE WHEN c IS NULL THEN 0 WHEN tapline_json_wrong(c) IS NOT NULL THEN 128 ELSE 64 END);

-- Of values: what time they are, 14 digits as in tapline_compact or 10 of seconds
-- since 1970, as the text of an instant or of its day.
CREATE TEMP FUNCTION tapline_json_digits(v STRING) AS (CASE WHEN tapline_json_flaw(v) IS NOT NULL THEN NULL WHEN STARTS_WITH(v, '"') THEN tapline_json_string(v) ELSE v END);
CREATE TEMP FUNCTION tapline_json_seconds(v STRING) AS (
  CASE WHEN REGEXP_CONTAINS(v, r'^[1-9][0-9]{9}$') THEN tapline_instant(SAFE_CAST(v AS INT64) * 1000000) END);
CREATE TEMP FUNCTION tapline_json_compact(v STRING) AS (IFNULL(tapline_stamp(tapline_json_seconds(tapline_json_digits(v))), tapline_compact(tapline_json_digits(v))));
CREATE TEMP FUNCTION tapline_json_compact_day(v STRING) AS (
  IFNULL(CAST(DATE(tapline_json_seconds(tapline_json_digits(v)), {{text .Zone}}) AS STRING), tapline_compact_day(tapline_json_digits(v))));
CREATE TEMP FUNCTION tapline_json_compact_kind(v STRING) AS (CASE WHEN v IS NULL THEN 0 WHEN tapline_json_compact(v) IS NULL THEN 128 ELSE 32 END);
CREATE TEMP FUNCTION tapline_json_compact_day_kind(v STRING) AS (CASE WHEN tapline_json_compact_day(v) IS NULL THEN 0 ELSE 16 END);

-- What a text says in a column of times: text without a zone is no instant here.
CREATE TEMP FUNCTION tapline_json_time(v STRING) AS (
  CASE
    WHEN REGEXP_CONTAINS(v, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.,]([0-9]{1,6}|[0-9]{6}0{1,3}|[0-9]{6}000[0-9]+))?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$')
      THEN tapline_instant(UNIX_MICROS(SAFE.TIMESTAMP(SAFE_CAST(REPLACE(REGEXP_EXTRACT(v, r'^([0-9-]{10}T[0-9:]{7,8}(?:[.,][0-9]{1,6})?)'), ',', '.') AS DATETIME), 'UTC')) - tapline_offset(v) * 1000000)
    ELSE tapline_json_dollar(v) END);
CREATE TEMP FUNCTION tapline_json_as_date(v STRING) AS (
  CASE WHEN tapline_date(v) IS NOT NULL THEN tapline_date(v) WHEN MOD(UNIX_MICROS(tapline_json_time(v)), 86400000000) = 0 THEN DATE(tapline_json_time(v)) END);
CREATE TEMP FUNCTION tapline_json_as_timestamp(v STRING) AS (
  CASE WHEN tapline_date(v) IS NOT NULL THEN TIMESTAMP(tapline_date(v)) ELSE tapline_json_time(v) END){{end}}
