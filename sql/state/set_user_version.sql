-- Notes the migrations done. Fields: Version, a number. Idempotent.
PRAGMA user_version = {{printf "%d" .Version}}
