-- Purpose: set the cells that have become readable.
-- Parameters: Table, Column; $1 load.
-- Idempotent: yes.
UPDATE main.{{ident .Table}} AS t SET {{ident .Column}} = a.value
FROM temp.amended AS a WHERE t._tapline_load = $1 AND t._tapline_row = a.place
