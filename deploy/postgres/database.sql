-- One service's database; see databases.sql.
\set owner :service _owner
\set file :passwords / :service
\set password `cat :'file'`
SELECT format('CREATE ROLE %I', :'service') WHERE to_regrole(:'service') IS NULL \gexec
ALTER ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
\set file :passwords / :owner
\set password `cat :'file'`
SELECT format('CREATE ROLE %I', :'owner') WHERE to_regrole(:'owner') IS NULL \gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
\unset password
-- So that whoever runs this may give it away, who need not be a superuser (PostgreSQL 16 and later).
GRANT :"owner" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'service', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";
