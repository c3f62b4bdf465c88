-- Triggers on pg_net's tables whose function is not that of the tables' owner.
SELECT c.oid::regclass::text AS table, t.tgname::text AS trigger, pg_catalog.pg_get_userbyid(p.proowner)::text AS owner
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
WHERE n.nspname = 'net' AND NOT t.tgisinternal AND p.proowner <> c.relowner
ORDER BY 1, 2
