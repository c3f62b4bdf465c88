-- A stand-in of pg_net for development and tests: its tables, functions, checks and texts, without its library.
-- The worker that drains the queue is a process of the dev stack (python -m devstack.pg_net), woken by NOTIFY.
\echo Use "CREATE EXTENSION pg_net" to load this file. \quit

CREATE SCHEMA net;

CREATE DOMAIN net.http_method AS text
    CHECK (VALUE ILIKE 'get' OR VALUE ILIKE 'post' OR VALUE ILIKE 'delete');

CREATE UNLOGGED TABLE net.http_request_queue (
    id bigserial,
    method net.http_method NOT NULL,
    url text NOT NULL,
    headers jsonb,
    body bytea,
    timeout_milliseconds int NOT NULL
);

CREATE UNLOGGED TABLE net._http_response (
    id bigint,
    status_code int,
    content_type text,
    headers jsonb,
    content text,
    timed_out bool,
    error_msg text,
    created timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ON net._http_response (created);

CREATE TYPE net.request_status AS ENUM ('PENDING', 'SUCCESS', 'ERROR');

CREATE TYPE net.http_response AS (status_code int, headers jsonb, body text);

CREATE TYPE net.http_response_result AS (status net.request_status, message text, response net.http_response);

-- The original's worker is a background worker of the server and found by backend_type; this one is a client.
CREATE FUNCTION net._worker_is_up() RETURNS bool
    LANGUAGE sql VOLATILE PARALLEL RESTRICTED
AS $$
    SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name LIKE 'pg\_net %')
$$;

CREATE FUNCTION net.check_worker_is_up() RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT net._worker_is_up() THEN
        RAISE EXCEPTION 'the pg_net background worker is not up'
            USING DETAIL = 'the stand-in''s worker, a process of the dev stack, has no connection to this server',
                  HINT = 'start it with: python -m devstack up';
    END IF;
END
$$;

-- NOTIFY has what the original's latch has: it is delivered at commit, once a transaction, and not after a rollback.
CREATE FUNCTION net.wake() RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('pg_net', 'wake');
END
$$;

CREATE FUNCTION net.worker_restart() RETURNS bool
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('pg_net', 'restart');
    RETURN true;
END
$$;

CREATE FUNCTION net.wait_until_running() RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    WHILE NOT net._worker_is_up() LOOP
        PERFORM pg_catalog.pg_sleep(0.05);
        PERFORM pg_catalog.pg_stat_clear_snapshot();
    END LOOP;
END
$$;

-- Every byte but RFC 3986's unreserved characters becomes %XX, as curl_easy_escape has it.
CREATE FUNCTION net._urlencode_string(string varchar) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT coalesce(pg_catalog.string_agg(
        CASE
            WHEN pg_catalog.chr(byte) ~ '[A-Za-z0-9._~-]' AND byte < 128 THEN pg_catalog.chr(byte)
            ELSE '%' || pg_catalog.upper(pg_catalog.lpad(pg_catalog.to_hex(byte), 2, '0'))
        END, '' ORDER BY place), '')
    FROM (
        SELECT place, pg_catalog.get_byte(bytes, place) AS byte
        FROM (SELECT pg_catalog.convert_to(string, 'UTF8') AS bytes) AS encoded,
             LATERAL pg_catalog.generate_series(0, pg_catalog.length(bytes) - 1) AS place
    ) AS characters
$$;

-- Parses the URL as far as SQL can, and appends the pairs, encoded already, to its query.
CREATE FUNCTION net._encode_url_with_params_array(url text, params_array text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    parts text[] := pg_catalog.regexp_match(url, '^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)([?][^#]*)?(#.*)?$');
    scheme text := pg_catalog.lower(parts[1]);
    pairs text := pg_catalog.array_to_string(params_array, '&');
    query text := coalesce(parts[4], '');
BEGIN
    IF scheme IS NULL AND url ~ '^[A-Za-z][A-Za-z0-9+.-]*:' THEN
        RAISE EXCEPTION 'Unsupported URL scheme';
    END IF;
    IF scheme IS NULL OR url ~ '[\x01-\x20\x7f]' THEN
        RAISE EXCEPTION 'invalid URL "%"', url;
    END IF;
    -- The schemes of curl as distributions build it; the worker serves http and https alone, as the original's.
    IF scheme NOT IN ('http', 'https', 'ftp', 'ftps', 'file', 'dict', 'gopher', 'gophers', 'imap', 'imaps', 'ldap',
                      'ldaps', 'mqtt', 'pop3', 'pop3s', 'rtmp', 'rtsp', 'scp', 'sftp', 'smb', 'smbs', 'smtp',
                      'smtps', 'telnet', 'tftp', 'ws', 'wss') THEN
        RAISE EXCEPTION 'Unsupported URL scheme';
    END IF;
    IF parts[2] = '' AND scheme <> 'file' THEN
        RAISE EXCEPTION 'invalid URL "%": no host part', url;
    END IF;
    IF pairs <> '' THEN
        query := CASE WHEN query IN ('', '?') THEN '?' ELSE query || '&' END || pairs;
    END IF;
    RETURN scheme || '://' || parts[2] || CASE WHEN parts[3] = '' THEN '/' ELSE parts[3] END
        || query || coalesce(parts[5], '');
END
$$;

CREATE FUNCTION net._params_array(params jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(pg_catalog.array_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value))
                        FILTER (WHERE value IS NOT NULL), '{}')
    FROM pg_catalog.jsonb_each_text(params)
$$;

-- One request into the queue, and a wake for the worker. Unlike the original it refuses a timeout that would never
-- end (0) or that the worker could not serve (negative).
CREATE FUNCTION net._enqueue(method text, url text, params jsonb, headers jsonb, body jsonb, timeout_milliseconds int)
    RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    request_id bigint;
BEGIN
    IF timeout_milliseconds <= 0 THEN
        RAISE EXCEPTION 'timeout_milliseconds must be greater than 0, not %', timeout_milliseconds
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'pg_net itself takes it: 0 then never times out, and a negative one stops its worker';
    END IF;
    INSERT INTO net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    VALUES (method, net._encode_url_with_params_array(url, net._params_array(params)), headers,
            pg_catalog.convert_to(body::text, 'UTF8'), timeout_milliseconds)
    RETURNING id INTO request_id;
    PERFORM net.wake();
    RETURN request_id;
END
$$;

CREATE FUNCTION net.http_get(
    url text,
    params jsonb DEFAULT '{}',
    headers jsonb DEFAULT '{}',
    timeout_milliseconds int DEFAULT 5000
) RETURNS bigint
    LANGUAGE plpgsql
AS $$
BEGIN
    RETURN net._enqueue('GET', url, params, headers, NULL, timeout_milliseconds);
END
$$;

CREATE FUNCTION net.http_post(
    url text,
    body jsonb DEFAULT '{}',
    params jsonb DEFAULT '{}',
    headers jsonb DEFAULT '{"Content-Type": "application/json"}',
    timeout_milliseconds int DEFAULT 5000
) RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    content_type text := (
        SELECT value
        FROM pg_catalog.jsonb_each_text(coalesce(headers, '{}'))
        WHERE pg_catalog.lower(key) = 'content-type'
        LIMIT 1
    );
BEGIN
    IF content_type IS NULL THEN
        headers := headers || '{"Content-Type": "application/json"}';
    ELSIF content_type <> 'application/json' THEN
        RAISE EXCEPTION 'Content-Type header must be "application/json"';
    END IF;
    RETURN net._enqueue('POST', url, params, headers, body, timeout_milliseconds);
END
$$;

CREATE FUNCTION net.http_delete(
    url text,
    params jsonb DEFAULT '{}',
    headers jsonb DEFAULT '{}',
    timeout_milliseconds int DEFAULT 5000,
    body jsonb DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
AS $$
BEGIN
    RETURN net._enqueue('DELETE', url, params, headers, body, timeout_milliseconds);
END
$$;

CREATE FUNCTION net._await_response(request_id bigint) RETURNS bool
    LANGUAGE plpgsql
AS $$
BEGIN
    WHILE NOT EXISTS (SELECT FROM net._http_response AS response WHERE response.id = request_id) LOOP
        PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
    RETURN true;
END
$$;

CREATE FUNCTION net._http_collect_response(request_id bigint, async bool DEFAULT true)
    RETURNS net.http_response_result
    LANGUAGE plpgsql
AS $$
DECLARE
    found_response net._http_response;
BEGIN
    IF NOT async THEN
        PERFORM net._await_response(request_id);
    END IF;
    SELECT * INTO found_response FROM net._http_response AS response WHERE response.id = request_id;
    IF NOT FOUND THEN
        RETURN ('ERROR', 'request matching request_id not found', NULL)::net.http_response_result;
    END IF;
    IF found_response.error_msg IS NOT NULL THEN
        RETURN ('ERROR', found_response.error_msg, NULL)::net.http_response_result;
    END IF;
    RETURN ('SUCCESS', 'ok',
            (found_response.status_code, found_response.headers, found_response.content)::net.http_response
           )::net.http_response_result;
END
$$;

-- Deprecated upstream, where it fails; here it works, which nobody should rely on.
CREATE FUNCTION net.http_collect_response(request_id bigint, async bool DEFAULT true)
    RETURNS net.http_response_result
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE NOTICE 'The net.http_collect_response function is deprecated.';
    RETURN net._http_collect_response(request_id, async);
END
$$;

-- As wide open as the original, which matters to whoever queues secrets.
GRANT USAGE ON SCHEMA net TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA net TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA net TO PUBLIC;
