"""What looks like a key and what does not; which jobs send one that can be used again."""

import secrets
import time
from base64 import b64encode
from pathlib import Path

import jwt
import pytest

from components.catalogue.job import Job
from components.catalogue.jobs_file import Catalogue
from components.catalogue.stack_config import merge_patch
from components.catalogue.yaml_source import read_source
from components.declaration.command import compile_command
from components.leaks.exposed_key import planted_in_command, planted_keys, sends_reusable_key

ROOT = Path(__file__).parents[4]
JWT = jwt.encode({"role": "service_role", "exp": 4102444800}, "k" * 32)


def catalogue_commands(catalogue: Path) -> dict[str, str]:
    data = read_source(catalogue).data
    defaults = data.pop("defaults", {})
    commands = {}
    for name, job in Catalogue.model_validate({**data, "jobs": _merged(data["jobs"], defaults)}).jobs.items():
        commands[name] = compile_command(name, job, stack="supabase-cron/dev", schema="public")
    return commands


def _merged(jobs: dict[str, dict[str, object]], defaults: dict[str, object]) -> dict[str, dict[str, object]]:
    return {name: merge_patch(defaults, job) for name, job in jobs.items()}


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (f"SELECT net.http_post('http://x', headers := '{{\"Authorization\": \"Bearer {JWT}\"}}')", "a JWT (eyJ…)"),
        (f"SELECT net.http_get('http://x?apikey={JWT}')", "a JWT (eyJ…)"),
        ("SELECT 'sb_secret_abcDEF123456_xyz'", "a secret key of Supabase (sb_secret_…)"),
        (
            "SELECT jsonb_build_object('Authorization', 'Bearer planted-cron-secret')",
            "a literal token after Bearer or Basic",
        ),
        ('SELECT \'{"authorization": "bearer hunter2hunter2"}\'', "a literal token after Bearer or Basic"),
        ("SELECT 'Basic dXNlcjpwYXNzd29yZA=='", "a literal token after Bearer or Basic"),
        ("SELECT jsonb_build_object('x-key', 'Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6')", "a long random literal"),
        ("SELECT '0f3a9c5be17d42688b90aa64c2d7f1e3'", "a long random literal"),
        ("DO $$BEGIN PERFORM f('Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6'); END$$", "a long random literal"),
        ("UPDATE t SET key = E'\\x0f3a9c5be17d42688b90aa64c2d7f1e3'", "a long random literal"),
        ("SELECT jsonb_build_object('X-Api-Key', '7d0c5a60-5d7b-4c0e-9a66-0f1f6a4a3f11')", "a literal X-Api-Key"),
        ("SELECT jsonb_build_object('a', 1, 'apikey', 'hunter2hunter2'::text)", "a literal apikey"),
        (
            "SELECT f(jsonb_build_object('a', jsonb_build_object('clientSecret', 'a ''quoted'' one')))",
            "a literal clientSecret",
        ),
        ("SELECT net.http_get('https://x.example/?a=1&access_token=hunter2hunter2')", "a literal access_token"),
        ("SELECT net.http_get('https://me:hunter2hunter2@x.example/')", "a literal password"),
        ("SELECT dblink_connect(password => 'hunter2hunter2')", "a literal password"),
        ("ALTER ROLE me PASSWORD 'hunter2hunter2'", "a literal PASSWORD"),
        (f"SELECT vault.create_secret('{JWT}')", "a JWT (eyJ…)"),
        (f"SELECT public.get_secret('{JWT}')", "a JWT (eyJ…)"),
        ("SELECT vault.create_secret('Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6')", "a long random literal"),
        ("SELECT * FROM dblink('host=h user=u password=hunter2hunter2', 'SELECT 1') AS t(x int)", "a literal password"),
        ("SELECT '-----BEGIN EC PRIVATE KEY-----'", "a private key (PEM)"),
        ("SELECT * FROM dblink('postgresql://me:hunter2hunter2@h/db', 'SELECT 1') AS t(x int)", "a literal password"),
        (r"""SELECT f(E'{\"x-api-key\": \"hunter2hunter2\"}')""", "a literal x-api-key"),
        ("SELECT jsonb_build_object('apikey', E'hunter2hunter2')", "a literal apikey"),
        ("SELECT jsonb_object(ARRAY['apikey', 'hunter2hunter2'])", "a literal apikey"),
        ("SELECT json_object('apikey': 'hunter2hunter2')", "a literal apikey"),
        ("SELECT json_object(KEY 'apikey' VALUE 'hunter2hunter2')", "a literal apikey"),
        (
            "SELECT http(('GET', 'u', ARRAY[http_header('X-Api-Key', 'hunter2hunter2')], NULL, NULL))",
            "a literal X-Api-Key",
        ),
        ("SELECT set_config('app.api_key', 'hunter2hunter2', false)", "a literal app.api_key"),
        ("ALTER DATABASE d SET \"app.settings.jwt_secret\" TO 'hunter2hunter2'", "a literal app.settings.jwt_secret"),
        ("DO $$DECLARE api_key text := 'hunter2hunter2'; BEGIN END$$", "a literal api_key"),
        ("DO $$DECLARE api_key constant text DEFAULT 'hunter2hunter2'; BEGIN END$$", "a literal api_key"),
        ("SELECT pgp_sym_decrypt(name, 'hunter2hunter2') FROM t", "a literal passphrase"),
        ("SELECT hmac('data', 'hunter2hunter2', 'sha256')", "a literal passphrase"),
        ("SELECT jsonb_build_object('Authorization', 'Bearer supersecret')", "a literal Authorization"),
        ("SELECT f('Authorization: Bearer hunter2hunter2')", "a literal token after Bearer or Basic"),
        ("SELECT jsonb_build_object('Cookie', 'theme=dark; sid=hunter2hunter2')", "a literal Cookie"),
        ("UPDATE t SET a = 1, api_key = 'hunter2hunter2' WHERE id = 1", "a literal api_key"),
        ("UPDATE t SET a = 'x; from where', api_key = 'hunter2hunter2' WHERE id = 1", "a literal api_key"),
        ("UPDATE t SET (api_key) = ROW('x'), \"secret\" = 'hunter2hunter2'", "a literal secret"),
        ("DO $do$DECLARE api_key text := $$hunter2hunter2$$; BEGIN END$do$", "a literal api_key"),
        ("SELECT net.http_get('https://x.example/rest/v1/t?token=eq.hunter2hunter2')", "a literal token"),
        ("SELECT '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_'", "a token of a Telegram bot (…:…)"),
    ],
)
def test_what_looks_like_a_key_is_told_by_its_kind(command: str, kind: str) -> None:
    assert planted_keys(command) == (kind,)
    assert planted_in_command(command) == (kind,)


def test_random_keys_are_nearly_always_seen() -> None:
    made = [secrets.token_hex(16) for _ in range(200)] + [secrets.token_urlsafe(32) for _ in range(200)]
    assert sum(bool(planted_keys(f"SELECT f('{key}')")) for key in made) > 360


def test_what_openssl_generates_is_nearly_always_seen() -> None:
    made = [b64encode(secrets.token_bytes(32)).decode() for _ in range(400)]
    assert sum(bool(planted_keys(f"SELECT f('{key}')")) for key in made) > 380


@pytest.mark.parametrize(
    "command",
    [
        "SELECT 1",
        "SELECT net.http_post(url := 'u', headers := jsonb_build_object('Authorization', 'Bearer ' || public.get_secret('k')))",
        "SELECT public.get_secret('Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6')",
        "SELECT \"public\".get_secret( 'a_very_long_key_name_of_a_service_role_key_2024' )",
        "DELETE FROM t WHERE id = '0f3a9c5b-e17d-4268-8b90-aa64c2d7f1e3'::uuid",
        "SELECT net.http_post('https://abcdefghijklmnopqrst.supabase.co/functions/v1/generate-t5-invoices-2024-01-01-v2')",
        "DELETE FROM cron.job_run_details WHERE end_time < '2024-01-01T00:00:00.000000+00:00'",
        "REFRESH MATERIALIZED VIEW monthly_revenue_by_customer_2024_partition_07",
        "SELECT idx_a1_b2_c3_d4_e5_f6_g7_h8_i9 FROM t",
        "-- sends an Authorization: Bearer header\nSELECT 1",
        "SELECT format('Bearer %s', v.decrypted_secret) FROM vault.decrypted_secrets AS v",
        "SELECT 'Bearer YOUR_SERVICE_ROLE_KEY'",
        "SELECT 'Bearer your-key-here'",
        "SELECT 'GenerateMonthlyInvoicesReport2024'",
        "SELECT '00000000000000000000000000000001'",
        "SELECT 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
        "SELECT 'eyJ is how a JWT starts. So it is. Is it'",
        "SELECT 'sb_secret_' || public.get_secret('rest')",
        "SELECT 20240101000000002024010100000000",
        "DELETE FROM t WHERE kind IN ('password', 'access_token')",
        "UPDATE t SET password=crypt(new_password_of_today, gen_salt('bf'))",
        "UPDATE t SET token = 'processing' WHERE state_token = 'something-else'",
        "SELECT jsonb_build_object('tenant', '7d0c5a60-5d7b-4c0e-9a66-0f1f6a4a3f11')",
        "SELECT jsonb_build_object('apikey', current_setting('app.settings.service_role_key_2024_v2'))",
        "SELECT jsonb_build_object('apikey', 'prefix-of-it-' || public.get_secret('k'))",
        "SELECT jsonb_build_object('apikey', 'sb_publishable_abcdefgh12345678ijklmnop')",
        "SELECT private.read_token('a1b2c3d4e5f6a7b8c9d0e1f2', true)",
        "SELECT net.http_get('https://x.example/?token=' || private.read_token('x'))",
        "SELECT jsonb_build_object('Authorization', 'Bearer prefix-of-it-' || public.get_secret('k'))",
        "SELECT jsonb_build_object('plan', 'Basic subscription', 'note', 'Bearer authentication')",
        "SELECT jsonb_build_object('Cookie', 'theme=dark; language=en-GB-oxendict')",
        "SELECT jsonb_build_object('pagetoken', 'hunter2hunter2', 'next_token', 'hunter2hunter2')",
        "SELECT dblink_connect('postgresql://postgres:[YOUR-PASSWORD]@h/db')",
        "SELECT f('https://x.example/api/v2/customers/exports/invoices/monthly/2024/12/31')",
        "SELECT encrypt(data, key, 'aes'), hmac(data, key, 'sha256') FROM t",
        "SET LOCAL statement_timeout = '12345678'",
        "UPDATE t SET a = 1 WHERE api_key = 'hunter2hunter2'",
        "UPDATE t SET api_key = 'prefix-of-it-' || public.get_secret('k')",
        "DELETE FROM t WHERE id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'",
        "SELECT jsonb_build_object('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')",
        "SELECT net.http_get('https://x.example/rest/v1/t?reset_token=not.is.null&select=id')",
    ],
)
def test_what_is_no_key_is_left_alone(command: str) -> None:
    assert planted_keys(command) == ()


@pytest.mark.parametrize(
    "command",
    [
        "SELECT net.http_post('u', headers := '{}', body := jsonb_build_object('sheet', 'Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6'))",
        """SELECT net.http_post('u', body => '{"a; b": "Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6"}'::jsonb, headers => '{}')""",
    ],
)
def test_what_is_random_in_a_body_may_be_an_id(command: str) -> None:
    assert planted_in_command(command) == ()
    beside = command.replace("'u'", "'u?x=Ab3Cd9Ef2Gh7Ij5Kl9Mn4Op6'")
    assert planted_in_command(beside) == ("a long random literal",)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "f(" * 50_000,
        "jsonb_build_object(" * 10_000,
        "body := " * 10_000,
        "a." * 50_000,
        "'x' : " * 20_000,
        "eyJaaaaaaaa-" * 16_000,
        "-sk-aa" * 33_000,
        "SET a " * 30_000,
        "$a$" * 60_000,
        "SET a = 'b" * 20_000,
    ],
)
def test_no_command_keeps_the_doctor_busy(text: str) -> None:
    begun = time.process_time()
    planted_in_command(text)
    sends_reusable_key(f"SELECT net.http_get({text}")
    assert time.process_time() - begun < 5


def test_our_own_jobs_hold_no_key() -> None:
    commands = catalogue_commands(ROOT / "examples" / "six-jobs.yaml")
    assert commands
    assert {name: planted_keys(command) for name, command in commands.items() if planted_keys(command)} == {}


def job(**http: object) -> str:
    made = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": {"timeout": 15, **http}})
    return compile_command("nightly", made, stack="supabase-cron/dev", schema='it\'s "own"')


@pytest.mark.parametrize(
    "command",
    [
        job(url="https://x.example/", headers={"Authorization": "Bearer {a_key}"}),
        job(url="https://x.example/", headers={"apikey": "{a_key}"}),
        job(url="https://x.example/", auth={"bearer": "a_key"}),
        "SELECT net.http_post('u', '{}', '{}', jsonb_build_object('Authorization', 'Bearer ' || get_secret('k')))",
        "SELECT net.http_get(url := 'u', headers := jsonb_build_object('X', (SELECT decrypted_secret FROM vault.decrypted_secrets)))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('X', current_setting('app.settings.key')))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('X', get_decrypted_secret('k')))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('Authorization', 'Bearer ' || my.own_function('k')))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('Authorization', format('Bearer %s', public.get_secret('k'))))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('a', f(1, 2), 'X', (my.read_key('x'))::text))",
        "DO $$DECLARE t text; BEGIN PERFORM net.http_post('u', headers := jsonb_build_object('apikey', t)); END$$",
        "SELECT net.http_post('u', headers := private.auth_headers('x'))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('X', my.fetch('x')))",
        "SELECT net.http_post('u', '{}', '{}', jsonb_build_object('X', my.fetch('x')))",
        "SELECT net.http_get('u', headers => '{}'::jsonb || my.fetch('x'))",
        "SELECT net.http_get('u', headers := jsonb_build_object('S', public.sign_cron_request('k', 'GET', 'u', NULL), 'X', my.f()))",
    ],
)
def test_a_job_that_sends_a_key_in_its_headers(command: str) -> None:
    assert sends_reusable_key(command)


@pytest.mark.parametrize(
    "command",
    [
        job(url="{supabase_url}/x"),
        job(url="{supabase_url}/x", auth={"hmac": "a_key"}),
        job(url="{supabase_url}/x", auth={"hmac": "a_key"}, body={"a": 1}, method="DELETE"),
        "SELECT public.get_secret('k')",
        "SELECT 1",
        "SELECT jsonb_build_object('user', my.read_key('x'))",
        "SELECT net.http_get('u', '{}', jsonb_build_object('X-Request-Id', gen_random_uuid()::text, 'X-At', now()::text))",
        "SELECT net.http_post('u', headers := '{\"Content-Type\": \"application/json\"}'::jsonb)",
        "SELECT net.http_post('u', jsonb_build_object('user', my.fetch('x')))",
        "SELECT net.http_post(url := my.base() || '/x', body := jsonb_build_object('user', my.fetch('x')), headers := '{}')",
        "SELECT net.http_get('u', headers := jsonb_build_object('X-Day', pg_catalog.to_char(now(), 'YYYY'), 'X-N', length('a')::text))",
    ],
)
def test_a_job_that_signs_or_sends_nothing(command: str) -> None:
    assert not sends_reusable_key(command)
