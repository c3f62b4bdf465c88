#!/usr/bin/env bash
# psycopg-binary 3.3.4 (libpq 18.0 and its OpenSSL), cryptography 46.0.3, Python's ssl; sslmode=verify-full.
# Good guess: the text of a failed TLS connection says why the server's certificate did not pass, so advice can go by it.
# Seen: expired, not yet valid, revoked and issued by somebody unknown come back in the same words, "SSL error:
# certificate verify failed", without SQLSTATE. A wrong host name alone has words of its own. Who wants to advise has to
# shake hands once more: Python's ssl, with the same root certificate, tells OpenSSL's code of each.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'psycopg[binary]==3.3.4' cryptography==46.0.3
cat >"$folder/look.py" <<'PYTHON'
import datetime
import pathlib
import socket
import ssl
import struct
import sys
import threading

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

folder = pathlib.Path(sys.argv[1])
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def issue(subject, issuer, key, issuer_key, begin=-DAY, end=DAY, ca=False, host="localhost"):
    made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(NOW + begin).not_valid_after(NOW + end)
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if not ca:
        names = [x509.DNSName(host)]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def save(file, *parts):
    (folder / file).write_bytes(b"".join(parts))
    return str(folder / file)


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM)


def private(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


root_key, other_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
root = issue("root", "root", root_key, root_key, ca=True)
other = issue("other", "other", other_key, other_key, ca=True)
CERTIFICATES = {
    "expired": issue("localhost", "root", key, root_key, -2 * DAY, -DAY),
    "not yet valid": issue("localhost", "root", key, root_key, DAY, 2 * DAY),
    "unknown issuer": issue("localhost", "other", key, other_key),
    "revoked": issue("localhost", "root", key, root_key),
    "another host": issue("localhost", "root", key, root_key, host="elsewhere.example"),
}
revoked = x509.RevokedCertificateBuilder().serial_number(CERTIFICATES["revoked"].serial_number).revocation_date(NOW).build()
crl = x509.CertificateRevocationListBuilder().issuer_name(name("root")).last_update(NOW - DAY).next_update(NOW + DAY)
crl = crl.add_revoked_certificate(revoked).sign(root_key, hashes.SHA256())
rootcert, crlfile = save("root.pem", pem(root)), save("root.crl", pem(crl))


def serve(listener, context):
    """Say yes to PostgreSQL's SSLRequest and shake hands, as a server would."""
    for _ in range(2):
        client, _ = listener.accept()
        with client:
            client.recv(8)
            client.sendall(b"S")
            try:
                context.wrap_socket(client, server_side=True).close()
            except (ssl.SSLError, OSError):
                pass


def with_pythons_ssl(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(rootcert)
    context.load_verify_locations(crlfile)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))
        plain.recv(1)
        try:
            context.wrap_socket(plain, server_hostname="localhost").close()
        except ssl.SSLCertVerificationError as exc:
            return exc.verify_code, exc.verify_message
    return 0, "ok"


found = {}
for case, certificate in CERTIFICATES.items():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(save("server.pem", pem(certificate), private(key)))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener, context), daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        psycopg.connect(host="localhost", hostaddr="127.0.0.1", port=port, user="me", connect_timeout=5,
                        sslmode="verify-full", sslrootcert=rootcert, sslcrl=crlfile)
        words = "connected"
    except psycopg.OperationalError as exc:
        words = str(exc).strip().rpartition("failed: ")[2]
        assert exc.sqlstate is None
    code, message = with_pythons_ssl(port)
    listener.close()
    found[case] = words, code
    print(f"{case:15} libpq: {words:80} ssl: {code} {message}")

print(f"libpq {psycopg.pq.version()}")
same = "SSL error: certificate verify failed"
expected = {"expired": (same, 10), "not yet valid": (same, 9), "unknown issuer": (same, 20), "revoked": (same, 23)}
host = found.pop("another host")
sys.exit(0 if found == expected and "does not match host name" in host[0] and host[1] == 62 else f"changed: {found} {host}")
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder"
