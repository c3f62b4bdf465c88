-- await_cron_answers waits until pg_net's queue is empty: 2 to 12 seconds, and half of statement_timeout at most.
-- Called by: the command of the job cron-runs-sweep-<schema> (sql/ledger/runs_sweep.sql), before sweep_cron_runs
-- Locks: none
-- Raises: nothing of its own; an error while it reads the queue ends the wait
CREATE OR REPLACE FUNCTION {schema}.await_cron_answers()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Jobs fire in the same second as the sweep that is to judge their answers, which so would come too late for it. It waits
-- until pg_net has worked off its queue: two seconds at least, which a job takes to begin, and twelve at most.
DECLARE
    patience interval := current_setting('statement_timeout')::interval;
    until timestamptz := clock_timestamp()
        + least(interval '12 seconds', CASE WHEN patience > interval '0' THEN patience / 2 ELSE '12 seconds' END);
BEGIN
    LOOP
        PERFORM pg_sleep(least(2, greatest(0, extract(epoch FROM until - clock_timestamp()))));
        EXIT WHEN clock_timestamp() >= until;
        BEGIN
            EXIT WHEN NOT EXISTS (SELECT FROM net.http_request_queue);
        EXCEPTION WHEN OTHERS THEN
            EXIT; -- there is none: the sweep says so
        END;
    END LOOP;
END
$body$
