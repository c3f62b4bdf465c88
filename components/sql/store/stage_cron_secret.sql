-- stage_cron_secret checks the value in the stage given and starts the rotation to it.
-- Called by: rotate_cron_secret; the resource Secret, and cronctl rotate as a role that can write to cron_secret_stages
--   (objects/secret_rotation.py)
-- Locks: the row of the key in cron_secret_declarations (FOR UPDATE)
-- Raises: no_data_found where the key is not declared; invalid_parameter_value where the value is not acceptable;
--   object_in_use where a rotation to another value is pending
CREATE OR REPLACE FUNCTION {schema}.stage_cron_secret(p_key text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- Start the rotation to the given value: the one way in, for pulumi, cronctl and rotate_cron_secret. Returns the
-- rotation, NULL where the value is the current one already.
DECLARE
    declared {schema}.cron_secret_declarations;
    named text := quote_literal(p_key);
    new_value text;
    read text;
    wanted text;
    pending record;
    started uuid := gen_random_uuid();
BEGIN
    SELECT * INTO declared FROM {schema}.cron_secret_declarations AS d
    WHERE d.key = p_key FOR UPDATE; -- one rotation at a time
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cron secret % is not declared', named
            USING ERRCODE = 'no_data_found', HINT = 'Declare it in jobs.yaml and run pulumi up.';
    END IF;
    SELECT {schema}.cron_secret_value(s.value) INTO new_value
    FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'given';
    DELETE FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'given';
    IF new_value IS NULL OR btrim(new_value) = '' THEN
        RAISE EXCEPTION 'the new value of cron secret % is empty', named USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM {schema}.guard_cron_address(p_key, new_value); -- with the declaration locked, or it might become another
    IF new_value <> btrim(new_value) OR new_value ~ '[[:cntrl:]]' THEN
        RAISE EXCEPTION 'the new value of cron secret % has blanks around it or control characters', named
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF octet_length(new_value) > {max_bytes} THEN
        RAISE EXCEPTION 'the new value of cron secret % is longer than % bytes, more than a header may be', named,
            {max_bytes} USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF new_value ILIKE 'placeholder%' THEN
        RAISE EXCEPTION 'the new value of cron secret % is a placeholder', named
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF octet_length(new_value) < declared.min_bytes THEN
        RAISE EXCEPTION 'the new value of cron secret % is shorter than % bytes, too weak to sign with', named,
            declared.min_bytes USING ERRCODE = 'invalid_parameter_value', HINT = 'Make one with: openssl rand -hex 32';
    END IF;
    wanted := CASE declared.format -- what more can be checked is where there is more than SQL (secret_value.py)
        WHEN 'url' THEN {address}
        WHEN 'jwt' THEN '^eyJ[A-Za-z0-9_-]*[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]*$'
        WHEN 'api_key' THEN '^sb_'
        ELSE ''
    END;
    read := new_value;
    IF declared.format = 'url' AND new_value LIKE 'http://%' AND rtrim(
            lower('http://' || (regexp_match('https' || substr(new_value, 5), wanted))[1]), '.') = ANY (declared.hosts)
    THEN
        read := 'https' || substr(new_value, 5); -- a container beside the database, which the stack names
    END IF;
    IF read !~ wanted OR declared.format = 'url' AND right(new_value, 1) = '/' THEN
        RAISE EXCEPTION 'the new value of cron secret % is no %', named, CASE declared.format
            WHEN 'url' THEN 'web address with https (http to this machine alone) and without a slash at its end'
            WHEN 'jwt' THEN 'JWT (eyJ…)'
            ELSE 'new API key (sb_…)'
        END USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF declared.format <> 'url' AND new_value ~ {any_scheme} THEN
        RAISE EXCEPTION 'the new value of cron secret % is an address, and its format is %', named, declared.format
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Declare it in jobs.yaml with format: url.';
    END IF;

    PERFORM {schema}.settle_cron_secret(p_key); -- end what an interrupted rotation left behind
    SELECT s.rotation, {schema}.cron_secret_value(s.value) AS value INTO pending
    FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'pending';
    IF FOUND THEN
        IF pending.value = new_value THEN
            RETURN pending.rotation;
        END IF;
        RAISE EXCEPTION 'another rotation of cron secret % waits for the answer to its probe', named
            USING ERRCODE = 'object_in_use', HINT = 'Try again when it has ended.';
    END IF;
    IF new_value = (SELECT {schema}.cron_secret_value(s.value) FROM {schema}.cron_secrets AS s WHERE s.key = p_key) THEN
        RETURN NULL;
    END IF;
    INSERT INTO {schema}.cron_secret_stages (key, stage, value, rotation) VALUES (p_key, 'pending', new_value, started);
    INSERT INTO {schema}.cron_secret_audit (key, action, rotation) VALUES (p_key, 'staged', started);
    PERFORM {schema}.settle_cron_secret(p_key);
    RETURN started;
END
$body$
