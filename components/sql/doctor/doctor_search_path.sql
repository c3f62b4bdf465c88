-- Functions whose callers can choose what names mean: without a search_path of their own, or with one in which pg_temp is
-- not the last, so that a session's own types and tables come first. Ours; then others' SECURITY DEFINER ones in people's
-- own schemas: all that have none, and where pg_temp is not the last those of our schema or of the secrets' owner.
SELECT found.name AS object, found.is_ours, found.owner, found.path
FROM (
    SELECT p.oid, p.oid::regprocedure::text AS name, p.prosecdef, p.proowner, n.nspname,
           pg_catalog.pg_get_userbyid(p.proowner)::text AS owner,
           n.nspname = {schema}
               AND (p.proname = ANY ({functions}) OR coalesce(pg_catalog.obj_description(p.oid, 'pg_proc') LIKE {marked}, false))
               AS is_ours,
           (SELECT substr(s.setting, length('search_path=') + 1)
            FROM unnest(p.proconfig) AS s (setting) WHERE s.setting LIKE 'search\_path=%') AS path
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
) AS found
WHERE coalesce(found.path, '') !~ '(^|,)\s*"?pg_temp"?\s*$'
  AND (
      found.is_ours
      OR found.prosecdef
         AND (
             found.path IS NULL
             OR found.nspname = {schema}
             OR found.proowner = (
                 SELECT c.relowner FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace
                 WHERE s.nspname = {schema} AND c.relname = {secrets}
             )
         )
         AND found.nspname <> ALL ({managed}) AND found.nspname NOT LIKE 'pg\_%'
         AND NOT EXISTS (
             SELECT FROM pg_catalog.pg_depend AS d
             WHERE d.classid = 'pg_proc'::regclass AND d.objid = found.oid AND d.deptype = 'e'
         )
  )
ORDER BY found.is_ours DESC, found.name
