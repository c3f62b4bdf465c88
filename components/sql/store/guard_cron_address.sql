-- guard_cron_address refuses an address whose host the secret does not name, unless the caller can be the owner.
-- Called by: stage_cron_secret, undo_cron_secret
-- Locks: none; its callers have locked the row of cron_secret_declarations
-- Raises: invalid_parameter_value where it refuses the address
CREATE OR REPLACE FUNCTION {schema}.guard_cron_address(p_key text, p_value text)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- Refuse that somebody who may rotate, and does not deploy, points an address at a host that the catalogue does not name:
-- the next run would bring it every key that goes there.
DECLARE
    declared {schema}.cron_secret_declarations;
    caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
    found text[];
    host text;
BEGIN
    SELECT * INTO declared FROM {schema}.cron_secret_declarations AS d WHERE d.key = p_key;
    IF declared.format IS DISTINCT FROM 'url'
        -- A function of the owner's: whoever can be the owner, by login and by SET ROLE, deploys.
        OR pg_has_role(session_user, current_user, 'MEMBER') AND pg_has_role(caller, current_user, 'MEMBER')
    THEN
        RETURN;
    END IF;
    found := regexp_match(p_value, {address});
    host := coalesce(found[1], found[2]);
    IF host IS NULL AND p_value LIKE 'http://%' THEN -- to a host that the stack allows without https
        host := 'http://' || (regexp_match('https' || substr(p_value, 5), {address}))[1];
    END IF;
    IF coalesce(rtrim(lower(host), '.') = ANY (declared.hosts), false) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'cron secret % is an address, which % may not move%', quote_literal(p_key), quote_ident(caller),
        CASE WHEN declared.hosts IS NULL THEN '' ELSE ' to another host than ' || array_to_string(declared.hosts, ', ') END
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Let who deploys set it, or name the host in jobs.yaml, under hosts of the secret, and run pulumi up.';
END
$body$
