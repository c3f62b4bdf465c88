-- judge_cron_answer applies the rule of a request to its answer and returns a state with a reason.
-- Called by: settle_cron_runs, cron_probe_verdict
-- Locks: none
-- Raises: nothing: it catches every error and returns the state failed
CREATE OR REPLACE FUNCTION {schema}.judge_cron_answer(
    p_status int, p_headers jsonb, p_content text, p_timed_out boolean, p_error text, p_rule jsonb
)
RETURNS TABLE (state text, detail text, milliseconds int, final boolean)
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- What an answer says of its run, and whether another attempt cannot help. It never fails, whatever the answer holds: one
-- that nobody can judge is no reason not to judge the others of its sweep.
DECLARE
    problem text;
    redirected boolean;
BEGIN
    final := false;
    IF p_error ~ '^timeout_milliseconds must be' THEN -- newer versions of pg_net answer so, and send nothing
        state := 'failed';
        final := true;
        detail := 'was never sent: ' || p_error;
    ELSIF p_timed_out OR p_error ~* '^timeout (of|was)|timed out|timeout after' THEN
        state := 'timed_out';
        detail := format('no answer within %s s', (p_rule ->> 'timeout')::float);
        milliseconds := substring(p_error FROM 'Total time: (\d{{1,7}})[.\d]* ms');
    ELSIF p_error IS NOT NULL THEN
        state := 'failed';
        detail := p_error;
    ELSE
        -- pg_net keeps the headers of all answers that led to this one. What was made has an address, too: 201, 202.
        redirected := p_status NOT IN (201, 202) AND p_status NOT BETWEEN 300 AND 399 AND EXISTS (
            SELECT FROM jsonb_each(CASE jsonb_typeof(p_headers) WHEN 'object' THEN p_headers END) AS h
            WHERE h.key ~* '^location$'
        );
        milliseconds := substring(p_headers ->> 'x-envoy-upstream-service-time' FROM '^\d{{1,7}}$');
        IF (p_status <@ (p_rule ->> 'status')::int4multirange) IS NOT TRUE THEN
            state := 'failed';
            detail := format('answered with status %s', coalesce(p_status::text, 'none'));
            IF p_status IN (502, 503) AND p_headers ->> 'x-served-by' = 'supabase-edge-runtime' THEN
                detail := detail || ' by the edge runtime'; -- and not by the gateway before it
            END IF;
        ELSIF redirected AND p_rule ->> 'redirects' = 'refuse' THEN
            state := 'failed';
            detail := format('answered with status %s, but by another address, to which it was redirected', p_status);
        ELSE
            problem := CASE WHEN p_rule ? 'body' THEN {schema}.cron_body_problem(p_content, p_rule ->> 'body') END;
            state := CASE WHEN problem IS NULL THEN 'ok' ELSE 'failed' END;
            detail := CASE
                WHEN problem LIKE 'a body %' THEN format('answered with status %s and %s', p_status, problem)
                WHEN problem IS NOT NULL THEN 'the answer is ' || problem
                WHEN redirected AND p_rule ->> 'redirects' IS NULL THEN 'answered after a redirect'
            END;
        END IF;
    END IF;
    RETURN NEXT;
EXCEPTION
    WHEN OTHERS THEN
        state := 'failed';
        detail := format('the answer cannot be judged (SQLSTATE %s)', SQLSTATE);
        milliseconds := NULL;
        RETURN NEXT;
END
$body$
