-- Raise where the store still holds keys: declared ones are gone by now, so the rest was put there by hand.
DO $guard$
DECLARE
    keys text;
BEGIN
    SELECT string_agg(quote_ident(key), ', ' ORDER BY key) INTO keys FROM {table};
    IF keys IS NOT NULL THEN
        RAISE EXCEPTION 'it still holds keys that this stack does not declare: %', left(keys, 500)
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = 'Save and delete them, or run: pulumi config set destroyForeignSecrets true && pulumi up';
    END IF;
END
$guard$
