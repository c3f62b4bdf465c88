-- settle_cron_secret continues the rotation of a key: it sends the probe, judges the answer and replaces the value.
-- Called by: stage_cron_secret, undo_cron_secret, sweep_cron_secrets; cronctl rotate; the resource Secret, to wait for
--   a probe; roles with EXECUTE (resource Grants)
-- Locks: the row of the key in cron_secret_declarations (FOR UPDATE); guard_cron_queue locks net.http_request_queue
-- Raises: no_data_found where the key is neither declared nor in the audit
CREATE OR REPLACE FUNCTION {schema}.settle_cron_secret(p_key text, p_rotation uuid DEFAULT NULL)
RETURNS TABLE (rotation uuid, state text, detail text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- Take a key's rotation as far as it can go now, and tell how a rotation stands (by default the last one): waiting,
-- current or refused. Whoever waits calls it again and again; the sweep job calls it for those that nobody waits for.
#variable_conflict use_column
DECLARE
    declared {schema}.cron_secret_declarations;
    pending {schema}.cron_secret_stages;
    sent {schema}.cron_secret_probes;
    new_value text;
    made_up text;
    asked bigint;
    verdict text;
BEGIN
    SELECT * INTO declared FROM {schema}.cron_secret_declarations AS d WHERE d.key = p_key FOR UPDATE;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM {schema}.cron_secret_audit AS a WHERE a.key = p_key) THEN
        RAISE EXCEPTION 'cron secret % is not declared', quote_nullable(p_key)
            USING ERRCODE = 'no_data_found', HINT = 'Declare it in jobs.yaml and run pulumi up.';
    END IF;
    DELETE FROM {schema}.cron_secret_stages AS s
    WHERE s.key = p_key AND s.stage = 'previous' AND s.expires_at <= clock_timestamp();
    IF FOUND THEN
        INSERT INTO {schema}.cron_secret_audit (key, action) VALUES (p_key, 'forgotten');
    END IF;

    SELECT * INTO pending FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'pending';
    IF FOUND THEN
        new_value := {schema}.cron_secret_value(pending.value);
        SELECT * INTO sent FROM {schema}.cron_secret_probes AS p
        WHERE p.rotation = pending.rotation AND p.queue = to_regclass('net.http_request_queue');
        IF new_value IS NULL THEN
            verdict := 'it is not in Vault any more, or Vault cannot decrypt it';
        ELSIF declared.probe IS NULL THEN
            verdict := 'accepted';
        ELSIF NOT FOUND THEN -- not sent yet, or lost with pg_net's queue, in a crash of the server or as pg_net was made anew
            BEGIN
                PERFORM {schema}.guard_cron_queue();
                -- The value is no parameter here, since EXECUTE plans with its parameters as constants: the statement
                -- reads what is pending itself, unless it is given a made-up value. That goes first as often as not,
                -- so that nobody can tell beforehand which answer will count as which.
                FOREACH made_up IN ARRAY CASE
                    WHEN declared.probe -> 'control' IS DISTINCT FROM 'true' THEN ARRAY[NULL::text]
                    WHEN get_byte(uuid_send(gen_random_uuid()), 0) < 128 THEN ARRAY[NULL, 'supabase-cron-made-up-' || gen_random_uuid()]
                    ELSE ARRAY['supabase-cron-made-up-' || gen_random_uuid(), NULL]
                END LOOP
                    EXECUTE declared.probe ->> 'request' INTO asked USING made_up;
                    IF made_up IS NULL THEN
                        sent.request := asked;
                    ELSE
                        sent.control := asked;
                    END IF;
                END LOOP;
                DELETE FROM {schema}.cron_secret_probes AS p WHERE p.rotation = pending.rotation;
                INSERT INTO {schema}.cron_secret_probes (rotation, request, control)
                VALUES (pending.rotation, sent.request, sent.control);
                INSERT INTO {schema}.cron_secret_audit (key, action, rotation)
                VALUES (p_key, 'probed', pending.rotation);
            EXCEPTION
                WHEN OTHERS THEN -- told without its text, which may quote the url and in it a value
                    verdict := format('its probe cannot be sent (SQLSTATE %s)', SQLSTATE);
            END;
        ELSE
            verdict := {schema}.cron_probe_verdict(declared.probe, sent.request, sent.control, sent.sent_at);
        END IF;

        IF verdict = 'accepted' THEN
            DELETE FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'previous';
            INSERT INTO {schema}.cron_secret_stages (key, stage, value, expires_at, version)
            SELECT s.key, 'previous', {schema}.cron_secret_value(s.value), clock_timestamp() + declared.grace, s.version
            FROM {schema}.cron_secrets AS s
            WHERE s.key = p_key AND {schema}.cron_secret_value(s.value) NOT ILIKE ALL (ARRAY['', 'placeholder%']);
            UPDATE {schema}.cron_secrets AS s
            SET value = new_value, updated_at = clock_timestamp(), rotation = pending.rotation
            WHERE s.key = p_key;
            IF NOT FOUND THEN
                INSERT INTO {schema}.cron_secrets (key, value, description, updated_at, rotation)
                VALUES (p_key, new_value, declared.description, clock_timestamp(), pending.rotation);
            END IF;
        ELSIF verdict IS NOT NULL THEN
            INSERT INTO {schema}.cron_secret_audit (key, action, rotation, detail)
            VALUES (p_key, 'refused', pending.rotation, verdict);
            DELETE FROM {schema}.cron_secret_declarations AS d -- a first value that was refused leaves nothing
            WHERE d.key = p_key AND NOT EXISTS (SELECT FROM {schema}.cron_secrets AS s WHERE s.key = p_key);
        END IF;
        IF verdict IS NOT NULL THEN
            DELETE FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'pending';
            DELETE FROM {schema}.cron_secret_probes AS p WHERE p.rotation = pending.rotation;
        END IF;
    END IF;

    RETURN QUERY
    SELECT
        a.rotation,
        CASE a.action WHEN 'refused' THEN 'refused' WHEN 'staged' THEN 'waiting' WHEN 'probed' THEN 'waiting' ELSE 'current' END,
        a.detail
    FROM {schema}.cron_secret_audit AS a
    WHERE a.key = p_key AND a.rotation IS NOT NULL AND a.rotation = coalesce(p_rotation, a.rotation)
    ORDER BY a.at DESC
    LIMIT 1;
END
$body$
