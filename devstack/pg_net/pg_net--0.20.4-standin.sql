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

-- RFC 3986's removal of dot segments from a path that begins with a slash.
CREATE FUNCTION net._without_dots(path text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    segments text[] := pg_catalog.string_to_array(path, '/');
    kept text[] := '{}';
BEGIN
    FOR place IN 2..pg_catalog.cardinality(segments) LOOP
        IF segments[place] = '..' THEN
            kept := kept[:pg_catalog.cardinality(kept) - 1];
        ELSIF segments[place] <> '.' THEN
            kept := kept || segments[place];
        END IF;
    END LOOP;
    RETURN '/' || pg_catalog.array_to_string(kept, '/')
        || CASE WHEN kept <> '{}' AND path ~ '/\.\.?$' THEN '/' ELSE '' END;
END
$$;

-- A number as C reads it: decimal, octal after a 0, hexadecimal after a 0x; NULL if it is none or too long for one.
CREATE FUNCTION net._c_number(digits text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT CASE
        WHEN digits ~ '^0[xX][0-9A-Fa-f]{1,8}$' THEN
            ('x' || pg_catalog.lpad(pg_catalog.substr(digits, 3), 16, '0'))::bit(64)::bigint
        WHEN digits ~ '^0[0-7]{0,12}$' THEN (
            SELECT pg_catalog.sum(digit::bigint << (3 * place::int - 3))::bigint
            FROM pg_catalog.regexp_split_to_table(pg_catalog.reverse(digits), '') WITH ORDINALITY AS d (digit, place))
        WHEN digits ~ '^[1-9][0-9]{0,9}$' THEN digits::bigint
    END
$$;

-- The address that a host of one to four numbers stands for, such as 127.1; any other host as it is.
CREATE FUNCTION net._without_short_forms(host text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    parts text[] := pg_catalog.string_to_array(host, '.');
    count int := pg_catalog.cardinality(parts);
    number bigint;
    bytes int;
    address bigint := 0;
BEGIN
    FOR place IN 1..count LOOP
        number := net._c_number(parts[place]);
        bytes := CASE WHEN place = count THEN 5 - count ELSE 1 END; -- the last number fills what the others leave
        IF count > 4 OR number IS NULL OR number >> (8 * bytes) > 0 THEN
            RETURN host;
        END IF;
        address := (address << (8 * bytes)) + number;
    END LOOP;
    RETURN pg_catalog.host('0.0.0.0'::inet + address);
END
$$;

-- The IPv6 address between its brackets, in its shorter form and with its zone; NULL if it is none.
CREATE FUNCTION net._ipv6(bracketed text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    parts text[] := pg_catalog.regexp_match(bracketed, '^\[([0-9A-Fa-f:.]*)(?:%(?:25(?=[^]]))?([^]]+))?\]$');
    address text := parts[1];
    short text;
BEGIN
    IF address !~ ':' THEN
        RETURN NULL;
    END IF;
    short := pg_catalog.host(address::inet);
    RETURN '[' || CASE WHEN pg_catalog.length(short) < pg_catalog.length(address) THEN short ELSE address END
        || coalesce('%25' || parts[2], '') || ']';
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END
$$;

-- Parses and normalises the URL as libcurl 7.88 does, and appends the pairs, encoded already, to its query. A URL of
-- the scheme file is left as it is, since the worker serves none.
CREATE FUNCTION net._encode_url_with_params_array(url text, params_array text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    scheme text := pg_catalog.lower(pg_catalog.substring(url, '^([A-Za-z0-9+.-]{1,40}):'));
    parts text[] := pg_catalog.regexp_match(
        url, '^[^:]*:(/*)(?:([^/?#@]*)@)?([^/?#]*)([^?#]*)(?:[?]([^#]*))?(?:#(.*))?$');
    credentials text := parts[2];
    host text := pg_catalog.substring(parts[3], '^(\[[^]]*\]?|(?:[^:[][^:]*)?)');
    port text := pg_catalog.substr(parts[3], pg_catalog.length(host) + 1);
    path text := parts[4];
    query text := coalesce(parts[5], '');
    fragment text := coalesce(parts[6], '');
    pairs text := pg_catalog.array_to_string(params_array, '&');
    junk text := '[\x01-\x20\x7f]';
    reason text;
BEGIN
    -- The schemes of curl as distributions build it; the worker serves http and https alone, as the original's.
    reason := CASE
        WHEN scheme IS NULL THEN 'Bad scheme'
        WHEN scheme NOT IN ('http', 'https', 'ftp', 'ftps', 'file', 'dict', 'gopher', 'gophers', 'imap', 'imaps',
                            'ldap', 'ldaps', 'mqtt', 'pop3', 'pop3s', 'rtmp', 'rtsp', 'scp', 'sftp', 'smb', 'smbs',
                            'smtp', 'smtps', 'telnet', 'tftp') THEN 'Unsupported URL scheme'
        WHEN scheme = 'file' THEN NULL
        WHEN pg_catalog.length(parts[1]) NOT BETWEEN 1 AND 3 THEN 'Unsupported number of slashes following scheme'
        WHEN credentials IS NULL AND parts[3] = '' THEN 'No host part in the URL'
        WHEN fragment ~ junk THEN 'Bad fragment'
        WHEN query ~ junk THEN 'Bad query'
        WHEN path ~ junk THEN 'Bad path'
        WHEN pg_catalog.split_part(credentials, ':', 1) ~ junk THEN 'Bad user'
        WHEN credentials ~ junk THEN 'Bad password'
        WHEN port !~ '^(:0*[0-9]{0,5})?$' OR pg_catalog.substring(port, '[0-9]+')::int > 65535 THEN
            'Port number was not a decimal number between 0 and 65535'
        WHEN host ~ '^\[' AND net._ipv6(host) IS NULL THEN 'Bad IPv6 address'
        WHEN host = '' THEN 'No host part in the URL'
        WHEN host !~ '^\[' AND host ~ '[\x01-\x20\x7f!"$&''()*+,:;<=>?@[\\\]^`{}%]' THEN 'Bad hostname'
    END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION 'invalid URL "%": %', url, reason USING ERRCODE = 'internal_error';
    END IF;
    IF scheme = 'file' THEN
        RETURN url;
    END IF;
    IF pairs <> '' THEN
        query := query || CASE WHEN query = '' OR query ~ '&$' THEN '' ELSE '&' END || pairs;
    END IF;
    RETURN scheme || '://' || coalesce(credentials || '@', '')
        || coalesce(net._ipv6(host), net._without_short_forms(host))
        || coalesce(':' || pg_catalog.substring(port, '[0-9]+')::int, '') || net._without_dots(path)
        || CASE WHEN query = '' THEN '' ELSE '?' || query END
        || CASE WHEN fragment = '' THEN '' ELSE '#' || fragment END;
END
$$;

CREATE FUNCTION net._params_array(params jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(pg_catalog.array_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value))
                        FILTER (WHERE value IS NOT NULL), '{}')
    FROM pg_catalog.jsonb_each_text(params)
$$;

-- One request into the queue, and a wake for the worker. Unlike the original it refuses a timeout out of range.
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
                  HINT = 'pg_net itself takes it, and values out of range do harm in its worker';
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
