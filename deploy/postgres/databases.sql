-- The services' databases, and the dashboard's: one each, a login role for the service and an owner role for its migrations. As superuser:
--
--   psql -v passwords=FOLDER -f databases.sql
--
-- FOLDER has a file with a password for each role: config, config_owner and so on. It can be run again; then it sets
-- the passwords anew. The server gets them in statements, so it must not log those that set roles (log_statement = none,
-- which is PostgreSQL's own default).
\set ON_ERROR_STOP on
\set service audit
\ir database.sql
\set service config
\ir database.sql
\set service dashboard
\ir database.sql
\set service releaser
\ir database.sql
\set service secrets
\ir database.sql
\set service tokens
\ir database.sql
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
