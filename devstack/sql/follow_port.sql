-- pg_cron keeps host and port in each job's row; after a change of the port its jobs would go to the old one.
UPDATE cron.job
   SET nodename = current_setting('cron.host'), nodeport = current_setting('port')::int
 WHERE (nodename, nodeport) IS DISTINCT FROM (current_setting('cron.host'), current_setting('port')::int)
