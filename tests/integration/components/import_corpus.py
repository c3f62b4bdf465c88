"""Commands in the forms that people write, in our own words; the keys in them are made up."""

from components.importing.outcome import Reason

UUID_KEY = "3f0a9c1e-77d2-4b1a-9a35-0b8c5f6d2e11"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIiwiZm9yIjoidGVzdHMifQ.c2lnbmF0dXJlLW9mLXRlc3Rz"
WORD_KEY = "kq83hd02lsp1mm47"
FORGED = (UUID_KEY, JWT, WORD_KEY)

VALUES = {
    "project_url": "https://store.example.com",
    "service_role_key": JWT,
    "anon_key": "anon-value-of-tests",
    "Mixed Name": "mixed-value-of-tests",
}
SETTINGS = {"app.settings.api_url": "https://setting.example.com", "app.settings.key": "setting-value-of-tests"}

_URL = "'https://a.example.com/f'"
_VAULT = "(select decrypted_secret from vault.decrypted_secrets where name = '{}')"

EXACT = (
    f"select net.http_post({_URL})",
    f"SELECT net.http_post(url := {_URL}) AS request_id;",
    f"select net.http_post(url => {_URL}, body => '{{}}'::jsonb)",
    f'select net.http_post({_URL}, \'{{"a": [1, 2.5, null, true, "x"]}}\')',
    f"select net.http_post({_URL}, '{{\"a\": 1}}'::jsonb, '{{}}', '{{\"X-From\": \"cron\"}}', 1500)",
    f'select net.http_post({_URL}, headers := \'{{"content-type": "application/json"}}\')',
    f'select net.http_post({_URL}, headers := \'{{"Content-Type": "application/json", "X-A": "b"}}\')',
    f'select net.http_post({_URL}, headers := \'{{"Authorization": "Bearer {JWT}"}}\'::jsonb)',
    f'select net.http_post({_URL}, headers := \'{{"authorization": "Bearer {JWT}"}}\'::jsonb)',
    f"select net.http_post({_URL}, headers := jsonb_build_object('X-Api-Key', '{UUID_KEY}'))",
    f"select net.http_post({_URL}, headers := jsonb_build_object('Authorization', '{JWT}', 'apikey', '{JWT}'))",
    f"select net.http_post({_URL}, headers := jsonb_build_object('Authorization', 'Basic dXNlcjpwYXNzd29yZA=='))",
    f"select net.http_get('https://a.example.com/poll?token={WORD_KEY}&page=2')",
    "select net.http_get('https://a.example.com/poll?a=1', headers := '{\"Accept\": \"text/plain\"}'::jsonb)",
    f"select net.http_get({_URL}, timeout_milliseconds => 30000)",
    f"select net.http_get({_URL}, '{{}}'::jsonb, '{{\"X-Count\": 5, \"X-On\": true}}'::jsonb)",
    f"select net.http_delete({_URL})",
    f'select net.http_delete({_URL}, headers := \'{{"Content-Type": "application/json"}}\', body := \'{{"id": 7}}\')',
    f"select net.http_post({_URL}, jsonb_build_object('w', jsonb_build_object('days', 1), 'l', jsonb_build_array('a', 2)))",
    f'select net.http_post({_URL}, body := cast(\'{{"a": "b"}}\' as jsonb))',
    f'select net.http_post({_URL}, body := jsonb \'{{"a": "b"}}\')',
    f"select net.http_post({_URL}, body := json_build_object('a', 'b')::jsonb)",
    f"select net.http_post({_URL}, body := '{{\"a\": 1}}'::jsonb || '{{\"b\": 2}}')",
    f'select net.http_post({_URL}, body := \'{{"a": 1, "a": 2}}\'::jsonb)',
    f"select net.http_post({_URL}, body := to_jsonb('text of its own'::text))",
    f'select net.http_post({_URL}, body := \'[1, {{"b": "{{c}} and }}d{{"}}]\')',
    f"select net.http_post({_URL}, body := E'{{\"a\": \"line\\\\nnext \\u00e4 ''quoted''\"}}'::jsonb)",
    "select net.http_post('https://a.example.com/{id}/x?q=%7B')",
    "select net.http_post('https://a.example.com' || '/part' || '/' || 7)",
    "select net.http_post(concat('https://a.example.com', '/part/', 7, null))",
    "select net.http_post(format('https://%s/%2$s/%%41', 'a.example.com', 'f'))",
    "select net.http_post((select 'https://a.example.com/f'))",
    "select net.http_post(url := public.get_secret('project_url') || '/functions/v1/work', "
    "headers := jsonb_build_object('Content-Type', 'application/json', "
    "'Authorization', 'Bearer ' || public.get_secret('service_role_key')), body := '{}'::jsonb)",
    "select net.http_post(get_secret('project_url') || '/f', headers := jsonb_build_object('x-cron', get_secret('anon_key')))",
    f"select net.http_post({_VAULT.format('project_url')} || '/f')",
    f"select net.http_post({_VAULT.format('project_url')}::text || '/f', headers := jsonb_build_object('Authorization', "
    f"concat('Bearer ', {_VAULT.format('Mixed Name')})))",
    "select net.http_post((select s.decrypted_secret from vault.decrypted_secrets as s where 'project_url' = s.name limit 1))",
    f"select net.http_post({_URL}, headers := ('{{\"Authorization\": \"Bearer ' || {_VAULT.format('anon_key')} || '\"}}')::jsonb)",
    f'select net.http_post({_URL}, headers := format(\'{{"Authorization": "Bearer %s"}}\', {_VAULT.format("anon_key")})::jsonb)',
    "select net.http_post(current_setting('app.settings.api_url') || '/sync', headers := jsonb_build_object("
    "'Authorization', 'Bearer ' || current_setting('app.settings.key', true)))",
    f"select net.http_post({_URL}, headers := jsonb_build_object('Authorization', 'Bearer ' || app_private.service_key()))",
    f"select net.http_post({_URL}, headers := jsonb_build_object('x-key', app_private.vault_value('anon_key')))",
    f"do $$ begin perform net.http_post({_URL}, '{{\"a\": 1}}'); end $$",
    f'do language plpgsql $body$\nbegin\n  -- once\n  perform net.http_post(url := {_URL}, headers := \'{{"X": "1"}}\'::jsonb);\nend;\n$body$;',
    f"\n-- nightly\n/* all of it */ select\n  net.http_post(\n    {_URL} -- where to\n  );\n\n",
    f'select "net".http_post($u${_URL[1:-1]}$u$, $b${{"a": "it\'s"}}$b$)',
    "SELECT net.http_post(url:='https://abcdefghijklmnopqrst.supabase.co/functions/v1/hello', headers:=jsonb_build_object("
    "'Content-Type', 'application/json', 'Authorization', 'Bearer " + JWT + '\'), body:=\'{"name": "Functions"}\', '
    "timeout_milliseconds:=1000);",
    "select net.http_post('https://hooks.example.com/services/T0/B0/aB3dE5fG7hI9jK1lM3nO5pQ7', '{\"text\": \"up\"}')",
    f'select net.http_post({_URL}, \'{{"a": {{"sql": "now()"}}}}\')',
)

KEPT = (
    ("vacuum analyze", Reason.NO_CALL),
    ("select app_private.notify('stand-up')", Reason.NO_CALL),
    ("set statement_timeout = '5min'; delete from cron.job_run_details where false", Reason.STATEMENTS),
    (f"select net.http_post({_URL}); select net.http_post({_URL})", Reason.STATEMENTS),
    (f"select net.http_post({_URL}), 1", Reason.MORE),
    (f"select net.http_post({_URL}) from generate_series(1, 2)", Reason.MORE),
    (f"select net.http_post({_URL}) where now() > '2020-01-01'", Reason.MORE),
    (f"select case when extract(hour from now()) > 3 then net.http_post({_URL}) end", Reason.MORE),
    (f"do $$ begin if random() > 2 then perform net.http_post({_URL}); end if; end $$", Reason.MORE),
    (f"do $$ declare n int := 1; begin perform net.http_post({_URL}); end $$", Reason.MORE),
    (f"select net.http_post({_URL}, concat('{{\"time\": \"', now(), '\"}}')::jsonb)", Reason.FUNCTION),
    (f"select net.http_post({_URL}, jsonb_build_object('at', current_timestamp))", Reason.EXPRESSION),
    (f"select net.http_post({_URL}, jsonb_build_object('u', get_secret('anon_key')))", Reason.PLACE_IN_BODY),
    (f"select net.http_post({_URL}, null)", Reason.BODY),
    (f"select net.http_post({_URL}, 'null')", Reason.BODY),
    (f"select net.http_post({_URL}, '{{\"a\": 1.50}}')", Reason.NUMBER),
    (f"select net.http_post({_URL}, '{{\"a\": 1e-400}}')", Reason.NUMBER),
    (f'select net.http_post({_URL}, params := \'{{"a": "b"}}\')', Reason.PARAMS),
    (f"select net.http_get({_URL}, headers := null)", Reason.HEADERS),
    (f"select net.http_get({_URL}, headers := '{{\"X\": null}}')", Reason.HEADERS),
    (f"select net.http_delete({_URL}, body := '{{}}')", Reason.HEADERS),
    ("select net.http_post('https://a.example.com/' || true)", Reason.TEXT_FORM),
    ("select net.http_post('https://a.example.com/abc'::varchar(23))", Reason.TEXT_FORM),
    ("select net.http_post(rtrim(get_secret('project_url'), '/') || '/f')", Reason.FUNCTION),
    (f"select net.http_post(coalesce({_VAULT.format('project_url')}, 'https://b.example.com'))", Reason.DEFAULT),
    ("select net.http_post((select secret from app_private.my_secrets order by name limit 1))", Reason.EXPRESSION),
    ("select net.http_post('http://plain.example.com/f')", Reason.CATALOGUE),
    (f'select net.http_post({_URL}, headers := \'{{"X-A": "1", "x-a": "2"}}\')', Reason.CATALOGUE),
    (f"select net.http_post({_URL}, timeout_milliseconds := 900000)", Reason.CATALOGUE),
    (
        f"select net.http_post({_URL}, headers := '{{\"X\": \"' || current_setting('app.settings.key') || '\"}}'::jsonb)",
        Reason.NOT_JSON,
    ),
    (f"select net.http_post(uri := {_URL})", Reason.ARGUMENTS),
    (f"select net.http_post({_URL}, json_build_object('a', 1))", Reason.TEXT_FORM),
    ("selec 1", Reason.NO_CALL),
    ("select net.http_post(" + " || ".join(["'https://a.example.com'", *["'/a'"] * 12_000]) + ")", Reason.NO_CALL),
)

REFUSED = (
    (f'select net.http_post({_URL}, headers := \'{{"apikey": "ANON_KEY"}}\')', Reason.PLACEHOLDER),
    (
        f'select net.http_post({_URL}, headers := \'{{"Authorization": "Bearer YOUR_SERVICE_ROLE_KEY"}}\')',
        Reason.PLACEHOLDER,
    ),
    (f'select net.http_post({_URL}, headers := \'{{"x-secret": "__CRON_SECRET__"}}\')', Reason.PLACEHOLDER),
    ("select net.http_post('https://<project-ref>.supabase.co/functions/v1/f')", Reason.PLACEHOLDER),
    (f"select net.http_post({_URL}, jsonb_build_object('password', '{WORD_KEY}'))", Reason.KEY),
    (
        f'select net.http_post({_URL}, concat(\'{{"at": "\', now(), \'"}}\')::jsonb, headers := \'{{"Authorization": "Bearer {JWT}"}}\')',
        Reason.KEY,
    ),
    (f'select net.http_post({_URL}, headers := \'{{"Authorization": "Bearer {JWT}"}}\'); select 1', Reason.KEY),
)
