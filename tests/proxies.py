"""A real nginx with the configuration of docs/portal/nginx.conf: only addresses, ports and paths are replaced."""

import getpass
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browsing import ROOT, free_port

CONFIGURATION = ROOT / "docs" / "portal" / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
OPENSSL = shutil.which("openssl")
REASON = "no nginx, or no openssl for a certificate"

UNTRUSTED = ssl.create_default_context()
UNTRUSTED.check_hostname = False
UNTRUSTED.verify_mode = ssl.CERT_NONE

_AROUND = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/remap.conf;
}}
"""


@contextmanager
def behind_nginx(app: str, folder: Path, **replaced: str) -> Iterator[str]:
    """nginx in front of `app` (host:port) while the block runs; yields its address, which ends with the prefix.

    replaced: values of directives that this nginx has instead of the documented ones.
    """
    folder.mkdir()
    certificate, key = _certificate(folder)
    port, plain_port = free_port(), free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for documented, here in {
        "server 127.0.0.1:8501;": f"server {app};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "portal.example.org;": "127.0.0.1;",
        "/etc/ssl/certs/portal.pem": str(certificate),
        "/etc/ssl/private/portal.key": str(key),
    }.items():
        assert documented in text
        text = text.replace(documented, here)
    for name, value in replaced.items():
        text = _with_directive(text, name, value)
    (folder / "remap.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(_AROUND.format(user=getpass.getuser(), folder=folder), encoding="utf-8")
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _wait_until_open(port, process)
        yield f"https://127.0.0.1:{port}/remap"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _with_directive(text: str, name: str, value: str) -> str:
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines) if line.strip().startswith(f"{name} ")]
    assert found
    for number in found:
        lines[number] = f"{name} {value};"
    return "\n".join(lines)


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "portal.pem", folder / "portal.key"
    command = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key


def _wait_until_open(port: int, process: subprocess.Popen) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.05)
    raise AssertionError("nginx does not answer")
