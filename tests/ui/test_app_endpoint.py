"""What the app tells the tools that watch it."""

import urllib.request
from urllib.error import HTTPError

import pytest
from apps import go, opened, said
from browsing import ROOT, free_port, served
from catalogues import write_catalogue
from prometheus_client.parser import text_string_to_metric_families

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import FolderUnusable
from remap_core.ui.server import app_endpoint


@pytest.fixture
def port(home, monkeypatch):
    """The port of an app on six models, with two waiting."""
    write_catalogue(home, waiting=2)
    started, port = app_endpoint.AppEndpoint(), free_port()
    monkeypatch.setattr(app_endpoint, "_endpoint", started)
    monkeypatch.setenv("REMAP_APP_METRICS_PORT", str(port))
    yield port
    if started.served:
        started.served.close()


def answer(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as told:
            return told.status, told.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def figure(port, name, **labels):
    _, text = answer(port, "/metrics")
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if (sample.name, sample.labels) == (name, labels):
                return sample.value
    return None


def test_runs_of_pages_are_counted_by_page(port):
    go(opened("overview"), "queue").run()
    assert figure(port, "remap_page_seconds_count", page="overview") == 1
    assert figure(port, "remap_page_seconds_count", page="queue") == 2


def test_commands_are_counted_sent_or_not(port, monkeypatch):
    app = opened("queue")
    app.button(key="cancel-7").click().run()
    monkeypatch.setattr(Inbox, "send", lambda *_: (_ for _ in ()).throw(FolderUnusable("The disk is full.")))
    app.button(key="cancel-8").click().run()
    assert figure(port, "remap_commands_total", command="cancel", outcome="sent") == 1
    assert figure(port, "remap_commands_total", command="cancel", outcome="refused") == 1


def test_a_run_that_ends_in_an_error_is_counted_too(port):
    opened("overview")
    with pytest.raises(ZeroDivisionError), app_endpoint.page_run("overview"):
        _ = 1 / 0
    assert figure(port, "remap_page_seconds_count", page="overview") == 2


def test_the_app_is_ready_where_its_catalogue_can_be_read(port):
    opened("overview")
    assert answer(port, "/readyz") == (200, "ok\n")


def test_the_app_is_not_ready_where_its_catalogue_cannot_be_read(port, home):
    for snapshot in DataFolder(home).snapshots.glob("*.duckdb"):
        snapshot.write_bytes(b"damaged")
    opened("overview")
    status, sentence = answer(port, "/readyz")
    assert (status, ".duckdb" in sentence) == (503, True)
    assert answer(port, "/healthz") == (200, "ok\n")


def test_a_port_that_is_taken_is_one_sentence_on_the_page(port, monkeypatch):
    opened("overview")
    monkeypatch.setattr(app_endpoint, "_endpoint", app_endpoint.AppEndpoint())
    assert f"= {port} cannot be used: Address already in use." in said(opened("overview"))


def test_without_a_port_nothing_is_counted(home, monkeypatch):
    write_catalogue(home)
    monkeypatch.setattr(app_endpoint, "_endpoint", app_endpoint.AppEndpoint())
    opened("overview")
    assert app_endpoint._endpoint.figures is None


def test_a_portals_app_answers_before_its_first_visitor(home):
    port = free_port()
    with served(home, script=ROOT / "docs" / "portal" / "app.py", autostart=False, app_metrics_port=port):
        assert answer(port, "/readyz") == (200, "ok\n")
        assert figure(port, "remap_sessions") == 0
