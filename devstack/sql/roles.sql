-- Supabase's roles, memberships and schemas (supabase/postgres). Passwords are set apart.
CREATE ROLE postgres LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS;
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;

GRANT anon, authenticated, service_role TO authenticator;
GRANT anon, authenticated, service_role TO postgres WITH ADMIN OPTION;
GRANT pg_monitor, pg_read_all_data, pg_signal_backend TO postgres;
GRANT ALL ON DATABASE postgres TO postgres;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO postgres;

CREATE SCHEMA extensions;
CREATE SCHEMA vault;
GRANT USAGE, CREATE ON SCHEMA extensions, public TO postgres;
GRANT USAGE ON SCHEMA extensions, public TO anon, authenticated, service_role;

ALTER ROLE postgres SET search_path TO "$user", public, extensions;
ALTER ROLE anon SET statement_timeout = '3s';
ALTER ROLE authenticated SET statement_timeout = '8s';
ALTER ROLE authenticator SET statement_timeout = '8s';
ALTER ROLE authenticator SET lock_timeout = '8s';

-- The linter's rules on exposed schemas find nothing without it.
ALTER DATABASE postgres SET pgrst.db_schemas = 'public,graphql_public';
