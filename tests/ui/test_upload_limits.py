"""Uploads, as the server takes them."""

import asyncio
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from streamlit import config
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.starlette import starlette_routes

from remap_core.access.roles import Role
from remap_core.ui.server import upload_limits
from remap_core.ui.session import SESSION, Session


class Sessions(dict):
    """Sessions of a server, by their ids."""

    def is_active_session(self, session_id):
        return session_id in self

    def get_active_session_info(self, session_id):
        return SimpleNamespace(session=self.get(session_id))


BODY = b'--end\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n%s\r\n--end--\r\n'


def status_of_put(app, path, content):
    """The status with which a server answers an upload."""
    scope = {
        "type": "http",
        "method": "PUT",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=end")],
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": BODY % content, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"]


@pytest.fixture
def upload(monkeypatch):
    """Upload so many bytes to a server whose sessions are named after their roles; the status, and the names kept."""
    monkeypatch.setattr(Runtime, "is_active_session", Runtime.is_active_session)
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", MemoryUploadedFileManager.add_file)
    monkeypatch.setattr(starlette_routes, "is_xsrf_enabled", lambda: False)
    upload_limits.limit_uploads.__wrapped__()
    runtime = object.__new__(Runtime)
    roles = {role.name: {SESSION: Session(role=role)} for role in Role}
    states = roles | {"stranger": {SESSION: Session()}, "new": {}}
    runtime._session_mgr = Sessions({name: SimpleNamespace(session_state=state) for name, state in states.items()})
    monkeypatch.setattr(Runtime, "_instance", runtime)
    files = MemoryUploadedFileManager("/_stcore/upload_file")
    app = Starlette(routes=starlette_routes.create_upload_routes(runtime, files, None))

    def put(session, name, size=1):
        status = status_of_put(app, f"/_stcore/upload_file/{session}/{name}", b"x" * size)
        return status, list(files.file_storage.get(session, {}))

    return put


@pytest.mark.parametrize("session", ["stranger", "new", "closed"])
def test_a_file_of_somebody_who_is_not_signed_in_is_refused(upload, session):
    assert upload(session, "one") == (400, [])


@pytest.mark.parametrize("session", ["VIEWER", "BUILDER", "ADMIN"])
def test_a_file_of_somebody_with_a_role_is_taken(upload, session):
    assert upload(session, "one") == (204, ["one"])


def test_of_a_viewers_files_the_oldest_go(upload, monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_FILES", 2)
    monkeypatch.setattr(upload_limits, "MAX_BYTES", 100)
    for name in ("one", "two", "three"):
        _, kept = upload("VIEWER", name)
    assert kept == ["two", "three"]
    assert upload("VIEWER", "large", 99) == (204, ["three", "large"])
    assert upload("VIEWER", "larger", 100) == (204, ["larger"])
    assert upload("VIEWER", "too-large", 101) == (413, ["larger"])


def test_an_admin_uploads_as_many_images_as_a_data_set_has(upload, monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_FILES", 2)
    monkeypatch.setattr(upload_limits, "MAX_BYTES", 2)
    for name in ("one", "two", "three"):
        _, kept = upload("ADMIN", name)
    assert kept == ["one", "two", "three"]


@pytest.fixture
def demo_upload(upload, monkeypatch):
    """Upload to the server of a demo."""
    monkeypatch.setattr(config, "set_option", lambda _name, _value: None)
    upload_limits.limit_demo_uploads.__wrapped__()
    return upload


def test_a_demo_takes_small_files_and_of_all_visitors_few(demo_upload, monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_DEMO_BYTES", 100)
    assert demo_upload("VIEWER", "picture", 30) == (204, ["picture"])
    for number in range(10):
        assert demo_upload("BUILDER", f"large-{number}", 60) == (204, [f"large-{number}"])
    assert demo_upload("VIEWER", "another", 5) == (204, ["picture", "another"]), "who has the most loses the oldest"


def test_the_limit_of_a_file_is_that_of_the_server_from_then_on(monkeypatch):
    before = config.get_option("server.maxUploadSize")
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", MemoryUploadedFileManager.add_file)
    try:
        upload_limits.limit_demo_uploads.__wrapped__()
        assert config.get_option("server.maxUploadSize") == 20
    finally:
        config.set_option("server.maxUploadSize", before)
