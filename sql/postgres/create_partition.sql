-- Purpose: the partition of a day, month or year.
-- Parameters: Schema, Table, Name, From, To (dates; the second is not in it).
-- Idempotent: no; fails where one is there, or rows of that time lie elsewhere.
CREATE TABLE {{ident .Schema}}.{{ident .Name}} PARTITION OF {{ident .Schema}}.{{ident .Table}}
FOR VALUES FROM ({{text .From}}) TO ({{text .To}})
