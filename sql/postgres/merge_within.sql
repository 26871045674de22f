-- Purpose: of the staged rows of a key keep the one read last, then of the
--   greatest place. Rows whose key has a NULL are not compared.
-- Parameters: Key.
-- Idempotent: yes.
DELETE FROM pg_temp._tapline_staged AS s USING (
  SELECT ctid AS entry, row_number() OVER (
    PARTITION BY {{idents .Key}}
    ORDER BY _tapline_loaded_at DESC, _tapline_row DESC, _tapline_load COLLATE "C" DESC) AS place
  FROM pg_temp._tapline_staged
  WHERE {{range $i, $k := .Key}}{{if $i}} AND {{end}}{{ident $k}} IS NOT NULL{{end}}
) AS ranked
WHERE s.ctid = ranked.entry AND ranked.place > 1
