"""The app as a portal has it: behind nginx, as docs/portal/nginx.conf says, with TLS and under a path."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from http.client import HTTPSConnection
from urllib.parse import urlsplit

import pytest
from browsing import ROOT, click_circle, go_to, point_at_circle, served, wait_for_circles, wait_until_drawn_up
from catalogues import write_catalogue
from photos import write_photos
from playwright.sync_api import Browser, Page, expect
from proxies import NGINX, OPENSSL, REASON, UNTRUSTED, behind_nginx
from weights import leave_weights

pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason=REASON)

PAGES = ("Drawer", "Inspect", "Generate", "Queue", "Data", "Overview")
REPORT = (
    "addEventListener('securitypolicyviolation', (e) => console.error('refused:', e.violatedDirective, e.blockedURI))"
)
CONNECTION = "document.querySelector('[data-testid=stApp]').dataset.testConnectionState"
LINKS = "[...document.querySelectorAll('a[href]')].map((link) => link.href)"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """host:port of an app under /remap."""
    home = tmp_path_factory.mktemp("portal") / "home"
    leave_weights(write_catalogue(home), 2)
    with served(home, script=ROOT / "docs" / "portal" / "app.py", prefix="remap", autostart=False) as server:
        yield urlsplit(server.url).netloc


class Seen:
    """What a tab asked for, and what its browser refused."""

    def __init__(self, page: Page) -> None:
        self.hosts: set[str] = set()
        self.refused: list[str] = []
        self.sockets: list[str] = []
        page.add_init_script(REPORT)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda said: self.refused.append(said.text) if said.text.startswith("refused:") else None)
        page.on("websocket", lambda socket: self.sockets.append(socket.url))


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[tuple[Page, Seen]]:
    """A tab that takes a certificate nobody signed."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1000}, reduced_motion="reduce", ignore_https_errors=True
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    yield page, Seen(page)
    context.close()


def test_everything_works_under_the_path_and_nothing_leaves_it_or_is_refused(visitor, app, tmp_path):
    page, seen = visitor
    with behind_nginx(app, tmp_path / "nginx") as url:
        page.goto(f"{url}/overview")
        wait_for_circles(page, 6)
        wait_until_drawn_up(page)
        click_circle(page, 2)
        expect(page.locator(".st-key-open-2 button").first).to_be_visible()
        for name in PAGES:
            go_to(page, name)
            assert page.url.startswith(f"{url}/{name.lower()}?model=2&drawer=2")
            assert [link for link in page.evaluate(LINKS) if not link.startswith(f"{url}/")] == []
        copy = page.context.new_page()
        copy.goto(page.url)
        expect(copy.locator(".st-key-open-2 button").first).to_be_visible()
        page.goto(f"{url}/inspect?model=2&tab=try-it")
        expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
        go_to(page, "Data")
        page.locator("input[type=file]").set_input_files(write_photos(tmp_path / "trees.zip", per_class=8, damaged=0))
        images = page.get_by_test_id("stMetric").filter(has_text="Images").get_by_test_id("stMetricValue")
        expect(images.first).to_have_text("24")
        expect(page.get_by_alt_text("beech, original").first).to_be_visible()
        cookies = page.context.cookies()
        assert {(cookie["path"], cookie["secure"]) for cookie in cookies} == {("/remap/", True)}
    host = urlsplit(url).netloc
    assert seen.hosts - {""} == {host}  # data: has none
    assert {urlsplit(socket).netloc for socket in seen.sockets} == {host}
    assert seen.refused == []


def test_another_site_may_neither_upload_nor_read_nor_open_a_websocket(app, tmp_path):
    with behind_nginx(app, tmp_path / "nginx") as url:
        assert status(f"{url}/_stcore/upload_file/session/file", "PUT")[0] == 403  # without the page's token
        code, headers = status(f"{url}/_stcore/host-config", Origin="https://elsewhere.example")
        assert (code, headers["Access-Control-Allow-Origin"]) == (200, None)
        key = {"Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyEhIQ==", "Sec-WebSocket-Version": "13"}
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", **key}
        opened = {
            origin: status(f"{url}/_stcore/stream", Origin=origin, **upgrade)[0]
            for origin in ("https://elsewhere.example", url.removesuffix("/remap"))
        }
        assert list(opened.values()) == [403, 101]


def status(url: str, method: str = "GET", **headers: str) -> tuple[int, Message]:
    """What a request without a cookie is answered: the status and the headers."""
    parts = urlsplit(url)
    connection = HTTPSConnection(parts.netloc, context=UNTRUSTED, timeout=20)
    with closing(connection):
        connection.request(method, parts.path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers


def test_a_proxy_that_cuts_websockets_costs_a_visitor_nothing(visitor, app, tmp_path):
    page, seen = visitor
    with behind_nginx(app, tmp_path / "nginx", proxy_read_timeout="2s") as url:
        page.goto(f"{url}/inspect?model=3&drawer=3,5")
        wait_for_circles(page, 6)
        wait_until_drawn_up(page)
        page.get_by_role("tab", name="Layers").click()
        page.wait_for_function("() => location.search.includes('tab=layers')")
        for cuts in (1, 2):
            while len(seen.sockets) <= cuts:
                page.wait_for_event("websocket")
            wait_until_drawn_up(page)
        expect(page.get_by_role("tab", name="Layers")).to_have_attribute("aria-selected", "true")
        point_at_circle(page, 1)
        page.wait_for_function(f"() => {CONNECTION} !== 'CONNECTED'", polling=5)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_function("() => location.search.includes('drawer=3%2C5%2C1')")
        expect(page.locator("[class*=st-key-open-]")).to_have_count(3)
        expect(page.get_by_text("Connection error")).to_have_count(0)


def test_whoever_logs_in_at_the_proxy_is_known_and_a_header_from_elsewhere_is_not_believed(
    chromium, tmp_path, monkeypatch
):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    write_catalogue(tmp_path / "home", waiting=1)
    people = tmp_path / "people"
    hashed = subprocess.check_output([OPENSSL, "passwd", "-apr1", "open sesame"], text=True)
    people.write_text(f"ada@example.org:{hashed}")
    people.chmod(0o644)
    roles = {"trusted_header": "X-Remap-User", "trusted_proxies": "127.0.0.1", "admins": "ada@example.org"}
    with served(tmp_path / "home", prefix="remap", autostart=False, **roles) as server:
        logins = {
            "proxy_set_header X-Remap-User": "$remote_user",
            "server_tokens": f'off; auth_basic "REMAP"; auth_basic_user_file {people}',
        }
        with behind_nginx(urlsplit(server.url).netloc, tmp_path / "nginx", **logins) as url:
            assert status(f"{url}/overview")[0] == 401
            credentials = {"username": "ada@example.org", "password": "open sesame", "send": "always"}
            with closing(chromium.new_context(ignore_https_errors=True, http_credentials=credentials)) as context:
                page = context.new_page()
                page.set_extra_http_headers({"X-Remap-User": "eve@example.org"})
                page.goto(f"{url}/overview")
                expect(page.get_by_text("ada@example.org")).to_be_visible()
                wait_for_circles(page, 6)
        with closing(chromium.new_context()) as context:  # past the proxy, from its own machine, but without the header
            page = context.new_page()
            page.goto(f"{server.url}/overview")
            expect(page.get_by_text("The proxy does not say who is signed in")).to_be_visible()
            expect(page.locator(".js-plotly-plot")).to_have_count(0)
