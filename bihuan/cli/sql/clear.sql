-- Purpose: empty the schema before a restore, in the restore's own transaction.
-- Parameters: none. Rows: none.
SET LOCAL client_min_messages = warning;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
