-- Functions without a search_path of their own: ours, and others' SECURITY DEFINER ones in people's own schemas.
SELECT found.name AS object, found.is_ours
FROM (
    SELECT p.oid, p.oid::regprocedure::text AS name, p.prosecdef, n.nspname,
           n.nspname = {schema}
               AND (p.proname = ANY ({functions}) OR coalesce(pg_catalog.obj_description(p.oid, 'pg_proc') LIKE {marked}, false))
               AS is_ours
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search\_path=%')
) AS found
WHERE found.is_ours
   OR found.prosecdef AND found.nspname <> ALL ({managed}) AND found.nspname NOT LIKE 'pg\_%'
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend AS d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = found.oid AND d.deptype = 'e'
      )
ORDER BY found.is_ours DESC, found.name
