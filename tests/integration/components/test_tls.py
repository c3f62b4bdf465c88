"""Connections to a real server with TLS: each way in which its certificate may not pass, and a link that is cut."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from components.database.connection import Database
from components.errors import ConnectionFailed

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates, and is not installed")

CONFIGURATION = """
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
default_crl_days = 30000
policy = any
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = empty
[empty]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign,cRLSign
"""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", "ca.conf")
SIGN = ("ca", "-batch", "-notext", "-config", "ca.conf", "-cert", "root.crt", "-keyfile", "root.key")

Serve = Callable[..., None]


class Authority:
    """A root certificate and those that it signs, as files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ca.conf").write_text(CONFIGURATION)
        (folder / "index.txt").touch()
        for name in ("root", "stranger"):
            files = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
            self._run("req", "-x509", *KEY, *files, "-days", "30000", "-subj", f"/CN={name}", "-extensions", "root")

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    def sign(self, name: str, host: str, begin: int, end: int) -> None:
        """A certificate for ``host``, valid between two years."""
        alternative = f"subjectAltName=DNS:{host}"
        files = ("-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._run("req", *KEY, *files, "-subj", f"/CN={host}", "-addext", alternative)
        times = ("-startdate", f"{begin}0101000000Z", "-enddate", f"{end}0101000000Z")
        self._run(*SIGN, *times, "-in", f"{name}.csr", "-out", f"{name}.crt")

    def revoke(self, name: str) -> None:
        self._run(*SIGN, "-revoke", f"{name}.crt")
        self._run(*SIGN, "-gencrl", "-out", "root.crl")

    def _run(self, *command: str) -> None:
        subprocess.run([OPENSSL or "", *command], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.sign("good", "localhost", 2020, 2099)
    made.sign("elsewhere", "db.example.test", 2020, 2099)
    made.sign("expired", "localhost", 2020, 2021)
    made.sign("early", "localhost", 2098, 2099)
    made.sign("revoked", "localhost", 2020, 2099)
    made.revoke("revoked")
    return made


@pytest.fixture(scope="module")
def serve(authority: Authority, superuser_conninfo: str) -> Iterator[Serve]:
    """Has the server show one of the certificates; it has no TLS again afterwards."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as superuser:
        row = superuser.execute("SHOW data_directory").fetchone()
        assert row is not None
        data = Path(row[0])
        if not data.is_dir():
            pytest.skip("the server that was asked for is on another machine")

        def reload(wanted: tuple[str, ...]) -> None:
            superuser.execute("SELECT pg_reload_conf()")
            deadline = time.monotonic() + 10
            while _settings(superuser_conninfo) != wanted:
                assert time.monotonic() < deadline
                time.sleep(0.02)

        def shown(name: str) -> None:
            owner = data.stat()
            files = [data / f"{name}.crt", data / f"{name}.key"]
            for file in files:
                file.write_bytes((authority.folder / file.name).read_bytes())
                file.chmod(0o600)
                os.chown(file, owner.st_uid, owner.st_gid)
            values = ("on", *(file.name for file in files))
            for setting, value in zip(("ssl", "ssl_cert_file", "ssl_key_file"), values, strict=True):
                change = sql.SQL("ALTER SYSTEM SET {} = {}")
                superuser.execute(change.format(sql.Identifier(setting), sql.Literal(value)))
            reload(values)

        before = _settings(superuser_conninfo)
        yield shown
        for setting in ("ssl", "ssl_cert_file", "ssl_key_file"):
            superuser.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(setting)))
        reload(before)
        for file in (*data.glob("*.crt"), *data.glob("*.key")):
            if (authority.folder / file.name).exists():
                file.unlink()


def _settings(conninfo: str) -> tuple[str, ...]:
    """As a connection made now finds them."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT current_setting('ssl'), current_setting('ssl_cert_file'), current_setting('ssl_key_file')"
        ).fetchone()
        assert row is not None
        return tuple(row)


def failure(conninfo: str, authority: Authority, **given: Any) -> str:
    """The sentence of a connection by the name of localhost that must verify the server."""
    asked = {"host": "localhost", "sslmode": "verify-full", "sslrootcert": authority["root.crt"], **given}
    with pytest.raises(ConnectionFailed) as failed:
        Database(make_conninfo(conninfo, **asked)).connect()
    assert "allowUnverifiedTls" not in str(failed.value)
    return str(failed.value)


def test_a_certificate_that_passes_lets_us_in(conninfo: str, authority: Authority, serve: Serve) -> None:
    serve("good")
    trusted = make_conninfo(conninfo, host="localhost", sslmode="verify-full", sslrootcert=authority["root.crt"])
    source = Database(trusted)
    assert source.read(sql.SQL("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) == [{"ssl": True}]
    source.close()


@pytest.mark.parametrize(
    ("certificate", "given", "expected"),
    [
        ("elsewhere", {}, "the certificate is for db.example.test; check the host"),
        ("expired", {}, "its certificate has expired; whoever runs the server must renew it"),
        ("early", {}, "its certificate is not valid yet; check the clock"),
        ("revoked", {"sslcrl": "root.crl"}, "its certificate was revoked; go no further"),
        ("good", {"sslrootcert": "stranger.crt"}, "by none that sslrootcert names; download the server's"),
        ("good", {"sslrootcert": "missing.crt"}, "there is no usable root certificate in"),
        ("good", {"sslrootcert": "ca.conf"}, "there is no usable root certificate in"),
    ],
)
def test_each_fault_of_a_certificate_has_its_own_sentence(
    conninfo: str, authority: Authority, serve: Serve, certificate: str, given: dict[str, str], expected: str
) -> None:
    serve(certificate)
    told = failure(conninfo, authority, **{key: authority[file] for key, file in given.items()})
    assert told.startswith("no verified TLS connection to the database at localhost:")
    assert expected in told


def test_roots_of_the_system_know_no_issuer_of_ours(conninfo: str, authority: Authority, serve: Serve) -> None:
    serve("good")
    assert "by none that sslrootcert names" in failure(conninfo, authority, sslrootcert="system")


@pytest.mark.parametrize("messages", [0, 2, 4])
def test_a_link_that_is_cut_is_tried_again(conninfo: str, authority: Authority, serve: Serve, messages: int) -> None:
    serve("good")
    upstream = int(conninfo_to_dict(conninfo)["port"] or 5432)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter = threading.Thread(target=_forward_and_cut, args=(listener, upstream, messages), daemon=True)
        cutter.start()
        told = failure(conninfo, authority, hostaddr="127.0.0.1", port=listener.getsockname()[1])
        cutter.join(10)
    assert "was cut (" in told
    assert "; try again" in told


def _forward_and_cut(listener: socket.socket, upstream: int, messages: int) -> None:
    """Let some of both sides' messages pass in turn, the first being the client's, then close."""
    client, _ = listener.accept()
    with client, socket.create_connection(("127.0.0.1", upstream)) as server:
        for i in range(messages):
            source, target = (client, server) if i % 2 == 0 else (server, client)
            target.sendall(source.recv(65536))
        client.recv(1)
        client.shutdown(socket.SHUT_RDWR)
