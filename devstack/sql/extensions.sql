-- The extensions as Supabase has them after its after-create scripts; they belong to the superuser.
CREATE EXTENSION pg_cron SCHEMA pg_catalog;
GRANT USAGE ON SCHEMA cron TO postgres WITH GRANT OPTION;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA cron TO postgres WITH GRANT OPTION;
GRANT ALL ON cron.job_run_details TO postgres WITH GRANT OPTION;
GRANT SELECT ON cron.job TO postgres WITH GRANT OPTION;

CREATE EXTENSION pg_net SCHEMA extensions;
GRANT USAGE ON SCHEMA net TO postgres, anon, authenticated, service_role;
