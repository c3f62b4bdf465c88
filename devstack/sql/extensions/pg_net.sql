CREATE EXTENSION pg_net SCHEMA extensions;
GRANT USAGE ON SCHEMA net TO postgres, anon, authenticated, service_role;
