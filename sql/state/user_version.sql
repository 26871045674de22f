-- How many migrations the file has had. Parameters: none. Reads only.
PRAGMA user_version
