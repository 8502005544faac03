"""docs/portal/nginx.conf without a browser: what reaches the app, and what leaves it."""

import base64
import hashlib
import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError

import pytest
import streamlit
import streamlit_plotly_events
from browsing import ROOT
from proxies import CONFIGURATION, NGINX, OPENSSL, REASON, UNTRUSTED, behind_nginx

IDENTITY = ("X-Remap-User", "Authorization", "X-Forwarded-For")


class Echo(BaseHTTPRequestHandler):
    """Says which headers of a request reached it, and how long its body was."""

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self._answer()

    def _answer(self) -> None:
        said = f"{self.path}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    if not (NGINX and OPENSSL):
        pytest.skip(REASON)
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as echo:
        thread = threading.Thread(target=echo.serve_forever)
        thread.start()
        folder = tmp_path_factory.mktemp("nginx") / "nginx"
        with behind_nginx(f"127.0.0.1:{echo.server_address[1]}", folder) as address:
            yield address
        echo.shutdown()
        thread.join()


def answer(url: str, **request: object):
    return urllib.request.urlopen(urllib.request.Request(url, **request), context=UNTRUSTED, timeout=20)  # noqa: S310


def test_who_a_visitor_is_cannot_be_claimed_by_a_browser(url):
    claimed = dict.fromkeys(IDENTITY, "Basic YWRtaW46YWRtaW4=")
    said = answer(f"{url}/overview", headers=claimed | {"X_Remap_User": "admin", "X-Kept": "1"}).read().decode()
    assert not [name for name in ("admin", "YWRt", *IDENTITY, "X_Remap_User") if name.lower() in said.lower()]
    assert "X-Kept: 1" in said


def test_the_app_hears_the_address_that_the_browser_sees(url):
    said = answer(f"{url}/inspect?model=3").read().decode()
    assert said.startswith("/remap/inspect?model=3\n")
    assert f"Host: {url.split('/')[2]}" in said
    assert "X-Forwarded-Proto: https" in said


def test_pages_leave_with_headers_that_keep_other_sites_out(url):
    headers = answer(f"{url}/overview").headers
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_streamlits_own_figures_and_its_interface_for_agents_stay_inside(url):
    for path in ("metrics", "agent/openapi.json"):
        with pytest.raises(HTTPError, match="404"):
            answer(f"{url}/_stcore/{path}")
    assert answer(f"{url}/_stcore/health").status == 200


def test_an_upload_larger_than_nginxs_own_limit_goes_through_and_one_above_streamlits_does_not(url):
    assert answer(f"{url}/_stcore/upload_file", method="PUT", data=bytes(2_000_000)).status == 200
    with pytest.raises(HTTPError, match="413"):
        answer(f"{url}/_stcore/upload_file", method="PUT", headers={"Content-Length": "2000000000"}, data=b"")


def test_the_prefix_without_its_slash_leads_to_the_app(url):
    assert answer(url).read().decode().startswith("/remap/\n")


def test_the_only_inline_scripts_of_the_pages_are_allowed_by_their_hashes():
    pages = [Path(streamlit.__file__).parent / "static", Path(streamlit_plotly_events.build_dir)]
    text = "".join((page / "index.html").read_text(encoding="utf-8") for page in pages)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-(.*?)'", CONFIGURATION.read_text(encoding="utf-8")) == digests


def test_the_largest_upload_is_that_of_streamlits_configuration():
    limit = re.search(
        r"^maxUploadSize = (\d+)", (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"), re.M
    )[1]
    assert f"client_max_body_size {int(limit) + 1}m;" in CONFIGURATION.read_text(encoding="utf-8")
