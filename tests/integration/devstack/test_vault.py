"""The Vault stand-in: the same objects, signatures and privileges as Vault's, and secrets that only they can read."""

import base64
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.rows import DictRow, dict_row

from devstack import DevstackError, Stack
from devstack.vault import KEY_FILE, VERSION

Connection = psycopg.Connection[DictRow]

DECRYPT = (
    "SELECT vault._crypto_aead_det_decrypt(%(message)s, %(additional)s, %(key_id)s, %(context)s, %(nonce)s) AS message"
)


def _one(connection: Connection, query: str, *parameters: Any) -> Any:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return next(iter(row.values()))


def _row(connection: Connection, secret: Any) -> DictRow:
    row = connection.execute("SELECT * FROM vault.decrypted_secrets WHERE id = %s", (secret,)).fetchone()
    assert row is not None
    return row


def _create(connection: Connection, secret: str, name: str | None = None) -> Any:
    return _one(connection, "SELECT vault.create_secret(%s, %s)", secret, name)


@pytest.fixture(autouse=True)
def emptied(superuser: Connection) -> Iterator[None]:
    yield
    superuser.execute("DELETE FROM vault.secrets")


@pytest.fixture
def api(stack: Stack) -> Iterator[Connection]:
    """PostgREST's login, which becomes the role of each request."""
    with psycopg.connect(stack.conninfo_as("authenticator"), autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def reader(stack: Stack, superuser: Connection) -> Iterator[Connection]:
    """A login that may read all data and nothing else, as supabase_read_only_user."""
    superuser.execute("CREATE ROLE reader LOGIN BYPASSRLS PASSWORD 'reader' IN ROLE pg_read_all_data")
    conninfo = psycopg.conninfo.make_conninfo(stack.conninfo, user="reader", password="reader")
    try:
        with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as connection:
            yield connection
    finally:
        superuser.execute("DROP ROLE reader")


# What it looks like


def test_the_extension_can_be_told_from_the_real_one(login: Connection) -> None:
    row = login.execute(
        "SELECT extversion, extnamespace::regnamespace::text AS namespace, extowner::regrole::text AS owner, "
        "extrelocatable, obj_description(oid) LIKE '%stand-in%' AS told FROM pg_extension "
        "WHERE extname = 'supabase_vault'"
    ).fetchone()
    assert row == {
        "extversion": VERSION,
        "namespace": "vault",
        "owner": "supabase_admin",
        "extrelocatable": False,
        "told": True,
    }


COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull, pg_get_expr(adbin, adrelid) AS "default"
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum
"""


def test_the_table_is_that_of_vault(login: Connection) -> None:
    assert [tuple(row.values()) for row in login.execute(COLUMNS, ("vault.secrets",))] == [
        ("id", "uuid", True, "gen_random_uuid()"),
        ("name", "text", False, None),
        ("description", "text", True, "''::text"),
        ("secret", "text", True, None),
        ("key_id", "uuid", False, None),
        ("nonce", "bytea", False, "vault._crypto_aead_det_noncegen()"),
        ("created_at", "timestamp with time zone", True, "CURRENT_TIMESTAMP"),
        ("updated_at", "timestamp with time zone", True, "CURRENT_TIMESTAMP"),
    ]
    indexes = login.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'vault' ORDER BY indexname")
    assert [row["indexdef"] for row in indexes] == [
        "CREATE UNIQUE INDEX secrets_name_idx ON vault.secrets USING btree (name) WHERE (name IS NOT NULL)",
        "CREATE UNIQUE INDEX secrets_pkey ON vault.secrets USING btree (id)",
    ]


def test_the_view_is_that_of_vault(login: Connection) -> None:
    assert [tuple(row.values())[:2] for row in login.execute(COLUMNS, ("vault.decrypted_secrets",))] == [
        ("id", "uuid"),
        ("name", "text"),
        ("description", "text"),
        ("secret", "text"),
        ("decrypted_secret", "text"),
        ("key_id", "uuid"),
        ("nonce", "bytea"),
        ("created_at", "timestamp with time zone"),
        ("updated_at", "timestamp with time zone"),
    ]
    assert _one(login, "SELECT reloptions FROM pg_class WHERE oid = 'vault.decrypted_secrets'::regclass") is None


def test_the_functions_are_those_of_vault(login: Connection) -> None:
    rows = login.execute(
        "SELECT proname, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, "
        "proconfig, prosecdef, proowner::regrole::text AS owner FROM pg_proc "
        "WHERE pronamespace = 'vault'::regnamespace AND proname !~ '^_standin_' ORDER BY proname"
    ).fetchall()
    assert {row["owner"] for row in rows} == {"supabase_admin"}
    assert {row["proname"] for row in rows if not row["prosecdef"]} == {"_crypto_aead_det_noncegen"}
    assert all(row["proconfig"] == ['search_path=""'] for row in rows)
    pgsodium = rf"'\x{b'pgsodium'.hex()}'::bytea"
    crypto = (
        "message bytea, additional bytea, key_id bigint, "
        f"context bytea DEFAULT {pgsodium}, nonce bytea DEFAULT NULL::bytea"
    )
    assert [(row["proname"], row["arguments"], row["result"]) for row in rows] == [
        ("_crypto_aead_det_decrypt", crypto, "bytea"),
        ("_crypto_aead_det_encrypt", crypto, "bytea"),
        ("_crypto_aead_det_noncegen", "", "bytea"),
        (
            "create_secret",
            "new_secret text, new_name text DEFAULT NULL::text, new_description text DEFAULT ''::text, "
            "new_key_id uuid DEFAULT NULL::uuid",
            "uuid",
        ),
        (
            "update_secret",
            "secret_id uuid, new_secret text DEFAULT NULL::text, new_name text DEFAULT NULL::text, "
            "new_description text DEFAULT NULL::text, new_key_id uuid DEFAULT NULL::uuid",
            "void",
        ),
    ]


# What it does


@pytest.mark.parametrize(
    "clear",
    ["planted", "", " two\nlines\t", "Grüße, 秘密 🔑 \\x00 %s ''", "8 kB: " + "0123456789abcdef" * 512],
    ids=range(5),
)
def test_a_secret_comes_back_as_it_was(login: Connection, clear: str) -> None:
    secret = _create(login, clear, "a secret")
    row = _row(login, secret)
    assert (row["decrypted_secret"], row["name"], row["description"], row["key_id"]) == (clear, "a secret", "", None)
    assert (len(row["nonce"]), row["created_at"]) == (16, row["updated_at"])
    login.execute("SELECT vault.update_secret(%s, %s)", (secret, clear * 2))
    assert _row(login, secret)["decrypted_secret"] == clear * 2


def test_the_table_holds_cipher_text_alone(login: Connection) -> None:
    clear = "planted in the table"
    for _ in range(8):  # by then plans are kept
        _create(login, clear)
    rows = login.execute("SELECT secret, nonce, secrets::text AS whole FROM vault.secrets").fetchall()
    assert not any(clear in row["whole"] or clear.encode() in base64.b64decode(row["secret"]) for row in rows)
    assert len({row["secret"] for row in rows}) == len({row["nonce"] for row in rows}) == 8


def test_the_clear_text_never_was_in_the_table(login: Connection, superuser: Connection) -> None:
    secret = _create(login, "planted in a dead row", "a name in the file")
    login.execute("SELECT vault.update_secret(%s, 'planted in another')", (secret,))
    superuser.execute("CHECKPOINT")
    file = _one(superuser, "SELECT pg_read_binary_file(pg_relation_filepath('vault.secrets'))")
    assert (b"a name in the file" in file, b"planted" in file) == (True, False)


def test_a_name_is_used_once_and_nameless_ones_are_many(login: Connection) -> None:
    first, second = _create(login, "one", "taken"), _create(login, "two", "free")
    for query in ("SELECT vault.create_secret('three', 'taken')", "SELECT vault.update_secret(%(id)s, NULL, 'taken')"):
        with pytest.raises(errors.UniqueViolation):
            login.execute(query.encode(), {"id": second})
    assert (_create(login, "four"), _create(login, "five")) != (None, None)
    assert (_row(login, first)["decrypted_secret"], _row(login, second)["name"]) == ("one", "free")


def test_null_leaves_what_is(login: Connection) -> None:
    secret = _one(login, "SELECT vault.create_secret('clear', 'name', 'description')")
    before = _row(login, secret)
    login.execute("SELECT vault.update_secret(%s, new_key_id => gen_random_uuid())", (secret,))
    after = _row(login, secret)
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before
    login.execute("SELECT vault.update_secret(%s, 'new', 'new name', '')", (secret,))
    row = _row(login, secret)
    assert (row["decrypted_secret"], row["name"], row["description"]) == ("new", "new name", "")
    assert (row["nonce"], row["created_at"]) == (before["nonce"], before["created_at"])


def test_a_secret_has_a_text_and_a_description(login: Connection) -> None:
    for query in ("SELECT vault.create_secret(NULL)", "SELECT vault.create_secret('planted', NULL, NULL)"):
        with pytest.raises(errors.NotNullViolation) as caught:
            login.execute(query.encode())
        assert "planted" not in str(caught.value)


def test_an_unknown_id_is_silently_ignored(login: Connection) -> None:
    _create(login, "clear", "name")
    before = login.execute("SELECT * FROM vault.secrets").fetchall()
    assert _one(login, "SELECT vault.update_secret(gen_random_uuid(), 'other', 'other')") == ""
    assert login.execute("SELECT * FROM vault.secrets").fetchall() == before


@pytest.mark.parametrize("relation", ["secrets", "decrypted_secrets"])
def test_the_login_deletes(login: Connection, relation: str) -> None:
    kept = _create(login, "kept", "kept")
    _create(login, "gone", "gone")
    query = sql.SQL("DELETE FROM {} WHERE name = 'gone'").format(sql.Identifier("vault", relation))
    assert login.execute(query).rowcount == 1
    assert login.execute("SELECT id FROM vault.secrets").fetchall() == [{"id": kept}]


# The cipher


@pytest.fixture
def sealed(superuser: Connection) -> dict[str, Any]:
    """The arguments that decrypt the word ``planted``."""
    parts = {"additional": b"bound", "key_id": 7, "context": b"contexts", "nonce": b"0123456789abcdef"}
    message = superuser.execute(
        "SELECT vault._crypto_aead_det_encrypt('planted', %(additional)s, %(key_id)s, %(context)s, %(nonce)s) AS message",
        parts,
    ).fetchone()
    assert message is not None
    return parts | message


def test_what_was_encrypted_is_decrypted(login: Connection, superuser: Connection, sealed: dict[str, Any]) -> None:
    assert login.execute(DECRYPT, sealed).fetchone() == {"message": b"planted"}
    encrypt = "SELECT vault._crypto_aead_det_encrypt('planted', NULL, 0)"
    assert _one(superuser, encrypt) == _one(superuser, encrypt)
    assert _one(login, "SELECT vault._crypto_aead_det_decrypt(%s, NULL, 0)", _one(superuser, encrypt)) == b"planted"


@pytest.mark.parametrize(
    "other",
    [
        {"additional": b"boun"},
        {"additional": b""},
        {"additional": None},
        {"nonce": b"0123456789abcdeF"},
        {"nonce": None},
        {"key_id": 8},
        {"context": b"Contexts"},
    ],
    ids=str,
)
def test_nothing_else_decrypts_it(login: Connection, sealed: dict[str, Any], other: dict[str, Any]) -> None:
    with pytest.raises(errors.DataException, match="invalid ciphertext") as caught:
        login.execute(DECRYPT, sealed | other)
    assert caught.value.sqlstate == "22000"


def test_each_byte_of_a_cipher_text_counts(login: Connection, sealed: dict[str, Any]) -> None:
    message = sealed["message"]
    for position in range(len(message)):
        damaged = message[:position] + bytes([message[position] ^ 1]) + message[position + 1 :]
        with pytest.raises(errors.DataException, match="invalid ciphertext"):
            login.execute(DECRYPT, sealed | {"message": damaged})
    for damaged in (message[:-1], message[:32], message + b"0", message + bytes(16)):
        with pytest.raises(errors.DataException, match="invalid ciphertext"):
            login.execute(DECRYPT, sealed | {"message": damaged})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"message": b"short"}, "invalid message"),
        ({"message": None}, "message cannot be NULL"),
        ({"key_id": None}, "key id cannot be NULL"),
        ({"context": None}, "key context cannot be NULL"),
        ({"context": b"short"}, "context must be 8 bytes"),
        ({"nonce": b"short"}, "invalid nonce"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(
    login: Connection, sealed: dict[str, Any], wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(errors.DataException, match=sentence) as caught:
        login.execute(DECRYPT, sealed | wrong)
    assert caught.value.sqlstate == "22000"


def test_a_cipher_text_belongs_to_its_row(login: Connection, superuser: Connection) -> None:
    first, second = _create(login, "first"), _create(login, "second")
    copied = "UPDATE vault.secrets AS t SET (secret, nonce) = (SELECT secret, nonce FROM vault.secrets WHERE id = %s) WHERE id = %s"
    superuser.execute(copied, (first, second))
    for query in ("SELECT decrypted_secret FROM vault.decrypted_secrets", "SELECT vault.update_secret(%(id)s, 'new')"):
        with pytest.raises(errors.DataException, match="invalid ciphertext"):
            login.execute(query.encode(), {"id": second})
    assert _row(login, first)["decrypted_secret"] == "first"


# Who may do it

DENIED = [
    "INSERT INTO vault.secrets (secret) VALUES ('x')",
    "UPDATE vault.secrets SET description = 'x'",
    "UPDATE vault.decrypted_secrets SET description = 'x'",
    "TRUNCATE vault.secrets",
    "SELECT vault._crypto_aead_det_encrypt('x', NULL, 0)",
    "SELECT vault._crypto_aead_det_noncegen()",
    "SELECT vault._standin_key('cipher', 0, 'pgsodium')",
    "SELECT vault._standin_tag('x', NULL, NULL, 'x')",
    "SELECT vault._standin_sealed('x', gen_random_uuid(), NULL)",
    "SELECT pg_read_file('supabase_vault.key')",
    "COPY (SELECT 1) TO '/dev/null'",
    "CREATE TABLE vault.mine ()",
    "DROP EXTENSION supabase_vault",
]

ALLOWED = [
    "SELECT vault.create_secret('planted', 'name')",
    "SELECT vault.update_secret(id, 'planted twice') FROM vault.secrets",
    "SELECT secret FROM vault.secrets",
    "SELECT decrypted_secret FROM vault.decrypted_secrets",
]


def test_privileges_are_those_of_the_after_create_script(superuser: Connection) -> None:
    grants = """
        SELECT name, grantee::regrole::text || CASE WHEN is_grantable THEN '*' ELSE '' END AS grantee,
               string_agg(privilege_type, ' ' ORDER BY privilege_type) AS privileges
          FROM (SELECT nspname::text AS name, nspacl AS acl FROM pg_namespace WHERE nspname = 'vault'
                UNION ALL
                SELECT relname, relacl FROM pg_class WHERE relnamespace = 'vault'::regnamespace AND relkind IN ('r', 'v')
                UNION ALL
                SELECT proname, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
                 WHERE pronamespace = 'vault'::regnamespace) AS objects,
               aclexplode(acl)
         WHERE grantee <> 'supabase_admin'::regrole
         GROUP BY name, grantee, is_grantable
    """
    expected = {"vault": "USAGE", "secrets": "DELETE SELECT", "decrypted_secrets": "DELETE SELECT"}
    expected |= dict.fromkeys(("create_secret", "update_secret", "_crypto_aead_det_decrypt"), "EXECUTE")
    found = {(row["name"], row["grantee"]): row["privileges"] for row in superuser.execute(grants)}
    assert found == {(name, role): kind for name, kind in expected.items() for role in ("postgres*", "service_role")}


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_the_roles_of_requests_reach_nothing(login: Connection, api: Connection, role: str) -> None:
    _create(login, "planted")
    api.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    for query in [*ALLOWED, *DENIED, "DELETE FROM vault.secrets"]:
        with pytest.raises(errors.InsufficientPrivilege):
            api.execute(query.encode())
    assert _one(login, "SELECT count(*) FROM vault.secrets") == 1


def test_the_login_and_service_role_use_it_by_its_functions(login: Connection, api: Connection) -> None:
    api.execute("SET ROLE service_role")
    for connection in (login, api):
        for query in ALLOWED:
            connection.execute(query.encode())
        for query in DENIED:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(query.encode())
        assert _one(connection, "SELECT decrypted_secret FROM vault.decrypted_secrets") == "planted twice"
        assert connection.execute("DELETE FROM vault.secrets").rowcount == 1


def test_the_login_hands_it_on_and_service_role_does_not(
    login: Connection, api: Connection, reader: Connection
) -> None:
    _create(login, "planted")
    grant = "GRANT EXECUTE ON FUNCTION vault._crypto_aead_det_decrypt TO reader"
    api.execute("SET ROLE service_role")
    api.execute(grant)  # without the grant option, a warning is all that comes of it
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute("SELECT decrypted_secret FROM vault.decrypted_secrets")
    login.execute(grant)
    found = _one(reader, "SELECT decrypted_secret FROM vault.decrypted_secrets")
    login.execute("REVOKE EXECUTE ON FUNCTION vault._crypto_aead_det_decrypt FROM reader")
    assert found == "planted"


def test_who_may_read_all_data_sees_cipher_text(login: Connection, reader: Connection) -> None:
    _create(login, "planted", "name")
    assert "planted" not in _one(reader, "SELECT s::text FROM vault.secrets AS s")
    assert _one(reader, "SELECT name FROM vault.decrypted_secrets") == "name"
    for query in ("SELECT decrypted_secret FROM vault.decrypted_secrets", "TABLE vault.decrypted_secrets"):
        with pytest.raises(errors.InsufficientPrivilege, match="for function _crypto_aead_det_decrypt"):
            reader.execute(query.encode())
    for query in [*DENIED, "SELECT vault.create_secret('x')", "DELETE FROM vault.secrets"]:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute(query.encode())


def test_execute_alone_does_not_open_the_key(superuser: Connection, reader: Connection) -> None:
    superuser.execute("GRANT EXECUTE ON FUNCTION vault._standin_key TO reader")
    with pytest.raises(errors.InsufficientPrivilege, match="for function pg_read_file"):
        reader.execute("SELECT vault._standin_key('cipher', 0, 'pgsodium')")
    superuser.execute("DROP OWNED BY reader")


def test_the_key_is_in_a_file_of_the_server_alone(stack: Stack, superuser: Connection) -> None:
    path = stack.places.data / KEY_FILE
    key = path.read_text().strip()
    assert (len(bytes.fromhex(key)), stat.S_IMODE(path.stat().st_mode)) == (32, 0o600)
    assert path.owner() == (stack.places.data / "PG_VERSION").owner()
    assert _one(superuser, "SELECT count(*) FROM pg_settings WHERE setting LIKE '%%' || %s || '%%'", key) == 0
    assert key not in stack.places.settings.read_text() + stack.places.server_log.read_text()


# Its life


@pytest.fixture
def other(root: Path) -> Iterator[Stack]:
    stack = Stack(root, "vault")
    stack.up()
    yield stack
    stack.clean()


def _extensions(stack: Stack) -> set[str]:
    with psycopg.connect(stack.conninfo) as connection:
        return {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}


def test_a_secret_survives_down_and_up_and_ends_with_clean(other: Stack) -> None:
    path = other.places.data / KEY_FILE
    key = path.read_bytes()
    with psycopg.connect(other.conninfo) as connection:
        connection.execute("SELECT vault.create_secret('planted', 'name')")
    other.down()
    other.up()
    assert path.read_bytes() == key
    with psycopg.connect(other.conninfo) as connection:
        row = connection.execute("SELECT decrypted_secret FROM vault.decrypted_secrets").fetchone()
    assert row == ("planted",)
    folder = path.resolve().parent
    other.clean()
    assert not folder.exists()
    other.up()
    assert path.read_bytes() != key


def test_a_stack_of_an_earlier_version_gets_it_or_stays_as_it_was(root: Path, other: Stack) -> None:
    said: list[str] = []
    again = Stack(root, other.name, said.append)
    (other.places.data / KEY_FILE).unlink()
    with psycopg.connect(other.superuser_conninfo, autocommit=True) as superuser:
        superuser.execute("DROP EXTENSION supabase_vault, pgcrypto")
        superuser.execute("CREATE TABLE public.kept AS SELECT 1; CREATE TABLE vault.secrets ()")
        with pytest.raises(DevstackError, match=r"refused Supabase's layout: relation \"secrets\" already exists"):
            again.up()
        assert _extensions(other) & {"supabase_vault", "pgcrypto"} == set()
        superuser.execute("DROP TABLE vault.secrets")
    said.clear()
    again.up()
    assert said == ["made as at Supabase: pgcrypto, supabase_vault"]
    assert _extensions(other) >= {"supabase_vault", "pgcrypto", "pg_cron", "pg_net"}
    with psycopg.connect(other.conninfo) as connection:
        connection.execute("SELECT vault.create_secret('planted')")
        row = connection.execute("SELECT decrypted_secret FROM vault.decrypted_secrets, public.kept").fetchone()
    assert row == ("planted",)
    said.clear()
    again.up()
    assert said == []
