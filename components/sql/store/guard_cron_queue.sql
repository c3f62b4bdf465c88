-- guard_cron_queue refuses to let a request be queued while a foreign trigger is on pg_net's queue.
-- Called by: the commands of jobs and of alerts that send a request (declaration/command.py); settle_cron_secret
-- Locks: net.http_request_queue (LOCK TABLE IN ROW EXCLUSIVE MODE), until the end of the transaction
-- Raises: object_not_in_prerequisite_state where there is such a trigger; lock_not_available comes from the server
--   where it waits for the lock for more than 10 seconds
CREATE OR REPLACE FUNCTION {schema}.guard_cron_queue()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
AS $body$
-- pg_net opens its queue to every login with all privileges. What somebody attached to it would run as who sends a
-- request, so none is sent: true, or an error. The lock keeps it so until the request is queued, and others from holding
-- a job up for long.
BEGIN
    LOCK TABLE net.http_request_queue IN ROW EXCLUSIVE MODE;
    IF (SELECT c.relhastriggers FROM pg_class AS c WHERE c.oid = 'net.http_request_queue'::regclass) THEN
        IF EXISTS (
            SELECT FROM pg_trigger AS t
            JOIN pg_class AS c ON c.oid = t.tgrelid
            JOIN pg_proc AS p ON p.oid = t.tgfoid
            WHERE c.oid = 'net.http_request_queue'::regclass AND NOT t.tgisinternal AND p.proowner <> c.relowner
        ) THEN
            RAISE EXCEPTION 'somebody put a trigger on net.http_request_queue, which would run with the rights of this job'
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Find out who (cronctl doctor names it), and have a superuser drop it.';
        END IF;
    END IF;
    RETURN true;
END
$body$
