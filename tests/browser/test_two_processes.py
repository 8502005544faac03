"""The product as its users meet it: two processes, a browser, real clicks."""

import json
import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from browsing import click_circle, drawn_models, served, wait_for_circles
from catalogues import write_catalogue
from playwright.sync_api import Error, expect

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.trials.trial import Origin, TrialState


def trainer_pid(home: Path) -> int:
    return json.loads((home / "trainer.json").read_text())["pid"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A server on a finished catalogue, without a trainer."""
    home = tmp_path_factory.mktemp("finished") / "home"
    write_catalogue(home, failed=1, waiting=3)
    with served(home, autostart=False) as server:
        yield server


def test_a_deep_link_works_as_the_first_request_of_a_cold_server(page, tmp_path):
    write_catalogue(tmp_path / "home")
    with served(tmp_path / "home", autostart=False) as server:
        page.goto(f"{server.url}/inspect?model=3")
        expect(page.get_by_role("heading", name="#3 ")).to_be_visible()
        expect(page.locator(".st-key-inspect-confusion .js-plotly-plot")).to_be_visible()


def test_a_click_on_a_circle_puts_that_model_into_the_drawer_and_selects_it(page, finished):
    page.goto(finished.url)
    wait_for_circles(page)
    assert sorted(drawn_models(page)) == [1, 2, 3, 4, 5, 6]
    click_circle(page, 4)
    expect(page.locator("[class*=st-key-open-]")).to_have_count(1)
    expect(page.locator(".st-key-open-4")).to_contain_text("#4")
    click_circle(page, 2)
    expect(page.locator("[class*=st-key-open-]")).to_have_count(2)
    expect(page.locator(".st-key-open-2")).to_contain_text("#2")
    page.get_by_role("link", name="Inspect").click()
    expect(page.get_by_role("heading", name="#2 ")).to_be_visible()


BRIDGE_IS_LATE = """
Object.defineProperty(window, 'remapCharts', { configurable: true, set(begin) {
  window.bridgeArrives = () => {
    Object.defineProperty(window, 'remapCharts', { value: begin, writable: true })
    window.dispatchEvent(new Event('remap-charts'))
  }
} })
"""


def test_a_click_on_a_map_that_nobody_listens_to_yet_selects_the_model_once_somebody_does(chromium, finished):
    page = chromium.new_page()
    page.add_init_script(BRIDGE_IS_LATE)
    page.goto(finished.url)
    wait_for_circles(page)
    page.wait_for_function("typeof window.bridgeArrives === 'function'")
    click_circle(page, 4)
    page.evaluate("bridgeArrives()")
    expect(page.locator(".st-key-open-4")).to_contain_text("#4")
    page.close()


def test_the_same_circle_twice_keeps_one_model(page, finished):
    page.goto(finished.url)
    wait_for_circles(page)
    click_circle(page, 5)
    expect(page.locator(".st-key-open-5")).to_be_visible()
    click_circle(page, 5)
    page.wait_for_timeout(1_000)
    expect(page.locator("[class*=st-key-open-]")).to_have_count(1)


def test_without_a_trainer_every_page_works_and_says_so(page, finished):
    for name in ("overview", "drawer", "inspect?model=1", "generate?model=1", "queue"):
        page.goto(f"{finished.url}/{name}")
        expect(page.get_by_text("No trainer running").first).to_be_visible()
        expect(page.get_by_role("button", name="Start a trainer").first).to_be_visible()
        expect(page.locator(".stException")).to_have_count(0)


def test_models_appear_without_a_reload_ctrl_c_ends_both_and_a_new_start_goes_on(page, tmp_path):
    home = tmp_path / "home"
    settings = {"population": 60, "epochs": 10}
    with served(home, **settings) as server:
        page.goto(server.url)
        page.evaluate("window.remapNotReloaded = true")
        wait_for_circles(page, at_least=2)
        assert page.evaluate("window.remapNotReloaded")
        daemon = psutil.Process(trainer_pid(home))
        workers = daemon.children(recursive=True)
        server.interrupt()
    psutil.wait_procs([daemon, *workers], timeout=30)
    assert not any(process.is_running() for process in (daemon, *workers))
    left = open_snapshot(DataFolder(home)).counts()
    assert (left[TrialState.RUNNING], sum(left.values())) == (0, 60)  # nothing is lost
    assert left[TrialState.WAITING] > 0
    with served(home, **settings) as server:
        page.goto(server.url)
        wait_for_circles(page, at_least=left[TrialState.COMPLETE] + 2)
        assert trainer_pid(home) != daemon.pid
    assert sum(open_snapshot(DataFolder(home)).counts().values()) == 60  # nor doubled


def test_ctrl_c_ends_the_app_though_connections_are_opened_in_that_moment(page, tmp_path):
    write_catalogue(tmp_path / "home")
    with served(tmp_path / "home", autostart=False) as server:
        page.goto(server.url)
        wait_for_circles(page)
        opened, address = [], server.url.removeprefix("http://").split(":")

        def open_until_refused():
            with suppress(OSError):
                while True:
                    opened.append(socket.create_connection((address[0], int(address[1])), timeout=1))
                    time.sleep(0.001)

        flood = threading.Thread(target=open_until_refused)
        flood.start()
        page.wait_for_timeout(200)
        server.interrupt()
        flood.join()
    for connection in opened:
        connection.close()


def test_ablations_are_trained_and_shown_live(page, tmp_path):
    home = tmp_path / "home"
    with served(home, population=2, epochs=2, workers=1) as server:
        page.goto(server.url)
        wait_for_circles(page, at_least=2)
        page.goto(f"{server.url}/generate?model=1")
        page.get_by_role("button", name=re.compile(r"Train \d+ ablation")).click()
        expect(page.get_by_text(re.compile("Model 3 queued|models queued: 3"))).to_be_visible(timeout=60_000)
        while not all(child.state.is_finished() for child in open_snapshot(DataFolder(home)).children(1)):
            page.wait_for_timeout(200)
        children = open_snapshot(DataFolder(home)).children(1)
    assert children
    assert {(child.state, child.epochs_done, child.proposal.origin) for child in children} == {
        (TrialState.COMPLETE, 2, Origin.ABLATION)
    }


def test_the_apps_process_never_imports_torch(page, finished):
    page.goto(finished.url)
    wait_for_circles(page)
    maps = Path(f"/proc/{finished.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc to see what a process has loaded")
    loaded = maps.read_text()
    assert "_duckdb" in loaded
    assert "libtorch" not in loaded


def wait_until(page, done):
    """Until it is so, while the page goes on."""
    for _ in range(300):
        if done():
            return
        page.wait_for_timeout(200)
    raise AssertionError("it never is")


def click_where_rows_move(button):
    """Click a button that is in the page twice for a moment, at its old and at its new place."""
    for _ in range(20):
        expect(button).to_have_count(1)
        try:
            return button.click()
        except Error as error:
            if "strict mode violation" not in str(error):
                raise
    raise AssertionError(f"{button} is in the page twice")


def test_two_windows_act_on_one_queue_and_a_trainer_killed_before_it_answered_does_so_when_it_is_back(page, tmp_path):
    home = tmp_path / "home"
    with served(home, population=10, epochs=100, workers=1) as server:
        other = page.context.new_page()
        for window in (page, other):
            window.goto(f"{server.url}/queue")
            expect(window.locator(".st-key-cancel-10")).to_be_visible()
        page.get_by_role("button", name="Pause", exact=True).click()
        expect(other.get_by_role("button", name="Resume").first).to_be_visible()
        trainer = psutil.Process(trainer_pid(home))
        trainer.suspend()
        try:
            for sent, (window, key) in enumerate(((page, "cancel-8"), (other, "top-10"), (other, "cancel-8")), start=1):
                click_where_rows_move(window.locator(f".st-key-{key} button"))
                expect(window.get_by_text(re.compile(r"Sent\b")).first).to_be_visible()
                wait_until(window, lambda sent=sent: len(Inbox(DataFolder(home)).pending()) == sent)
        finally:
            trainer.kill()
        page.get_by_role("button", name="Start a trainer").first.click()
        expect(page.locator(".st-key-cancel-8")).to_have_count(0)
        expect(other.get_by_text("Couldn't cancel #8: it was already cancelled.").first).to_be_visible()
    trials = open_snapshot(DataFolder(home)).queue(finished=10)
    waiting = [trial.id for trial in trials if trial.state is TrialState.WAITING]
    assert sorted(trial.id for trial in trials) == list(range(1, 11))
    assert [trial.id for trial in trials if trial.state is TrialState.CANCELLED] == [8]
    assert waiting.index(10) < waiting.index(9)
