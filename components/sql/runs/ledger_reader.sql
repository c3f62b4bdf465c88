-- Whether row security hides the ledger or its jobs from who asks, who that is and who is meant to: pg_cron shows each role
-- its own jobs alone, and a row that is hidden looks like one that is not there.
SELECT
    current_user::text AS reader,
    pg_get_userbyid(t.relowner)::text AS owner,
    row_security_active(t.oid) AS hides_runs,
    row_security_active('cron.job') AND current_user <> pg_get_userbyid(t.relowner) AS hides_jobs
FROM pg_class AS t
WHERE t.oid = {runs}::regclass
