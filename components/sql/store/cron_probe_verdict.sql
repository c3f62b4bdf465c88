-- cron_probe_verdict judges the answers to a probe and to its control with a made-up value.
-- Called by: settle_cron_secret
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_probe_verdict(
    p_probe jsonb, p_request bigint, p_control bigint, p_sent_at timestamptz
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- NULL while an answer is outstanding, 'accepted', or why the value is not: the end of a sentence, without anything
-- that the endpoint or curl said, since either may quote the value.
DECLARE
    answers jsonb; -- request id to what came back: 'ok' or a reason
BEGIN
    -- pg_net's tables are open to every login. An answer counts once pg_net has taken the request out of its queue, which
    -- it does in the transaction that brings the answer: what is there before was written by somebody else.
    SELECT jsonb_object_agg(r.id, CASE
        WHEN r.answers > 1 THEN 'its probe has more than one answer, and pg_net writes one: somebody may have forged it'
        WHEN verdict.state = 'timed_out' THEN 'its probe had ' || verdict.detail
        WHEN r.error_msg ILIKE '%resolve host%' THEN 'the host of its probe has no address'
        WHEN r.error_msg ILIKE '%connect to server%' THEN 'nothing listens where its probe goes'
        WHEN r.error_msg ILIKE '%redirect%' THEN 'its probe was redirected without end'
        WHEN r.error_msg ILIKE '%ssl%' OR r.error_msg ILIKE '%certificate%'
            THEN 'its probe found no server with a valid certificate'
        WHEN r.error_msg IS NOT NULL THEN 'its probe failed before there was an answer'
        WHEN verdict.state = 'ok' THEN 'ok'
        WHEN verdict.detail LIKE 'answered %' THEN 'its probe was ' || verdict.detail
        ELSE 'its probe proves nothing: ' || verdict.detail
    END) INTO answers
    FROM (
        SELECT a.*, count(*) OVER (PARTITION BY a.id) AS answers
        FROM net._http_response AS a
        WHERE a.id IN (p_request, p_control)
          AND NOT EXISTS (SELECT FROM net.http_request_queue AS q WHERE q.id IN (p_request, p_control))
    ) AS r
    CROSS JOIN LATERAL {schema}.judge_cron_answer(
        r.status_code, r.headers, r.content, r.timed_out, r.error_msg, '{{"redirects": "refuse"}}'::jsonb || p_probe
    ) AS verdict;

    IF answers ->> p_request::text <> 'ok' THEN
        RETURN answers ->> p_request::text;
    END IF;
    IF answers ? p_request::text AND (p_control IS NULL OR answers ? p_control::text) THEN
        RETURN CASE
            WHEN answers ->> p_control::text = 'ok'
                THEN 'its probe accepts a made-up value as well and so proves nothing (is it redirected?)'
            WHEN answers ->> p_control::text LIKE ANY (ARRAY[
                'its probe had no answer %', 'the host of its probe %', 'nothing listens %', 'its probe found no server %',
                'its probe failed before %'
            ]) THEN 'its probe proves nothing, since nobody answered it with a made-up value; try again'
            ELSE 'accepted'
        END;
    END IF;
    -- pg_net tells the answers of a round together, after the slowest of them
    IF clock_timestamp() > p_sent_at + make_interval(secs => (p_probe ->> 'timeout')::float + {patience}) THEN
        RETURN 'its probe was not sent or its answer got lost (does the worker of pg_net run?)';
    END IF;
    RETURN NULL;
END
$body$
